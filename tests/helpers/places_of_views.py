# SPDX-License-Identifier: GPL-2.0-only
"""The arguments of what draws, and of what compares the model with compilers and kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kvmplanes import oracle, view
from kvmplanes.model import series
from kvmplanes.oracle.compiled.results import fresh
from kvmplanes.oracle.instruments.checklist import READ
from kvmplanes.view.report import summary
from tests.helpers.nonsense import numbers
from tests.helpers.places import (
    A_VERSION,
    FREED,
    IDS,
    LISTS,
    OTHER,
    PLAYED,
    REPORT,
    RUN,
    V09,
    Place,
    each,
    either,
    empty,
    flag,
    hashable,
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

NO_DRIVER: Final = Path("/nowhere")

VIEW: Final = (
    Place("copied(text)", view.copied, text(10**6), ("text",)),
    version("c(which)", lambda v: view.c(v, "kvm_create_vm")),
    Place(
        "diff_html(lines)",
        view.diff_html,
        either(none, ranges),
        ("+24", "+01", "backwards"),
        (*words("lines", *(f"{id_}x" for id_ in IDS), count=40), *LISTS),
    ),
    Place(
        "diff_html(hunk)",
        lambda v: view.diff_html(hunk=v),
        either(none, whole(1, 8)),
        ("1 to 8",),
        tuple(numbers(1, 8, 20, "hunk")),
    ),
    Place(
        "diff_html(highlight)",
        lambda v: view.diff_html(highlight=v),
        either(empty, one_of({})),
        ("+24", "+01", "a text"),
        LISTS,
    ),
    Place("diff_html(a label)", lambda v: view.diff_html(highlight={"+24": v}), text(200), ("a text",)),
    number("diff_html(context)", lambda v: view.diff_html("+24", context=v), 0, 1000, "0 or more"),
    flag("diff_html(notes)", lambda v: view.diff_html(notes=v)),
    Place("lines_html(ids)", view.lines_html, nothing, ("+24", "+01", "a text", "none of these"), LISTS),
    Place("heap_picture(trace)", view.heap_picture, nothing, RUN),
    number(
        "heap_picture(at)", lambda v: view.heap_picture(OTHER, v), -len(OTHER.steps), len(OTHER.steps) - 1, "steps 0.."
    ),
    Place("slots_picture(trace)", view.slots_picture, nothing, RUN),
    number(
        "slots_picture(at)",
        lambda v: view.slots_picture(OTHER, v),
        -len(OTHER.steps),
        len(OTHER.steps) - 1,
        "steps 0..",
    ),
    Place("ladder_picture(ladder)", view.ladder_picture, nothing, ("ladder()",)),
    named(
        "limits_table(about)",
        view.limits_table,
        ("", "memory", "failures", "the VM", "user space", "the C"),
        "memory, failures",
    ),
    Place("report(trace)", view.report, nothing, RUN),
    number("report(nth)", lambda v: view.report(OTHER, v), 0, 16, "defects 0..16"),
    Place("summary(trace)", summary, nothing, RUN),
    Place("anatomy(kernel)", lambda v: view.anatomy(v, OTHER), nothing, ("kernel printed it",)),
    Place("anatomy(trace)", lambda v: view.anatomy(REPORT, v), nothing, RUN),
    Place("plot_occupancy(trace)", view.plot_occupancy, nothing, RUN),
    Place("plot_lifetimes(trace)", view.plot_lifetimes, nothing, RUN),
    Place("plot_crowd(groups)", view.plot_crowd, nothing, ("at least one group", "a group's name"), LISTS),
    Place("plot_runs(groups)", view.plot_runs, nothing, ("at least one group", "a group's name"), LISTS),
    Place("plot_runs(a group)", lambda v: view.plot_runs({"x": v}), nothing, ("at least one group",), LISTS),
    Place(
        "plot_runs(a name)",
        lambda v: view.plot_runs({v: [OTHER]}),
        either(text(60), lambda v: not hashable(v)),
        ("a text", "at least one"),
    ),
    Place("plot_paths(certificates)", view.plot_paths, nothing, ("at least one certificate",), LISTS),
)
ORACLE: Final = (
    named("matrix(name)", oracle.matrix, tuple(series.ALL), "rfc, 08"),
    Place("tree(version)", oracle.tree, nothing, A_VERSION),
    Place("build(tree)", oracle.build, one_of({}), ("tree()",)),
    named("build(sanitizers)", lambda v: oracle.build({}, v), tuple(oracle.SANITIZERS), "address,undefined"),
    Place("build(folder)", lambda v: oracle.build({"x": "x"}, folder=v), none, ("a Path",)),
    named("evidence_text(name)", oracle.evidence_text, ("kasan-V1k.txt", "README.md"), ".txt"),
    named("recorded(name)", oracle.recorded, ("kasan-V1k.txt",), ".txt"),
    Place("recorded(title)", lambda v: oracle.recorded("kasan-W29.txt", v), one_of(""), ("first report", "a text")),
    named("kernels(topics)", oracle.kernels, ("a close",)),
    named("compare(only)", lambda v: oracle.compare(only=v), ("", *oracle.VARIANTS), "V0"),
    Place("compare(models)", lambda v: oracle.compare(models=v), nothing, ("models must be", "no version of")),
    Place("compare(linux)", lambda v: oracle.compare(linux=v), text(100), ("a text",)),
    Place("compare(variants)", oracle.compare, one_of({}), ("variants must be", "no version of the model")),
    Place("model_events(trace)", oracle.model_events, nothing, RUN),
    Place("disagreements(trace)", lambda v: oracle.disagreements(v, PLAYED), nothing, RUN),
    Place("disagreements(result)", lambda v: oracle.disagreements(OTHER, v), nothing, ("Driver.run()",)),
    Place("side_by_side(result)", lambda v: oracle.side_by_side(OTHER, v), nothing, ("Driver.run()",)),
    Place("agreement(runs)", oracle.agreement, each(nothing), ("stored()",)),
    Place("agreement_table(rows)", oracle.agreement_table, each(nothing), ("agreement()",)),
    Place("instrument_table(runs)", oracle.instrument_table, either(none, each(nothing)), ("fresh()",)),
    Place("instrument_table(variants)", lambda v: oracle.instrument_table((), v), nothing, ("VARIANTS", "no run")),
    Place(
        "instrument_table(cases)",
        lambda v: oracle.instrument_table(cases=v),
        each(one_of(*oracle.ABOUT_09)),
        ("names of cases", "no case"),
        LISTS,
    ),
    Place("stored(path)", oracle.stored, nothing, ("a Path",)),
    Place("fresh(names)", lambda v: [*fresh(v)], each(nothing), ("list of versions", "rfc, 08")),
    Place("deallocator(version)", oracle.deallocator, nothing, A_VERSION),
    Place("with_edits(version)", lambda v: oracle.with_edits(v, ()), nothing, A_VERSION),
    Place("with_edits(edits)", lambda v: oracle.with_edits(V09, v), nothing, ("Edit", "C function")),
    Place("Edit(function)", lambda v: oracle.Edit(v, "drop", 0), text(100), ("a text",)),
    named("Edit(action)", lambda v: oracle.Edit("x", v, 0), ("move", "swap", "drop", "twice", "copy", "goto")),
    number("Edit(at)", lambda v: oracle.Edit("x", "drop", v), 0, 1 << 16, "0..65536"),
    Place("Scenario(ops)", oracle.Scenario, one_of(()), ("KVM_CREATE_VM",), LISTS),
    Place(
        "Scenario(fail)",
        lambda v: oracle.Scenario(fail=v),
        either(none, name, whole(1, 2**31), one_of(())),
        ("a number",),
        tuple(numbers(1, 2**31, 20, "Scenario")),
    ),
    flag("Scenario(retry)", lambda v: oracle.Scenario(retry=v)),
    named("Scenario(freed)", lambda v: oracle.Scenario(freed=v), FREED),
    Place("Driver(path)", oracle.Driver, nothing, ("build()",)),
    flag("Driver(first_only)", lambda v: oracle.Driver(NO_DRIVER, first_only=v)),
    flag("Driver(text)", lambda v: oracle.Driver(NO_DRIVER, text=v)),
    Place("build(compiler)", lambda v: oracle.build({}, compiler=v), none, ("compilers()",)),
    Place("fresh(compiler)", lambda v: [*fresh((), v)], none, ("compilers()",)),
    Place("deallocator(compiler)", lambda v: oracle.deallocator(V09, compiler=v), none, ("compilers()",)),
    flag("deallocator(declared)", lambda v: oracle.deallocator(V09, declared=v)),
    number("Edit(to)", lambda v: oracle.Edit("x", "drop", 0, v), 0, 1 << 16, "0..65536"),
    Place("side_by_side(trace)", lambda v: oracle.side_by_side(v, PLAYED), nothing, RUN),
    named("decoded(name)", oracle.decoded, ("kasan-V1k.txt",), ".txt"),
    Place("five_questions(cases)", oracle.five_questions, each(one_of(*READ)), ("09-fixed",), LISTS),
)
