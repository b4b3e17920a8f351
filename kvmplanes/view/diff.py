# SPDX-License-Identifier: GPL-2.0-only
"""Excerpts of the patch: added lines with id and line number, in their context, some of them pointed at."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Final

from kvmplanes.given import brief, flag, some, written
from kvmplanes.patch import PATCH, AddedLine, Hunk
from kvmplanes.runs.words import many
from kvmplanes.view.page.html import Html, css, escape, scrolled
from kvmplanes.view.page.style import CHANGED, CLEAN, CODE_FONT, NEVER_USED, tint

POINTER = "◄"  # like the signs in `style`: no system shows it as an emoji
_MOST_AROUND = 1000  # lines; no hunk has as many
NO_BREAK = "\u00a0"

Ids = str | Iterable[str]


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One line of an excerpt.

    Attributes:
        id: of a posted added line; "" of any other.
        number: of the line in its file.
        code: its text, tabs as blanks.
        label: what to say where the row is pointed at; None where it is not.
        note: what to say below it.
        skipped: how many lines are left out above it.
        beside: what to say in a column of its own, which there is if some row says something.
    """

    id: str
    number: int
    code: str
    label: str | None = None
    note: str = ""
    skipped: int = 0
    beside: str = ""

    @property
    def pointer(self) -> str:
        """The sign that points at the row, and the label; "" if nothing does."""
        return "" if self.label is None else f"{POINTER} {self.label}".rstrip()


Excerpt = tuple[str, str, tuple[DiffRow, ...]]  # file, what the rows belong to there, the rows


def diff_html(
    lines: Ids | None = None,
    *,
    hunk: int | None = None,
    highlight: Ids | Mapping[str, str] = (),
    context: int = 2,
    notes: bool = False,
) -> Html:
    """Show an excerpt of the patch, one table for each hunk.

    Args:
        lines: added lines to show, as `PATCH.select` takes them: "+24", "+14..+28", several; all by default.
        hunk: only this hunk, numbered from 1; by default every hunk that has such lines.
        highlight: added lines to point at; as a mapping, id -> a few words to say there.
        context: how many lines to show around the chosen ones; without `lines` a hunk is shown whole.
        notes: add the explanation under each line pointed at, or under every added line when none is.

    Raises:
        ValueError: a line or hunk that the patch does not have, nothing to show, a line pointed at but not shown.
    """
    if hunk is not None and (type(hunk) is not int or not 1 <= hunk <= len(PATCH.hunks)):
        raise ValueError(f"no hunk {brief(hunk)}: the patch has hunks 1 to {len(PATCH.hunks)}")
    if type(context) is not int or not 0 <= context <= _MOST_AROUND:
        raise ValueError(f"context {brief(context)}: 0 or more lines, {_MOST_AROUND} at most")
    flag(notes, "notes")
    chosen = set(PATCH.added if lines is None else PATCH.select(lines))
    labels = _labels(highlight)
    excerpts = []
    for each in PATCH.hunks if hunk is None else (PATCH.hunks[hunk - 1],):
        near = len(each.lines) if lines is None else context
        rows = tuple(_rows(each, [i for i, line in enumerate(each.lines) if line in chosen], near, labels, notes))
        if rows:
            within = dict.fromkeys(PATCH.line(row.id).within for row in rows if row.id)  # what they belong to
            excerpts.append((each.file, ", ".join(within), rows))
    ids = {row.id for *_, rows in excerpts for row in rows} - {""}
    if not ids:
        first, *_, last = PATCH.hunks[(hunk or 1) - 1].added
        raise ValueError(f"hunk {hunk} has none of these lines: it has {first.id}..{last.id}")
    if hidden := set(labels) - ids:
        raise ValueError(f"cannot point at {some(sorted(hidden))}: shown are {some(sorted(ids))}")
    return shown_as(*excerpts)


def shown_as(*excerpts: Excerpt, beside: str = "") -> Html:
    """Excerpts of files as tables, one below the other; `beside` is the head of the column beside the code."""
    html = "\n".join(_html(*excerpt, beside) for excerpt in excerpts)
    return Html(html, "\n\n".join(_text(*excerpt) for excerpt in excerpts))


def lines_html(ids: Ids | Mapping[str, str], *, context: int = 2, notes: bool = False) -> Html:
    """Show some added lines and point at them: `diff_html` with `lines` and `highlight` the same."""
    return diff_html(ids, highlight=ids, context=context, notes=notes)


def _labels(highlight: Ids | Mapping[str, str]) -> dict[str, str]:
    if isinstance(highlight, Mapping):
        for label in highlight.values():
            written(label, "what is said at a line", 200)
        return {PATCH.line(id_).id: label for id_, label in highlight.items()}
    none = isinstance(highlight, str | list | tuple) and not highlight
    return {} if none else {line.id: "" for line in PATCH.select(highlight)}


def _rows(hunk: Hunk, wanted: list[int], near: int, labels: Mapping[str, str], notes: bool) -> Iterator[DiffRow]:
    """The wanted lines and those at most `near` away, in order."""
    last = None
    for i, line in enumerate(hunk.lines):
        if not any(abs(i - at) <= near for at in wanted):
            continue
        skipped = 0 if last is None else i - last - 1
        last = i
        code = line.text.expandtabs(8)
        if isinstance(line, AddedLine):
            label = labels.get(line.id)
            note = line.explanation if notes and (label is not None or not labels) else ""
            yield DiffRow(line.id, line.target_lineno, f"+ {code}".rstrip(), label, note, skipped)
        else:
            yield DiffRow("", line.target_lineno, f"  {code}".rstrip(), skipped=skipped)


