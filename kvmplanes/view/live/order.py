# SPDX-License-Identifier: GPL-2.0-only
"""The line-order editor: move lines of a function up and down, and see what every path does.

`order_editor` needs no kernel: the verdict on every order is in its output.
`kvmplanes.view.live.widgets.order_widget` asks a live kernel, for any lines of any version.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from kvmplanes.given import known
from kvmplanes.runs.orders import PUZZLES, Puzzle, Verdict
from kvmplanes.runs.trace import Step, Trace
from kvmplanes.runs.words import many
from kvmplanes.view.live.player import sentence
from kvmplanes.view.page.html import Html, badge, escape, framed
from kvmplanes.view.page.script import data_element, script_element
from kvmplanes.view.page.style import CHANGED, LIVE, NEVER_USED, outcome_role

# What `script_element` and `widget_script` ask for.
ORDER_SCRIPT: Final = (
    "kvmplanes.view.live",
    "order",
    f".kp-order-live{{--rule:{NEVER_USED.line};--now:{CHANGED.line}}}",
)
MOST_STEPS: Final = 5  # of a counterexample, up to its first defect


def order_editor(name: str) -> Html:
    """The editor for one of `kvmplanes.runs.orders.PUZZLES`, with the verdict on every order inside.

    Raises:
        ValueError: no such puzzle.
    """
    return _editor(known(name, "lines to order under", PUZZLES))


@cache
def _editor(name: str) -> Html:
    puzzle = PUZZLES[name]
    posted = puzzle.verdicts[puzzle.posted]
    texts: dict[str, int] = {}
    verdicts = {
        "".join(map(str, order)): texts.setdefault(verdict_html(verdict), len(texts))
        for order, verdict in puzzle.verdicts.items()
    }
    data = {**order_data(puzzle), "texts": list(texts), "verdicts": verdicts}
    still = still_order(puzzle, posted)
    html = (
        f'<div data-kvmplanes-order data-lm-suppress-shortcuts="true">{still.html}'
        "<p><i>To move the lines, run this cell, trust the notebook,"
        " or open the page in a browser with JavaScript.</i></p>"
        f"{data_element(data)}{script_element(*ORDER_SCRIPT)}</div>"
    )
    right = sum(verdict.outcome == "clean" for verdict in puzzle.verdicts.values())
    head = f"Order the lines: {puzzle.title}. {len(verdicts)} orders."
    end = [f"In this order: {_counts(posted)}.", f"Clean in all: {right}."]
    return Html(html, "\n".join([head, *map(_indented, puzzle.items), *end]))


def verdict_html(verdict: Verdict) -> str:
    """The verdict on one order: how many paths are clean, and what the shortest other one does."""
    role = outcome_role(verdict.outcome)
    head = f"{badge(role, verdict.outcome)} {escape(_counts(verdict))}."
    if verdict.counterexample is None:
        return f"<p>{head}</p>"
    steps = "".join(f'<li value="{step.index}">{sentence(step)}</li>' for step in _last_steps(verdict.counterexample))
    return f"<p>{head}</p><p>The shortest run that is not clean, up to the first thing wrong:</p><ol>{steps}</ol>"


def _counts(verdict: Verdict) -> str:
    clean = f"{verdict.clean} of {many(verdict.paths, 'path')} clean"
    if verdict.counterexample is None:
        return clean
    return f"{clean}; when {verdict.call or 'no call'} fails, {verdict.what}"


def order_data(puzzle: Puzzle) -> dict[str, Any]:
    """What the script needs of the lines."""
    return {"name": puzzle.name, "title": puzzle.title, "items": list(puzzle.items), "first": list(puzzle.posted)}


def still_order(puzzle: Puzzle, verdict: Verdict) -> Html:
    """The lines as they were posted and a verdict: what shows before a script runs, or where none may run."""
    rows = "".join(f"<li><code>{escape(_indented(item))}</code></li>" for item in puzzle.items)
    head = f"<p><b>Order the lines: {escape(puzzle.title)}.</b></p>"
    text = [f"Order the lines: {puzzle.title}.", *map(_indented, puzzle.items), _counts(verdict)]
    return Html(framed(LIVE, f"{head}<ol>{rows}</ol>{verdict_html(verdict)}"), "\n".join(text))


def _last_steps(trace: Trace) -> tuple[Step, ...]:
    """The last few steps that free, fail or go wrong, up to the first defect."""
    end = trace.defects[0].step if trace.defects else len(trace.steps) - 1
    steps = [step for step in trace.steps[: end + 1] if step.defect or step.what in ("free", "fail", "goto", "oops")]
    return tuple(steps[-MOST_STEPS:])


def _indented(item: str) -> str:
    return item if item.endswith(":") else f"    {item}"
