# SPDX-License-Identifier: GPL-2.0-only
"""What can be said about a patch: findings and false alarms, each with the evidence that the model gives.

Their texts are in one TOML file for each patch, their evidence in a module beside it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from kvmplanes.learn.findings import nb09, nb29

Weight = Literal["defect", "latent", "question", "style", "false alarm"]
WEIGHTS: Final[tuple[str, ...]] = get_args(Weight)
_EVIDENCE: Final[Mapping[str, Mapping[str, Callable[[], str]]]] = {"09": nb09.EVIDENCE, "29": nb29.EVIDENCE}

# Who says that all is well means none of the findings, whatever words they use for it.
_PRAISE: Final = re.compile(
    r"\bno (use[- ]after[- ]free|uaf|leak|problem|issue|bug)|looks? (good|fine|right|ok)\b|\blgtm\b|\bis fine\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a reviewer may say.

    Attributes:
        id: such as "teardown-order".
        weight: defect, latent (harmless as posted), question, style; or a false alarm.
        lines: ids of the lines on which it is usually said.
        words: patterns; a comment on one of the lines that has one of them is taken to mean this.
        claim: the finding in a sentence; for a false alarm, what is not so.
        shown: computes what the model says about it.
    """

    id: str
    weight: Weight
    lines: tuple[str, ...]
    words: tuple[str, ...]
    claim: str
    shown: Callable[[], str]

    def means(self, lines: Iterable[str], text: str) -> bool:
        """Whether a comment on some lines is taken to mean this."""
        if not set(lines) & set(self.lines) or _PRAISE.search(text):
            return False
        return any(re.search(word, text, re.IGNORECASE) for word in self.words)


@cache
def findings_on(patch: str) -> tuple[Finding, ...]:
    """What is known to be sayable about a patch, the weightiest first.

    Args:
        patch: "09" or "29".

    Raises:
        ValueError: nothing is known about it.
    """
    if patch not in _EVIDENCE:
        raise ValueError(f"nothing is known about {patch!r}; there is something about {', '.join(_EVIDENCE)}")
    text = Path(__file__).with_name(f"nb{patch}.toml").read_text(encoding="utf-8")
    return read(text, _EVIDENCE[patch])


def read(text: str, evidence: Mapping[str, Callable[[], str]]) -> tuple[Finding, ...]:
    """Join texts with their evidence.

    Raises:
        ValueError: a text without evidence or the other way round, an unknown weight, a member too few or too many.
    """
    table = tomllib.loads(text)
    if odd := set(table) ^ set(evidence):
        raise ValueError(f"findings need both a text and evidence: {', '.join(sorted(odd))}")
    found = [_finding(id_, members, evidence[id_]) for id_, members in table.items()]
    return tuple(sorted(found, key=lambda one: WEIGHTS.index(one.weight)))


def _finding(id_: str, members: dict[str, Any], shown: Callable[[], str]) -> Finding:
    if set(members) != {"weight", "lines", "words", "claim"} or members["weight"] not in WEIGHTS:
        raise ValueError(f"{id_}: give weight ({', '.join(WEIGHTS)}), lines, words and claim")
    claim = " ".join(members["claim"].split())
    return Finding(id_, members["weight"], tuple(members["lines"]), tuple(members["words"]), claim, shown)
