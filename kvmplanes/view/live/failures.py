# SPDX-License-Identifier: GPL-2.0-only
"""The failure picker: choose a version and what fails; verdict, ladder, heap, occupancy and report follow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any, Final

import ipywidgets as w

from kvmplanes.model.faults import CALLS, Fail, Failslab, base
from kvmplanes.model.series import VERSIONS, Version
from kvmplanes.runs.scenario import run
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.unwinding import ladder
from kvmplanes.view.describe import marks
from kvmplanes.view.heap import heap_picture, heap_svg
from kvmplanes.view.ladder import ladder_picture, ladder_svg
from kvmplanes.view.live.controls import Keys, SavedFrame, choice, within
from kvmplanes.view.page.html import Html, badge, css, escape
from kvmplanes.view.page.style import BAD
from kvmplanes.view.plots import plot_occupancy
from kvmplanes.view.report import report, summary

NOTHING: Final = "nothing"
BY_NAME: Final = "a call, by its name"
BY_NUMBER: Final = "the N-th call (fail-nth)"
BY_FAILSLAB: Final = "calls by chance (failslab)"

# Of the controls that are no lists, as `choice` gives them to lists.
_STYLE: Final = {"description_width": "9em"}
_LOOK: Final = {"width": "34em", "max_width": "100%"}

# A kernel may deliver two changes at once, each in a thread of its own: they wait for each other here.
_TURN: Final = RLock()


class Picker(SavedFrame):
    """Controls above, five views below. Each control can be set from Python, too, or all of them by `choose`.

    Its arguments are those of `choose`.

    Attributes:
        trace: the run that the views show.
        version, planes, by, call, nth, probability, interval, times, seed: the controls.
        verdict, ladder, heap, occupancy, report: the views.
    """

    HOW = "Failure picker. Run this cell to choose what fails; until then this is its first choice."
    CHOICES = "failures"
    trace: Trace

    def __init__(self, version: str = "09", *, fail: Fail = None, planes: Sequence[int] = ()) -> None:
        kinds = (NOTHING, BY_NAME, BY_NUMBER, BY_FAILSLAB)
        self.version = choice("Version", [(version_label(v), v.name) for v in VERSIONS.values()], "09")
        self.planes = w.Text(description="Planes", placeholder="ids, such as 1, 3", style=_STYLE, layout=_LOOK)
        self.by = choice("What fails", kinds)
        self.call = choice("Failing call", ())
        self.nth = _number("N", 1, 1, 1)
        self.probability = _number("Probability, %", 20, 0, 100)
        self.interval = _number("Interval", 1, 1, 99)
        self.times = _number("Times (-1: any)", -1, -1, 99)
        self.seed = _number("Seed", 0, 0, 9999)
        self._controls = (
            self.version, self.planes, self.by, self.call, self.nth,
            self.probability, self.interval, self.times, self.seed,
        )  # fmt: skip
        self.verdict, self.occupancy, self.report = w.HTML(), w.HTML(), w.HTML()
        self.ladder, self.heap = w.HTML(layout={"flex": "1 1 448px"}), w.HTML(layout={"flex": "1 1 392px"})
        wrap = w.Layout(flex_flow="row wrap", align_items="flex-start", grid_gap="0 1em")
        pictures = w.Box([self.ladder, self.heap], layout=wrap)
        controls = w.Box([*self._controls, Keys()], layout=wrap)
        super().__init__([controls, self.verdict, pictures, self.occupancy, self.report])
        self._quiet = False
        for control in self._controls:
            control.observe(self._changed, names="value")
        self.choose(version, fail=fail, planes=planes)

    def choose(self, version: str = "09", *, fail: Fail = None, planes: Sequence[int] = ()) -> None:
        """Set every control.

        Args:
            version: a version's name.
            fail: what fails, as for `kvmplanes.run`.
            planes: ids of the planes to create, where the version has KVM_CREATE_PLANE.

        Raises:
            ValueError: what `kvmplanes.run` would not take; the controls stay as they were.
        """
        failed = run(version, planes=planes, fail=fail).failed
        with self._quietly():
            self.version.value, self.planes.value = version, ", ".join(map(str, planes))
            self._offer()
            self.by.value = NOTHING
            if isinstance(fail, str):
                self.by.value, self.call.value = BY_NAME, _named(*failed[0])
            elif isinstance(fail, int):
                self.by.value, self.nth.value = BY_NUMBER, fail
            elif isinstance(fail, Failslab):
                self.by.value = BY_FAILSLAB
                self.probability.value, self.interval.value = fail.probability, fail.interval
                self.times.value, self.seed.value = fail.times, fail.seed
            self._reveal()
            self._show()

    @property
    def fail(self) -> Fail:
        """What fails, as the controls say it."""
        if self.by.value == BY_NAME:
            return str(self.call.value)
        if self.by.value == BY_NUMBER:
            return int(self.nth.value)
        if self.by.value == BY_FAILSLAB:
            return Failslab(self.probability.value, self.interval.value, self.times.value, self.seed.value)
        return None

    @property
    def ids(self) -> tuple[int, ...]:
        """The planes to create, as the control says it; none where the version cannot create any."""
        if not VERSIONS[self.version.value].creates_planes:
            return ()
        words = re.findall(r"[^,\s]+", self.planes.value)
        if not all(word.isdecimal() for word in words):
            raise ValueError(f"planes {self.planes.value!r}: write ids 1 to 15, such as 1, 3")
        return tuple(map(int, words))

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Several controls change, and nothing runs."""
        with _TURN:
            self._quiet = True
            try:
                yield
            finally:
                self._quiet = False

    def _changed(self, _: dict[str, Any]) -> None:
        with _TURN:
            if self._quiet:
                return
            self._reveal()
            try:
                with self._quietly():
                    self._offer()
                self._show()
            except ValueError as error:  # the views keep the last good run
                self.verdict.value = within(f"{badge(BAD, 'not possible')} {escape(str(error))}")

    def _reveal(self) -> None:
        """Show the controls that the choice needs, and hide the others."""
        by_chance = dict.fromkeys((self.probability, self.interval, self.times, self.seed), BY_FAILSLAB)
        for control, by in {self.call: BY_NAME, self.nth: BY_NUMBER, **by_chance}.items():
            control.layout.display = None if self.by.value == by else "none"
        self.planes.layout.display = None if VERSIONS[self.version.value].creates_planes else "none"

    def _offer(self) -> None:
        """Offer the calls that this version reaches; keep the choice where it is still among them."""
        calls = run(self.version.value, planes=self.ids).calls
        names = tuple(_named(call, errno) for call in calls for errno in CALLS[base(call)][0])
        if self.call.options != names:
            chosen = self.call.value
            self.call.options = names
            self.call.value = chosen if chosen in names else names[0]
        self.nth.max, self.nth.description = len(calls), f"N, from 1 to {len(calls)}"

    def _show(self) -> None:
        self.trace = run(self.version.value, planes=self.ids, fail=self.fail)
        for name, html in views(self.trace).items():
            getattr(self, name).value = within(html) if html else ""

    @property
    def key(self) -> str:
        """The shown run among the choices of a page without a kernel; "" for one by chance."""
        if self.by.value == BY_FAILSLAB:
            return ""
        if not self.trace.failed:
            return failure_key(self.version.value, self.ids)
        call, errno = self.trace.failed[0]
        unusual = errno if errno != CALLS[base(call)][0][0] else ""
        return failure_key(self.version.value, self.ids, self.trace.calls.index(call) + 1, unusual)

    def still(self) -> Html:
        """The verdict and two pictures."""
        verdict = summary(self.trace)
        pictures = ladder_picture(ladder(self.trace)), heap_picture(self.trace, moment(self.trace))
        return Html(verdict.html + pictures[0].html + _caption(self.trace) + pictures[1].html, verdict.text)


