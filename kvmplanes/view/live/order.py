# SPDX-License-Identifier: GPL-2.0-only
"""The line-order editor: move lines of a function up and down, and see what every path does.

`order_editor` needs no kernel: the verdict on every order is in its output. `order_widget` asks a live kernel, for any
lines of any version, and opens the counterexample in the player.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import anywidget
import ipywidgets as w
import traitlets

from kvmplanes.model.series import Version, version
from kvmplanes.runs.orders import PUZZLES, Puzzle, Verdict, is_label
from kvmplanes.runs.scenario import run
from kvmplanes.runs.trace import Step, Trace
from kvmplanes.runs.words import many
from kvmplanes.view.live.player import Start, player_widget
from kvmplanes.view.page.html import Html, badge, css, escape, packed
from kvmplanes.view.page.style import BAD, LIVE, outcome_role

MOST_STEPS: Final = 5  # of a counterexample, up to its first defect
MOST_LINES: Final = 8
HOW: Final = "To move the lines, run this cell, trust the notebook, or open the page in a browser with JavaScript."


@cache
def order_editor(name: str) -> Html:
    """The editor for one of `kvmplanes.runs.orders.PUZZLES`, with the verdict on every order inside.

    Raises:
        ValueError: no such puzzle.
    """
    if name not in PUZZLES:
        raise ValueError(f"no lines to order under {name!r}; there are {', '.join(PUZZLES)}")
    puzzle = PUZZLES[name]
    texts: dict[str, int] = {}
    verdicts = {
        "".join(map(str, order)): texts.setdefault(verdict_html(verdict), len(texts))
        for order, verdict in puzzle.verdicts.items()
    }
    data = {**_data(puzzle), "texts": list(texts), "verdicts": verdicts}
    stored = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    still = _still(puzzle, puzzle.verdicts[puzzle.posted])
    html = (
        f'<div data-kvmplanes-order data-lm-suppress-shortcuts="true">{still}'
        f"<p><i>{HOW}</i></p>"
        f'<script type="application/json">{stored}</script>'
        f"<script>(() => {{\n{_script()}\nstart();\n}})();</script></div>"
    )
    right = sum(verdict.outcome == "clean" for verdict in puzzle.verdicts.values())
    head = f"Order the lines: {puzzle.title}. {len(verdicts)} orders."
    posted = _told(puzzle.verdicts[puzzle.posted])
    text = "\n".join([head, *map(_shown, puzzle.items), f"In this order: {posted}.", f"Clean in all: {right}."])
    return Html(html, text)


class Editor(anywidget.AnyWidget):
    """The editor's lines on a live kernel.

    Attributes:
        data: what the script is given.
        order: the order that is shown, as in `Puzzle.edited`.
        verdict: the order that it is for, and its HTML.
    """

    data = traitlets.Dict().tag(sync=True)
    order = traitlets.List(traitlets.Int()).tag(sync=True)
    verdict = traitlets.Dict().tag(sync=True)


class OrderWidget(w.VBox):  # type: ignore[misc]
    """The editor, and below it the shortest run that is not clean, in the player.

    Its arguments are those of `order_widget`.

    Attributes:
        puzzle: the lines.
        editor: the upper part; setting its `order` moves the lines' verdict.
        player: the lower part; hidden while every path is clean.
    """

    def __init__(self, which: str | Version, function: str, lines: Sequence[str]) -> None:
        if isinstance(lines, str) or not 2 <= len(lines) <= MOST_LINES:
            raise ValueError(f"lines is a list of 2 to {MOST_LINES} lines, not {lines!r}")
        chosen = version(which)
        title = f"{function}, {chosen.name}"
        self.puzzle = Puzzle("lines", title, chosen, function, tuple(lines))
        self.editor = Editor(_esm=f"{_script()}\nexport default {{ render }};\n", data=_data(self.puzzle))
        self.player = player_widget(_run(self.puzzle, self.puzzle.posted))
        super().__init__([self.editor, self.player])
        self.editor.observe(self._moved, names="order")
        self.editor.order = list(self.puzzle.posted)

    def _moved(self, change: dict[str, Any]) -> None:
        found = self.puzzle.verdict(change["new"])
        self.editor.verdict = {"order": change["new"], "html": verdict_html(found)}
        self.player.layout.display = None if found.counterexample else "none"
        if found.counterexample:
            start: Start = "defect" if found.counterexample.defects else 0
            self.player.show(found.counterexample, start=start, only="planes")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The live widget, and beside it what a saved notebook shows before it is run."""
        verdict = self.puzzle.verdict(self.editor.order)
        still = _still(self.puzzle, verdict) + "<p><em>Run this cell to move the lines.</em></p>"
        text = "\n".join([f"Order the lines: {self.puzzle.title}.", *map(_shown, self.puzzle.items), _told(verdict)])
        return {**super()._repr_mimebundle_(**kwargs), "text/html": still, "text/plain": text}


