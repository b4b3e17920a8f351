# SPDX-License-Identifier: GPL-2.0-only
"""What was measured now beside what is stored of 7.2."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kvmplanes.oracle.measured import evidence_text
from kvmplanes.oracle.measured.evidence import NEWER, STORED, for_model
from kvmplanes.oracle.measured.guest.evidence import Figures
from kvmplanes.runs.words import columns

# Names of files and functions, and places in them, are another compiler's business; figures are not.
_NOT_FIGURES: Final = {"log", "at", "description", "base", "site", "sites", "first"}
# Name -> number, and a name that is missing is a zero: compared as a whole.
_COUNTS: Final = {"kinds", "accesses", "errnos", "stages", "sizes", "after_normal_sizes", "leak_sizes", "slub_reports"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is not what it was: where it stands, what is stored, what was measured now."""

    where: str
    stored: object
    now: object


@dataclass(frozen=True, slots=True)
class Repeated:
    """A measurement beside the stored one: of which kernel that is, how many figures are equal, and which are not."""

    kernel: str
    equal: int
    differences: tuple[Difference, ...]


# Column -> where the figure stands.
_HEADLINES: Final = {
    "KASAN: create + close": ("create_close", "kasan_reports"),
    "20 closes": ("normal_closes", "kasan_reports"),
    "sweep": ("sweep", "kasan_reports"),
    "failable allocations": ("sweep", "failable"),
    "leaked in the sweep": ("kmemleak", "after_sweep"),
}


def headlines(now: Mapping[str, Figures]) -> str:
    """The figures that one looks for first, a variant in each line; "-" was not measured."""
    rows = [("", *_HEADLINES)]
    for name, measured in now.items():
        figures = for_model(measured)
        rows.append((name, *(str(figures.get(block, {}).get(key, "-")) for block, key in _HEADLINES.values())))
    return columns(rows, right=range(len(rows[0])))


def repeated(now: Mapping[str, Figures]) -> Repeated:
    """Compare what was measured with what is stored, figure by figure where it is there on both sides."""
    old = json.loads(evidence_text(STORED[NEWER]))
    pairs = [pair for name in now if name in old["variants"] for pair in _pairs(name, old["variants"][name], now[name])]
    different = tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])
    return Repeated(old["kernel"], len(pairs) - len(different), different)


def _pairs(where: str, old: Any, now: Any) -> Iterator[tuple[str, object, object]]:
    if isinstance(old, dict) and isinstance(now, dict) and where.rpartition("/")[2] not in _COUNTS:
        for key in old:
            if key in now and key not in _NOT_FIGURES:
                yield from _pairs(f"{where}/{key}", old[key], now[key])
    elif isinstance(old, list) and isinstance(now, list) and len(old) == len(now):
        for number, (before, after) in enumerate(zip(old, now, strict=True), 1):
            yield from _pairs(f"{where}/{number}", before, after)
    else:
        yield where, old, now
