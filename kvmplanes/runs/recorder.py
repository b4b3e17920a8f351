# SPDX-License-Identifier: GPL-2.0-only
"""How a kernel's events become the steps of a trace: where in the C, what changed, one sentence."""

from __future__ import annotations

import sys
import traceback
from collections import Counter
from functools import lru_cache
from types import CodeType, FrameType, TracebackType
from typing import Final

from kvmplanes.model.faults import Injector
from kvmplanes.model.floor import Kernel
from kvmplanes.model.heap import Event, Freed, Layout, c_name
from kvmplanes.model.version import Function, Version
from kvmplanes.runs.op import Op
from kvmplanes.runs.state import History, State
from kvmplanes.runs.trace import Frame, Step

MOST_EVENTS: Final = 2000  # in one run; the longest system call of ours has 141 (limit: endless)
EVENTS_A_CALL: Final = 150  # what a system call may add, however many there are in a run
_OFTEN: Final = 10  # that one function is at work at once; none of ours is twice
_MOST_CALLS: Final = 200  # inside one another; a kernel's stack of 16 kB ends before that
# Accesses that are steps of their own; others are steps only when they are defects.
_SHOWN_WRITES: Final = frozenset(("kvm", "level", "plane", "mm", "users_count"))
_CHANGES: Final = frozenset(("alloc", "write", "free"))  # nothing else changes an object
_COUNTS: Final = frozenset(("get", "put"))


