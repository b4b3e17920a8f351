# SPDX-License-Identifier: GPL-2.0-only
"""Every added line of the patch, hunk by hunk, with a note where there is something to say."""

from __future__ import annotations

from kvmplanes.patch import PATCH
from kvmplanes.view.diff import diff_html
from kvmplanes.view.page.html import Html, folded


def notes_html() -> Html:
    """The whole patch, folded by hunks, with a note below each added line that has a word in it."""
    folds = []
    for hunk in PATCH.hunks:
        span = "..".join(dict.fromkeys(line.id for line in (hunk.added[0], hunk.added[-1])))
        within = ", ".join(dict.fromkeys(line.within for line in hunk.added))
        folds.append((f"Hunk {hunk.number}, {span}: {within}", diff_html(hunk=hunk.number, notes=True)))
    html = "\n".join(folded(title, view.html) for title, view in folds)
    return Html(html, "\n\n".join(f"{title}\n{view.text}" for title, view in folds))
