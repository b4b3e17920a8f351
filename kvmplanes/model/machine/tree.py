# SPDX-License-Identifier: GPL-2.0-only
"""A C tree: files whose lines remember which of the posted patch's added lines they are; diffs applied to them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from unidiff.patch import Hunk, PatchedFile
    from unidiff.patch import Line as HunkLine


class Line(NamedTuple):
    """One line of a file.

    Attributes:
        text: without the line end.
        id: "+24" for the posted patch's 24th added line, "" for any other.
    """

    text: str
    id: str = ""


Tree = Mapping[str, tuple[Line, ...]]  # file name -> its lines
MOST_COLUMNS: Final = 1000
MOST_ROWS: Final = 5000
MOST: Final = 60_000  # characters
PIECE: Final = "-"  # the file of an error whose lines are counted in a piece of text; `unit` puts the place in


class CError(ValueError):
    """What a C compiler would say: a place, and what is wrong there.

    Args:
        file: path in the tree.
        line: from 1.
        what: the sentence.
    """

    def __init__(self, file: str, line: int, what: str) -> None:
        super().__init__(f"{file}:{line}: {what}")
        self.file, self.line, self.what = file, line, what


class Applied(NamedTuple):
    """Where one hunk of a diff found its old lines.

    Attributes:
        file: path in the tree.
        number: of the hunk in that file, from 1.
        line: where it starts, from 1, in the changed file.
        offset: how many lines away from where the diff says.
    """

    file: str
    number: int
    line: int
    offset: int


def as_lines(text: str) -> tuple[Line, ...]:
    """A text as a tree keeps it."""
    return tuple(Line(line) for line in text.splitlines())


def too_much(lines: Sequence[str]) -> dict[int, str]:
    """Line -> what is more there than the machine reads in a second; empty if nothing is."""
    for n, line in enumerate(lines, 1):
        if len(line) > MOST_COLUMNS:
            return {n: f"this line has {len(line)} characters; the machine reads up to {MOST_COLUMNS}"}
    if len(lines) > MOST_ROWS:
        return {MOST_ROWS: f"there are {len(lines)} lines; the machine reads up to {MOST_ROWS}"}
    characters = sum(map(len, lines))
    return {1: f"there are {characters} characters; the machine reads up to {MOST}"} if characters > MOST else {}


def read_tree(folder: Path) -> dict[str, tuple[Line, ...]]:
    """The C files of a folder, by their path below it."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".c", ".h"))
    return {path.relative_to(folder).as_posix(): as_lines(path.read_text(encoding="utf-8")) for path in files}


def text_of(tree: Tree, name: str) -> str:
    """A file as one text."""
    return "".join(f"{line.text}\n" for line in tree[name])


def apply_diff(tree: Tree, diff: str, ids: bool = False) -> tuple[Tree, tuple[Applied, ...]]:
    """A tree with a unified diff applied: each hunk at the nearest place where its old lines stand, without fuzz.

    Args:
        tree: the files.
        diff: the diff; what a mail has above and below it is skipped.
        ids: number the added lines "+01", "+02", ... in the order of the diff.

    Returns:
        The changed tree, and where each hunk was placed.

    Raises:
        ValueError: no diff in the text, a file that the tree does not have, or a hunk whose old lines stand nowhere.
    """
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    try:
        patch = PatchSet(diff)
    except UnidiffParseError as error:
        raise ValueError(f"this diff cannot be read: {error}") from None
    if not any(map(len, patch)):
        raise ValueError(
            "there is no diff in this text: a unified diff has lines '--- a/FILE', '+++ b/FILE' and '@@ ... @@'"
        )
    changed, placed = dict(tree), list[Applied]()
    numbers: Iterator[str] = (f"+{n:02}" for n in range(1, len(diff)))
    for part in patch:
        name = _file(part, tree)
        offset = 0
        for n, hunk in enumerate(part, 1):
            at = _place(changed[name], hunk, offset, name)
            offset = at - _from_0(hunk.target_start, hunk.target_length)
            placed.append(Applied(name, n, at + 1, offset))
            changed[name] = _with_hunk(changed[name], hunk, at, numbers if ids else None)
    return changed, tuple(placed)


