# SPDX-License-Identifier: GPL-2.0-only
"""What the failure picker shows of a run, live and on a page without a kernel."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from kvmplanes.runs.trace import Trace
from kvmplanes.runs.unwinding import ladder
from kvmplanes.view.describe import describe, marks
from kvmplanes.view.heap import NARROW, heap_svg
from kvmplanes.view.ladder import ACROSS, ladder_svg
from kvmplanes.view.page import svg
from kvmplanes.view.page.html import Html, css, escape, folded
from kvmplanes.view.plots import plot_occupancy
from kvmplanes.view.report import report

NOT_FILLED: Final = "<p>No slot of planes[] is ever filled in this run.</p>"
NO_REPORT: Final = "<p>No defect, so there is no report.</p>"
GAP: Final = 12  # pixels between the two pictures
# Of the pictures: beside each other where there is room for both in their own size, in which their words are 11 pixels
# high. They are hardly larger anywhere, so that the picker fits a screen.
LAYOUTS: Final = MappingProxyType(
    {
        name: {"flex": f"{width} 1 {width}px", "max_width": f"{width + 4}px"}
        for name, width in {"ladder": ACROSS, "heap": NARROW}.items()
    }
)


def moment(trace: Trace) -> int:
    """The step worth a look: the first defect, else the first failing call, else the last step before a close."""
    if trace.defects:
        return trace.defects[0].step
    failing = [step.index for step in trace.steps if step.what == "fail"]
    closing = [step.index - 1 for step in trace.steps if step.op.verb == "close"]
    return (failing or closing or [len(trace.steps) - 1])[0]


def ladder_html(trace: Trace, *, whole: bool = False) -> str:
    """The ladder; what the run does not reach is counted, or drawn if it is to be `whole`."""
    return ladder_svg(ladder(trace), whole=whole)


def heap_html(trace: Trace) -> str:
    """The heap where it matters, and what happens there."""
    return caption(trace) + _heap(trace)


def heap_image(trace: Trace) -> Html:
    """The same heap as an image, for a notebook that is saved."""
    step = trace.steps[moment(trace)]
    words = f"{step.text} {describe(step.state, marks(step))}"
    return svg.as_html(_heap(trace), title=_title(trace), desc=words, width=NARROW)


def _heap(trace: Trace) -> str:
    step = trace.steps[moment(trace)]
    return heap_svg(step.state, changed=marks(step), title=_title(trace), desc=step.text, width=NARROW)


def _title(trace: Trace) -> str:
    return f"The heap after step {moment(trace)}"


def occupancy_html(trace: Trace) -> str:
    """The slots over time, or that none is ever filled."""
    return plot_occupancy(trace).painted("svg").html if is_filled(trace) else NOT_FILLED


def first_report(trace: Trace) -> str:
    """The report of the first defect, or that there is none."""
    return report(trace).html if trace.defects else NO_REPORT


def is_filled(trace: Trace) -> bool:
    """Whether a slot of planes[] ever has a plane in it."""
    return any("live" in step.state.occupancy for step in trace.steps)


def beside(ladder: str, heap: str) -> str:
    """Ladder and heap side by side where there is room, else one below the other."""
    pictures = {"ladder": ladder, "heap": heap}
    boxes = (f"<div{css(**LAYOUTS[name], min_width='0')}>{html}</div>" for name, html in pictures.items())
    return f"<div{css(display='flex', flex_wrap='wrap', gap=f'0 {GAP}px')}>{''.join(boxes)}</div>"


def below(trace: Trace) -> str:
    """What a page shows on demand: the whole ladder, slots by step, first report."""
    return (
        folded("Whole ladder", ladder_html(trace, whole=True))
        + folded("Slots by step", occupancy_html(trace))
        + folded("First report", first_report(trace))
    )


def caption(trace: Trace) -> str:
    """What stands above the heap: the step, and what happens there."""
    step = trace.steps[moment(trace)]
    words = f"<b>The heap after step {step.index} of {len(trace.steps) - 1}.</b> {escape(step.text)}"
    return f"<p{css(margin='4px 0', line_height='1.4')}>{words}</p>"
