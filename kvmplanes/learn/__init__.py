# SPDX-License-Identifier: GPL-2.0-only
"""What the reader does: questions with keys that the model computes, exercises that it runs, reviews, real defects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvmplanes.learn.exercises import EXERCISES, check, exercise, exercises_for
from kvmplanes.learn.exercises.repairs import REPAIRS, repairs_table
from kvmplanes.learn.nine import NINE, RealDefect, nine_sources, nine_table
from kvmplanes.learn.progress.pages import progress
from kvmplanes.learn.questions import QUESTIONS, ask, judge, questions_for, reply
from kvmplanes.learn.review import Review, coverage_html, report_html
from kvmplanes.learn.review.field import findings_field
from kvmplanes.learn.selftest import selftest, selftest_scores
from kvmplanes.runs.orders import PUZZLES

if TYPE_CHECKING:
    from kvmplanes.learn.review.composer import composer

__all__ = [
    "EXERCISES", "NINE", "PUZZLES", "QUESTIONS", "REPAIRS", "RealDefect", "Review", "ask", "check",
    "composer", "coverage_html", "exercise", "exercises_for", "findings_field", "judge", "nine_sources", "nine_table",
    "progress", "questions_for", "repairs_table", "reply", "report_html", "selftest", "selftest_scores",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """The composer is imported when somebody asks for it: it needs ipywidgets, and nothing else here does."""
    if name != "composer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kvmplanes.learn.review.composer import composer

    return composer


def __dir__() -> list[str]:
    """Every public name, also one that is not imported yet."""
    return [*__all__]