class Recorder:
    """A kernel that runs a version, and its events as steps, with the C lines they came from.

    Args:
        version: what runs.
        injector: as for `Kernel`, and so is `freed`.
        outside: the function that calls the kernel: above it there is no C.

    Attributes:
        kernel: the kernel, until the run is over.
        op: the system call under way.
        steps: what has happened.
    """

    def __init__(self, version: Version, injector: Injector, freed: Freed, outside: CodeType) -> None:
        self.op = Op("exit")
        self.steps: list[Step] = []
        self._events = self._spared = self._given = 0  # up to now; which do not count; which another run has had
        self._history = History()
        self._state: State | None = State()  # None: something has changed since
        self._refs: tuple[tuple[str, int], ...] = ()
        self._layouts: dict[str, Layout] = {}
        self._codes, self._frames = _places(version)
        self._version, self._injector, self._outside = version, injector, outside
        self._caller: FrameType | None = None  # of the C function that the last step was in, where it was at,
        self._caller_at, self._callers = -1, tuple[Frame, ...]()  # and what the stack is from there
        self._marks: list[tuple[int, int, int]] = []  # at each failable call: events, steps and changes up to it
        self.kernel = Kernel(version.unit, self, self, freed)
        self._overwrites = freed != "kept"

    def goes_like(self, other: Recorder, number: int) -> None:
        """Take over what another run recorded up to the failable call of a number: this run goes the same way there."""
        self._given, steps, changes = other._marks[number - 1]
        self.steps, self._history = other.steps[:steps], History(other._history, changes)
        self._layouts, self._state = dict(other._layouts), None
        self._refs = self.steps[-1].state.refs if self.steps else ()

    def ask(self, call: str, errno: str = "ENOMEM") -> str | None:
        """As an injector's; where the run is at a failable call is kept for runs that go like this one."""
        self._marks.append((self._events, len(self.steps), len(self._history)))
        return self._injector.ask(call, errno)

    def begin(self, op: Op) -> None:
        """A system call begins, or the exit of the process."""
        self.op, self._caller = op, None
        self._spared = min(self._events, self._spared + EVENTS_A_CALL)
        self.kernel.begin(op.level)

    def end(self) -> None:
        """The run is over. What its kernel holds goes at once: the collector would take longer."""
        for memory in self.kernel.heap.allocations.values():
            memory.fields.clear()
        self.kernel.c.clear()
        del self.kernel
        self._caller = None

    def __call__(self, event: Event, died_at: TracebackType | None = None) -> None:
        """Record one event; an Oops is recorded afterwards, with the place where the task died.

        Raises:
            ValueError: there are so many events that a loop cannot be ending.
        """
        self._events += 1
        if self._events <= self._given:
            return
        if self._events - self._spared > MOST_EVENTS:
            self._refuse_recursion()
            raise ValueError(f"a loop does not end: more than {MOST_EVENTS} events in one run")
        what, obj, field, value, defect = event
        if what == "read":  # most are
            if not defect and field[:7] != "planes[":
                return
        elif what in _CHANGES:
            self._note(what, obj, field, value)
            self._state = None
            if what == "write" and not defect and field not in _SHOWN_WRITES and field[:7] != "planes[":
                return
        elif what in _COUNTS:
            self._refs = tuple([(name, n) for name, n in self.kernel.refs.items() if n])
            self._state = None
        stack = () if what in ("return", "leak") else self._stack(died_at) if died_at else self._stack_here()
        state = self._state or self._changed()
        self.steps.append(Step(len(self.steps), self.op, stack, what, obj, field, value, defect, state))

    def _refuse_recursion(self) -> None:
        """A function that is at work many times at once calls itself."""
        frame: FrameType | None = sys._getframe(2)
        at_work = Counter[int]()
        while frame is not None and frame.f_code is not self._outside:
            at_work[id(frame.f_code)] += 1
            frame = frame.f_back
        if any(at_work[code] >= _OFTEN for code in self._codes):
            raise RecursionError

    def _changed(self) -> State:
        self._state = state = State(self._history, self._refs)
        return state

    def _note(self, what: str, obj: str, field: str, value: str) -> None:
        """Write down what an event changes in its object."""
        memory, history = self.kernel.heap.allocations[obj], self._history
        layout = memory.layout
        if what == "alloc":
            history.whole(obj, layout.kind, live=True, members=layout.at_first)
        elif layout is not self._layouts.get(obj) or (what == "free" and self._overwrites):
            members = {name: c_name(held) for name, held in memory.fields.items()}
            history.whole(obj, layout.kind, memory.live, members)
        elif what == "write":
            history.write(obj, field, value)
        else:
            history.freed(obj)
        self._layouts[obj] = layout

    def _stack_here(self) -> tuple[Frame, ...]:
        """The C functions at work, from inside to the outermost one: no C calls Python that calls C again."""
        codes, frame = self._codes, sys._getframe(2)
        while id(code := frame.f_code) not in codes:
            if code is self._outside or frame.f_back is None:
                return ()
            frame = frame.f_back
        outer = frame.f_back
        if outer is not self._caller or outer is None or outer.f_lasti != self._caller_at:
            self._caller, self._caller_at = outer, outer.f_lasti if outer else -1
            callers = list[Frame]()
            while outer is not None and id(outer.f_code) in codes:
                callers.append(self._frame(outer))
                outer = outer.f_back
            if len(callers) >= _MOST_CALLS:
                raise RecursionError
            self._callers = tuple(callers)
        return self._frame(frame), *self._callers

    def _stack(self, died_at: TracebackType) -> tuple[Frame, ...]:
        """The same of a task that has died."""
        known = [(id(f.f_code), lineno) for f, lineno in traceback.walk_tb(died_at) if id(f.f_code) in self._codes]
        return tuple(self._at(*place) for place in reversed(known))

    def _frame(self, frame: FrameType) -> Frame:
        place = id(frame.f_code), frame.f_lasti
        known = self._frames.get(place)
        if known is None:
            known = self._frames[place] = self._at(place[0], frame.f_lineno)
        return known

    def _at(self, code: int, lineno: int) -> Frame:
        c = self._codes[code]
        return Frame(c.name, c.file, lineno, c.line(lineno), c.ids(lineno))

    def died_in_c(self, at: TracebackType | None) -> bool:
        """Whether the innermost function of a traceback is one of the version's."""
        *_, (frame, _) = traceback.walk_tb(at)
        return id(frame.f_code) in self._codes

    def place(self, at: TracebackType | None) -> tuple[str, int]:
        """The innermost C line of a traceback: file and number; else the head of what a system call enters."""
        known = [(f.f_code.co_filename, lineno) for f, lineno in traceback.walk_tb(at) if id(f.f_code) in self._codes]
        if known:
            return known[-1]
        entry = self._version.unit.places["kvm_vm_ioctl" if self.op.level is not None else "kvm_dev_ioctl"]
        return entry.file, entry.first


@lru_cache(32)
def _places(version: Version) -> tuple[dict[int, Function], dict[tuple[int, int], Frame]]:
    """The functions of a version by their code's id, and room for frames by code and instruction, as runs show them.

    To hash the code itself takes longer than a step; the version, which is kept here, keeps its code and so the ids.
    """
    return {id(code): version.functions[name] for name, code in version.unit.functions.items()}, {}
