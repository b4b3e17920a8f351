# SPDX-License-Identifier: GPL-2.0-only
"""How a kernel's events become the steps of a trace: where in the model, what changed, one sentence."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from types import CodeType, FrameType, TracebackType

from kvmplanes.model.heap import Cell, Event, show
from kvmplanes.model.kernel import Kernel
from kvmplanes.model.kvm import KVM_MAX_PLANES
from kvmplanes.model.version import Function, Version
from kvmplanes.trace import Frame, Object, State, Step

_MOST_EVENTS = 20_000  # a hundred times what the longest run of ours has
# Accesses that are steps of their own; others are steps only when they are defects.
_SHOWN_WRITES = ("kvm", "level", "plane", "mm", "users_count")


class Recorder:
    """Turns a kernel's events into steps, with the model lines they came from."""

    def __init__(self, version: Version) -> None:
        self.op = ""
        self.steps: list[Step] = []
        self.kernel: Kernel  # set before its first event
        self._events = 0
        self._objects: dict[str, Object] = {}
        self._frames: dict[tuple[CodeType, int], Frame] = {}
        self._codes: dict[CodeType, Function] = {
            f.code.__code__: f for f in version.functions.values() if hasattr(f.code, "__code__")
        }

    def __call__(self, event: Event, died_at: TracebackType | None = None) -> None:
        """Record one event; an Oops is recorded afterwards, with the place where the task died.

        Raises:
            ValueError: there are so many events that a loop cannot be ending.
        """
        self._events += 1
        if self._events > _MOST_EVENTS:
            raise ValueError(f"a loop does not end: more than {_MOST_EVENTS} reads and writes in one run")
        if event.what in ("alloc", "write", "free"):  # nothing else changes an object
            self._objects |= {cell.name: _object(cell) for cell in self.kernel.heap.cells if cell.name == event.obj}
        if not _is_step(event):
            return
        refs = tuple((name, n) for name, n in self.kernel.refs.items() if n)
        state = State(tuple(self._objects.values()), refs)
        frames = reversed([*traceback.walk_tb(died_at)]) if died_at else traceback.walk_stack(sys._getframe(1))
        stack = () if event.what in ("return", "leak") else self._stack(frames)
        step = Step(len(self.steps), self.op, stack, event.what, event.obj, event.field, event.value,
                    event.defect, sentence(event, self.op), state)  # fmt: skip
        self.steps.append(step)

    def _stack(self, frames: Iterable[tuple[FrameType, int]]) -> tuple[Frame, ...]:
        known = ((f.f_code, lineno) for f, lineno in frames if f.f_code in self._codes)
        return tuple(self._frames.get(place) or self._frame(*place) for place in known)

    def _frame(self, code: CodeType, lineno: int) -> Frame:
        function, at = self._codes[code], lineno - code.co_firstlineno + 1
        frame = Frame(function.name, at, function.line(at), function.ids(at))
        return self._frames.setdefault((code, lineno), frame)


def _object(cell: Cell) -> Object:
    fields = ((key, show(value)) for key, value in cell.fields.items() if f"{key}[0]" not in cell.fields)
    return Object(cell.name, cell.kind, cell.live, tuple(fields))


def _is_step(event: Event) -> bool:
    if event.defect or event.field.startswith("planes["):
        return True
    return event.what != "read" and (event.what != "write" or event.field in _SHOWN_WRITES)


def sentence(event: Event, op: str) -> str:
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
        case (("get" | "put"), _):
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
    words = _RESOURCE.get(event.obj, f"references on the {event.obj}")  # a reader's own
    return f"{words[0].upper()}{words[1:]}:"
