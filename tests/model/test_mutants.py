# SPDX-License-Identifier: GPL-2.0-only
"""Mutants: each is one edit, and is killed by what the checks find now, or equivalent for a stated reason."""

import doctest

import pytest

import kvmplanes as kp
from kvmplanes import kills
from kvmplanes.explore import classify, wrong_state
from kvmplanes.kills import CHECKS, OTHERS, Check, Kill, kill
from kvmplanes.model.mutants import MUTANTS, Mutant
from kvmplanes.trace import Trace

PLAIN, VM, PLANE, OTHER = CHECKS
NAMES = [mutant.name for mutant in MUTANTS]
EQUIVALENT = [mutant for mutant in MUTANTS if mutant.equivalent]


def named(name: str) -> Mutant:
    (found,) = (mutant for mutant in MUTANTS if mutant.name == name)
    return found


def checked(name: str) -> Kill:
    return kills.kills()[NAMES.index(name)]


def test_there_are_enough_and_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 30
    assert len({(m.base, m.function, m.edit) for m in MUTANTS}) == len(MUTANTS)
    assert all(name == name.strip() and len(name) <= 24 for name in NAMES)
    assert all(m.story.endswith(".") for m in MUTANTS)


@pytest.mark.parametrize("base", sorted({mutant.base for mutant in MUTANTS}))
def test_every_base_is_sound(base: str) -> None:
    """A mutant's own defect is seen alone."""
    assert kp.certify(base).clean
    if kp.VERSIONS[base].creates_planes:
        assert not any(kp.run(base, **scenario).defects for scenario in OTHERS.values())


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_each_edit_changes_one_function_and_its_code(mutant: Mutant) -> None:
    base, changed = kp.VERSIONS[mutant.base], mutant.version
    assert list(changed.functions) == list(base.functions)
    assert [n for n in base.functions if changed.functions[n].source != base.functions[n].source] == [mutant.function]
    codes = [v.functions[mutant.function].code.__code__ for v in (base, changed)]
    assert (codes[0].co_code, codes[0].co_consts) != (codes[1].co_code, codes[1].co_consts) or (
        codes[0].co_names != codes[1].co_names
    )


@pytest.mark.parametrize("one", kills.kills(), ids=lambda one: str(one.mutant))
def test_each_is_killed_or_equivalent_for_a_reason(one: Kill) -> None:
    assert one.killed != bool(one.mutant.equivalent)


@pytest.mark.parametrize("one", [one for one in kills.kills() if one.killed], ids=lambda one: str(one.mutant))
def test_a_kill_has_a_counterexample(one: Kill) -> None:
    shortest = one.counterexample
    assert shortest is not None
    assert shortest.version is one.mutant.version
    assert len(shortest.steps) == min(len(found.trace.steps) for found in one.findings)
    certificate = kp.certify(one.mutant.version)
    assert certificate.clean == one.passes_certify
    bad = sum(n for outcome, n in certificate.counts.items() if outcome != "clean")
    assert bad == sum(found.check != OTHER for found in one.findings)


def test_most_are_killed() -> None:
    killed = [one for one in kills.kills() if one.killed]
    late = [str(one.mutant) for one in killed if one.passes_certify]
    assert len(killed) >= 25
    assert late == ["loop one short, 29", "break for continue, 29", "id unchecked", "id 16 allowed", "no EEXIST",
                    "EBUSY for EEXIST"]  # fmt: skip
    assert kills.summary() == (
        f"{len(MUTANTS)} mutants: {len(killed)} killed ({len(killed) - len(late)} by certify, {len(late)} by other "
        f"system calls alone), {len(EQUIVALENT)} equivalent"
    )


@pytest.mark.parametrize(
    ("name", "check", "expected"),
    [
        ("allocation unchecked", VM, ("null-dereference", 1, "kvm_create_plane(kvm, 0)")),
        ("NULL as ERR_PTR", VM, ("wrong errno", 1, "kvm_create_plane(kvm, 0)")),
        ("freed twice", PLAIN, ("double-free", 1, "")),
        ("undo dropped", VM, ("leak", 13, "init_srcu_struct(&kvm->srcu)")),
        ("undo dropped", PLAIN, ("clean", 0, "")),
        ("undo after the free", VM, ("use-after-free", 14, "kvm_create_plane(kvm, 0)")),
        ("teardown as posted", PLAIN, ("use-after-free", 1, "")),
        ("teardown as posted", VM, ("use-after-free", 1, "anon_inode_getfile")),
        ("plane 0 forgotten", PLAIN, ("wrong state", 1, "")),
        ("slot kept, as posted", PLANE, ("double-free", 1, "anon_inode_getfile(plane 1)")),
        ("loop one long", VM, ("out-of-bounds", 14, "init_srcu_struct(&kvm->srcu)")),
        ("loop one short, 29", OTHER, ("leak", 1, "planes 3 and 15")),
        ("id 16 allowed", OTHER, ("out-of-bounds", 1, "plane 16")),
        ("no EEXIST", OTHER, ("leak", 1, "plane 2 twice")),
        ("EBUSY for EEXIST", OTHER, ("wrong errno", 1, "plane 2 twice")),
        ("no reference taken", PLAIN, ("use-after-free", 1, "")),
    ],
)
def test_what_sees_it(name: str, check: Check, expected: tuple[str, int, str]) -> None:
    assert checked(name).at(check) == expected


def defects(trace: Trace) -> list[tuple[str, str]]:
    return [(defect.kind, defect.obj) for defect in trace.defects]


