# SPDX-License-Identifier: GPL-2.0-only
"""The player's pictures, small: what stays from one step to the next is stored once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

Change = list[int]  # place, number of parts to remove there, parts to insert

# Behind what a sentence's part ends.
_SENTENCE: Final = re.compile(r"(?<=[.;,:] )")


def packed(pictures: Iterable[str]) -> tuple[list[str], list[list[Change]]]:
    """Pictures as a table of parts, and for each picture what changes from the one before.

    A part is an element or, of a description, a part of a sentence. Changes are in order from the last place to the
    first, so that each finds its place untouched.
    """
    table: dict[str, int] = {}
    changes: list[list[Change]] = []
    old = ""
    for picture in pictures:
        edits = reversed(_edits(old, picture))
        changes.append([[at, gone, *(table.setdefault(part, len(table)) for part in new)] for at, gone, new in edits])
        old = picture
    return list(table), changes


# Runs of one version are alike up to the call that fails: a certificate packs most of their pictures many times.
@lru_cache(512)
def _edits(old: str, new: str) -> Sequence[tuple[int, int, Sequence[str]]]:
    """What changes: the place, how many parts go there, the parts that come.

    Only what lies between their like beginnings and ends is compared at length.
    """
    before, after = _parts(old), _parts(new)
    least = min(len(before), len(after))
    head = next((i for i in range(least) if before[i] != after[i]), least)
    tail = next((i for i in range(least - head) if before[-1 - i] != after[-1 - i]), least - head)
    olds, news = before[head : len(before) - tail], after[head : len(after) - tail]
    matcher = difflib.SequenceMatcher(None, olds, news, autojunk=False)
    return [(head + i, j - i, news[m:n]) for what, i, j, m, n in matcher.get_opcodes() if what != "equal"]


@lru_cache(512)
def _parts(picture: str) -> Sequence[str]:
    """An element begins a part, and what closes it belongs to the part before; a description has many parts."""
    parts: list[str] = []
    for part in picture.replace("<", "\0<").replace("\0</", "</").split("\0"):
        parts += _SENTENCE.split(part) if part.startswith("<desc") else [part] * bool(part)
    return parts
