# SPDX-License-Identifier: GPL-2.0-only
"""A certificate as an HTML table: one row a path, its outcome by colour, sign and word."""

from __future__ import annotations

from kvmplanes.runs.certificate import Certificate
from kvmplanes.view.page.html import badge, css, escape, ruled, tabled
from kvmplanes.view.page.style import outcome_role


def certificate_html(cert: Certificate) -> str:
    """The table; its caption is the verdict, and below it stands the shortest counterexample, if there is one.

    Args:
        cert: what `certify` gave.
    """
    head, *rows = cert.table()
    caption = f"<caption{css(text_align='left', padding='0 0 6px 0')}><b>{escape(cert.verdict)}</b></caption>"
    columns = "".join(f'<th scope="col"{_cell(font_weight="bold")}>{escape(name)}</th>' for name in head)
    body = "".join(f"<tr>{''.join(map(_cell_of, head, row))}</tr>" for row in rows)
    inside = f"{caption}<thead><tr>{columns}</tr></thead><tbody>{body}</tbody>"
    below = (counterexample(cert), *cert.legend)
    return tabled(inside) + "".join(f"<p{css(margin='6px 0')}>{escape(line)}</p>" for line in below)


def counterexample(cert: Certificate) -> str:
    """The shortest run that is not clean, in one line."""
    trace = cert.counterexample
    if trace is None:
        return "No counterexample: every path gives back what it took and returns the errno that it has to return."
    path = next(path for path in cert.paths if path.trace is trace)
    what = f"{path.call} fail{'s' * (len(path.numbers) < 2)}" if path.call else "nothing fails"
    what = f"program {path.program}, {what}" if cert.legend else what
    first = next((trace.steps[defect.step] for defect in trace.defects), None)
    tail = f"; first at step {first.index}: {first.text}" if first else ""
    return f"Shortest counterexample, {len(trace.steps)} steps: {what}, {path.defects}{tail}"


def _cell_of(head: str, text: str) -> str:
    """One cell, by the head of its column."""
    match head:
        case "n":
            return f"<td{_cell(text_align='right')}>{text}</td>"
        case "failing call":
            return f'<th scope="row"{_cell()}><code>{escape(text)}</code></th>'
        case "outcome":
            return f"<td{_cell(white_space='nowrap')}>{badge(outcome_role(text), text)}</td>"
        case "defects":
            return f"<td{_cell(min_width='6em')}>{escape(text)}</td>"
        case _:
            return f"<td{_cell()}>{escape(text)}</td>"


def _cell(**more: str) -> str:
    return ruled(**{"padding": "3px 6px 3px 0", **more})
