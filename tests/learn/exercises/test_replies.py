# SPDX-License-Identifier: GPL-2.0-only
"""A reply speaks of the run that is shown, and is true of it; every other failing run is counted, by its kind."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.learn import EXERCISES, check, exercises
from kvmplanes.learn.exercises.judging import Failing, Judged
from kvmplanes.learn.exercises.replies import GENERAL, general, other_runs
from kvmplanes.learn.exercises.result import Result
from kvmplanes.learn.queries import GETFILE
from kvmplanes.runs.certificate import OUTCOMES, classify
from kvmplanes.runs.programs import wrong_state
from kvmplanes.runs.trace import Step, Trace
from tests.learn.attacks import CHEATS

POINTER = EXERCISES["error-pointer"].solution
CREATE = kp.VERSIONS["29-fixed"].functions["kvm_vm_ioctl_create_plane"].source
# Answers that nobody foresaw, beside every foreseen wrong one and nothing at all.
UNFORESEEN: dict[str, list[Any]] = {
    "nth-plane": [5, 17],
    "two-planes": [
        "out_err_no_irq_routing",
        "out_err",
        "if (kvm_create_plane(kvm, 2) == NULL) {\n\tr = -ENOMEM;\n\tgoto out_err_no_srcu;\n}",
    ],
    "guard": [
        "struct kvm_plane *plane = kzalloc(8, GFP_KERNEL_ACCOUNT);",
        "struct kvm_plane *plane = kvm->planes[plane_level] ? NULL : kzalloc(sizeof(*plane), GFP_KERNEL_ACCOUNT);",
        "struct kvm_plane *plane = NULL;",
        "struct kvm_plane *plane = kzalloc(sizeof(*plane), GFP_KERNEL_ACCOUNT);\nif (!plane) return ERR_PTR(-ENOMEM);",
        "struct kvm_plane *plane = NULL;\nplane->level = 1;",
        *(cheat["answer"] for cheat in CHEATS["guard"]),
        "struct kvm_plane *plane = plane_level > 2 ? NULL : kzalloc(sizeof(*plane), GFP_KERNEL_ACCOUNT);",
    ],
    "new-label": [
        {**EXERCISES["new-label"].solution, "acquire": "r = 0;"},
        {**EXERCISES["new-label"].solution, "acquire": "r = -EINVAL;\ngoto out_err_no_audit;\nkvm_register_audit();"},
    ],
    "error-pointer": [
        {**POINTER, "function": wrong.answer["function"]} for wrong in EXERCISES["error-pointer"].wrong[1:]
    ]
    + [
        {**POINTER, "function": POINTER["function"].replace("ERR_PTR(r)", "ERR_PTR(-EIO)")},
        {**POINTER, "function": POINTER["function"].replace("= plane_level;", "= 5;")},
        {**POINTER, "caller": POINTER["caller"].replace("IS_ERR(plane0)", "plane0")},
    ],
    "ladder-order": [["out_err_no_srcu", "out_err_no_irq_routing", "out_no_planes", "out_err_no_irq_srcu"]],
    "teardown-order": [
        "kvm_destroy_planes(kvm);",
        "kvm_destroy_planes(kvm);\nkvm_arch_free_vm(kvm);\nkvm_arch_free_vm(kvm);",
        "kvm_destroy_planes(kvm);\nkvm_arch_free_vm(kvm);\nmmdrop(current->mm);",
        "kvm->planes[0]->level = 3;\nkvm_destroy_planes(kvm);\nkvm->planes[0]->level = 4;\nkvm_arch_free_vm(kvm);",
    ],
    "rfc-leak": ["void (*gone)(const void *) = NULL;\ngone(plane);", "kfree(plane);\nkfree(plane);"],
    "local-copy": ["kvm_destroy_planes(kvm);"],
    "clear-slot": [
        {"function": EXERCISES["clear-slot"].given, "helps": ["09"]},
        {"function": EXERCISES["clear-slot"].given.replace("kfree(plane);", "kfree(plane->kvm);"), "helps": []},
    ],
    "embed-plane-0": [{"loop": "kvm->planes[i] = NULL;", "calls": 3}],
    "ioctl-path": [
        "kvm_destroy_one_plane(plane);",
        CREATE.replace("return -EINVAL;", "return 0;"),
        "kvm->planes[id] = NULL;\nkvm_put_kvm(kvm);\nkvm_destroy_one_plane(plane);\nr = 0;",
        "kvm->planes[id] = NULL;\nkvm_put_kvm(kvm);\nkvm_destroy_one_plane(plane);\nreturn 7;",
    ],
    "double-free-ops": [
        {"ops": ["KVM_CREATE_VM"], "fail": ""},
        {"ops": ["KVM_CREATE_VM", "KVM_CHECK_EXTENSION vm", "KVM_CREATE_PLANE 1"], "fail": GETFILE},
    ],
    "leaking-mutant": ["get_unused_fd_flags"],
    "silent-mutant": [["KVM_CREATE_VM", "KVM_CHECK_EXTENSION vm"]],
}


def kinds(trace: Trace, kind: str, what: str = "") -> bool:
    return any(defect.kind == kind and what in (defect.access, "") for defect in trace.defects)


def ends(trace: Trace) -> list[tuple[Step, bool, bool]]:
    """How each system call returned, whether with an error, and whether a call failed in it."""
    calls = [steps for steps in trace.syscalls if steps[-1].what == "return"]
    return [(steps[-1], steps[-1].errno is not None, "fail" in {step.what for step in steps}) for steps in calls]


# General sentence -> whether it is true of a run. Nothing of replies.py or of the judges is asked here.
TRUE: dict[str, Callable[[Trace], bool]] = {
    "double free": lambda trace: kinds(trace, "double-free", "free"),
    "put too often": lambda trace: kinds(trace, "double-free", "put"),
    "use after free": lambda trace: kinds(trace, "use-after-free"),
    "index": lambda trace: any(d.kind == "out-of-bounds" and "[" in d.field for d in trace.defects),
    "size": lambda trace: any(d.kind == "out-of-bounds" and "[" not in d.field for d in trace.defects),
    "Oops": lambda trace: trace.steps[-1].what in ("oops", "leak") and "oops" in {step.what for step in trace.steps},
    "leak": lambda trace: kinds(trace, "leak"),
    "forgotten": lambda trace: not trace.defects and any(failed and not error for _, error, failed in ends(trace)),
    "not refused": lambda trace: (
        not trace.defects
        and any(not error and (step.op.level or 0) >= kp.KVM_MAX_PLANES for step, error, _ in ends(trace))
    ),
    "refused": lambda trace: not trace.defects and any(error and not failed for _, error, failed in ends(trace)),
    "wrong errno": lambda trace: not trace.defects and any(error for _, error, _ in ends(trace)),
    "wrong state": lambda trace: not trace.defects and bool(wrong_state(trace)),
}
NOTHING: list[Any] = ["", None, {}, []]
ALL: list[tuple[str, Any]] = [
    *(
        (task.id, wrong.answer)
        for task in EXERCISES.values()
        for wrong in task.wrong
        if not task.is_untouched(wrong.answer)
    ),
    *((task.id, nothing) for task in EXERCISES.values() for nothing in NOTHING),
    *((id_, answer) for id_, answers in UNFORESEEN.items() for answer in answers),
]
every = pytest.mark.parametrize("number", range(len(ALL)), ids=[f"{id_}-{n}" for n, (id_, _) in enumerate(ALL)])


@cache
def done(number: int) -> tuple[Result, tuple[Failing, ...]]:
    """The result of an answer, and the runs that failed with it; none where it cannot be run."""
    id_, answer = ALL[number]
    task, judgements = EXERCISES[id_], list[Judged]()

    def judge(answer: Any) -> Judged:
        judgements.append(task.judge(answer))
        return judgements[-1]

    watched = replace(task, judge=judge)
    watched.__dict__["signatures"] = (
        task.signatures
    )  # known already: to judge the foreseen answers again takes a minute
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exercises, "EXERCISES", {**EXERCISES, id_: watched})
        result = check(id_, answer)
    return result, judgements[0].failing if judgements else ()


def test_the_answers_are_those_of_all_exercises() -> None:
    assert len(EXERCISES) == 15
    assert sum(len(task.wrong) for task in EXERCISES.values()) == 44
    assert {id_ for id_, _ in ALL} == set(UNFORESEEN) == set(EXERCISES)
    assert list(TRUE) == list(GENERAL)[: len(TRUE)]
    assert list(TRUE)[-1] == "wrong state"  # what follows is said by judges


@every
def test_nothing_wrong_passes(number: int) -> None:
    assert not done(number)[0].passed


@every
def test_the_verdict_and_the_picture_are_of_one_run(number: int) -> None:
    result, failing = done(number)
    if not failing:
        assert result.verdict.startswith("✗ cannot be run: ")
        assert result.others == ""
        return
    shown = next(run for run in failing if run.trace is result.counterexample)
    assert result.verdict == f"✗ not yet: {shown.where}: {shown.what}"
    if shown.outcome in OUTCOMES:
        assert classify(shown.trace) == shown.outcome


@every
def test_a_general_sentence_is_true_of_the_shown_run(number: int) -> None:
    result, failing = done(number)
    for run in failing:  # also of each run that is not shown now: another answer may show it
        said = general(run)
        assert said == run.say or [TRUE[kind](run.trace) for kind in TRUE if GENERAL[kind] == said] == [True]
    if failing and result.reply not in {wrong.reply for wrong in EXERCISES[ALL[number][0]].wrong}:
        assert result.reply in {general(run) for run in failing if run.trace is result.counterexample}


@every
def test_the_other_runs_are_counted_by_kind(number: int) -> None:
    result, failing = done(number)
    counted = {kind: int(count) for count, kind in re.findall(r"(\d+) ([A-Za-z ]+)", result.others)}
    kinds = Counter(run.outcome.replace("-", " ") for run in failing)
    if failing:
        shown = min(failing, key=lambda run: len(run.trace.steps))
        kinds[shown.outcome.replace("-", " ")] -= 1
    assert counted == +kinds
    assert sum(counted.values()) == max(len(failing) - 1, 0)
    assert (result.others == "") is (len(failing) < 2)


def test_every_general_sentence_is_said_to_somebody() -> None:
    said = {done(number)[0].reply for number in range(len(ALL))}
    meant = {general(run) for number in range(len(ALL)) for run in done(number)[1]}
    assert [kind for kind in GENERAL if GENERAL[kind] not in meant] == []
    assert [kind for kind in TRUE if GENERAL[kind] not in said] == []


def test_a_refuted_run_has_its_own_words() -> None:
    for number in range(len(ALL)):
        for run in done(number)[1]:
            assert bool(run.say) == (run.outcome == "wrong result")


def test_counts_are_worst_first_and_read_as_words() -> None:
    def runs(*outcomes: str) -> list[Failing]:
        trace = done(0)[0].counterexample
        assert trace is not None
        return [Failing("", outcome, "", trace) for outcome in outcomes]  # type: ignore[arg-type]

    assert other_runs([]) == ""
    assert other_runs(runs("leak")) == "Other runs: 1 leak."
    mixed = runs("leak", "wrong result", "use-after-free", "leak", "double-free")
    assert other_runs(mixed) == "Other runs: 1 double free, 1 use after free, 2 leak, 1 wrong result."


def test_the_counts_stand_below_the_reply_in_both_forms() -> None:
    number = next(n for n in range(len(ALL)) if done(n)[0].others)
    result = done(number)[0]
    bundle = result._repr_mimebundle_()
    assert bundle["text/plain"].splitlines()[:3] == [result.verdict, result.reply, result.others]
    assert f'<p style="margin:4px 0">{result.others}</p>' in bundle["text/html"]


@pytest.mark.parametrize("label", ["out_no_planes", "out_err_no_srcu", "out_err_no_irq_srcu"])
def test_a_label_is_answered_by_its_name_or_in_c(label: str) -> None:
    lines = EXERCISES["two-planes"].given.replace("out_no_planes", label)
    named, written = check("two-planes", f"{label}:"), check("two-planes", f"{lines};")
    assert (named.verdict, named.reply) == (written.verdict, written.reply)
    assert named.passed == (label == EXERCISES["two-planes"].solution)


def test_a_second_copy_that_makes_no_second_plane_is_no_answer() -> None:
    assert "kvm_create_plane(kvm, 1) is never called" in check("two-planes", UNFORESEEN["two-planes"][-1]).verdict
