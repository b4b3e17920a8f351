# SPDX-License-Identifier: GPL-2.0-only
"""The failure picker: choose a version and what fails; verdict, ladder, heap, occupancy and report follow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any, Final

import anywidget
import ipywidgets as w

from kvmplanes.model.faults import CALLS, Fail, Failslab, base
from kvmplanes.model.series import VERSIONS, Version
from kvmplanes.runs.scenario import run
from kvmplanes.runs.trace import Trace
from kvmplanes.view.live.frames import first_frame, views
from kvmplanes.view.live.offline import failure_key
from kvmplanes.view.page.html import badge, escape
from kvmplanes.view.page.style import BAD

NOTHING: Final = "nothing"
BY_NAME: Final = "a call, by its name"
BY_NUMBER: Final = "the N-th call (fail-nth)"
BY_FAILSLAB: Final = "calls by chance (failslab)"

# Wide enough for the longest choice; two stand side by side on a usual page.
_STYLE: Final = {"description_width": "9em"}
_LOOK: Final = {"width": "34em", "max_width": "100%"}

# A kernel may deliver two changes at once, each in a thread of its own: they wait for each other here.
_TURN: Final = RLock()


class Keys(anywidget.AnyWidget):
    """Keeps JupyterLab's shortcuts from lists that have the focus: their arrow keys choose, and do not change cells.

    Lumino asks the element itself first, so the mark must stand there and not on what is around it.
    """

    _esm = """
    const mark = ({ target }) => {
      if (target.tagName === "SELECT") target.dataset.lmSuppressShortcuts = "true";
    };
    const watch = (el, tries) => {
      const picker = el.closest(".widget-vbox");
      if (picker) picker.addEventListener("focusin", mark);
      else if (tries) requestAnimationFrame(() => watch(el, tries - 1));
    };
    export default { render: ({ el }) => watch(el, 600) };
    """


class Picker(w.VBox):  # type: ignore[misc]
    """Controls above, five views below. Each control can be set from Python, too, or all of them by `choose`.

    Its arguments are those of `choose`.

    Attributes:
        trace: the run that the views show.
        version, planes, by, call, nth, probability, interval, times, seed: the controls.
        verdict, ladder, heap, occupancy, report: the views.
    """

    trace: Trace

    def __init__(self, version: str = "09", *, fail: Fail = None, planes: Sequence[int] = ()) -> None:
        kinds = (NOTHING, BY_NAME, BY_NUMBER, BY_FAILSLAB)
        self.version = _choice("Version", [(_label(v), v.name) for v in VERSIONS.values()], "09")
        self.planes = w.Text(description="Planes", placeholder="ids, such as 1, 3", style=_STYLE, layout=_LOOK)
        self.by = _choice("What fails", kinds, NOTHING)
        self.call = _choice("Failing call", (), None)
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
                self.verdict.value = _within(f"{badge(BAD, 'not possible')} {escape(str(error))}")

    def _reveal(self) -> None:
        """Show the controls that the choice needs, and hide the others."""
        needed = {self.planes: VERSIONS[self.version.value].creates_planes, self.call: self.by.value == BY_NAME}
        needed[self.nth] = self.by.value == BY_NUMBER
        for control in (self.probability, self.interval, self.times, self.seed):
            needed[control] = self.by.value == BY_FAILSLAB
        for control, shown in needed.items():
            control.layout.display = None if shown else "none"

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
            getattr(self, name).value = _within(html) if html else ""

    def _key(self) -> str:
        """The shown run among the choices of a page without a kernel; "" for one by chance."""
        failed = self.trace.failed
        if self.by.value == BY_FAILSLAB:
            return ""
        nth = self.trace.calls.index(failed[0][0]) + 1 if failed else 0
        errno = failed[0][1] if failed and failed[0][1] != CALLS[base(failed[0][0])][0][0] else ""
        return failure_key(self.version.value, self.ids, nth, errno)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The live widget, and beside it what a saved notebook shows before it is run."""
        still = first_frame(self.trace, self._key())
        return {**super()._repr_mimebundle_(**kwargs), "text/html": still.html, "text/plain": still.text}


def picker(version: str = "09", *, fail: Fail = None, planes: Sequence[int] = ()) -> Picker:
    """A failure picker, set to a first choice; arguments and errors as for `Picker.choose`."""
    return Picker(version, fail=fail, planes=planes)


def _within(html: str) -> str:
    """Content that takes its widget's width and never widens it; what is wider scrolls."""
    return f'<div style="contain:inline-size;line-height:1.4">{html}</div>'


def _choice(description: str, options: Sequence[Any], value: object) -> Any:
    return w.Dropdown(description=description, options=options, value=value, style=_STYLE, layout=_LOOK)


def _number(description: str, value: int, low: int, high: int) -> Any:
    return w.BoundedIntText(value=value, min=low, max=high, description=description, style=_STYLE, layout=_LOOK)


def _label(version: Version) -> str:
    return f"{version}: {version.title.removesuffix(', as posted')}"


def _named(call: str, errno: str) -> str:
    """A choice of what fails, in `kvmplanes.run`'s words; the usual errno goes without saying."""
    return call if errno == CALLS[base(call)][0][0] else f"{call}: {errno}"
