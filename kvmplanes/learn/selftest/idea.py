# SPDX-License-Identifier: GPL-2.0-only
"""The eight ideas of the self-test, each with its two questions."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from kvmplanes.learn.queries import Key
from kvmplanes.learn.questions.question import OPTION_SHAPE, Option, Question
from kvmplanes.learn.selftest.keys import FORMS, Form, form_keys
from kvmplanes.learn.texts import Shape, each, flow, read, verbatim

_FOLDER: Final = Path(__file__).parent
# The last option of each question. If a reader can say so, a right answer says more.
UNKNOWN: Final = Option("unknown", "It counts as not right, and it tells you what to read again.", "I do not know.")


@dataclass(frozen=True, slots=True)
class Idea:
    """One idea, and the two questions about it.

    Attributes:
        id: short name.
        name: as the reader sees it.
        measures: what somebody can do who answers right.
        taught: the notebooks that treat it.
        parallel: what is equal in both questions, and what is not.
        forms: form -> its question.
    """

    id: str
    name: str
    measures: str
    taught: str
    parallel: str
    forms: Mapping[Form, Question]


def _item(
    form: Form,
    *,
    id: str,  # noqa: A002
    key: Key,
    prompt: str,
    code: str,
    options: tuple[Option, ...],
    reason: str,
) -> Question:
    text = textwrap.dedent(code).strip("\n").expandtabs(4)
    return Question(f"{form}-{id}", key, "predict", prompt, (*options, UNKNOWN), reason, text)


def _questions(form: Form) -> dict[str, Question]:
    """Idea -> its question in a form."""
    shape = Shape(
        partial(_item, form), {"prompt": flow, "code": verbatim, "options": each(OPTION_SHAPE, (4,)), "reason": flow}
    )
    questions = read((_FOLDER / f"{form}.toml").read_text(encoding="utf-8"), shape, "key", form_keys(form))
    return {question.id.partition("-")[2]: question for question in questions}


def _ideas() -> tuple[Idea, ...]:
    forms = {form: _questions(form) for form in FORMS}
    shape = Shape(Idea, dict.fromkeys(("name", "measures", "taught", "parallel"), flow))
    pairs = {id_: MappingProxyType({form: forms[form][id_] for form in FORMS}) for id_ in forms["before"]}
    return read((_FOLDER / "ideas.toml").read_text(encoding="utf-8"), shape, "forms", pairs)


IDEAS: Final = _ideas()
# Which edition of the questions an answer is to.
STAMP: Final = hashlib.sha256(
    " ".join(idea.forms[form].kept_as for form in FORMS for idea in IDEAS).encode()
).hexdigest()[:6]
