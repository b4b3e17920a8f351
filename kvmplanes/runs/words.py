# SPDX-License-Identifier: GPL-2.0-only
"""Counts, lists and defects in words: the same wording in tables, reports, pictures and plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kvmplanes.model.heap import DEFECT_KINDS, DefectKind
from kvmplanes.runs.trace import Defect


def many(count: int, word: str) -> str:
    """A number and its noun: "1 read", "16 reads"."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def defects_in_words(defects: Iterable[Defect]) -> str:
    """What went wrong, kind by kind: "16 reads and 1 write after free; plane#0 leaked"; "" for no defect."""
    kinds: dict[DefectKind, list[Defect]] = {kind: [] for kind in DEFECT_KINDS}
    for defect in defects:
        kinds[defect.kind].append(defect)
    return "; ".join(words for kind, found in kinds.items() for words in _kind_in_words(kind, found))


def _kind_in_words(kind: DefectKind, found: Sequence[Defect]) -> Iterator[str]:
    if kind == "leak" and found:
        names = [defect.obj for defect in found]
        yield f"{listed(names if len(names) < 5 else [names[0], f'{len(names) - 1} more'])} leaked"
    elif kind == "null-dereference" and found:
        yield many(len(found), "NULL dereference")
    elif kind == "double-free":
        for access, count in Counter(defect.access for defect in found).items():
            yield f"{many(count, 'reference')} put too often" if access == "put" else many(count, "double free")
    elif found:
        accesses = Counter(defect.access for defect in found)
        yield f"{listed([many(count, access) for access, count in accesses.items()])} {_WHERE[kind]}"


_WHERE: Final = {"use-after-free": "after free", "out-of-bounds": "out of bounds"}
