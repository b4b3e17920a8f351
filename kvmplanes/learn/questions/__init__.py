# SPDX-License-Identifier: GPL-2.0-only
"""Every question, and the way to ask one.

>>> from kvmplanes.learn import ask, reply
>>> print(ask("nb05-reads"))  # doctest: +ELLIPSIS
Predict. ...
>>> reply("nb05-reads", 17).startswith("✗ not so")
True
"""

from __future__ import annotations

from functools import cache
from typing import Final

from kvmplanes.learn.questions.bank import load
from kvmplanes.learn.questions.question import Question, Value, judged, show
from kvmplanes.view.page.html import Html

ALL: Final[tuple[Question, ...]] = load()
_BY_ID: Final = {question.id: question for question in ALL}


@cache
def ask(id: str) -> Html:  # noqa: A002 - what the reader calls it
    """The question with an id such as "nb05-order", ready to be answered.

    Raises:
        ValueError: no such question, or the model's answer is none of its options.
    """
    return show(_question(id))


def reply(id: str, answer: Value) -> str:  # noqa: A002
    """Check an answer where no page can: the verdict and the reply to it.

    Args:
        id: the question's id.
        answer: a letter where an option is chosen, otherwise what is to be typed.

    Raises:
        ValueError: no such question, or an answer of the wrong form.
    """
    right, text = _question(id).reply(answer)
    role, word = judged(right)
    return f"{role.sign} {word}: {text}"


def questions_for(notebook: str) -> tuple[Question, ...]:
    """The questions of a notebook such as "05", in their order; ValueError when it has none."""
    chosen = tuple(question for question in ALL if question.notebook == notebook)
    if not chosen:
        known = ", ".join(dict.fromkeys(question.notebook for question in ALL))
        raise ValueError(f"no questions for notebook {notebook!r}; there are some for {known}")
    return chosen


def _question(id: str) -> Question:  # noqa: A002
    if id not in _BY_ID:
        near = [known for known in _BY_ID if known[:4] == id[:4]] or list(_BY_ID)
        raise ValueError(f"no question {id!r}; there are {', '.join(near)}")
    return _BY_ID[id]
