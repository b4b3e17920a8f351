# SPDX-License-Identifier: GPL-2.0-only
"""A run, recorded: a `Trace` is an immutable list of steps, and everything shown is a function of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Literal

from kvmplanes.model.faults import base
from kvmplanes.model.heap import Cell, DefectKind, Event, What, show
from kvmplanes.model.kernel import Kernel
from kvmplanes.model.kvm import KVM_MAX_PLANES
from kvmplanes.model.series import Function, Version

SlotState = Literal["empty", "live", "dangling"]
Subgoal = Literal["acquire", "publish", "use", "unpublish", "release", "report"]

# Accesses that are steps of their own; others are steps only when they are defects.
_SHOWN_WRITES = ("kvm", "level", "plane", "mm", "users_count")


@dataclass(frozen=True, slots=True)
class Object:
    """One object at one step. `fields` are (member, value) pairs; values are names or C constants."""

    name: str
    kind: str
    live: bool
    fields: tuple[tuple[str, str], ...]

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
        return next((o for o in self.objects if o.name == name), None)

    @property
    def kvm(self) -> Object | None:
        """The VM's `struct kvm`, live or freed; None before it exists."""
        return next((o for o in self.objects if o.kind == "kvm"), None)

    @property
    def slots(self) -> tuple[str, ...]:
        """What `planes[0..15]` hold: a plane's name or "NULL"; all "NULL" before there is a VM."""
        held = dict(self.kvm.fields) if self.kvm else {}
        return tuple(held.get(f"planes[{i}]", "NULL") for i in range(KVM_MAX_PLANES))

    @property
    def occupancy(self) -> tuple[SlotState, ...]:
        """Each slot's state. A pointer to a freed plane dangles, and so does one in a freed array."""
        live = {o.name for o in self.objects if o.live}
        array = self.kvm is not None and self.kvm.live
        return tuple(
            "empty" if value == "NULL" else "live" if array and value in live else "dangling" for value in self.slots
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """One function on the call stack: its name and the line (from 1 at `def`) that it is at."""

    function: str
    lineno: int
    line: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One observable thing.

    Attributes:
        index: position in the trace, from 0.
        op: the system call under way, such as "KVM_CREATE_VM" or "close(vm)".
        stack: the model's functions, innermost first; empty for what user space sees.
        what: the kind of event.
        obj: the object, resource, call or label it happened to.
        field: the member accessed, "" if none.
        value: the value read or written, the errno, or the result.
        defect: what is wrong with it, if anything is.
        text: what changed, in one sentence.
        state: heap and references afterwards.
    """

    index: int
    op: str
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
        """The model function at work, "" for user space."""
        return self.stack[0].function if self.stack else ""

    @property
    def line(self) -> str:
        """The model's line at work."""
        return self.stack[0].line if self.stack else ""

    @property
    def ids(self) -> tuple[str, ...]:
        """The patch's added lines at work, the innermost first: this line's and its callers'."""
        return tuple(dict.fromkeys(i for frame in self.stack for i in frame.ids))

    @property
    def subgoal(self) -> Subgoal:
        """Which of the six jobs this step does."""
        if self.what == "write" and self.field.startswith("planes["):
            return "unpublish" if self.value == "NULL" else "publish"
        return _SUBGOAL.get(self.what, "report")

    @property
    def events(self) -> frozenset[str]:
        """The keys of `PATCH.added[...].event` that this step is a case of."""
        return frozenset(_event_keys(self))


_SUBGOAL: dict[str, Subgoal] = {
    "alloc": "acquire",
    "get": "acquire",
    "read": "use",
    "write": "use",
    "free": "release",
    "put": "release",
}


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
class Trace:
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
    results: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]

    @property
    def errno(self) -> str | None:
        """The errno of the first system call that failed, such as "ENOMEM"; None if none did."""
        return next((result for _, result in self.results if result.startswith("E")), None)

    @cached_property
    def defects(self) -> tuple[Defect, ...]:
        """Every defect, one per access or per leaked object."""
        access = {"read": "read", "write": "write", "free": "free", "put": "put"}
        return tuple(
            Defect(s.defect, s.obj, access.get(s.what, ""), s.field, s.index, s.function)  # type: ignore[arg-type]
            for s in self.steps
            if s.defect
        )

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
        """The ids of the patch's added lines whose model lines were at work."""
        return frozenset(i for step in self.steps for i in step.ids)

    def __str__(self) -> str:
        """One line a step."""
        head = f"{self.version} {self.scenario}: {self.errno or 'ok'}, {len(self.defects)} defects"
        width = max((len(step.function) for step in self.steps), default=0)
        rows = [
            f"{s.index:3} {s.function:{width}} {'!' if s.defect else ' '} {s.text}" for s in self.steps
        ]
        return "\n".join([head, *rows])

    def __repr__(self) -> str:
        return f"<Trace {self.version} {self.scenario}: {len(self.steps)} steps, {self.errno or 'ok'}, {len(self.defects)} defects>"