@pytest.mark.parametrize("mutant", EQUIVALENT, ids=str)
@pytest.mark.parametrize("freed", ["kept", "zeroed", "poisoned"])
def test_an_equivalent_shows_user_space_nothing_at_all(mutant: Mutant, freed: str) -> None:
    """More than the checks run: several planes, several failures, and other bytes in freed memory."""
    planes = (3, 15) if mutant.version.creates_planes else ()
    calls = kp.run(mutant.base, planes=planes).calls
    slabs = [kp.Failslab(10, times=-1, seed=seed) for seed in range(20)]
    for fail in (None, *range(1, len(calls) + 1), *slabs):
        with_retry = {"planes": planes, "fail": fail, "freed": freed, "retry": bool(planes)}
        changed, sound = (kp.run(version, **with_retry) for version in (mutant.version, mutant.base))
        assert changed.results == sound.results
        assert defects(changed) == defects(sound) == []


def test_two_equivalents_together_are_not_equivalent() -> None:
    """Clearing the slot is what makes a second teardown harmless, and the other way round."""
    both = [(m.function, *m.edit) for m in map(named, ("slot not cleared", "teardown twice"))]
    trace = kp.run(kp.VERSIONS["11"].edit("both", "two edits", *both))
    assert classify(trace) == "double-free"


def code(text: str) -> list[str]:
    return [line.partition("  # ")[0] for line in text.splitlines()]


@pytest.mark.parametrize(("name", "version"), [("teardown as posted", "10"), ("slot kept, as posted", "29")])
def test_as_posted_is_what_was_posted(name: str, version: str) -> None:
    mutant = named(name)
    texts = [v.functions[mutant.function].source for v in (mutant.version, kp.VERSIONS[version])]
    assert code(texts[0]) == code(texts[1])


# -- the state after a call that succeeded -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no back-pointer", "plane#0 has no back-pointer"),
        ("no level, 29", "planes[1] holds level 0"),
        ("level from 1", "planes[0] holds level 1"),
        ("store one slot on", "planes[0] is NULL"),
        ("plane 0 forgotten", "planes[0] is NULL"),
    ],
)
def test_a_wrong_state_in_words(name: str, said: str) -> None:
    (path,) = (path for path in kp.certify(named(name).version).paths if path.outcome == "wrong state")
    assert wrong_state(path.trace) == path.defects == said
    assert path.trace.defects == ()


@pytest.mark.parametrize("version", kp.VERSIONS)
def test_no_version_leaves_a_wrong_state(version: str) -> None:
    assert wrong_state(kp.run(version)) == ""
    if kp.VERSIONS[version].creates_planes:
        ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 4294967301", "close(vm)", "KVM_CREATE_VM", "KVM_CREATE_PLANE 2")
        assert wrong_state(kp.run(version, ops=ops)) == ""


def test_a_back_pointer_is_first_followed_in_29() -> None:
    early, late = checked("no back-pointer"), checked("no back-pointer, 29")
    assert early.mutant.edit == late.mutant.edit
    assert {found.outcome for found in early.findings} == {"wrong state"}
    trace = late.findings[-1].trace
    assert trace.oops is not None
    assert any(f.trace.oops and f.trace.oops.op == "close(plane 1)" for f in late.findings)


@pytest.mark.parametrize(("name", "oops"), [("errno 0", "NULL->"), ("errno positive", "ERR_PTR(ENOMEM)->")])
def test_what_is_no_error_to_is_err_is_followed(name: str, oops: str) -> None:
    """ERR_PTR(0) is NULL, and ERR_PTR(12) an address: the ioctl succeeds, and the close dies."""
    trace = kp.run(named(name).version, fail="kvm_create_plane")
    assert trace.results == (("KVM_CREATE_VM", "fd 4"),)
    assert trace.oops is not None
    assert trace.oops.op == "close(vm)"
    assert trace.oops.obj.startswith(oops)


def test_closing_a_number_without_a_file_does_nothing() -> None:
    trace = kp.run(named("file not installed").version, planes=(1,))
    assert [defect.obj for defect in trace.defects if defect.obj == "fd"] == ["fd"]
    assert trace.oops is None


# -- words, and bad input ------------------------------------------------------------------------------------


def test_table() -> None:
    lines = kills.table().splitlines()
    functions = dict.fromkeys(f"{m.function}()" for m in MUTANTS)
    assert len(lines) == 2 + len(functions) + len(MUTANTS)
    assert lines[0].split("  ")[0] == "mutant"
    assert [line for line in lines if line.endswith("()")] == list(functions)
    assert lines[-1] == kills.summary()
    for mutant in MUTANTS:
        (row,) = (line for line in lines if line.startswith(f"  {mutant} "))
        assert (mutant.equivalent in row) if mutant.equivalent else ("equivalent" not in row)
    assert all(line == line.rstrip() for line in lines)


def test_an_unexplained_survivor_is_told() -> None:
    same = Mutant(
        "a comment", "11", "kvm_destroy_one_plane", "Nothing.", ("k.kfree(plane)", "k.kfree(plane) or 0"), None
    )
    assert str(kill(same)) == "a comment: not seen, and not known to be equivalent"
    assert kill(same).counterexample is None
    assert kills.summary([kill(same)]).endswith("0 equivalent")


def test_the_module_doctest() -> None:
    assert doctest.testmod(kills) == (0, 3)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="errno not set has no C edit"):
        named("errno not set").in_c("static void kvm_create_vm(void)\n{\n}\n")
    with pytest.raises(ValueError, match="the file has no function kvm_create_plane"):
        named("no level").in_c("int main(void)\n{\n}\n")
    with pytest.raises(ValueError, match="stand there 0 times"):
        named("no level").in_c("int kvm_create_plane(void)\n{\n\treturn 0;\n}\n")
