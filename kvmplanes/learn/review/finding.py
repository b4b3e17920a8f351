# SPDX-License-Identifier: GPL-2.0-only
"""What can be said about a patch: findings and false alarms, their evidence, and what a comment is taken to mean.

Their texts are in one TOML file for each patch, their evidence in a module beside it. Evidence is computed from the
model or from the patch, and says which; where it rests on a source, it names the source.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from kvmplanes.learn.review import patch09, patch29

Weight = Literal["defect", "latent", "question", "style", "false alarm"]
WEIGHTS: Final[tuple[str, ...]] = get_args(Weight)
ANY: Final = "any line"
_EVIDENCE: Final[Mapping[str, Mapping[str, Callable[[], str]]]] = {"09": patch09.EVIDENCE, "29": patch29.EVIDENCE}

_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|,?\s+(?:but|however|apart from|except)\b", re.IGNORECASE)
_NAMED: Final = re.compile(r"(?<![\w+])[+L]\d\d(?!\d)")
# A sentence that says that all is well means none of the findings, whatever words it uses for it.
_PRAISE: Final = re.compile(
    r"\bno (use[- ]after[- ]free|uaf|leak|race|problem|issue|bug)|\blgtm\b|\b(good|right|correct) (place|order)\b"
    r"|\b(looks?|seems?|is|are) (all )?(good|fine|right|correct|ok(ay)?)\b(?! (idea|practice|question))"
    r"|\b(doesn't|does not|don't|do not|can't|cannot|won't|never) (leak|race|overflow|dangle)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a reviewer may say.

    Attributes:
        id: such as "teardown-order".
        weight: defect, latent (harmless as posted), question, style; or a false alarm.
        said: pairs of line ids and a pattern: a sentence about one of the lines in which the pattern is found is
            taken to mean this. Without ids the pattern tells enough on any line.
        unless: ids of findings; a comment that means one of them does not mean this false alarm.
        claim: the finding in a sentence; for a false alarm, what is not so.
        shown: computes the evidence.
    """

    id: str
    weight: Weight
    said: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]
    unless: tuple[str, ...]
    claim: str
    shown: Callable[[], str]

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines on which it is usually said; none when it is about the mail as a whole."""
        return tuple(id_ for ids, _ in self.said for id_ in ids)

    def means(self, lines: Collection[str], sentence: str) -> bool:
        """Whether a sentence of a comment on some lines is taken to mean this.

        A sentence that names lines ("+54") is about these as well. Only these can make it a false alarm.
        """
        named = _NAMED.findall(sentence)
        places = {*named} if named and self.weight == "false alarm" else {*lines, *named}
        return any((not ids or places & {*ids}) and pattern.search(sentence) for ids, pattern in self.said)


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
    text = Path(__file__).with_name(f"patch{patch}.toml").read_text(encoding="utf-8")
    return read(text, _EVIDENCE[patch])


def understood(patch: str, lines: Collection[str], text: str) -> tuple[Finding, ...]:
    """What a comment is taken to mean, sentence by sentence: findings and false alarms.

    Args:
        patch: "09" or "29".
        lines: the ids of the lines it stands on.
        text: the comment.

    Raises:
        ValueError: nothing is known about the patch.
    """
    sentences = [part for part in _SENTENCE.split(text.replace("\u2019", "'")) if not _PRAISE.search(part)]
    meant = [one for one in findings_on(patch) if any(one.means(lines, sentence) for sentence in sentences)]
    ids = {one.id for one in meant}
    return tuple(one for one in meant if not ids & {*one.unless})


def read(text: str, evidence: Mapping[str, Callable[[], str]]) -> tuple[Finding, ...]:
    """Join texts with their evidence.

    Raises:
        ValueError: a text without evidence or the other way round, an unknown weight, a member too few or too many.
    """
    tables = tomllib.loads(text)
    if odd := set(tables) - set(WEIGHTS):
        raise ValueError(f"no weight {', '.join(sorted(odd))}: there are {', '.join(WEIGHTS)}")
    texts = [(id_, weight, members) for weight in WEIGHTS for id_, members in tables.get(weight, {}).items()]
    ids = [id_ for id_, _, _ in texts]
    if sorted(ids) != sorted(evidence):
        raise ValueError(f"each finding needs one text and evidence: {', '.join(sorted({*ids} ^ {*evidence}) or ids)}")
    return tuple(_finding(id_, weight, members, evidence[id_]) for id_, weight, members in texts)


def _finding(id_: str, weight: str, members: dict[str, Any], shown: Callable[[], str]) -> Finding:
    if {*members} - {"unless"} != {"said", "claim"}:
        raise ValueError(f"{id_}: give claim, said, and unless where it applies")
    said = tuple((tuple(_ids(places)), _pattern(words)) for places, words in members["said"].items())
    claim = " ".join(members["claim"].split())
    return Finding(id_, cast("Weight", weight), said, tuple(members.get("unless", ())), claim, shown)


def _ids(places: str) -> Iterator[str]:
    """The ids of "+34 +38..+42"; none of "any line"."""
    for place in () if places == ANY else places.split():
        first, _, last = place.partition("..")
        for number in range(int(first[1:]), int((last or first)[1:]) + 1):
            yield f"{first[0]}{number:02}"


def _pattern(words: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{word})" for word in words), re.IGNORECASE)
