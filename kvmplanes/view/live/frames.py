# SPDX-License-Identifier: GPL-2.0-only
"""What the failure picker shows of one run: the same with a kernel, in a saved notebook, and on a page."""

from __future__ import annotations

from kvmplanes.runs.trace import Trace
from kvmplanes.view.describe import marks
from kvmplanes.view.heap import heap_picture, heap_svg
from kvmplanes.view.ladder import ladder_picture, ladder_svg
from kvmplanes.view.page.html import Html, css, escape
from kvmplanes.view.plots import plot_occupancy
from kvmplanes.view.report import report, summary

HEAD = "Failure picker. Run this cell to choose what fails; until then this is its first choice."


def moment(trace: Trace) -> int:
    """The step worth a look: the first defect, else the first failing call, else the last step before a close."""
    if trace.defects:
        return trace.defects[0].step
    failing = [step.index for step in trace.steps if step.what == "fail"]
    closing = [step.index - 1 for step in trace.steps if step.op.startswith("close")]
    return (failing or closing or [len(trace.steps) - 1])[0]


def views(trace: Trace) -> dict[str, str]:
    """HTML of each view of a run: verdict, ladder, heap, occupancy and, where something is wrong, report."""
    step = trace.steps[moment(trace)]
    heap = heap_svg(step.state, changed=marks(step), title=f"The heap after step {step.index}", desc=step.text)
    return {
        "verdict": summary(trace).html,
        "ladder": ladder_svg(trace),
        "heap": _caption(trace) + heap,
        "occupancy": plot_occupancy(trace).html,
        "report": report(trace).html if trace.defects else "",
    }


def first_frame(trace: Trace, key: str = "") -> Html:
    """What stands in a notebook that was saved and not yet run: the verdict and two pictures.

    Args:
        trace: the run.
        key: its name among `kvmplanes.view.live.offline.failure_states`, by which a page finds it; "" for none.
    """
    told = summary(trace)
    pictures = [ladder_picture(trace).html, _caption(trace), heap_picture(trace, moment(trace)).html]
    inside = "".join([f"<p><em>{HEAD}</em></p>", told.html, *pictures])
    return Html(f'<div data-choices="failures" data-key="{escape(key)}">{inside}</div>', f"{HEAD}\n{told.text}")


def _caption(trace: Trace) -> str:
    step = trace.steps[moment(trace)]
    words = f"<b>The heap after step {step.index} of {len(trace.steps) - 1}.</b> {escape(step.text)}"
    return f"<p{css(margin='4px 0', line_height='1.4')}>{words}</p>"
