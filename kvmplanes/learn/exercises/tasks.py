# SPDX-License-Identifier: GPL-2.0-only
"""The exercises: their texts and foreseen answers in TOML, their judges as functions of the model beside them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kvmplanes.learn.exercises import creation, hunts, ioctl, teardown
from kvmplanes.learn.exercises.exercise import Exercise, Wrong
from kvmplanes.learn.exercises.judging import Judge

_JUDGES: Final[dict[str, dict[str, Judge]]] = {
    "creation": creation.JUDGES,
    "teardown": teardown.JUDGES,
    "ioctl": ioctl.JUDGES,
    "hunts": hunts.JUDGES,
}
_MEMBERS: Final = {"level", "notebook", "title", "task", "given", "form", "hints", "solution", "why", "wrong"}


def load() -> tuple[Exercise, ...]:
    """Every exercise, in the order of the files."""
    here = Path(__file__)
    texts = {name: here.with_name(f"{name}.toml").read_text(encoding="utf-8") for name in _JUDGES}
    return tuple(one for name, text in texts.items() for one in read(text, _JUDGES[name]))


def read(text: str, judges: Mapping[str, Judge]) -> tuple[Exercise, ...]:
    """Join texts with their judges.

    Args:
        text: TOML, a table for each exercise; line breaks in prose do not matter.
        judges: exercise id -> what runs an answer.

    Raises:
        ValueError: an exercise without a judge, a judge without an exercise, a member too few or too many, no hint or
            more than three, or fewer than two foreseen wrong answers.
    """
    table = tomllib.loads(text)
    if odd := set(table) ^ set(judges):
        raise ValueError(f"exercises need both a text and a judge: {', '.join(sorted(odd))}")
    return tuple(_exercise(id_, judges[id_], members) for id_, members in table.items())


def _exercise(id_: str, judge: Judge, members: dict[str, Any]) -> Exercise:
    if odd := set(members) ^ _MEMBERS - ({"given"} - set(members)):
        raise ValueError(
            f"{id_}: {', '.join(sorted(odd))} missing or unknown; allowed are {', '.join(sorted(_MEMBERS))}"
        )
    if not 1 <= len(members["hints"]) <= 3 or len(members["wrong"]) < 2:
        raise ValueError(f"{id_}: give one to three hints and at least two wrong answers")
    wrong = tuple(Wrong(_flow(one["idea"]), one["answer"], _flow(one["reply"])) for one in members["wrong"])
    prose = {name: _flow(members[name]) for name in ("title", "task", "form", "why")}
    return Exercise(
        id_,
        level=members["level"],
        notebook=members["notebook"],
        given=members.get("given", "").strip("\n"),
        hints=tuple(map(_flow, members["hints"])),
        solution=members["solution"],
        wrong=wrong,
        judge=judge,
        **prose,
    )


def _flow(text: str) -> str:
    return " ".join(text.split())