class Recorder:
    """Turns a kernel's events into steps, with the model lines they came from."""

    def __init__(self, version: Version) -> None:
        self.op = ""
        self.steps: list[Step] = []
        self.kernel: Kernel
        self._objects: dict[str, Object] = {}
        self._codes: dict[CodeType, Function] = {
            f.code.__code__: f for f in version.functions.values() if hasattr(f.code, "__code__")
        }

    def __call__(self, event: Event) -> None:
        """Record one event."""
        cells = {cell.name: cell for cell in self.kernel.heap.cells} if hasattr(self, "kernel") else {}
        if event.obj in cells:
            self._objects[event.obj] = _object(cells[event.obj])
        if not _is_step(event):
            return
        refs = tuple((name, n) for name, n in self.kernel.refs.items() if n)
        state = State(tuple(self._objects.values()), refs)
        stack = () if event.what in ("return", "leak") else tuple(self._stack())
        step = Step(len(self.steps), self.op, stack, event.what, event.obj, event.field, event.value,
                    event.defect, sentence(event, self.op), state)  # fmt: skip
        self.steps.append(step)

    def _stack(self) -> Iterator[Frame]:
        frame = sys._getframe(2)
        while frame.f_back is not None:
            function = self._codes.get(frame.f_code)
            if function:
                lineno = frame.f_lineno - frame.f_code.co_firstlineno + 1
                yield Frame(function.name, lineno, function.line(lineno), function.ids(lineno))
            frame = frame.f_back


def _object(cell: Cell) -> Object:
    fields = ((k, show(v)) for k, v in cell.fields.items() if not (isinstance(v, int) and f"{k}[0]" in cell.fields))
    return Object(cell.name, cell.kind, cell.live, tuple(fields))


def _is_step(event: Event) -> bool:
    if event.defect or event.field.startswith("planes["):
        return True
    return event.what != "read" and (event.what != "write" or event.field in _SHOWN_WRITES)


def _event_keys(step: Step) -> Iterator[str]:
    kind = step.obj.partition("#")[0]
    if step.what in ("alloc", "free") and kind == "plane":
        yield f"{step.what} plane"
    if step.what == "fail" and base(step.obj) == "kvm_create_plane":
        yield "fail plane"
    if step.what == "write" and kind == "plane":
        yield f"write plane.{step.field}"
    if step.field.startswith("planes["):
        cleared = step.value == "NULL"
        yield "load planes[]" if step.what == "read" else "clear planes[]" if cleared else "store planes[]"
    if step.what in ("goto", "label", "check"):
        yield f"{step.what} {step.obj}"
    names = [frame.function for frame in step.stack]
    if "kvm_destroy_planes" in names:
        caller = names[names.index("kvm_destroy_planes") + 1]
        yield "teardown planes" if caller == "kvm_destroy_vm" else "unwind planes"


def sentence(event: Event, op: str) -> str:
    """What an event changed, in one sentence."""
    place = f"{event.obj}->{event.field}"
    match event.what, event.defect:
        case "read", "use-after-free":
            return f"{place} is read, but {event.obj} is already freed; the old bytes still say {event.value}."
        case "write", "use-after-free":
            return f"{event.value} is written to {place}, but {event.obj} is already freed."
        case "free", "double-free":
            return f"{event.obj} is freed a second time."
        case "put", "double-free":
            return f"Given back, but nobody holds it: {_resource(event)} {event.value}."
        case "leak", _ if event.obj in _RESOURCE:
            return f"Never given back: one of the {_RESOURCE[event.obj]}."
        case "leak", _:
            return f"{event.obj} is still allocated, and nobody is left to free it."
        case "read", "out-of-bounds":
            return f"{place} is read, beyond the array's {KVM_MAX_PLANES} slots."
        case "write", "out-of-bounds":
            return f"{event.value} is written to {place}, beyond the array's {KVM_MAX_PLANES} slots."
        case "oops", _:
            return f"Oops: {event.obj}. The task dies here and undoes nothing more."
        case "alloc", _:
            return f"{event.obj} is allocated, every byte zero."
        case "free", _:
            return f"{event.obj} is freed."
        case "read", _:
            return f"{place} is NULL." if event.value == "NULL" else f"{place} holds {event.value}."
        case "write", _ if event.field.startswith("planes["):
            empty = event.value == "NULL"
            return f"{place} is emptied." if empty else f"{place} now points to {event.value}: the plane is published."
        case "write", _ if event.field == "users_count":
            return f"{event.obj} has {event.value} user{'' if event.value == '1' else 's'}."
        case "write", _:
            return f"{place} is set to {event.value}."
        case ("get" | "put"), _:
            return f"{_resource(event)} now {event.value}."
        case "fail", _:
            return f"{event.obj} fails with {event.value}."
        case "goto", _:
            return f"Control jumps to {event.obj}."
        case "label", _:
            return f"Control is at {event.obj}."
        case "check", _:
            return f"User space asks for {event.obj} and gets {event.value}."
        case "return", _ if event.value.startswith("E"):
            return f"{op} returns -1 with errno {event.value}."
        case _:
            return f"{op} returns {event.value}."


_RESOURCE = {
    "current->mm": "references on the address space",
    "fd": "descriptors in use",
    "virtualization": "users of hardware virtualization",
    "mmu_notifier": "registered MMU notifiers",
    "vm_list": "VMs on vm_list",
    "preempt_notifier": "users of preemption notifiers",
    "pm_notifier": "registered PM notifiers",
}


def _resource(event: Event) -> str:
    words = _RESOURCE[event.obj]
    return f"{words[0].upper()}{words[1:]}:"


__all__ = ["Defect", "Frame", "Object", "Recorder", "SlotState", "State", "Step", "Subgoal", "Trace", "sentence"]
