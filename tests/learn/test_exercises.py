# SPDX-License-Identifier: GPL-2.0-only
"""Every solution, every foreseen wrong answer, and everything else that a reader may hand in."""

import dataclasses
import re
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.kills import kill
from kvmplanes.learn import EXERCISES, check, exercise, exercises_for
from kvmplanes.learn.exercise import GENERAL, Exercise, Wrong
from kvmplanes.learn.exercises import LEVEL
from kvmplanes.learn.tasks import hunts, read
from kvmplanes.model import series

each = pytest.mark.parametrize("task", EXERCISES.values(), ids=lambda task: task.id)
foreseen = pytest.mark.parametrize(
    ("task", "wrong"),
    [pytest.param(task, one, id=f"{task.id}-{i}") for task in EXERCISES.values() for i, one in enumerate(task.wrong)],
)


def test_there_are_enough_and_they_grow_harder() -> None:
    levels = [task.level for task in EXERCISES.values()]
    assert len(EXERCISES) >= 10
    assert all(levels.count(level) >= 3 for level in LEVEL)
    assert sum(len(task.wrong) for task in EXERCISES.values()) >= 2 * len(EXERCISES)
    assert {task.notebook for task in EXERCISES.values()} >= {"02", "03", "04", "05", "06", "08"}
    assert sum(len(exercises_for(name)) for name in ("02", "03", "04", "05", "06", "08")) == len(EXERCISES)


@each
def test_the_solution_passes_and_says_why(task: Exercise) -> None:
    result = check(task.id, task.solution)
    assert result.passed
    assert result.counterexample is None
    assert result.reply == task.why
    assert result.verdict.startswith("✓ right: ")


@foreseen
def test_a_foreseen_wrong_answer_gets_its_own_reply_and_the_shortest_run(task: Exercise, wrong: Wrong) -> None:
    result = check(task.id, wrong.answer)
    assert not result.passed
    assert result.reply == wrong.reply
    runs = [one.trace for one in task.judge(wrong.answer).failing]
    assert result.counterexample is not None
    assert str(result.counterexample) in map(str, runs)
    assert len(result.counterexample.steps) == min(len(run.steps) for run in runs)


@each
def test_what_is_given_is_not_yet_right(task: Exercise) -> None:
    if task.id in ("teardown-order", "rfc-leak", "local-copy", "guard", "ioctl-path"):
        assert not check(task.id, task.given).passed


@each
def test_replies_and_ideas_differ_and_hints_are_numbered(task: Exercise) -> None:
    assert len({one.reply for one in task.wrong} | {task.why}) == len(task.wrong) + 1
    assert len({one.idea for one in task.wrong}) == len(task.wrong)
    shown = exercise(task.id)
    hints = re.findall(r"<summary>Hint (\d) of (\d)</summary>", shown.html)
    assert hints == [(str(i), str(len(task.hints))) for i in range(1, len(task.hints) + 1)]
    assert shown.html.index("One solution") > shown.html.rindex("Hint")
    for dropped in ("<script", "<svg", "<style", "class="):
        assert dropped not in shown.html
    assert task.hints[0] not in shown.text


@each
@pytest.mark.parametrize("answer", [None, "", "def", "if x:\nreturn", "k.no_such(kvm)", -7, ["KVM_CREATE_WORLD"], {}])
def test_what_cannot_be_run_gets_a_sentence_and_no_traceback(task: Exercise, answer: Any) -> None:
    result = check(task.id, answer)
    assert not result.passed
    if result.counterexample is None:
        assert re.match(r"✗ cannot be run: .{10,}", result.verdict)
        assert task.form in result.reply
        assert "Traceback" not in result.text


def test_an_answer_that_nobody_foresaw_is_told_what_kind_of_mistake_it_is() -> None:
    result = check("teardown-order", "k.kvm_destroy_planes(kvm)")
    assert result.reply == GENERAL["leak"]
    twice = check("teardown-order", ["k.kvm_destroy_planes(kvm)", "k.kvm_arch_free_vm(kvm)", "k.kvm_arch_free_vm(kvm)"])
    assert twice.reply == GENERAL["double-free"]


