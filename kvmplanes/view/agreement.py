# SPDX-License-Identifier: GPL-2.0-only
"""Tables of agreement: what was compared, whether the two sides say the same, and what differs between kernels."""

from __future__ import annotations

from collections.abc import Sequence

from kvmplanes.view.page.html import Html, badge, css, escape, ruled, tabled
from kvmplanes.view.page.style import BAD, CHANGED, CLEAN

Rows = Sequence[Sequence[str]]


def agreement_html(table: Rows, notes: Rows = (), wrong: Sequence[str] = ()) -> str:
    """The table with its verdict as caption, the notes folded below it.

    Args:
        table: a header, rows, and a sum as the last row; the first column names a row, and ends with "together" in a
            sum.
        notes: a header and rows, for what was not compared.
        wrong: what disagrees, one sentence each.
    """
    head, *rows = table
    right = [cell.isdigit() for cell in rows[-1]]
    verdict = badge(BAD, f"{len(wrong)} disagree") if wrong else badge(CLEAN, "no disagreement")
    caption = f"<caption{css(text_align='left', padding='0 0 6px 0')}>{verdict}</caption>"
    body = "".join(_row(row, right, bold=row[0].endswith("together")) for row in rows)
    parts = [tabled(f"{caption}<thead>{_row(head, right, 'col', bold=True)}</thead><tbody>{body}</tbody>")]
    parts += [f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in wrong)}</ul>"] * bool(wrong)
    if notes:
        left = [False] * len(notes[0])
        body = "".join(_row(row, left) for row in notes[1:])
        inside = tabled(f"<thead>{_row(notes[0], left, 'col', bold=True)}</thead><tbody>{body}</tbody>")
        parts.append(f"<details><summary>What was not compared, and why</summary>{inside}</details>")
    return "".join(parts)


def beside_html(table: Rows) -> Html:
    """Figures side by side.

    Args:
        table: a header and rows; the last column has a word where a row differs, which becomes a badge.
    """
    head, *rows = table
    left = [False] * len(head)
    body = "".join(
        _row(row[:-1], left[1:]).replace(
            "</tr>", f"<td{ruled()}>{badge(CHANGED, row[-1]) if row[-1] else ''}</td></tr>"
        )
        for row in rows
    )
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    text = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
    return Html(tabled(f"<thead>{_row(head, left, 'col', bold=True)}</thead><tbody>{body}</tbody>"), "\n".join(text))


def _row(row: Sequence[str], right: Sequence[bool], scope: str = "row", bold: bool = False) -> str:
    """Header cells throughout with scope "col", else for the first cell alone; numbers stand at the right."""
    cells = []
    for place, (cell, at_right) in enumerate(zip(row, right, strict=True)):
        look = ruled(font_weight="bold" if bold else "normal", text_align="right" if at_right else "left")
        heads = scope == "col" or place == 0
        cells.append(f'<th scope="{scope}"{look}>{escape(cell)}</th>' if heads else f"<td{look}>{escape(cell)}</td>")
    return f"<tr>{''.join(cells)}</tr>"