def _skipped(count: int) -> str:
    return f"⋯ {many(count, 'line')} not shown"


def _text(file: str, within: str, rows: tuple[DiffRow, ...]) -> str:
    lines = [f"{file}: {within}"]
    wide = max(len(row.code) for row in rows) if any(row.beside for row in rows) else 0
    for row in rows:
        if row.skipped:
            lines.append(f"{'':11}{_skipped(row.skipped)}")
        code = f"{row.code}  {row.pointer}".rstrip()
        lines.append(f"{row.id:3} {row.number:5}  {code:{wide}}  {row.beside}".rstrip())
        lines.extend(textwrap.wrap(row.note, 100, initial_indent=" " * 13, subsequent_indent=" " * 13))
    return "\n".join(lines)


_TABLE: Final = {
    "width": "100%",
    "max_width": "860px",
    "margin": "0 0 16px 0",
    "table_layout": "fixed",
    "border_collapse": "separate",
    "border_spacing": "0",
}
_WIDER: Final = {"max_width": "1000px", "min_width": "640px"}  # with a column beside the code; narrower, it scrolls
_NO_EDGE = "4px solid transparent"
_CAPTION = css(caption_side="top", text_align="left", padding="4px 8px 4px 12px")
_CODE: Final = {
    "margin": "0",
    "padding": "0",
    "border": "none",
    "background_color": "transparent",
    "font_family": CODE_FONT,
    "line_height": "1.4",
    "white_space": "pre-wrap",
    "overflow_wrap": "break-word",
}
_NARROWER: Final = {"word_break": "normal"}  # beside another column, long lines break between words
_NOTE = css(padding="0 0 8px 16px")
_ROW = css(background_color="transparent")  # no stripes: the tints have a meaning
_LABEL = css(
    background_color=CHANGED.fill, color=CHANGED.ink, padding="0 6px", border_radius="4px", white_space="nowrap"
)


def _cell(tag: str, attributes: str, body: str, **look: str) -> str:
    usual = {
        "padding": "1px 8px",
        "text_align": "left",
        "vertical_align": "top",
        "line_height": "1.4",
        "border": "none",
    }
    return f"<{tag}{attributes}{css(**{**usual, **look})}>{body}</{tag}>"


def _html(file: str, within: str, rows: tuple[DiffRow, ...], beside: str) -> str:
    rule = {"border_bottom": f"1px solid {NEVER_USED.line}", "font_weight": "normal"}
    head = [
        _cell("th", ' scope="col"', "id", width="40px", border_left=_NO_EDGE, **rule),
        _cell("th", ' scope="col"', "line", width="44px", **rule),
        _cell("th", ' scope="col"', "code", **rule),
    ]
    if beside:
        head.append(_cell("th", ' scope="col"', escape(beside), width="204px", **rule))
    table = "\n".join(
        [
            f"<table{css(**{**_TABLE, **_WIDER}) if beside else css(**_TABLE)}>",
            f"<caption{_CAPTION}><b>{escape(file)}</b>: {escape(within)}</caption>",
            f"<thead><tr>{''.join(head)}</tr></thead>",
            "<tbody>",
            *(
                line
                for row, sign in zip(rows, _signs(rows), strict=True)
                for line in _html_row(row, sign, beside != "")
            ),
            "</tbody>",
            "</table>",
        ]
    )
    return scrolled(table) if beside else table


def _signs(rows: tuple[DiffRow, ...]) -> Iterator[str]:
    """What stands behind the code of each row: the pointer, or one for neighbours that it points at without a word."""
    parts = accumulate(row.skipped for row in rows)  # lines left out come between neighbours
    for (pointed, _), group in groupby(zip(rows, parts, strict=True), lambda pair: (pair[0].label == "", pair[1])):
        members = [row for row, _ in group]
        if pointed and len(members) > 1:
            yield f"{POINTER} {many(len(members), 'line')}"
            yield from [""] * (len(members) - 1)
        else:
            yield from (row.pointer for row in members)


def _html_row(row: DiffRow, sign: str, wider: bool) -> Iterator[str]:
    role = CHANGED if row.pointer else CLEAN
    ground = {"background_color": tint(role, 0.24 if row.pointer else 0.1) if row.id else "transparent"}
    edge = {**ground, "border_left": f"4px solid {role.line}" if row.id else _NO_EDGE}
    code = escape(row.code)
    if row.pointer:
        label = f"  <b{_LABEL}>{escape(sign.replace(' ', NO_BREAK, 1))}</b>" if sign else ""
        code = f"<b>{code}</b>{label}"
    look = css(**{**_CODE, **(_NARROWER if wider else {})})
    body = f"<pre{look}>{code}</pre>" + (f"<div{_NOTE}>{escape(row.note)}</div>" if row.note else "")
    cells = [
        _cell("th", ' scope="row"', f"<b>{row.id}</b>", **edge) if row.id else _cell("td", "", "", **edge),
        _cell("td", "", str(row.number), **ground),
        _cell("td", "", body, **ground),
    ]
    if wider:
        cells.append(_cell("td", "", escape(row.beside), **ground))
    if row.skipped:
        blank = _cell("td", "", "", border_left=_NO_EDGE)
        yield f"<tr{_ROW}>{blank}{_cell('td', '', '')}{_cell('td', '', _skipped(row.skipped))}</tr>"
    yield f"<tr{_ROW}>{''.join(cells)}</tr>"
