# SPDX-License-Identifier: GPL-2.0-only
"""New lines of C, indented as the lines stand whose place they take."""

from __future__ import annotations

import re
from typing import Final

_MARGIN: Final = re.compile(r"(?!default:)\w+:|#.*")


def indented(new: str, old: str, first: str) -> list[str]:
    """New lines with tabs, as deep as the old ones stand; labels and directives stand at the margin."""
    base = len(first) - len(first.lstrip("\t")) - len(_depths(old)[0][0])
    inside = first[:1] == "\t" or bool(_MARGIN.fullmatch(first))  # else it is the function's head or its brace
    made = list[str]()
    for depth, text in _depths(new):
        tabs = 0 if _MARGIN.fullmatch(text) else max(base + len(depth), inside)
        made.append("\t" * tabs + text if text else "")
    return made


def _depths(text: str) -> list[tuple[str, str]]:
    """Each line's indentation in tabs, and the rest of it; four spaces are one tab, or eight where all are eights."""
    rows = [(row[: len(row) - len(row.lstrip())], row.strip()) for row in text.strip("\n").split("\n")]
    widths = {indent.count(" ") for indent, rest in rows if rest and " " in indent}
    unit = 8 if widths and all(width % 8 < 2 for width in widths) else 4
    # The lines of a comment keep the space before their "*".
    rows = [(indent, f" {rest}" if rest[:1] == "*" and indent.count(" ") % unit else rest) for indent, rest in rows]
    made = [("\t" * (indent.count("\t") + indent.count(" ") // unit), rest) for indent, rest in rows]
    while made and not made[0][1]:
        made = made[1:]
    while made and not made[-1][1]:
        made = made[:-1]
    least = min((len(indent) for indent, rest in made if rest), default=0)
    return [(indent[least:], rest) for indent, rest in made]
