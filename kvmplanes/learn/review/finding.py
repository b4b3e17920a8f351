# SPDX-License-Identifier: GPL-2.0-only
"""What can be said about a patch: findings and false alarms, their evidence, and what a comment is taken to mean.

Their texts are in one TOML file for each patch, their evidence in a module beside it. Evidence is computed from the
model or from the patch, and says which; where it rests on a source, it names the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, get_args

from kvmplanes.given import known
from kvmplanes.learn.review import patch09, patch29
from kvmplanes.learn.texts import Shape, each, flow, load, one_of, verbatim

Weight = Literal["defect", "latent", "question", "style", "false alarm"]
WEIGHTS: Final[tuple[Weight, ...]] = get_args(Weight)  # the weightiest first

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
        evidence: computes the evidence.
        weight: defect, latent (harmless as posted), question, style; or a false alarm.
        claim: the finding in a sentence; for a false alarm, what is not so.
        patterns: pairs of line ids and a pattern: a sentence about one of the lines in which the pattern is found is
            taken to mean this. Without ids the pattern tells enough on any line.
        unless: ids of findings; a comment that means one of them does not mean this false alarm.
    """

    id: str
    evidence: Callable[[], str]
    weight: Weight
    claim: str
    patterns: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]
    unless: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines on which it is usually said; none when it is about the mail as a whole."""
        return tuple(id_ for ids, _ in self.patterns for id_ in ids)

    def means(self, lines: Collection[str], sentence: str) -> bool:
        """Whether a sentence of a comment on some lines is taken to mean this.

        A sentence that names lines ("+54") is about these as well. Only these can make it a false alarm.
        """
        named = _NAMED.findall(sentence)
        places = {*named} if named and self.weight == "false alarm" else {*lines, *named}
        return any((not ids or places & {*ids}) and pattern.search(sentence) for ids, pattern in self.patterns)


def _ids(places: str) -> Iterator[str]:
    """The ids of "+34 +38..+42"; none of "any line"."""
    for place in [] if places == "any line" else places.split():
        match = re.fullmatch(r"([+L])(\d\d)(?:\.\.\1(\d\d))?", place)
        if not match:
            raise ValueError(f'{place!r} is no line: write "+34", "+38..+42" or "any line"')
        kind, first, last = match.groups()
        yield from (f"{kind}{number:02}" for number in range(int(first), int(last or first) + 1))


def _pattern(words: Any) -> re.Pattern[str]:
    """One pattern of a list of them, such as ["uaf", "dangl"]."""
    try:
        return re.compile("|".join(f"(?:{word})" for word in each(verbatim)(words)), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{error.pattern!r} is no pattern: {error}") from None


def _patterns(table: Any) -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    if not isinstance(table, dict):
        raise ValueError(f"a table of lines and their patterns is wanted, not {table!r}")
    return tuple((tuple(_ids(places)), _pattern(words)) for places, words in table.items())


FINDING_SHAPE: Final = Shape(
    Finding, {"weight": one_of(WEIGHTS), "claim": flow, "patterns": _patterns, "unless": each(verbatim)}
)
_MODULES: Final = {"09": patch09, "29": patch29}


def findings_on(patch: str) -> tuple[Finding, ...]:
    """What is known to be sayable about "09" or "29", the weightiest first; ValueError for another patch."""
    return _findings(known(patch, "review of", _MODULES))


@cache
def _findings(patch: str) -> tuple[Finding, ...]:
    module = _MODULES[patch]
    findings = load(module, FINDING_SHAPE, "evidence", module.EVIDENCE)
    return tuple(sorted(findings, key=lambda finding: WEIGHTS.index(finding.weight)))


def understood(patch: str, lines: Collection[str], text: str) -> tuple[Finding, ...]:
    """What a comment on some lines (their ids) is taken to mean, sentence by sentence: findings and false alarms.

    Raises:
        ValueError: nothing is known about the patch.
    """
    one_line = flow(text.replace("\u2019", "'"))  # in a run of blanks a pattern would look for words from each of them
    sentences = [part for part in dict.fromkeys(_SENTENCE.split(one_line)) if not _PRAISE.search(part)]
    meant = [finding for finding in findings_on(patch) if any(finding.means(lines, sentence) for sentence in sentences)]
    ids = {finding.id for finding in meant}
    return tuple(finding for finding in meant if not ids & {*finding.unless})
