# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts, certificates and limits as tables: outcomes by colour, sign and word."""

from __future__ import annotations

from textwrap import wrap
from typing import Final

from kvmplanes.given import brief
from kvmplanes.model.limits import ABOUT, LIMITS, Limit
from kvmplanes.runs.certificate import Certificate
from kvmplanes.runs.shown import Bundle, bundle
from kvmplanes.view.live.jump import Leading, mark, steps_marked
from kvmplanes.view.live.pictures import moment
from kvmplanes.view.page.html import Html, badge, bold, css, escape, marked, table
from kvmplanes.view.page.style import CLEAN, outcome_role


def verdict_cell(outcome: str, what: str = "") -> Html:
    """A cell with a verdict: an outcome of `kvmplanes.runs.certificate.OUTCOMES`, and a few words more."""
    sign = badge(outcome_role(outcome), outcome)
    return Html(f"{sign}<br>{escape(what)}", f"{outcome}: {what}") if what else Html(sign, outcome)


# So many rows lead to their runs: a run takes some 2 kB, and pairs of failures may give hundreds of them.
LEADING: Final = 40


def certificate_table(cert: Certificate) -> Leading:
    """One row a path, which leads to its run; the caption is the verdict, and below stands the shortest counterexample.

    A row of a clean path is quiet: no ground below its word, and no word on defects.
    """
    head, *lines = cert.table()
    call, outcome, defects = map(head.index, ("failing call", "outcome", "defects"))
    runs = [path.trace for path in cert.listed[:LEADING]]
    rows: list[list[str | Html]] = [list(line) for line in lines]
    for number, (row, line) in enumerate(zip(rows, lines, strict=True)):
        name = marked(f"`{line[call]}`")
        row[call] = Html(mark(moment(runs[number]), name, number) if number < len(runs) else name, line[call])
        row[outcome] = verdict_cell(line[outcome]) if line[outcome] != "clean" else f"{CLEAN.sign} clean"
    looks = {0: {"text_align": "right"}, outcome: {"white_space": "nowrap"}, defects: {"min_width": "6em"}}
    paths = table(head, rows, caption=bold(cert.verdict), named=call, looks=looks, padding="3px 6px 3px 0")
    more = [f"The first {len(runs)} rows lead to their runs."] if len(runs) < len(rows) else []
    shortest = next((number for number, run in enumerate(runs) if run is cert.counterexample), 0)
    below = (steps_marked(counterexample(cert), shortest), *map(escape, (*cert.legend, *more)))
    html = paths.html + "".join(f"<p{css(margin='6px 0')}>{line}</p>" for line in below)
    return Leading(html, str(cert), tuple(runs))


@bundle.register
def _certificate(cert: Certificate) -> Bundle:
    return bundle(certificate_table(cert))


def counterexample(cert: Certificate) -> str:
    """The shortest run that is not clean, in one line."""
    trace = cert.counterexample
    if trace is None:
        return "No counterexample: every path gives back what it took and returns the errno that it has to return."
    path = next(path for path in cert.paths if path.trace is trace)
    what = f"{path.call} {'fail' if len(path.numbers) > 1 else 'fails'}" if path.call else "nothing fails"
    what = f"program {path.program}, {what}" if cert.legend else what
    first = next((trace.steps[defect.step] for defect in trace.defects), None)
    tail = f"; first at step {first.index}: {first.text}" if first else ""
    return f"Shortest counterexample, {len(trace.steps)} steps: {what}, {path.defects}{tail}"


def limits_table(about: str = "") -> Html:
    """The limits of the model with their consequences, one a row.

    Args:
        about: one of `kvmplanes.model.limits.ABOUT`, the id of one limit, or "" for all.

    Raises:
        ValueError: no such subject, and no such limit.
    """
    if not isinstance(about, str) or about not in ("", *ABOUT, *LIMITS):
        raise ValueError(f"about must be one of {', '.join(ABOUT)}, or the id of a limit, not {brief(about)}")
    chosen = [limit for limit in LIMITS.values() if about in ("", limit.about, limit.id)]
    rows = [(f"`{limit.id}`", limit.left_out, limit.consequence) for limit in chosen]
    head = ("id", "what is left out", "what that means to you")
    looks = {0: {"white_space": "nowrap"}}
    html = table(head, rows, looks=looks, size="13px", padding="4px 10px 4px 0").html
    return Html(html, "\n".join(map(_paragraph, chosen)))


def _paragraph(limit: Limit) -> str:
    body = wrap(f"{limit.left_out} {limit.consequence}".replace("`", ""), 100, break_on_hyphens=False)
    return "\n".join([limit.id, *(f"    {line}" for line in body)])
