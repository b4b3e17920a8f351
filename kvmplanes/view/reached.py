# SPDX-License-Identifier: GPL-2.0-only
"""A ladder without what its run does not reach: neighbours of it are one entry, which counts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final, TypeVar

from kvmplanes.runs.unwinding import Ladder, Link
from kvmplanes.runs.unwinding.columns import Rung, UndoRow
from kvmplanes.runs.words import many

NOWHERE: Final = ("", 0)  # the site of an entry that counts others
_Entry = TypeVar("_Entry", Rung, UndoRow)


def reached(ladder: Ladder) -> Ladder:
    """The ladder with two or more neighbours that its run does not reach as one entry, at `NOWHERE`.

    Its words tell how many calls or labels these are, and its links are theirs.
    """
    rungs, at_rung = _together(ladder.rungs, _calls)
    rows, at_row = _together(ladder.rows, _undoing)
    links = dict.fromkeys(Link(at_rung[link.rung], at_row[link.row], link.done) for link in ladder.links)
    return replace(ladder, rungs=rungs, rows=rows, links=tuple(links))


def _together(
    entries: Sequence[_Entry], counted: Callable[[Sequence[_Entry]], _Entry]
) -> tuple[tuple[_Entry, ...], list[int]]:
    """The entries, and for each of those there were its index among them."""
    new: list[_Entry] = []
    places: list[int] = []
    for unreached, group in groupby(entries, _is_unreached):
        members = list(group)
        kept = [counted(members)] if unreached and len(members) > 1 else members
        places += [len(new) + min(i, len(kept) - 1) for i in range(len(members))]
        new += kept
    return tuple(new), places


def _is_unreached(entry: Rung | UndoRow) -> bool:
    if isinstance(entry, Rung):
        return not (entry.keys or entry.failed)
    return entry.kind != "heading" and not entry.reached


def _calls(rungs: Sequence[Rung]) -> Rung:
    numbers = tuple(number for rung in rungs for number in rung.numbers)
    return Rung(NOWHERE, f"{len(rungs)} more calls, not reached", numbers)


def _undoing(rows: Sequence[UndoRow]) -> UndoRow:
    labels = sum(row.kind == "label" for row in rows)
    words = many(labels, "more label") if labels else f"{len(rows)} more calls"
    return UndoRow(f"{words}, not reached", NOWHERE)
