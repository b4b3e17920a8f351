# SPDX-License-Identifier: GPL-2.0-only
"""Counts, lists, defects and columns in words: the same wording in tables, reports, pictures and plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from kvmplanes.model.heap import DEFECT_KINDS, DefectKind
from kvmplanes.runs.trace import Defect


def many(count: int, word: str) -> str:
    """A number and its noun: "1 read", "16 reads"."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def columns(rows: Iterable[Sequence[str]], head: Sequence[str] = (), right: Collection[int] = ()) -> str:
    """Rows as lines of text, each column as wide as its widest cell.

    Args:
        rows: the cells of each row. A row with fewer cells than the others widens no column.
        head: the columns' names; none for no first line.
        right: the numbers of the columns that stand at the right, from 0.
    """
    lines = [head, *rows] if head else list(rows)
    most = max(map(len, lines), default=0)
    widths = [max(map(len, column)) for column in zip(*(line for line in lines if len(line) == most), strict=True)]

    def placed(line: Sequence[str]) -> str:
        cells = enumerate(zip(line, widths, strict=False))
        return "  ".join(cell.rjust(width) if at in right else cell.ljust(width) for at, (cell, width) in cells)

    return "\n".join(placed(line).rstrip() for line in lines)


def defects_in_words(defects: Iterable[Defect]) -> str:
    """What went wrong, kind by kind: "16 reads and 1 write after free; plane#0 leaked"; "" for no defect."""
    kinds: dict[DefectKind, list[Defect]] = {kind: [] for kind in DEFECT_KINDS}
    for defect in defects:
        kinds[defect.kind].append(defect)
    return "; ".join(words for kind, same in kinds.items() for words in _kind_in_words(kind, same))


def _kind_in_words(kind: DefectKind, defects: Sequence[Defect]) -> Iterator[str]:
    if kind == "leak" and defects:
        names = [defect.obj for defect in defects]
        yield f"{listed(names if len(names) < 5 else [names[0], f'{len(names) - 1} more'])} leaked"
    elif kind == "null-dereference" and defects:
        yield many(len(defects), "NULL dereference")
    elif kind == "double-free":
        for access, count in Counter(defect.access for defect in defects).items():
            yield f"{many(count, 'reference')} put too often" if access == "put" else many(count, "double free")
    elif defects:
        accesses = Counter(defect.access for defect in defects)
        yield f"{listed([many(count, access) for access, count in accesses.items()])} {_WHERE[kind]}"


_WHERE: Final = {"use-after-free": "after free", "out-of-bounds": "out of bounds"}
