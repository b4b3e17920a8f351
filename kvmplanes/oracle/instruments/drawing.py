# SPDX-License-Identifier: GPL-2.0-only
"""Cases and instruments as a table: what each finds, by colour, sign and word; and one cell with its reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kvmplanes.view.cells import Cell, Table
from kvmplanes.view.page.html import Html, badge, css, escape
from kvmplanes.view.page.style import BAD, CLEAN, NEVER_USED, Role
from kvmplanes.view.report import report, summary

ROLE: Final[dict[str, Role]] = {
    "finds": CLEAN,
    "silent": CLEAN,
    "misses": BAD,
    "false alarm": BAD,
    "not run": NEVER_USED,
}
# What the figures of an instrument count.
UNITS: Final = {
    "reading": "lines",
    "failure injection": "odd answers",
    "ASan / KASAN": "reports",
    "UBSan": "reports",
    "LSan / kmemleak": "objects",
    "init_on_free": "new leaks",
    "slub_debug=FPZU": "Oopses, messages",
    "plain run": "Oopses",
}
# The model's defects that an instrument is made for; the others look at no kind in particular.
_KINDS: Final = {
    "ASan / KASAN": {"use-after-free", "double-free"},
    "UBSan": {"out-of-bounds"},
    "LSan / kmemleak": {"leak"},
}
NOTE: Final = (
    "finds or misses: the case has a defect; silent: there is none to find; not run: no run is on record. "
    "A figure counts what was shown in all runs of a cell: C, the patch's own C; kernel, a measured one; text, the "
    "lines that reading names."
)


def instruments_html(table: Table) -> Html:
    """The table.

    Args:
        table: what `kvmplanes.oracle.instruments.table.instrument_table` gives.
    """
    heads = "".join(_head(name, UNITS[name]) for name in table.instruments)
    rows = "".join(
        f'<tr><th scope="row"{_cell(min_width="9em")}><b>{escape(case.name)}</b><br/>{escape(case.title)}</th>'
        + "".join(_td(table.cell(case.name, name)) for name in table.instruments)
        + "</tr>"
        for case in table.cases
    )
    caption = f"<caption{css(text_align='left', padding='0 0 6px 0')}>What each instrument shows of each case</caption>"
    head = f'<thead><tr><th scope="col"{_cell(font_weight="bold")}>case</th>{heads}</tr></thead>'
    inside = f"<table{css(border_collapse='collapse', font_size='12px')}>{caption}{head}<tbody>{rows}</tbody></table>"
    below = f"<p{css(font_size='12px', margin='6px 0')}>{escape(NOTE)}</p>"
    return Html(f'<div{css(overflow_x="auto")} tabindex="0">{inside}</div>{below}', _text(table))


def cell_html(cell: Cell) -> Html:
    """One cell: its verdict, what each witness says, their reports, and the model's view of the same case.

    Args:
        cell: one of a table's.
    """
    head = f"{cell.case.title}. Instrument: {cell.instrument}."
    said = [f"{witness.source}: {witness.says}" for witness in cell.witnesses]
    lines = said or ["No run of this case under this instrument is on record."]
    told, model = summary(cell.trace), _report(cell)
    printed = [(f"What {witness.source} gave", witness.report) for witness in cell.witnesses if witness.report]
    html = [f"<p{css(margin='4px 0')}>{badge(ROLE[cell.verdict], cell.verdict)} {escape(head)}</p>"]
    html += [f"<ul{css(margin='4px 0')}>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"]
    html += [_folded(title, _pre(body), opened=i == 0) for i, (title, body) in enumerate(printed)]
    html += [f"<p{css(margin='8px 0 0 0')}><b>The model of the same case</b></p>", told.html]
    html += [_folded("The model's report", model.html)] if model else []
    text = [f"{cell.verdict}. {head}", *lines]
    text += [line for title, body in printed for line in (f"--- {title}", body)]
    return Html("".join(html), "\n".join([*text, "--- The model of the same case", told.text]))


def _report(cell: Cell) -> Html | None:
    """The model's report of the defect that the instrument is made for, else of the first one."""
    defects = cell.trace.defects
    fitting = [n for n, defect in enumerate(defects) if defect.kind in _KINDS.get(cell.instrument, {defect.kind})]
    return report(cell.trace, (fitting or [0])[0]) if defects else None


def _figures(cell: Cell) -> Iterator[str]:
    for witness in cell.witnesses:
        yield f"{witness.source.removeprefix('the ').partition(' ')[0]} {witness.count}"


def _td(cell: Cell) -> str:
    sign = badge(ROLE[cell.verdict], cell.verdict)
    figures = "<br/>".join(escape(figure) for figure in _figures(cell))
    return f"<td{_cell(white_space='nowrap')}>{sign}<br/>{figures}</td>"


def _head(name: str, unit: str) -> str:
    return f'<th scope="col"{_cell(font_weight="normal")}><b>{escape(name)}</b><br/>{escape(unit)}</th>'


def _cell(**more: str) -> str:
    line = f"1px solid {NEVER_USED.line}"
    usual = {"text_align": "left", "vertical_align": "top", "font_weight": "normal", "padding": "4px 8px 4px 0"}
    return css(**{**usual, "border_bottom": line, **more})


def _pre(text: str) -> str:
    look = css(margin="4px 0", overflow_x="auto", font_size="12px")
    return f'<pre{look} tabindex="0">{escape(text)}</pre>'


def _folded(title: str, body: str, opened: bool = False) -> str:
    return f"<details{' open' if opened else ''}><summary>{escape(title)}</summary>{body}</details>"


def _text(table: Table) -> str:
    rows = [["case", *table.instruments]]
    for case in table.cases:
        cells = [table.cell(case.name, name) for name in table.instruments]
        rows.append([case.name, *(" ".join([cell.verdict, *_short(cell)]) for cell in cells)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, *(f"{case.name}: {case.title}" for case in table.cases), NOTE])


def _short(cell: Cell) -> list[str]:
    figures = [str(witness.count) for witness in cell.witnesses]
    return ["/".join(figures)] if any(witness.count for witness in cell.witnesses) else []
