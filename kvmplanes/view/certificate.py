# SPDX-License-Identifier: GPL-2.0-only
"""A certificate as an HTML table: one row a path, its outcome by colour, sign and word."""

from __future__ import annotations

from kvmplanes.explore import Certificate
from kvmplanes.view.html import badge, css, escape, ruled, tabled
from kvmplanes.view.style import outcome_role


def certificate_html(cert: Certificate) -> str:
    """The table; its caption is the verdict, and below it stands the shortest counterexample, if there is one.

    Args:
        cert: what `certify` gave.
    """
    head, *rows = cert.table()
    caption = f"<caption{css(text_align='left', padding='0 0 6px 0')}><b>{escape(cert.verdict)}</b></caption>"
    columns = "".join(f'<th scope="col"{_cell(font_weight="bold")}>{escape(name)}</th>' for name in head)
    body = "".join(f"<tr>{''.join(_cells(row))}</tr>" for row in rows)
    inside = f"{caption}<thead><tr>{columns}</tr></thead><tbody>{body}</tbody>"
    below = f"<p{css(margin='6px 0')}>{escape(counterexample(cert))}</p>"
    return tabled(inside) + below


def counterexample(cert: Certificate) -> str:
    """The shortest run that is not clean, in one line."""
    trace = cert.counterexample
    if trace is None:
        return "No counterexample: every path gives back what it took and returns the errno that was injected."
    path = next(path for path in cert.paths if path.trace is trace)
    what = f"{path.call} fails" if path.call else "nothing fails"
    first = next((trace.steps[defect.step] for defect in trace.defects), None)
    tail = f"; first at step {first.index}: {first.text}" if first else ""
    return f"Shortest counterexample, {len(trace.steps)} steps: {what}, {path.defects}{tail}"


def _cells(row: tuple[str, ...]) -> list[str]:
    number, call, errno, leave, outcome, defects = row
    sign = badge(outcome_role(outcome), outcome)
    return [
        f"<td{_cell(text_align='right')}>{number}</td>",
        f'<th scope="row"{_cell()}><code>{escape(call)}</code></th>',
        f"<td{_cell()}>{escape(errno)}</td>",
        f"<td{_cell()}>{escape(leave)}</td>",
        f"<td{_cell(white_space='nowrap')}>{sign}</td>",
        f"<td{_cell(min_width='6em')}>{escape(defects)}</td>",
    ]


def _cell(**more: str) -> str:
    return ruled(**{"padding": "3px 6px 3px 0", **more})
