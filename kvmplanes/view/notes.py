# SPDX-License-Identifier: GPL-2.0-only
"""Every added line of the patch, hunk by hunk, with a note where there is something to say."""

from __future__ import annotations

from collections.abc import Iterator

from kvmplanes.patch import PATCH, AddedLine, Hunk
from kvmplanes.view.diff import DiffRow, shown_as
from kvmplanes.view.page.html import Html, folded


def notes_html() -> Html:
    """The whole patch, folded by hunks, with a note below each added line that has a word in it."""
    folds = []
    for hunk in PATCH.hunks:
        span = "..".join(dict.fromkeys(line.id for line in (hunk.added[0], hunk.added[-1])))
        title = f"Hunk {hunk.number}, {span}: {_within(hunk.added)}"
        folds.append((title, shown_as((hunk.file, _within(hunk.added), tuple(_rows(hunk))))))
    html = "\n".join(folded(title, view.html) for title, view in folds)
    return Html(html, "\n\n".join(f"{title}\n{view.text}" for title, view in folds))


def _within(lines: tuple[AddedLine, ...]) -> str:
    """What the lines belong to."""
    return ", ".join(dict.fromkeys(line.within for line in lines))


def _rows(hunk: Hunk) -> Iterator[DiffRow]:
    """Every line of a hunk, a note below the added ones that have one."""
    for line in hunk.lines:
        if isinstance(line, AddedLine):
            code = f"+ {line.text.expandtabs(8)}".rstrip()
            yield DiffRow(line.id, line.target_lineno, code, note=line.explanation)
        else:
            yield DiffRow("", line.target_lineno, f"  {line.text.expandtabs(8)}".rstrip())
