# SPDX-License-Identifier: GPL-2.0-only
"""One step of a run: what happened, where in the C, and the heap afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kvmplanes.model.faults import ERRNOS, base
from kvmplanes.model.heap import DefectKind, What
from kvmplanes.runs.op import Op
from kvmplanes.runs.sentences import what_changed
from kvmplanes.runs.state import Object, SlotState, State, slot_of

__all__ = ["Frame", "Object", "SlotState", "State", "Step", "Subgoal", "is_errno", "slot_of"]

Subgoal = Literal["acquire", "publish", "use", "unpublish", "release", "report"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One function on the call stack: its name, its file, and the line of the file that it is at."""

    function: str
    file: str
    lineno: int
    line: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One observable thing.

    Attributes:
        index: position in the trace, from 0.
        op: the system call under way, or "exit".
        stack: the C functions, innermost first; empty for what user space sees.
        what: the kind of event.
        obj: the object, resource, call or label it happened to.
        field: the member accessed, "" if none.
        value: the value read or written, the errno, or the result.
        defect: what is wrong with it, if anything is.
        state: heap and references afterwards.
    """

    index: int
    op: Op
    stack: tuple[Frame, ...]
    what: What
    obj: str
    field: str
    value: str
    defect: DefectKind | None
    state: State

    @property
    def text(self) -> str:
        """What changed, in one sentence."""
        return what_changed(self)

    @property
    def function(self) -> str:
        """The C function at work, "" for user space."""
        return self.stack[0].function if self.stack else ""

    @property
    def line(self) -> str:
        """The C line at work."""
        return self.stack[0].line if self.stack else ""

    @property
    def ids(self) -> tuple[str, ...]:
        """The patch's added lines at work, the innermost first: this line's and its callers'."""
        return tuple(dict.fromkeys(i for frame in self.stack for i in frame.ids))

    @property
    def slot(self) -> int | None:
        """The slot of `planes[]` that is accessed, which may lie beyond its end; None for another member."""
        return slot_of(self.field)

    @property
    def kind(self) -> str:
        """What the object is: "kvm", "plane", "fd" ...; a call's or a label's name as it is."""
        return self.obj.partition("#")[0]

    @property
    def errno(self) -> str | None:
        """The errno that a call gives, such as "ENOMEM"; None for success, and for what is no call's end."""
        return self.value if self.what in ("fail", "return") and is_errno(self.value) else None

    @property
    def subgoal(self) -> Subgoal:
        """Which of the six jobs this step does."""
        if self.what == "write" and self.slot is not None:
            return "unpublish" if self.value == "NULL" else "publish"
        return _SUBGOAL.get(self.what, "report")

    @property
    def events(self) -> frozenset[str]:
        """The keys of `PATCH.added[...].event` that this step is a case of."""
        return frozenset(_event_keys(self))


def is_errno(result: str) -> bool:
    """Whether a system call's result is an errno, such as "ENOMEM"."""
    return result in ERRNOS


_SUBGOAL: dict[str, Subgoal] = {
    "alloc": "acquire",
    "get": "acquire",
    "read": "use",
    "write": "use",
    "free": "release",
    "put": "release",
}


def _event_keys(step: Step) -> Iterator[str]:
    if step.what in ("alloc", "free") and step.kind == "plane":
        yield f"{step.what} plane"
    if step.what == "fail" and base(step.obj) == "kvm_create_plane":
        yield "fail plane"
    if step.what == "write" and step.kind == "plane":
        yield f"write plane.{step.field}"
    if step.slot is not None:
        cleared = step.value == "NULL"
        yield "load planes[]" if step.what == "read" else "clear planes[]" if cleared else "store planes[]"
    if step.what in ("goto", "label", "check"):
        yield f"{step.what} {step.obj}"
    names = [frame.function for frame in step.stack]
    if "kvm_destroy_planes" in names:
        yield "teardown planes" if "kvm_destroy_vm" in names else "unwind planes"