def with_ids(old: Sequence[Line], new: Sequence[str]) -> tuple[Line, ...]:
    """New text in place of old lines: a line that stays, or only moves, is still the posted line that it was."""
    made, left = [Line(text) for text in new], {n for n, line in enumerate(old) if line.id}
    before, after = [line.text.strip() for line in old], [text.strip() for text in new]
    for block in difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        for i in range(block.size):
            made[block.b + i] = Line(new[block.b + i], old[block.a + i].id)
            left.discard(block.a + i)
    for n, text in enumerate(after):
        moved = next((m for m in sorted(left) if before[m] == text), None)
        if moved is not None and not made[n].id and re.search(r"\w", text):
            made[n] = Line(new[n], old[moved].id)
            left.discard(moved)
    return tuple(made)


def unified(before: Tree, after: Tree) -> str:
    """The difference of two trees as a unified diff, with git's file names; "" if there is none."""
    made = ""
    for name in sorted({*before, *after}):
        old, new = ([f"{line.text}\n" for line in tree.get(name, ())] for tree in (before, after))
        made += "".join(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"))
    return made


def _file(part: PatchedFile, tree: Tree) -> str:
    """The tree's file that a diff means: by its path, or by the last part of it if that is enough."""
    names = [name for name in tree if name == part.path]
    names = names or [name for name in tree if Path(name).name == Path(part.path).name]
    if len(names) != 1:
        of_kernel = [name for name in tree if "/" in name]  # the floor's header is not the kernel's
        raise ValueError(f"the diff changes {part.path!r}; the tree has {', '.join(of_kernel)}")
    return names[0]


_Have = tuple[Line, ...]
_FAR: Final = 10**9


def _place(have: _Have, hunk: Hunk, offset: int, name: str) -> int:
    """Where a hunk's old lines stand, from 0; the nearest such place to where the diff says."""
    old = [str(line.value).rstrip("\r\n") for line in _old(hunk)]
    want = _from_0(hunk.source_start, hunk.source_length) + offset
    at = _FAR
    for n in range(len(have) - len(old) + 1):
        if [line.text for line in have[n : n + len(old)]] == old and abs(n - want) < abs(at - want):
            at = n
    if at == _FAR:
        missing = next((line for line in old if line not in [row.text for row in have]), old[0] if old else "")
        raise ValueError(
            f"{name}: the hunk '@@ -{hunk.source_start},{hunk.source_length} @@' does not apply: "
            f"its old lines do not stand there{f'; {missing.strip()!r} stands nowhere' if missing else ''}"
        )
    return at


def _from_0(start: int, length: int) -> int:
    """A hunk's first line counted from 0. In a diff it is counted from 1, but from 0 where there are no lines."""
    return start - 1 if length else start


def _old(hunk: Hunk) -> list[HunkLine]:
    return [line for line in hunk if not line.is_added]


def _with_hunk(have: _Have, hunk: Hunk, at: int, numbers: Iterator[str] | None) -> _Have:
    """With a hunk in place; a posted line that it removes and adds again, elsewhere or deeper, is still that line."""
    old = zip(_old(hunk), have[at:], strict=False)
    moved = {was.text.strip(): was.id for line, was in old if line.is_removed and was.id and re.search(r"\w", was.text)}
    new, end = list[Line](), at
    for line in hunk:
        if line.is_added:
            text = str(line.value).rstrip("\r\n")
            new.append(Line(text, next(numbers) if numbers else moved.pop(text.strip(), "")))
            continue
        if line.is_context:
            new.append(have[end])
        end += 1
    return (*have[:at], *new, *have[end:])
