# SPDX-License-Identifier: GPL-2.0-only
"""A table of verdicts: rows and columns of anything that was run, a badge in each cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kvmplanes.runs.certificate import findings
from kvmplanes.runs.trace import Trace
from kvmplanes.view.page.html import Html, badge, escape, marked, ruled, tabled
from kvmplanes.view.page.style import outcome_role


@dataclass(frozen=True, slots=True)
class Cell:
    """One verdict.

    Attributes:
        outcome: its class, as `kvmplanes.runs.certificate.OUTCOMES` has them.
        what: a few words more; "".
    """

    outcome: str
    what: str = ""


Row = Sequence[str | Cell]


def verdict_of(trace: Trace) -> Cell:
    """A run's verdict: its worst defect, and everything wrong with it in words."""
    kinds = [defect.kind for defect in trace.defects]
    return Cell(kinds[0] if kinds else "clean", findings(trace))


def verdict_table(head: Sequence[str], rows: Sequence[Row], caption: str) -> Html:
    """A table; a row's first cell is its name.

    Args:
        head: the columns' names.
        rows: a text or a `Cell` for each column; `backquotes` mark code.
        caption: what is compared, in one line.

    Raises:
        ValueError: a row with more or fewer cells than there are columns.
    """
    if any(len(row) != len(head) for row in rows):
        raise ValueError(f"every row has {len(head)} cells: {', '.join(head)}")
    top = "".join(f'<th scope="col"{ruled()}><b>{marked(name)}</b></th>' for name in head)
    body = "".join(f"<tr>{''.join(_html(cell, at) for at, cell in enumerate(row))}</tr>" for row in rows)
    html = f"<caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
    return Html(tabled(html, "13px"), _text(head, rows, caption))


def _html(cell: str | Cell, at: int) -> str:
    if isinstance(cell, str):
        return f'<th scope="row"{ruled()}>{marked(cell)}</th>' if at == 0 else f"<td{ruled()}>{marked(cell)}</td>"
    more = f"<br>{escape(cell.what)}" if cell.what else ""
    return f"<td{ruled()}>{badge(outcome_role(cell.outcome), cell.outcome)}{more}</td>"


def _text(head: Sequence[str], rows: Sequence[Row], caption: str) -> str:
    table = [[name.replace("`", "") for name in head], *([_plain(cell) for cell in row] for row in rows)]
    widths = [max(len(row[at]) for row in table) for at in range(len(head))]
    lines = ("  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)).rstrip() for row in table)
    return "\n".join([caption, *lines])


def _plain(cell: str | Cell) -> str:
    if isinstance(cell, str):
        return cell.replace("`", "")
    return f"{cell.outcome}: {cell.what}" if cell.what else cell.outcome
