# SPDX-License-Identifier: GPL-2.0-only
"""The keys of the questions come from the model: each one changes when what the model says is changed."""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cache
from types import MappingProxyType
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.learn.queries import Key
from kvmplanes.learn.questions import QUESTIONS, Question, question_html
from kvmplanes.model import series
from kvmplanes.runs.certificate import classify
from kvmplanes.runs.orders import PUZZLES, Puzzle
from kvmplanes.runs.trace import Step, Trace

each = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)


def steps(trace: Trace, changed: Iterator[Step] | list[Step]) -> Trace:
    """The same run with other steps, numbered anew."""
    numbered = (dataclasses.replace(step, index=i) for i, step in enumerate(changed))
    return dataclasses.replace(trace, steps=tuple(numbered))


def backwards(trace: Trace) -> Trace:
    turned = dataclasses.replace(trace, calls=trace.calls[::-1], failed=trace.failed[::-1])
    return steps(turned, list(trace.steps[::-1]))


def empty(trace: Trace) -> Trace:
    return dataclasses.replace(trace, steps=(), calls=(), failed=(), results=())


def refused(trace: Trace) -> Trace:
    return dataclasses.replace(trace, results=tuple((op, "EIO") for op, _ in trace.results))


def blind(trace: Trace) -> Trace:
    return steps(trace, [dataclasses.replace(s, defect=None) for s in trace.steps if s.what not in ("oops", "leak")])


def suspicious(trace: Trace) -> Trace:
    """Everything is a defect, and it ends badly."""
    bad = [dataclasses.replace(step, defect="use-after-free") for step in trace.steps]
    return steps(trace, [*bad, dataclasses.replace(bad[-1], what="oops")])


def unwritten(trace: Trace) -> Trace:
    return steps(trace, [step for step in trace.steps if step.what != "write"])


def nobody(trace: Trace) -> Trace:
    return steps(trace, [dataclasses.replace(step, stack=()) for step in trace.steps])


def crowded(trace: Trace) -> Trace:
    """Every step shows the state of another run, in which plane 0 is there."""
    state = next(step.state for step in RUN("09").steps if step.what == "return")
    return steps(trace, [dataclasses.replace(step, state=state) for step in trace.steps])


RUN, CERTIFY = kp.run, kp.certify
LIES = (backwards, empty, refused, blind, suspicious, unwritten, nobody, crowded)


def worlds() -> Iterator[Callable[[pytest.MonkeyPatch], None]]:
    """Ways to change what the model says; each is applied on its own."""
    for lie in LIES:

        def lying(patch: pytest.MonkeyPatch, lie: Callable[[Trace], Trace] = lie) -> None:
            def certify(*args: Any) -> kp.Certificate:
                honest = CERTIFY(*args)
                traces = [lie(path.trace) for path in honest.paths]
                pairs = zip(honest.paths, traces, strict=True)
                paths = [dataclasses.replace(path, trace=t, outcome=classify(t)) for path, t in pairs]
                return dataclasses.replace(honest, paths=(*paths, paths[0]))

            patch.setattr(kp, "run", lambda *args, **options: lie(RUN(*args, **options)))
            patch.setattr(kp, "certify", certify)
            patch.setattr("kvmplanes.runs.orders.run", kp.run)

        yield lying
    for version in kp.VERSIONS.values():

        def one_version(patch: pytest.MonkeyPatch, version: kp.Version = version) -> None:
            same = MappingProxyType(dict.fromkeys(kp.VERSIONS, version))
            patch.setattr(kp, "VERSIONS", same)
            patch.setattr(series, "VERSIONS", same)

        yield one_version

    def other_patch(patch: pytest.MonkeyPatch) -> None:
        hunks = []
        for hunk in kp.PATCH.hunks:
            *others, last = (dataclasses.replace(line, text="a->level > b->level") for line in hunk.added)
            hunks.append(dataclasses.replace(hunk, lines=tuple(others or [last])))
        patch.setattr(kp, "PATCH", dataclasses.replace(kp.PATCH, hunks=tuple(hunks)))

    yield other_patch
    yield lambda patch: patch.setattr("kvmplanes.runs.state.KVM_MAX_PLANES", 4)
    yield lambda patch: patch.setattr("kvmplanes.model.sizes.ARRAY", 8)
    yield lambda patch: patch.setattr(kp, "check_extension", lambda which, cap: len(which) + cap)


@cache
def puzzles(_: int) -> dict[str, Puzzle]:
    """Puzzles that nobody has judged but the keys in one world: each order is tried once there."""
    return {name: dataclasses.replace(puzzle) for name, puzzle in PUZZLES.items()}


@cache
def truth(key: Key) -> str | int:
    """A key as the model has it."""
    return key()


def told_otherwise(key: Key) -> bool:
    """Whether there is a world in which the key is another one. A key that fails there proves nothing."""
    true = truth(key)
    for number, world in enumerate(worlds()):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("kvmplanes.learn.questions.nb06.PUZZLES", puzzles(number))
            world(patch)
            try:
                changed = key() != true
            except Exception:  # noqa: BLE001, S112 - a world may be so strange that a key finds nothing to read
                continue
        if changed:
            return True
    return False


@each
def test_the_model_picks_one_option(question: Question) -> None:
    assert dataclasses.replace(question, key=lambda: truth(question.key)).right() in question.options


@each
def test_the_key_follows_the_model(question: Question) -> None:
    assert told_otherwise(question.key), f"{question.id}: nothing that happens to the model changes the key"


@pytest.mark.parametrize(
    "key",
    [lambda: 16, lambda: (kp.run("09"), 16)[1], lambda: 16 if kp.VERSIONS and kp.PATCH.added else 0],
    ids=["constant", "behind a run", "behind a test"],
)
def test_a_typed_key_is_caught(key: Key) -> None:
    assert not told_otherwise(key)


def test_a_key_that_is_no_option_is_an_error() -> None:
    stale = dataclasses.replace(QUESTIONS[0], key=lambda: "something new")
    with pytest.raises(ValueError, match="'something new'; options are"):
        question_html(stale)
