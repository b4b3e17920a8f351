# SPDX-License-Identifier: GPL-2.0-only
"""How a kernel's events become the steps of a trace: where in the C, what changed, one sentence."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import FrameType, TracebackType

from kvmplanes.model.faults import Injector
from kvmplanes.model.floor import Kernel
from kvmplanes.model.heap import Event, Freed, c_name
from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.model.version import Function, Version
from kvmplanes.runs.op import Op
from kvmplanes.runs.trace import Frame, Object, State, Step, is_errno, slot_of

_MOST_EVENTS = 20_000  # a hundred times what the longest run of ours has
_MOST_CALLS = 200  # inside one another; a kernel's stack of 16 kB ends before that
# Accesses that are steps of their own; others are steps only when they are defects.
_SHOWN_WRITES = ("kvm", "level", "plane", "mm", "users_count")


class Recorder:
    """A kernel that runs a version, and its events as steps, with the C lines they came from.

    Attributes:
        kernel: the kernel.
        op: the system call under way; who asks for one says so here.
        steps: what has happened.
    """

    def __init__(self, version: Version, injector: Injector, freed: Freed) -> None:
        self.op = Op("exit")
        self.steps: list[Step] = []
        self._events = 0
        self._objects: dict[str, Object] = {}
        self._members: dict[str, dict[str, str]] = {}
        self._codes, self._frames = _places(version)
        self.kernel = Kernel(version.unit, injector, self, freed)

    def __call__(self, event: Event, died_at: TracebackType | None = None) -> None:
        """Record one event; an Oops is recorded afterwards, with the place where the task died.

        Raises:
            ValueError: there are so many events that a loop cannot be ending.
        """
        self._events += 1
        if self._events > _MOST_EVENTS:
            raise ValueError(f"a loop does not end: more than {_MOST_EVENTS} events in one run")
        if event.what in ("alloc", "write", "free"):  # nothing else changes an object
            self._objects[event.obj] = self._object(event)
        if not _is_step(event):
            return
        refs = tuple((name, n) for name, n in self.kernel.refs.items() if n)
        state = State(tuple(self._objects.values()), refs)
        frames = reversed([*traceback.walk_tb(died_at)]) if died_at else _outward(sys._getframe(1), self._codes)
        stack = () if event.what in ("return", "leak") else self._stack(frames)
        facts = (event.what, event.obj, event.field, event.value, event.defect)
        self.steps.append(Step(len(self.steps), self.op, stack, *facts, _sentence(event, self.op), state))

    def _object(self, event: Event) -> Object:
        """An object as it is now; a write changes one member of it, and anything else may change all."""
        memory = self.kernel.heap.allocations[event.obj]
        members = self._members.get(memory.name, {})
        if event.what == "write" and event.field in members:
            members[event.field] = event.value
        else:
            self._members[memory.name] = members = {name: c_name(value) for name, value in memory.fields.items()}
        return Object(memory.name, memory.kind, memory.live, tuple(members.items()))

    def _stack(self, frames: Iterable[tuple[FrameType, int]]) -> tuple[Frame, ...]:
        known = [(id(f.f_code), lineno) for f, lineno in frames if id(f.f_code) in self._codes]
        if len(known) > _MOST_CALLS:
            raise RecursionError
        return tuple(self._frames.get(place) or self._frame(*place) for place in known)

    def _frame(self, code: int, lineno: int) -> Frame:
        c = self._codes[code]
        self._frames[code, lineno] = frame = Frame(c.name, c.file, lineno, c.line(lineno), c.ids(lineno))
        return frame

    def died_in_c(self, at: TracebackType | None) -> bool:
        """Whether the innermost function of a traceback is one of the version's."""
        *_, (frame, _) = traceback.walk_tb(at)
        return id(frame.f_code) in self._codes

    def place(self, at: TracebackType | None) -> tuple[str, int]:
        """The innermost C line of a traceback: file and number."""
        known = [(f.f_code.co_filename, lineno) for f, lineno in traceback.walk_tb(at) if id(f.f_code) in self._codes]
        return known[-1] if known else ("", 0)


@lru_cache(32)
def _places(version: Version) -> tuple[dict[int, Function], dict[tuple[int, int], Frame]]:
    """The functions of a version by their code's id, and room for the frames that its runs have shown.

    To hash the code itself takes longer than a step; the version, which is kept here, keeps its code and so the ids.
    """
    return {id(code): version.functions[name] for name, code in version.unit.functions.items()}, {}


def _outward(frame: FrameType | None, codes: dict[int, Function]) -> Iterator[tuple[FrameType, int]]:
    """A stack from inside to the outermost C function: no C calls Python that calls C again."""
    inside = False
    while frame and (id(frame.f_code) in codes or not inside):
        inside = inside or id(frame.f_code) in codes
        yield frame, frame.f_lineno
        frame = frame.f_back


def _is_step(event: Event) -> bool:
    if event.defect or slot_of(event.field) is not None:
        return True
    return event.what != "read" and (event.what != "write" or event.field in _SHOWN_WRITES)


def _sentence(event: Event, op: Op) -> str:
    """What an event changed, in one sentence."""
    place = f"{event.obj}->{event.field}"
    match event.what, event.defect:
        case "read", "use-after-free":
            return f"{place} is read, but {event.obj} is already freed; the bytes there say {event.value}."
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
            return f"{place} is read, beyond {_end(event)}."
        case "write", "out-of-bounds":
            return f"{event.value} is written to {place}, beyond {_end(event)}."
        case "oops", _:
            return f"Oops: {event.obj}. The task dies here and undoes nothing more."
        case "alloc", _:
            return f"{event.obj} is allocated, every byte zero."
        case "free", _:
            return f"{event.obj} is freed."
        case "read", _:
            return f"{place} is NULL." if event.value == "NULL" else f"{place} holds {event.value}."
        case "write", _ if slot_of(event.field) is not None:
            empty = event.value == "NULL"
            return f"{place} is emptied." if empty else f"{place} now points to {event.value}: the plane is published."
        case "write", _ if event.field == "users_count":
            return f"{event.obj} has {event.value} user{'' if event.value == '1' else 's'}."
        case "write", _:
            return f"{place} is set to {event.value}."
        case (("get" | "put"), _):
            return f"{_resource(event)} now {event.value}."
        case "fail", _:
            return f"{event.obj} fails with {event.value}."
        case "goto", _:
            return f"Control jumps to {event.obj}."
        case "label", _:
            return f"Control is at {event.obj}."
        case "print", _:
            return f"The kernel's log says: {event.obj}"
        case "check", _:
            return f"User space asks for {event.obj} and gets {event.value}."
        case "return", _ if is_errno(event.value):
            return f"{op} returns -1 with errno {event.value}."
        case _:
            return f"{op} returns {event.value}."


def _end(event: Event) -> str:
    return f"the array's {KVM_MAX_PLANES} slots" if "[" in event.field else "the bytes that were allocated"


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
    resource = _RESOURCE.get(event.obj, f"references on the {event.obj}")  # a reader's own
    return f"{resource[0].upper()}{resource[1:]}:"