def test_leaving_the_function_as_it_is_repairs_nothing() -> None:
    same = EXERCISES["clear-slot"].given
    result = check("clear-slot", {"function": same, "helps": []})
    assert result.verdict.endswith("repaired: no version; named: none")


def test_a_loop_without_an_end_is_stopped() -> None:
    result = check("rfc-leak", "while plane.kvm is not NULL:\n    pass")
    assert result.verdict.startswith("✗ cannot be run: a loop does not end")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("while True:\n    x = 1", "a loop does not end: more than"),
        ("raise SystemExit(3)", "3"),
        ("k.kvm_destroy_plane(plane)", "a function calls itself without end"),
    ],
)
def test_what_would_hang_or_leave_is_stopped_and_told(answer: str, sentence: str) -> None:
    assert check("rfc-leak", answer).verdict.startswith(f"✗ cannot be run: {sentence}")


def test_a_function_is_as_good_as_lines() -> None:
    def mine(k: Any, plane: Any) -> None:
        k.kfree(plane)

    assert check("rfc-leak", mine).passed
    assert check("rfc-leak", "def kvm_destroy_plane(k, plane):\n    k.kfree(plane)").passed
    assert check("rfc-leak", ["k.kfree(plane)"]).passed


def test_a_wrong_answer_is_known_by_what_it_does_not_by_how_it_is_written() -> None:
    known = check("teardown-order", "k.kvm_arch_free_vm(kvm)")
    other = check("teardown-order", "# the planes can stay\nif kvm:\n    k.kvm_arch_free_vm(kvm)\n")
    assert other.reply == known.reply


def test_the_run_is_opened_in_the_player_or_told_in_words() -> None:
    opened, told = (check("guard", "pass", steps=steps)._repr_mimebundle_() for steps in (True, False))
    assert "data-kvmplanes-player" in opened["text/html"]
    assert "data-kvmplanes-player" not in told["text/html"]
    assert opened["text/plain"] == told["text/plain"]
    assert "plane#0 is still allocated" in told["text/plain"]
    with pytest.raises(ValueError, match="no run fails"):
        check("guard", EXERCISES["guard"].solution).player()


def test_the_verdict_comes_from_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another order in 09, the order that is right changes its verdict."""
    versions = dict(series.VERSIONS)
    judge = EXERCISES["teardown-order"].judge
    bases = (versions["09"].edit("09", "no teardown", ("kvm_destroy_vm", "k.mmdrop(mm)", "pass")),)
    changed = dataclasses.replace(EXERCISES["teardown-order"], judge=dataclasses.replace(judge, bases=bases))  # type: ignore[type-var]
    monkeypatch.setitem(EXERCISES, "teardown-order", changed)
    result = check("teardown-order", EXERCISES["teardown-order"].solution)
    assert not result.passed
    assert "current->mm leaked" in result.verdict


def test_the_hunted_mutants_are_as_their_texts_say() -> None:
    leaking, silent = (kill(hunts.mutant(name)) for name in (hunts.LEAKING, hunts.SILENT))
    assert [found.outcome for found in leaking.findings] == ["leak"]
    assert len(kp.certify(leaking.mutant.version).paths) == 18
    assert silent.killed
    assert silent.passes_certify


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[one]\nlevel = 1", "need both a text and a judge"),
        ("[nth-plane]\nlevel = 1", "missing or unknown; allowed are form, given"),
    ],
)
def test_a_text_that_is_not_whole_is_refused(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        read(text, {"nth-plane": EXERCISES["nth-plane"].judge})


def test_an_unknown_exercise_is_named() -> None:
    with pytest.raises(ValueError, match=r"no exercise 'x'; there are nth-plane, "):
        exercise("x")
    with pytest.raises(ValueError, match="no exercise"):
        check("x", 1)
    assert exercises_for("00") == ()
