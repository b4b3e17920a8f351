# SPDX-License-Identifier: GPL-2.0-only
"""One step of a run: what happened, where in the C, and the heap afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from kvmplanes.model.faults import ERRNOS, base
from kvmplanes.model.heap import DefectKind, What
from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.runs.op import Op

SlotState = Literal["empty", "live", "dangling", "in freed memory"]
Subgoal = Literal["acquire", "publish", "use", "unpublish", "release", "report"]


@dataclass(frozen=True, slots=True)
class Object:
    """One object at one step. `fields` are (member, value) pairs; values are names or C constants."""

    name: str
    kind: str
    live: bool
    fields: tuple[tuple[str, str], ...]

    @property
    def level(self) -> int:
        """The level that a plane was made for, as its name has it: members may be overwritten after it is freed."""
        digits = re.search(r"\d+", self.name)
        return int(digits[0]) if digits else 0

    def get(self, member: str) -> str:
        """The value of a member, or "" when there is none."""
        return dict(self.fields).get(member, "")


@dataclass(frozen=True, slots=True)
class State:
    """The heap and the counted references after a step."""

    objects: tuple[Object, ...] = ()
    refs: tuple[tuple[str, int], ...] = ()

    def find(self, name: str) -> Object | None:
        """An object by its name."""
        return next((obj for obj in self.objects if obj.name == name), None)

    @property
    def kvm(self) -> Object | None:
        """The `struct kvm` of the latest VM, live or freed; None before there is one."""
        return next((obj for obj in reversed(self.objects) if obj.kind == "kvm"), None)

    @property
    def slots(self) -> tuple[str, ...]:
        """What `planes[0..15]` hold: a plane's name or "NULL"; all "NULL" before there is a VM."""
        held = dict(self.kvm.fields) if self.kvm else {}
        return tuple(held.get(f"planes[{i}]", "NULL") for i in range(KVM_MAX_PLANES))

    @property
    def beyond(self) -> tuple[int, ...]:
        """Indices of `planes[]` that were written although the array has no such slot."""
        indices = (slot_of(member) for member, _ in (self.kvm.fields if self.kvm else ()))
        return tuple(index for index in indices if index is not None and not 0 <= index < KVM_MAX_PLANES)

    @property
    def occupancy(self) -> tuple[SlotState, ...]:
        """Each slot's state. It dangles if its plane was freed; if `struct kvm` was, every slot is in freed memory."""
        if self.kvm is not None and not self.kvm.live and self.kvm.get("planes[0]"):
            return ("in freed memory",) * KVM_MAX_PLANES
        live = {obj.name for obj in self.objects if obj.live}
        return tuple("empty" if value == "NULL" else "live" if value in live else "dangling" for value in self.slots)


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
        text: what changed, in one sentence.
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
    text: str
    state: State

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


@lru_cache(64)
def slot_of(member: str) -> int | None:
    """The index in a member's name such as "planes[3]"; None for another member."""
    head, _, tail = member.partition("[")
    return int(tail.rstrip("]")) if head == "planes" and tail else None


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
