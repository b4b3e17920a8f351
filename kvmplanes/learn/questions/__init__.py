# SPDX-License-Identifier: GPL-2.0-only
"""Every question, and the way to ask one.

A question's text, in TOML, says which answers there are and what to reply to each. It cannot say which one is right:
its key, in the module beside the text, asks the model each time. Shown as HTML a question is a list of options and a
folded list of replies, readable as it stands where scripts are dropped (untrusted notebooks, code hosts, print). Where
they run, `question.js` turns the list into radio buttons or an input, checks in the page, and opens the replies only
after the first answer.

>>> from kvmplanes.learn import ask, reply
>>> print(ask("nb05-reads"))  # doctest: +ELLIPSIS
Predict. ...
>>> reply("nb05-reads", 17).startswith("✗ not so")
True
"""

from __future__ import annotations

from functools import cache
from typing import Final

from kvmplanes.given import known
from kvmplanes.learn.queries import Value
from kvmplanes.learn.questions import nb00, nb01, nb02, nb03, nb04, nb05, nb06, nb07, nb08, nb09, nbap
from kvmplanes.learn.questions.drawn import judged_html, question_html
from kvmplanes.learn.questions.question import QUESTION_SHAPE, Option, Question, judged, plain, verdict
from kvmplanes.learn.texts import load
from kvmplanes.view.page.html import Html

__all__ = [
    "QUESTIONS", "QUESTION_SHAPE", "Option", "Question", "ask", "judge", "judged", "plain", "question_html",
    "questions_for", "reply",
]  # fmt: skip

_NOTEBOOKS: Final = (nb00, nb01, nb02, nb03, nb04, nb05, nb06, nb07, nb08, nb09, nbap)
QUESTIONS: Final = tuple(question for keys in _NOTEBOOKS for question in load(keys, QUESTION_SHAPE, "key", keys.KEYS))
_BY_ID: Final = {question.id: question for question in QUESTIONS}
_asked, _judged = cache(question_html), cache(judged_html)


def ask(id: str) -> Html:  # noqa: A002 - what the reader calls it
    """The question with an id such as "nb05-reads", ready to be answered.

    Raises:
        ValueError: no such question, or the model's answer is none of its options.
    """
    return _asked(_question(id))


def reply(id: str, answer: Value) -> str:  # noqa: A002
    """Check an answer where no page can: the verdict and the reply to it.

    Args:
        id: the question's id.
        answer: as for `Question.reply`, errors too.
    """
    question = _question(id)
    right, text = question.reply(answer)
    return f"{verdict(None if question.is_kept else right)}: {text}"


def judge(id: str) -> Html:  # noqa: A002
    """What is said to each answer of a question that an earlier page asked and did not judge, the reader's own first.

    Raises:
        ValueError: as for `ask`.
    """
    return _judged(_question(id))


def questions_for(notebook: str) -> tuple[Question, ...]:
    """The questions of a notebook such as "05", in their order; ValueError when it has none."""
    known(notebook, "questions for notebook", tuple(dict.fromkeys(question.notebook for question in QUESTIONS)))
    return tuple(question for question in QUESTIONS if question.notebook == notebook)


def _question(id_: str) -> Question:
    near = [name for name in _BY_ID if isinstance(id_, str) and name[:4] == id_[:4]]  # of the same notebook
    return _BY_ID[known(id_, "question", near or _BY_ID)]
