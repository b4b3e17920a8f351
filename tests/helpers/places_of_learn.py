# SPDX-License-Identifier: GPL-2.0-only
"""The arguments of what asks a reader, runs an answer, and collects a review."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from kvmplanes import learn
from kvmplanes.learn.exercises import Result
from kvmplanes.learn.progress.pages import PAGES
from kvmplanes.learn.selftest.idea import STAMP
from kvmplanes.learn.selftest.keys import FORMS
from kvmplanes.learn.texts import NOTEBOOKS
from tests.helpers.places import (
    RUN,
    Place,
    each,
    either,
    flag,
    kind,
    named,
    none,
    nothing,
    one_of,
    text,
    whole,
    words,
)

EXERCISES, QUESTIONS = tuple(learn.EXERCISES), tuple(question.id for question in learn.QUESTIONS)
REVIEWS, BASES = ("09", "29"), ("09", "planes 0, 1 and 3", "with 26's hook")
LETTERS = "abcdeabc"
REPAIRED = ("09", "10", "11", "29")


def answered(id: str, answer: Any) -> Result:  # noqa: A002 - as the function has it
    """An answer that cannot be run is no error: the result says why, and what an answer is. Here that is raised."""
    result = learn.check(id, answer)
    if result.verdict.startswith("✗ cannot be run: "):
        form = f"The answer is {learn.EXERCISES[id].form}."
        assert result.reply.endswith(form)
        raise ValueError(result.verdict if len(result.verdict) > len(result.reply) else result.reply)
    return result


def an_answer(id: str, part: str = "") -> Place:  # noqa: A002 - as above
    """The answer to one exercise, or one part of it; a number or a text is its matter, and so is a list of texts."""
    given = learn.EXERCISES[id].solution
    name = f"check({id}, answer {part})" if part else f"check({id}, answer)"
    takes = either(whole(-(2**70), 2**70), text(200_000), each(kind(str)), none if part == "fail" else nothing)
    says = ("The answer is", "the answer is", "cannot be run")
    return Place(name, lambda v: answered(id, {**given, part: v} if part else v), takes, says)


def parts(id: str) -> tuple[str, ...]:  # noqa: A002 - as above
    """The parts of an answer that is a table."""
    solution = learn.EXERCISES[id].solution
    return tuple(solution) if isinstance(solution, Mapping) else ()


def finite(value: object) -> bool:
    """A fraction."""
    return isinstance(value, float) and isfinite(value)


A_NUMBER: Final = either(whole(-(2**70), 2**70), finite, one_of("1", "09\n"))
A_TEXT: Final = kind(int, float, str)


def asked(control: str) -> str:
    """The first question that is answered so."""
    return next(question.id for question in learn.QUESTIONS if question.control == control)


def says_something(value: object) -> bool:
    """A text that says something."""
    return text(20_000)(value) and str(value).strip() != ""


def in_review(name: str, call: Any, *rest: Any) -> Place:
    """A method of a review with a comment."""

    def begun(value: object) -> object:
        review = learn.Review()
        review.comment("+54", "x")
        before = review.comments, review.runs
        try:
            return call(review, value)
        except Exception:
            assert (review.comments, review.runs) == before
            raise

    return Place(f"Review.{name}", begun, *rest)


LEARN: Final = (
    named("ask(id)", learn.ask, QUESTIONS, "there are nb"),
    named("judge(id)", learn.judge, QUESTIONS, "there are nb"),
    named("reply(id)", lambda v: learn.reply(v, 1), QUESTIONS, "there are nb"),
    Place("reply(radio, answer)", lambda v: learn.reply(asked("radio"), v), nothing, ("one of a", "a text")),
    Place("reply(number, answer)", lambda v: learn.reply(asked("number"), v), A_NUMBER, ("a number",)),
    Place("reply(text, answer)", lambda v: learn.reply(asked("text"), v), A_TEXT, ("a text",)),
    named("questions_for(notebook)", learn.questions_for, NOTEBOOKS),
    named("exercise(id)", learn.exercise, EXERCISES),
    named("exercises_for(notebook)", learn.exercises_for, NOTEBOOKS),
    named("check(id)", lambda v: learn.check(v, 1), EXERCISES),
    flag("check(steps)", lambda v: learn.check("nth-plane", 3, steps=v)),
    *map(an_answer, EXERCISES),
    *(an_answer(id_, part) for id_ in EXERCISES for part in parts(id_)),
    Place(
        "check(clear-slot, answer helps), a version",
        lambda v: answered("clear-slot", {**learn.EXERCISES["clear-slot"].solution, "helps": [v]}),
        one_of(*REPAIRED),
        ("The answer is",),
        words("helps", *REPAIRED),
    ),
    named("repairs_table(bases)", learn.repairs_table, BASES),
    named("REPAIRS.version(base)", learn.REPAIRS["swap"].version, BASES),
    named("Review(version)", learn.Review, REVIEWS),
    named("composer(version)", learn.composer, REVIEWS),
    named("findings_field(patch)", learn.findings_field, REVIEWS),
    Place("coverage_html(review)", learn.coverage_html, nothing, ("Review",)),
    Place("report_html(review)", learn.report_html, nothing, ("Review",)),
    flag("report_html(reveal)", lambda v: learn.report_html(learn.Review(), v)),
    in_review("ran(trace)", lambda review, v: review.ran(v), nothing, RUN),
    in_review(
        "comment(lines)",
        lambda review, v: review.comment(v, "x"),
        one_of("+54"),
        ("+01",),
        words("lines", "+55", "+02..+01", "+54x"),
    ),
    in_review("comment(text)", lambda review, v: review.comment("+54", v), says_something, ("text", "write what")),
    in_review("withdraw(number)", lambda review, v: review.withdraw(v), one_of(1), ("one of the comments' (1)",)),
    in_review("meant(comment)", lambda review, v: review.meant(v), nothing, ("comments",)),
    in_review("is_elsewhere(comment)", lambda review, v: review.is_elsewhere(v), nothing, ("comments",)),
    Place("progress(page)", learn.progress, one_of("", *PAGES), ("there are 00",), words("progress", *PAGES)),
    named("selftest(form)", learn.selftest, FORMS),
    Place(
        "selftest_scores(lines)",
        learn.selftest_scores,
        nothing,
        ("a line is", "another edition"),
        words("scores", f"kvmplanes-selftest {STAMP[:-1]} before={LETTERS} after={LETTERS}"),
    ),
)
