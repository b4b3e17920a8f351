# SPDX-License-Identifier: GPL-2.0-only
"""A run, recorded: a `Trace` is an immutable list of steps, and everything shown is a function of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from kvmplanes.model.heap import DefectKind
from kvmplanes.model.version import Version
from kvmplanes.runs.folds import as_stops
from kvmplanes.runs.op import Op
from kvmplanes.runs.search import Fact, first_step
from kvmplanes.runs.shown import Shown
from kvmplanes.runs.step import Frame, Object, SlotState, State, Step, Subgoal, is_errno, slot_of

# Whoever reads a trace has its steps from here, too.
__all__ = ["Defect", "Frame", "Object", "SlotState", "State", "Step", "Subgoal", "Trace", "is_errno", "slot_of"]


@dataclass(frozen=True, slots=True)
class Defect:
    """Something wrong: its kind, the object, how it was touched, and the step where."""

    kind: DefectKind
    obj: str
    access: Literal["read", "write", "free", "put", ""]
    field: str
    step: int
    function: str


@dataclass(frozen=True)
class Trace(Shown):
    """One run of one version.

    Attributes:
        version: the version that ran.
        scenario: what was run, in words.
        calls: every failable call that was reached, in order; `fail=n` is the n-th.
        failed: the injected failures, as (call, errno).
        results: (system call, "fd 4" or an errno or a number), in order.
        steps: what happened.
    """

    version: Version
    scenario: str
    calls: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    results: tuple[tuple[Op, str], ...]
    steps: tuple[Step, ...]

    @property
    def errno(self) -> str | None:
        """The errno of the first system call that failed, such as "ENOMEM"; None if none did."""
        return next((result for _, result in self.results if is_errno(result)), None)

    @property
    def oops(self) -> Step | None:
        """The step at which the task died; None if it lived."""
        return next((step for step in self.steps if step.what == "oops"), None)

    @cached_property
    def defects(self) -> tuple[Defect, ...]:
        """Every defect, one per access or per leaked object."""
        defects = []
        for step in self.steps:
            access = step.what if step.what in ("read", "write", "free", "put") else ""
            if step.defect:
                defects.append(Defect(step.defect, step.obj, access, step.field, step.index, step.function))
        return tuple(defects)

    @cached_property
    def syscalls(self) -> tuple[tuple[Step, ...], ...]:
        """The steps of each system call, and of the process's exit, in order."""
        calls: list[list[Step]] = []
        for before, step in zip((None, *self.steps), self.steps, strict=False):
            if before is None or before.op != step.op or before.what == "return":
                calls.append([])
            calls[-1].append(step)
        return tuple(map(tuple, calls))

    @cached_property
    def occupancy(self) -> tuple[tuple[SlotState, ...], ...]:
        """One 16-tuple of slot states per step."""
        return tuple(step.state.occupancy for step in self.steps)

    @cached_property
    def events(self) -> frozenset[str]:
        """The event keys of the patch's lines that this run shows at work."""
        return frozenset().union(*(step.events for step in self.steps))

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of the patch's added lines that were at work."""
        return frozenset(i for step in self.steps for i in step.ids)

    def first(self, **wanted: Fact) -> Step:
        """The first step that fits, such as `t.first(free="plane#0")` or `t.first(what="return")`.

        `wanted` is a member of `Step` and its value, or an event (`alloc`, `free`, `fail` ...) and its object;
        ValueError when no step fits all of it names what there is.
        """
        return first_step(self.steps, f"{self.version} {self.scenario}", wanted)

    def __str__(self) -> str:
        """One line a step, and one for what a loop repeats."""
        stops = as_stops(self.steps)
        wide, width = (
            max((len(text) for text in texts), default=0)
            for texts in ((stop.number for stop in stops), (stop.first.function for stop in stops))
        )
        rows = [
            f"{stop.number:>{wide}} {stop.first.function:{width}} {'!' if stop.defect else ' '} {stop.text}"
            for stop in stops
        ]
        return "\n".join([f"{self.version} {self.scenario}: {self._result}", *rows])

    def __repr__(self) -> str:
        return f"<Trace {self.version} {self.scenario}: {len(self.steps)} steps, {self._result}>"

    @property
    def _result(self) -> str:
        return f"{self.errno or 'ok'}, {len(self.defects)} defects"
