# SPDX-License-Identifier: GPL-2.0-only
"""The questions: their text in one TOML file for each notebook, their keys as functions of the model beside it.

A question's text says which answers there are and what to reply to each; it cannot say which one is right.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kvmplanes.learn.questions import nb00, nb01, nb02, nb03, nb04, nb05, nb06, nb07, nb08
from kvmplanes.learn.questions.question import WORD, Key, Option, Question

_KEYS: Final[dict[str, dict[str, Key]]] = {
    "nb00": nb00.KEYS,
    "nb01": nb01.KEYS,
    "nb02": nb02.KEYS,
    "nb03": nb03.KEYS,
    "nb04": nb04.KEYS,
    "nb05": nb05.KEYS,
    "nb06": nb06.KEYS,
    "nb07": nb07.KEYS,
    "nb08": nb08.KEYS,
}
_MEMBERS: Final = {"kind", "prompt", "code", "entry", "otherwise", "reason", "options"}


def load() -> tuple[Question, ...]:
    """Every question, notebook by notebook, in the order of the files."""
    here = Path(__file__)
    texts = {name: here.with_name(f"{name}.toml").read_text(encoding="utf-8") for name in _KEYS}
    return tuple(question for name, text in texts.items() for question in read(text, _KEYS[name]))


def read(text: str, keys: Mapping[str, Key]) -> tuple[Question, ...]:
    """Join texts with their keys.

    Args:
        text: TOML, a table for each question with `kind`, `prompt`, `reason`, `options` and, where needed, `code`,
            `entry`, `otherwise`; line breaks in prose do not matter.
        keys: question id -> what computes the right option's value.

    Raises:
        ValueError: a question without a key, a key without a question, a kind or a member that does not exist.
    """
    table = tomllib.loads(text)
    if odd := set(table) ^ set(keys):
        raise ValueError(f"questions need both a text and a key: {', '.join(sorted(odd))}")
    return tuple(_question(id_, keys[id_], members) for id_, members in table.items())


def _question(id_: str, key: Key, members: dict[str, Any]) -> Question:
    if odd := set(members) - _MEMBERS:
        raise ValueError(f"{id_}: {', '.join(sorted(odd))} is none of {', '.join(sorted(_MEMBERS))}")
    if members["kind"] not in WORD:
        raise ValueError(f"{id_}: kind must be one of {', '.join(WORD)}, not {members['kind']!r}")
    options = tuple(Option(o["value"], _flow(o.get("label", "")), _flow(o["reply"])) for o in members["options"])
    prose = {name: _flow(text) for name, text in members.items() if name not in ("kind", "code", "options")}
    return Question(id_, kind=members["kind"], options=options, key=key, code=members.get("code", ""), **prose)


def _flow(text: str) -> str:
    return " ".join(text.split())
