# SPDX-License-Identifier: GPL-2.0-only
"""The arguments of what asks a reader, and runs an answer."""

from __future__ import annotations

from typing import Any, Final

from kvmplanes import learn
from tests.helpers.places import LISTS, Place, either, named, nothing, one_of, whole

NOTEBOOKS = tuple(f"{n:02}" for n in range(10))
EXERCISES, QUESTIONS = tuple(learn.EXERCISES), tuple(question.id for question in learn.QUESTIONS)


def answered(id: str, answer: Any) -> None:  # noqa: A002 - as the function has it
    """An answer that cannot be run is no error: the result says why. Here it is raised."""
    result = learn.check(id, answer)
    if "cannot be run: " in result.verdict:
        raise ValueError(f"{result.verdict} {result.reply}")


def an_answer(id: str) -> Place:  # noqa: A002 - as above
    """The answer to one exercise; a number or a text is its matter."""
    takes = either(whole(-(2**70), 2**70), one_of("1"))
    return Place(f"check({id}, answer)", lambda answer: answered(id, answer), takes, ("The answer is",), LISTS)


def a_comment(value: object) -> bool:
    """A text that says something."""
    return type(value) is str and value.strip() != ""


LEARN: Final = (
    named("ask(id)", learn.ask, QUESTIONS),
    named("reply(id)", lambda v: learn.reply(v, 1), QUESTIONS),
    named("questions_for(notebook)", learn.questions_for, NOTEBOOKS),
    named("exercise(id)", learn.exercise, EXERCISES),
    named("exercises_for(notebook)", learn.exercises_for, NOTEBOOKS),
    named("check(id)", lambda v: learn.check(v, 1), EXERCISES),
    *map(an_answer, EXERCISES),
    named("repairs_table(a base)", learn.repairs_table, ("09", "29"), "09"),
    Place("coverage_html(review)", learn.coverage_html, nothing, ("Review",)),
    Place("report_html(review)", learn.report_html, nothing, ("Review",)),
    named("Review(version)", learn.Review, ("09", "29"), "09"),
    Place("Review.ran(trace)", lambda v: learn.Review().ran(v), nothing, ("run",)),
    Place("Review.comment(line)", lambda v: learn.Review().comment(v, "x"), nothing, ("+", "line")),
    Place("Review.comment(text)", lambda v: learn.Review().comment("+54", v), a_comment, ("text",)),
    Place("Review.withdraw(number)", lambda v: learn.Review().withdraw(v), nothing, ("comment",)),
)
