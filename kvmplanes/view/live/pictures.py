# SPDX-License-Identifier: GPL-2.0-only
"""What the failure picker shows of a run, live and on a page without a kernel."""

from __future__ import annotations

from typing import Final

from kvmplanes.runs.trace import Trace
from kvmplanes.runs.unwinding import ladder
from kvmplanes.view.describe import marks
from kvmplanes.view.heap import heap_svg
from kvmplanes.view.ladder import ladder_svg
from kvmplanes.view.page.html import css, escape, folded
from kvmplanes.view.plots import plot_occupancy
from kvmplanes.view.report import report, summary

NOT_FILLED: Final = "<p>No slot of planes[] is ever filled in this run.</p>"
NO_REPORT: Final = "<p>No defect, so there is no report.</p>"


def moment(trace: Trace) -> int:
    """The step worth a look: the first defect, else the first failing call, else the last step before a close."""
    if trace.defects:
        return trace.defects[0].step
    failing = [step.index for step in trace.steps if step.what == "fail"]
    closing = [step.index - 1 for step in trace.steps if step.op.verb == "close"]
    return (failing or closing or [len(trace.steps) - 1])[0]


def views(trace: Trace) -> dict[str, str]:
    """HTML of each view of a run: verdict, ladder, heap, occupancy, report; where there is nothing, a sentence."""
    step = trace.steps[moment(trace)]
    heap = heap_svg(step.state, changed=marks(step), title=f"The heap after step {step.index}", desc=step.text)
    return {
        "verdict": summary(trace).html,
        "ladder": ladder_svg(ladder(trace)),
        "heap": caption(trace) + heap,
        "occupancy": plot_occupancy(trace).painted("svg").html if is_filled(trace) else NOT_FILLED,
        "report": report(trace).html if trace.defects else NO_REPORT,
    }


def is_filled(trace: Trace) -> bool:
    """Whether a slot of planes[] ever has a plane in it."""
    return any("live" in step.state.occupancy for step in trace.steps)


def below(shown: dict[str, str]) -> str:
    """The views below the pictures, each folded away."""
    return folded("Slots by step", shown["occupancy"]) + folded("First report", shown["report"])


def caption(trace: Trace) -> str:
    """What stands above the heap: the step, and what happens there."""
    step = trace.steps[moment(trace)]
    words = f"<b>The heap after step {step.index} of {len(trace.steps) - 1}.</b> {escape(step.text)}"
    return f"<p{css(margin='4px 0', line_height='1.4')}>{words}</p>"
