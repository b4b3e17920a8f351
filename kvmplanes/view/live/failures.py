# SPDX-License-Identifier: GPL-2.0-only
"""The failure picker: choose a version and what fails; verdict, ladder, heap, occupancy and report follow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import RLock
from types import MappingProxyType
from typing import Any, Final

import ipywidgets as w

from kvmplanes.given import brief, whole
from kvmplanes.model.faults import CALLS, Fail, Failslab, base
from kvmplanes.model.series import VERSIONS, Version
from kvmplanes.runs.scenario import run
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.unwinding import ladder
from kvmplanes.view.ladder import ladder_picture
from kvmplanes.view.live.controls import SavedFrame, choice, explained, failure_key, within
from kvmplanes.view.live.pictures import (
    GAP,
    LAYOUTS,
    beside,
    caption,
    first_report,
    heap_html,
    heap_image,
    ladder_html,
    occupancy_html,
)
from kvmplanes.view.page.html import Html, badge, escape
from kvmplanes.view.page.style import BAD
from kvmplanes.view.report import summary

NOTHING: Final = "nothing"
BY_NAME: Final = "a call, by its name"
BY_NUMBER: Final = "the N-th call that can fail"
BY_FAILSLAB: Final = "calls by chance (failslab)"

# A reader meets 29 as posted in notebook 08 and judges it there. Until then no list shows what it does: it is offered
# to code that names it.
OFFERED: Final = tuple(name for name in VERSIONS if name != "29")

# Control -> what it does, in a few words.
WHY: Final = MappingProxyType({
    "planes": "Ids for KVM_CREATE_PLANE, in this order.",
    "call": "After a colon: an errno that is less usual.",
    "nth": "Counted from the first call that can fail.",
    "probability": "How often a call fails.",
    "interval": "3: each third call may fail.",
    "times": "Most failures; -1: any.",
    "seed": "Same seed, same failures.",
})  # fmt: skip

# Control of failslab -> least and largest number.
CHANCE: Final = MappingProxyType({"probability": (0, 100), "interval": (1, 99), "times": (-1, 99), "seed": (0, 9999)})

# Of the controls that are no lists, as `choice` gives them to lists.
_LABEL: Final = "8em"
_choice: Final = partial(choice, label=_LABEL, width="auto")


def _grid(least: str) -> dict[str, str]:
    """As many controls a row as have a width at `least`, one where the page is narrower."""
    columns = f"repeat(auto-fit, minmax(min(100%, {least}), 1fr))"
    return {"display": "grid", "grid_template_columns": columns, "grid_gap": "0 16px", "overflow": "hidden"}


# A kernel may deliver two changes at once, each in a thread of its own: they wait for each other here.
_TURN: Final = RLock()


class Picker(SavedFrame):
    """Controls above, five views below. Each control can be set from Python, too, or all of them by `choose`.

    What changes with a choice is in sight together: the verdict, the ladder and beside it the heap. The other two
    views, and the ladder's unreached rows, are shown on demand, and stay as the reader left them.

    Its arguments are those of `choose`.

    Attributes:
        trace: the run that the views show.
        version, planes, by, call, nth, probability, interval, times, seed: the controls.
        verdict, ladder, heap, occupancy, report: the views.
        whole, slots, reports: switches: the ladder's unreached rows, and the last two views.
    """

    HOW = "Failure picker. Run this cell to choose what fails; until then this is its first choice."
    CHOICES = "failures"
    trace: Trace

    def __init__(self, version: str = "09", *, fail: Fail = None, planes: Sequence[int] = ()) -> None:
        _failed(version, fail, planes)  # an error comes before the first widget
        kinds = (NOTHING, BY_NAME, BY_NUMBER, BY_FAILSLAB)
        self.version = _choice("Version", _offered("09"), "09")
        self.planes = w.Text(description="Planes", placeholder="ids, such as 1, 3")
        self.by = _choice("What fails", kinds)
        self.call = _choice("Failing call", ())
        self.nth = _number("N", 1, 1, 1)
        self.probability = _number("Probability, %", 20, *CHANCE["probability"])
        self.interval = _number("Interval", 1, *CHANCE["interval"])
        self.times = _number("Times", -1, *CHANCE["times"])
        self.seed = _number("Seed", 0, *CHANCE["seed"])
        self.verdict, self.occupancy, self.report = w.HTML(), w.HTML(), w.HTML()
        self.ladder, self.heap = (w.HTML(layout=LAYOUTS[name]) for name in ("ladder", "heap"))
        self.whole, self.slots, self.reports = map(_switch, ("whole ladder", "slots by step", "first report"))
        named = [self._explained(name, label=_LABEL) for name in ("call", "nth", "planes")]
        numbers = [self._explained(name) for name in ("probability", "interval", "times", "seed")]
        self._fields = {field.children[0]: field for field in (*named, *numbers)}
        wrap = {"flex_flow": "row wrap", "align_items": "flex-start", "grid_gap": f"0 {GAP}px"}
        self._of_run = (w.Box([self.ladder, self.heap], layout=wrap), self.occupancy, self.report)
        super().__init__([
            w.Box([self.version, self.by], layout=_grid("22em")),
            w.Box(named, layout=_grid("22em")),
            w.Box(numbers, layout=_grid("11em")),
            self.verdict,
            w.Box([w.HTML("Show also:"), self.whole, self.slots, self.reports], layout=wrap),
            *self._of_run,
        ])  # fmt: skip
        self.verdict.add_class("kp-verdict")
        self._quiet = False
        for switch in (self.whole, self.slots, self.reports):
            switch.observe(self._switched, names="value")
        for control in (self.version, self.by, *self._fields):
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
        failed = _failed(version, fail, planes)
        with self._quietly():
            self.version.options = _offered(version)
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

    def _explained(self, name: str, *, label: str = "") -> w.VBox:
        return explained(getattr(self, name), WHY[name], label=label)

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
                told = f"{badge(BAD, 'not possible')} {escape(str(error))}<br/>The pictures are of the choice before."
                self.verdict.value = within(told)
                for view in self._of_run:
                    view.add_class("kp-old")

    def _switched(self, _: object = None) -> None:
        """Show what the switches ask for; what is hidden is not drawn."""
        trace = self.trace
        self.ladder.value = within(ladder_html(trace, whole=self.whole.value))
        on_demand = {self.occupancy: (self.slots, occupancy_html), self.report: (self.reports, first_report)}
        for view, (switch, html) in on_demand.items():
            view.value = within(html(trace)) if switch.value else ""
            view.layout.display = None if switch.value else "none"

    def _reveal(self) -> None:
        """Show the controls that the choice needs, and hide the others."""
        by_chance = dict.fromkeys((self.probability, self.interval, self.times, self.seed), BY_FAILSLAB)
        for control, by in {self.call: BY_NAME, self.nth: BY_NUMBER, **by_chance}.items():
            self._fields[control].layout.display = None if self.by.value == by else "none"
        self._fields[self.planes].layout.display = None if VERSIONS[self.version.value].creates_planes else "none"

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
        self._key = self._key_now()
        for view in self._of_run:
            view.remove_class("kp-old")
        self.verdict.value = within(summary(self.trace).html)
        self.heap.value = within(heap_html(self.trace))
        self._switched()

    @property
    def key(self) -> str:
        """The shown run among the choices of a page without a kernel; "" for one by chance."""
        return self._key

    def _key_now(self) -> str:
        if self.by.value == BY_FAILSLAB:
            return ""
        if not self.trace.failed:
            return failure_key(self.version.value, self.ids)
        call, errno = self.trace.failed[0]
        unusual = errno if errno != CALLS[base(call)][0][0] else ""
        return failure_key(self.version.value, self.ids, self.trace.calls.index(call) + 1, unusual)

    def still(self) -> Html:
        """The verdict and two pictures."""
        verdict, heap = summary(self.trace), caption(self.trace) + heap_image(self.trace).html
        return Html(verdict.html + beside(ladder_picture(ladder(self.trace)).html, heap), verdict.text)


def picker(version: str = "09", *, fail: Fail = None, planes: Sequence[int] = ()) -> Picker:
    """A failure picker, set to a first choice; arguments and errors as for `Picker.choose`."""
    return Picker(version, fail=fail, planes=planes)


def _failed(version: str, fail: Fail, planes: Sequence[int]) -> tuple[tuple[str, str], ...]:
    """The calls that fail; an error as for `Picker.choose`."""
    if isinstance(fail, tuple):
        raise TypeError(f"fail must be one call's name or number, a Failslab, or None, not {brief(fail)}")
    if isinstance(fail, Failslab):
        for control, bounds in CHANCE.items():
            whole(getattr(fail, control), control, *bounds)
    return run(version, planes=planes, fail=fail).failed


def version_label(version: Version) -> str:
    """How lists name a version, in short: "09: Introduce struct kvm_plane"."""
    return f"{version}: {version.title.removesuffix(', as posted').partition(':')[0]}"


def _offered(shown: str) -> list[tuple[str, str]]:
    """Labels and names of the versions that the list offers beside the one that is shown."""
    return [(version_label(version), name) for name, version in VERSIONS.items() if name in (*OFFERED, shown)]


def _switch(description: str) -> Any:
    return w.Checkbox(False, description=description, indent=False, layout={"width": "auto"})


def _number(description: str, value: int, low: int, high: int) -> Any:
    return w.BoundedIntText(value=value, min=low, max=high, description=description)


def _named(call: str, errno: str) -> str:
    """A choice of what fails, in `kvmplanes.run`'s words; the usual errno goes without saying."""
    return call if errno == CALLS[base(call)][0][0] else f"{call}: {errno}"
