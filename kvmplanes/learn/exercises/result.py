# SPDX-License-Identifier: GPL-2.0-only
"""What became of an answer, and how it is shown: the verdict, what to make of it, the shortest run that fails."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kvmplanes.learn.progress import solved
from kvmplanes.runs.folds import FILTERS, as_stops
from kvmplanes.runs.shown import Bundle, Shown, bundle
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.words import columns
from kvmplanes.view.live.player import player
from kvmplanes.view.page.html import Html, badge, css, escape, folded, framed, marked
from kvmplanes.view.page.style import BAD, CLEAN, NEVER_USED


@dataclass(frozen=True, repr=False)
class Result(Shown):
    """What became of an answer.

    Attributes:
        passed: whether it is right.
        verdict: sign and result in a line; without a sign for an answer that is still the given one.
        reply: what to make of it; for a known wrong idea, what is wrong with the thought; "" for the given answer.
        others: how many runs fail beside the one that is shown, by kind; "" for none.
        counterexample: the shortest failing run; None for a right answer, or one that cannot be run.
        steps: whether the run is opened in the player, or told in words alone.
        exercise: of a right answer, the exercise's id: the reader's browser keeps that it is done.
    """

    passed: bool
    verdict: str
    reply: str
    others: str = ""
    counterexample: Trace | None = None
    steps: bool = True
    exercise: str = ""

    def player(self) -> Html:
        """The failing run in the player, at its first defect or else the failing call; ValueError when no run fails."""
        if self.counterexample is None:
            raise ValueError("no run fails: there is nothing to step through")
        trace = self.counterexample
        failing = next((step.index for step in trace.steps if step.what == "fail"), 0)
        title = f"{trace.version}: {_scenario(trace)}"
        return player(trace, start="defect" if trace.defects else failing, only="planes", title=title)

    @property
    def text(self) -> str:
        """Verdict, reply, the other runs and the failing run, for a terminal."""
        return "\n".join(filter(None, [self.verdict, self.reply, self.others, *self.run_in_words]))

    @property
    def run_in_words(self) -> list[str]:
        """The failing run: what matters to planes, and every defect."""
        trace = self.counterexample
        if trace is None:
            return []
        stops = as_stops(step for step in trace.steps if FILTERS["planes"](step))
        rows = [(stop.number, f"{'✗ ' if stop.defect else ''}{stop.text}") for stop in stops]
        head = [f"The shortest failing run: {_scenario(trace)}", "(Steps that concern no plane are left out.)"]
        return [*head, *columns(rows, right=[0]).splitlines()]

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


@bundle.register
def _result(result: Result) -> Bundle:
    if not result.reply:
        return {"text/html": framed(NEVER_USED, _paragraph(marked(result.verdict))), "text/plain": result.text}
    sign, words = result.verdict.split(": ", 1)
    role = CLEAN if result.passed else BAD
    paragraphs = [f"{badge(role, sign[2:])} {marked(words)}", *map(marked, filter(None, [result.reply, result.others]))]
    html = framed(role, "".join(map(_paragraph, paragraphs)))
    if result.exercise:
        html += solved(result.exercise)
    if result.counterexample is not None and result.steps:
        html += result.player().html
    elif result.counterexample is not None:
        rows = "<br>".join(map(escape, result.run_in_words))
        html += folded("The shortest failing run, in words", f"<p>{rows}</p>")
    return {"text/html": html, "text/plain": result.text}


def _scenario(trace: Trace) -> str:
    """What was run, in words; a failing call by its name where it was chosen by its number."""
    return re.sub(r"failable call \d+ fails", lambda _: f"{trace.failed[0][0]} fails", trace.scenario)


def _paragraph(html: str) -> str:
    return f"<p{css(margin='4px 0')}>{html}</p>"
