# SPDX-License-Identifier: GPL-2.0-only
"""One step of a run: what happened, where in the C, and the heap afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from kvmplanes.model.faults import ERRNOS, base
from kvmplanes.model.heap import DefectKind, What
from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.runs.op import Op
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


def what_changed(step: Step) -> str:
    """What a step changed."""
    op = step.op
    place = f"{step.obj}->{step.field}"
    match step.what, step.defect:
        case "read", "use-after-free":
            return f"{place} is read, but {step.obj} is already freed; the bytes there say {step.value}."
        case "write", "use-after-free":
            return f"{step.value} is written to {place}, but {step.obj} is already freed."
        case "free", "double-free":
            return f"{step.obj} is freed a second time."
        case "put", "double-free":
            return f"Given back, but nobody holds it: {_resource(step)} {step.value}."
        case "leak", _ if step.obj in _RESOURCE:
            return f"Never given back: one of the {_RESOURCE[step.obj]}."
        case "leak", _:
            return f"{step.obj} is still allocated, and nobody is left to free it."
        case "read", "out-of-bounds":
            return f"{place} is read, beyond {_end(step)}."
        case "write", "out-of-bounds":
            return f"{step.value} is written to {place}, beyond {_end(step)}."
        case "oops", _:
            return f"Oops: {step.obj}. The task dies here and undoes nothing more."
        case "alloc", _:
            return f"{step.obj} is allocated, every byte zero."
        case "free", _:
            return f"{step.obj} is freed."
        case "read", _:
            return f"{place} is NULL." if step.value == "NULL" else f"{place} holds {step.value}."
        case "write", _ if step.slot is not None:
            empty = step.value == "NULL"
            return f"{place} is emptied." if empty else f"{place} now points to {step.value}: the plane is published."
        case "write", _ if step.field == "users_count":
            return f"{step.obj} has {step.value} user{'' if step.value == '1' else 's'}."
        case "write", _:
            return f"{place} is set to {step.value}."
        case (("get" | "put"), _):
            return f"{_resource(step)} now {step.value}."
        case "fail", _:
            return f"{step.obj} fails with {step.value}."
        case "goto", _:
            return f"Control jumps to {step.obj}."
        case "label", _:
            return f"Control is at {step.obj}."
        case "print", _:
            return f"The kernel's log says: {step.obj}"
        case "check", _:
            return f"User space asks for {step.obj} and gets {step.value}."
        case "return", _ if step.errno:
            return f"{op} returns -1 with errno {step.value}."
        case _:
            return f"{op} returns {step.value}."


def _end(step: Step) -> str:
    return f"the array's {KVM_MAX_PLANES} slots" if "[" in step.field else "the bytes that were allocated"


_RESOURCE: Final = {
    "current->mm": "references on the address space",
    "fd": "descriptors in use",
    "virtualization": "users of hardware virtualization",
    "mmu_notifier": "registered MMU notifiers",
    "vm_list": "VMs on vm_list",
    "preempt_notifier": "users of preemption notifiers",
    "pm_notifier": "registered PM notifiers",
}


def _resource(step: Step) -> str:
    resource = _RESOURCE.get(step.obj, f"references on the {step.obj}")  # a reader's own
    return f"{resource[0].upper()}{resource[1:]}:"