def order_widget(which: str | Version, function: str, lines: Sequence[str]) -> OrderWidget:
    """The editor on a live kernel.

    Args:
        which: a version's name, or a `Version`.
        function: one of its functions.
        lines: two to eight of its lines, in C, as they stand there: "kvm_arch_free_vm(kvm);", "out_no_planes:".

    Raises:
        ValueError: an unknown version or function, or lines that do not stand there so.
    """
    return OrderWidget(which, function, lines)


def verdict_html(verdict: Verdict) -> str:
    """The verdict on one order: how many paths are clean, and what the shortest other one does."""
    role = outcome_role(verdict.outcome)
    head = f"{badge(role, verdict.outcome)} {escape(_told(verdict))}."
    if verdict.counterexample is None:
        return f"<p>{head}</p>"
    steps = "".join(f'<li value="{step.index}">{_sentence(step)}</li>' for step in _telling(verdict.counterexample))
    return f"<p>{head}</p><p>The shortest run that is not, up to the first thing wrong:</p><ol>{steps}</ol>"


def _told(verdict: Verdict) -> str:
    clean = f"{verdict.clean} of {many(verdict.paths, 'path')} clean"
    if verdict.counterexample is None:
        return clean
    return f"{clean}; when {verdict.call or 'no call'} fails, {verdict.what}"


def _telling(trace: Trace) -> tuple[Step, ...]:
    """The last few steps that free, fail or go wrong, up to the first defect."""
    end = trace.defects[0].step if trace.defects else len(trace.steps) - 1
    kept = [step for step in trace.steps[: end + 1] if step.defect or step.what in ("free", "fail", "goto", "oops")]
    return tuple(kept[-MOST_STEPS:])


def _sentence(step: Step) -> str:
    return f"{badge(BAD, step.defect)} {escape(step.text)}" if step.defect else escape(step.text)


def _still(puzzle: Puzzle, verdict: Verdict) -> str:
    """What shows before the script runs, or where none may run."""
    rows = "".join(f"<li><code>{escape(_shown(item))}</code></li>" for item in puzzle.items)
    frame = css(border_left=f"4px solid {LIVE.line}", padding="4px 12px", margin="8px 0")
    return (
        f"<div{frame}><p><b>Order the lines: {escape(puzzle.title)}.</b></p><ol>{rows}</ol>"
        f"{verdict_html(verdict)}</div>"
    )


def _shown(item: str) -> str:
    return item if is_label(item) else f"    {item}"


def _data(puzzle: Puzzle) -> dict[str, Any]:
    return {"name": puzzle.name, "title": puzzle.title, "items": list(puzzle.items), "first": list(puzzle.posted)}


def _run(puzzle: Puzzle, order: Sequence[int]) -> Trace:
    found = puzzle.verdict(order).counterexample
    if found is not None:
        return found
    return run(puzzle.edited(order))


@cache
def _script() -> str:
    """order.js with order.css inside, without comments."""
    look, code = (" ".join(packed("kvmplanes.view.live", name).split()) for name in ("order.css", "order.js"))
    return f"const STYLE = {json.dumps(look)};\n{code}"
