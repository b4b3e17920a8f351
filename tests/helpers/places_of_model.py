# SPDX-License-Identifier: GPL-2.0-only
"""The arguments of what runs a version, changes it, or reads the patch."""

from __future__ import annotations

from typing import Final

import kvmplanes as kp
from kvmplanes.model import faults, series, sizes
from kvmplanes.oracle.measured.evidence import NEWER, OLDER
from kvmplanes.runs.mutation import kill, kill_count
from kvmplanes.runs.op import Op
from tests.helpers.nonsense import numbers
from tests.helpers.places import (
    A_VERSION,
    CALLS,
    DESIGNS,
    FREED,
    IDS,
    LISTS,
    OPS,
    RUN,
    SWAP,
    TEARDOWN,
    V09,
    V11,
    Place,
    each,
    either,
    flag,
    kind,
    name,
    named,
    none,
    nothing,
    number,
    one_of,
    ranges,
    text,
    version,
    whole,
    words,
)

RUNNING: Final = (
    version("run(which)", kp.run),
    Place(
        "run(fail)",
        lambda v: kp.run("09", fail=v),
        either(none, whole(1, 17), one_of((), *CALLS, *faults.CALLS)),
        ("a number or a tuple", "from 1", "1 get_unused", "fails with", "call's name"),
        (
            *words("run(fail)", *CALLS, count=80),
            *numbers(1, 17, 25, "fail"),
            *words("errno", "kvm_arch_init_vm: EINVAL"),
        ),
    ),
    Place("run(planes)", lambda v: kp.run("29", planes=v), each(whole(1, 15)), ("1..15",), LISTS),
    flag("run(retry)", lambda v: kp.run("29", planes=(1,), retry=v)),
    named("run(freed)", lambda v: kp.run("09", freed=v), FREED, "kept, zeroed"),
    Place("run(ops)", lambda v: kp.run("29", ops=v), either(none, each(nothing)), ("KVM_CREATE_VM",), LISTS),
    Place(
        "run(ops), one of them",
        lambda v: kp.run("29", ops=["KVM_CREATE_VM", v]),
        one_of(*OPS),
        ("KVM_CREATE_VM",),
        words("ops", *OPS, count=80),
    ),
    version("certify(which)", kp.certify),
    Place("certify(planes)", lambda v: kp.certify("29", v), either(none, each(whole(1, 15))), ("1..15",), LISTS),
    number("certify(failures)", lambda v: kp.certify("09", failures=v), 1, 2, "1 or 2"),
    Place(
        "certify(tolerated)",
        lambda v: kp.certify("09", tolerated=v),
        each(nothing),
        ("names of failable", "reaches"),
        LISTS,
    ),
    version("check_extension(which)", kp.check_extension),
    number("check_extension(cap)", lambda v: kp.check_extension("29", v), 0, 2**32 - 1, "capability"),
    named("check_extension(fd)", lambda v: kp.check_extension("29", fd=v), ("vm", "system"), "vm or system"),
    Place("ladder(trace)", kp.ladder, nothing, RUN),
    number("Failslab(probability)", kp.Failslab, 0, 100, "0..100"),
    number("Failslab(interval)", lambda v: kp.Failslab(interval=v), 1, 2**63 - 1, "1 or more"),
    number("Failslab(times)", lambda v: kp.Failslab(times=v), -1, 2**63 - 1, "-1 (no limit)"),
    number("Failslab(seed)", lambda v: kp.Failslab(seed=v), -(2**63) + 1, 2**63 - 1, "number"),
    named("Op(written)", Op, OPS, OPS[0]),
    Place("kill(mutant)", kill, nothing, ("Mutant",)),
    Place("kill_count(checked)", kill_count, either(none, each(nothing)), ("kill()",)),
    Place("Puzzle.verdict(order)", TEARDOWN.verdict, nothing, ("each of 0..4 once",), LISTS),
    Place("Puzzle.edited(order)", TEARDOWN.edited, nothing, ("each of 0..4 once",), LISTS),
)
MODEL: Final = (
    Place("Version(name)", lambda v: kp.Version(v, "x", V09.tree), kind(str), ("a text",)),
    Place("Version(title)", lambda v: kp.Version("x", v, V09.tree), kind(str), ("a text",)),
    Place("Version(based_on)", lambda v: kp.Version("x", "x", V09.tree, v), kind(str), ("a text",)),
    Place("Version(edits)", lambda v: kp.Version("x", "x", V09.tree, edits=v), kind(tuple), ("a tuple",)),
    Place("Version(root)", lambda v: kp.Version("x", "x", V09.tree, root=v), kind(str), ("a text",)),
    Place("Version(tree)", lambda v: kp.Version("x", "x", v), nothing, ("file name",)),
    Place("edit(name)", lambda v: V09.edit(v, "x", SWAP), name, ("a text", "a few words")),
    Place("edit(title)", lambda v: V09.edit("x", v, SWAP), text(1000), ("a text",)),
    Place("edit(an edit)", lambda v: V09.edit("x", "x", v), nothing, ("three texts",)),
    Place(
        "edit(function)",
        lambda v: V09.edit("x", "x", (v, *SWAP[1:])),
        nothing,
        ("three texts", "kvm_", "a text"),
        words("edit", *V09.functions, count=60),
    ),
    Place(
        "edit(old)",
        lambda v: V09.edit("x", "x", (SWAP[0], v, "")),
        nothing,
        ("three texts", "not once", "a text"),
        words("old", SWAP[1], count=40),
    ),
    Place(
        "edit(new)",
        lambda v: V09.edit("x", "x", (*SWAP[:2], v)),
        one_of("", " ", "1"),
        ("three texts", "a text", "main.c:37", "main.c:36", "main.c:38"),
    ),
    Place("replace(text)", V09.replace, nothing, ("C function", "a text")),
    Place("apply(diff)", V09.apply, nothing, ("unified diff", "a text")),
    Place("apply(name)", lambda v: V09.apply(V09.diff(V11), v), either(name, one_of("")), ("a text", "a few words")),
    Place("apply(title)", lambda v: V09.apply(V09.diff(V11), "x", v), text(1000), ("a text",)),
    Place("diff(other)", V09.diff, nothing, A_VERSION),
    Place("sizeof(size)", sizes.sizeof, whole(1, 1 << 20), ("a member's size",)),
    Place("size_of_struct(version)", lambda v: sizes.size_of_struct(v, "kvm"), nothing, A_VERSION),
    Place("size_of_struct(struct)", lambda v: sizes.size_of_struct(V09, v), text(200_000), ("struct must be a text",)),
    Place(
        "size_of_member(name)", lambda v: sizes.size_of_member(V09, "kvm", v), text(200_000), ("name must be a text",)
    ),
    number("kmalloc_class(size)", sizes.kmalloc_class, 1, 8192, "1 to 8192"),
    named("in_memory(design)", lambda v: sizes.in_memory(v, 1), DESIGNS),
    number("in_memory(planes)", lambda v: sizes.in_memory(DESIGNS[0], v), 1, 16, "1..16"),
    named("in_memory(linux)", lambda v: sizes.in_memory(DESIGNS[0], 1, v), (OLDER, NEWER)),
    named("allocations(design)", lambda v: sizes.allocations(v, 1), DESIGNS),
    number("allocations(planes)", lambda v: sizes.allocations(DESIGNS[0], v), 1, 16, "1..16"),
    Place(
        "errno_name(number)", faults.errno_name, lambda v: type(v) is int and abs(v) in faults.ERRNO_NAMES, ("EPERM",)
    ),
    named("applied(name)", series.applied, tuple(series.SERIES)),
    named("diff_of(name)", series.diff_of, tuple(series.SERIES)),
    Place("PATCH.line(id)", kp.PATCH.line, one_of(*IDS), ("+01",), words("line", *IDS, count=40)),
    Place(
        "PATCH.select(ids)",
        kp.PATCH.select,
        ranges,
        ("+24", "+01", "runs backwards"),
        (*words("select", *(f"{id_}..{id_}x" for id_ in IDS), count=40), *LISTS),
    ),
)