def picker(version: str = "09", *, fail: Fail = None, planes: Sequence[int] = ()) -> Picker:
    """A failure picker, set to a first choice; arguments and errors as for `Picker.choose`."""
    return Picker(version, fail=fail, planes=planes)


def moment(trace: Trace) -> int:
    """The step worth a look: the first defect, else the first failing call, else the last step before a close."""
    if trace.defects:
        return trace.defects[0].step
    failing = [step.index for step in trace.steps if step.what == "fail"]
    closing = [step.index - 1 for step in trace.steps if step.op.verb == "close"]
    return (failing or closing or [len(trace.steps) - 1])[0]


def views(trace: Trace) -> dict[str, str]:
    """HTML of each view of a run: verdict, ladder, heap, occupancy and, where something is wrong, report."""
    step = trace.steps[moment(trace)]
    heap = heap_svg(step.state, changed=marks(step), title=f"The heap after step {step.index}", desc=step.text)
    return {
        "verdict": summary(trace).html,
        "ladder": ladder_svg(ladder(trace)),
        "heap": _caption(trace) + heap,
        "occupancy": plot_occupancy(trace).painted("svg").html,
        "report": report(trace).html if trace.defects else "",
    }


def failure_key(version: str, planes: tuple[int, ...] = (), nth: int = 0, errno: str = "") -> str:
    """The key of a run: version, planes, fail-nth number and, where it is not the call's usual one, errno.

    >>> failure_key("29", (1, 3), 15, "EINTR")
    '29-p1.3-n15-EINTR'
    """
    parts = (version, planes and f"p{'.'.join(map(str, planes))}", nth and f"n{nth}", errno)
    return "-".join(str(part) for part in parts if part)


def version_label(version: Version) -> str:
    """How lists name a version, in short: "09: Introduce struct kvm_plane"."""
    return f"{version}: {version.title.removesuffix(', as posted').partition(':')[0]}"


def _caption(trace: Trace) -> str:
    step = trace.steps[moment(trace)]
    words = f"<b>The heap after step {step.index} of {len(trace.steps) - 1}.</b> {escape(step.text)}"
    return f"<p{css(margin='4px 0', line_height='1.4')}>{words}</p>"


def _number(description: str, value: int, low: int, high: int) -> Any:
    return w.BoundedIntText(value=value, min=low, max=high, description=description, style=_STYLE, layout=_LOOK)


def _named(call: str, errno: str) -> str:
    """A choice of what fails, in `kvmplanes.run`'s words; the usual errno goes without saying."""
    return call if errno == CALLS[base(call)][0][0] else f"{call}: {errno}"
