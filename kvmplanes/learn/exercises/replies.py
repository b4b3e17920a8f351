# SPDX-License-Identifier: GPL-2.0-only
"""What to say about a failing run, when nobody foresaw the answer that made it; and how many other runs fail, by kind.

A reply is about the run that the reader sees. The others are counted, and no more.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Final

from kvmplanes.learn.exercises.judging import Failing, FailingClass
from kvmplanes.learn.texts import flow
from kvmplanes.runs.certificate import OUTCOMES
from kvmplanes.runs.programs import answers

_TEXTS: Final = tomllib.loads(Path(__file__).with_name("general.toml").read_text(encoding="utf-8"))
GENERAL: Final = MappingProxyType({kind: flow(text["reply"]) for kind, text in _TEXTS.items()})
_ORDER: Final[tuple[FailingClass, ...]] = (*OUTCOMES, "wrong result")


def general(failing: Failing) -> str:
    """What is wrong in one run, and where to look: the judge's own words, or else those for its kind."""
    return failing.say or GENERAL[_kind(failing)]


def _kind(failing: Failing) -> str:
    """Which of the general sentences is about a run."""
    trace = failing.trace
    worst = next((defect for defect in trace.defects if defect.kind == failing.outcome), None)
    if trace.oops:
        return "Oops"
    if failing.outcome == "double-free" and worst:
        return "put too often" if worst.access == "put" else "double free"
    if failing.outcome == "out-of-bounds" and worst:
        return "index" if "[" in worst.field else "size"
    if failing.outcome == "wrong errno":
        wrong = next(answer for answer in answers(trace) if answer.got != answer.wanted)
        if not wrong.got:
            return "forgotten" if wrong.failed else "not refused"
        return "wrong errno" if wrong.wanted else "refused"
    return failing.outcome.replace("-", " ")


def other_runs(others: Iterable[Failing]) -> str:
    """How many runs fail beside the shown one, by kind: "Other runs: 5 use after free, 8 leak."; "" for none."""
    counts = Counter(failing.outcome for failing in others)
    kinds = [f"{counts[outcome]} {outcome.replace('-', ' ')}" for outcome in _ORDER if counts[outcome]]
    return f"Other runs: {', '.join(kinds)}." if kinds else ""
