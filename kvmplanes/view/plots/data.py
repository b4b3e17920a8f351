# SPDX-License-Identifier: GPL-2.0-only
"""What the plots show, as plain data: spans of time, lifetimes, runs and a table of paths."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from kvmplanes.model.constants import KVM_MAX_PLANES
from kvmplanes.model.heap import DefectKind, What
from kvmplanes.runs.certificate import Certificate, Outcome, Path, classify
from kvmplanes.runs.trace import SlotState, Step, Trace

NOTHING_FAILS = "no call fails"
OOPS = "Oops"
ELSEWHERE = "elsewhere"  # row of what belongs to no slot
HELD = ("live", "dangling")  # states of a slot that holds a pointer


@dataclass(frozen=True, slots=True)
class Span:
    """Steps first..last, both included, during which `word` holds; a system call has a `result`."""

    first: int
    last: int
    word: str
    result: str = ""

    @property
    def failed(self) -> bool:
        """Whether the result is an errno or an Oops."""
        return self.result.startswith("E") or self.result == OOPS


@dataclass(frozen=True, slots=True)
class Mark:
    """A defect to draw: its kind, what was done, at which step and in which row."""

    step: int
    kind: DefectKind
    what: What
    row: str


@dataclass(frozen=True, slots=True)
class Life:
    """One object: the step of its kzalloc and of its kfree (None: never), and what is wrong with it."""

    name: str
    kind: str
    alloc: int
    free: int | None
    defects: tuple[Mark, ...]
    leaked: bool


@dataclass(frozen=True, slots=True)
class Run:
    """One run among many: the calls it reached and which failed, and the slots once creation is over."""

    calls: tuple[str, ...]
    failed: tuple[str, ...]
    slots: tuple[SlotState, ...]
    outcome: Outcome

    @property
    def live(self) -> int:
        """How many slots hold a live plane."""
        return self.slots.count("live")


def spans(words: Iterable[str]) -> tuple[Span, ...]:
    """Equal neighbours put together: ("a", "a", "b") -> a at 0..1, b at 2..2."""
    found, at = [], 0
    for word, group in groupby(words):
        length = len(list(group))
        found.append(Span(at, at + length - 1, word))
        at += length
    return tuple(found)


def calls(trace: Trace) -> tuple[Span, ...]:
    """The system calls in time, each with its result ("" for close, or "Oops"); "exit" is the process's end."""
    return tuple(map(_call, trace.syscalls))


def _call(steps: Sequence[Step]) -> Span:
    ends = (OOPS if step.what == "oops" else step.value for step in steps if step.what in ("return", "oops"))
    return Span(steps[0].index, steps[-1].index, steps[0].op, next(ends, ""))


def ranges(numbers: Iterable[int]) -> str:
    """Numbers in order, neighbours put together: "0, 3..5"."""
    ordered = sorted(set(numbers))
    groups = groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0])
    runs = ([number for _, number in group] for _, group in groups)
    return ", ".join(f"{run[0]}..{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def folded(calls: Sequence[Span]) -> tuple[Span, ...]:
    """Neighbours that differ by a plane's number alone, told together: "close(plane 1, 3)"."""
    found = []
    for (verb, tail, result), group in groupby(calls, key=_parts):
        members = list(group)
        numbers = ranges(int(n) for n in re.findall(r"\d+", " ".join(call.word for call in members)))
        found.append(Span(members[0].first, members[-1].last, verb + numbers + tail, result))
    return tuple(found)


def _parts(call: Span) -> tuple[str, str, str]:
    verb, _, tail = re.sub(r"\d+", "#", call.word).partition("#")
    return verb, tail, call.result if call.failed else ""


def array(trace: Trace) -> tuple[Span, ...]:
    """When `struct kvm`, and `planes[]` with it, is "absent", "allocated" or "freed"."""
    held = (step.state.kvm for step in trace.steps)
    return spans("absent" if kvm is None else "allocated" if kvm.live else "freed" for kvm in held)


def slots(trace: Trace) -> tuple[tuple[Span, ...], ...]:
    """For each of the 16 slots, its states in time; a slot that is empty in no `struct kvm` is "absent"."""
    there = [step.state.kvm is not None and step.state.kvm.live for step in trace.steps]
    columns = zip(*trace.occupancy, strict=True)
    return tuple(spans(_state(*pair) for pair in zip(column, there, strict=True)) for column in columns)


def _state(state: SlotState, there: bool) -> str:
    return state if there or state != "empty" else "absent"


def marks(trace: Trace) -> tuple[Mark, ...]:
    """Every defect in the row of its slot ("planes[3]"), or "elsewhere" when it has none.

    A plane belongs to the slot that still points to it, else to the one of its level.
    """
    steps = (trace.steps[defect.step] for defect in trace.defects)
    return tuple(Mark(s.index, s.defect, s.what, _row(s)) for s in steps if s.defect)


def _row(step: Step) -> str:
    held = step.state.slots
    kind, _, level = step.obj.rstrip("'").partition("#")
    if step.field.startswith("planes["):
        return step.field
    if step.obj in held:
        return f"planes[{held.index(step.obj)}]"
    return f"planes[{level}]" if kind == "plane" and level.isdigit() else ELSEWHERE


def lifetimes(trace: Trace) -> tuple[Life, ...]:
    """Every object in the order of allocation."""
    lives: dict[str, Life] = {}
    for step in trace.steps:
        life = lives.get(step.obj)
        if step.what == "alloc":
            kind = step.obj.partition("#")[0]
            lives[step.obj] = Life(step.obj, kind, step.index, None, (), leaked=False)
        elif life and step.what == "leak":
            lives[step.obj] = replace(life, leaked=True)
        elif life and step.defect:
            mark = Mark(step.index, step.defect, step.what, step.obj)
            lives[step.obj] = replace(life, defects=(*life.defects, mark))
        elif life and step.what == "free":
            lives[step.obj] = replace(life, free=step.index)
    return tuple(lives.values())


def references(trace: Trace) -> dict[str, tuple[int, ...]]:
    """Counted references that were ever held: name -> how many after each step."""
    names = dict.fromkeys(name for step in trace.steps for name, _ in step.state.refs)
    counts = [dict(step.state.refs) for step in trace.steps]
    return {name: tuple(count.get(name, 0) for count in counts) for name in names}


def run_of(trace: Trace) -> Run:
    """A trace as one row of `plot_runs`.

    Creation is over before the first close() and before the process's exit.
    """
    made = [step for step in trace.steps if not step.op.startswith(("close", "exit"))]
    empty: tuple[SlotState, ...] = ("empty",) * KVM_MAX_PLANES
    state = made[-1].state.occupancy if made else empty
    return Run(trace.calls, tuple(call for call, _ in trace.failed), state, classify(trace))


def sorted_runs(traces: Iterable[Trace]) -> tuple[Run, ...]:
    """The runs, those that reached most calls first; equal ones beside each other."""
    runs = map(run_of, traces)
    return tuple(sorted(runs, key=lambda run: (-len(run.calls), run.failed, run.slots)))


def in_order(sequences: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """All names of several sequences, each once; a name new to one stands after its forerunner there."""
    merged: list[str] = []
    for names in sequences:
        at = 0
        for name in names:
            if name not in merged:
                merged.insert(at, name)
            at = merged.index(name) + 1
    return tuple(merged)


def paths(certificates: Sequence[Certificate]) -> dict[str, tuple[Path | None, ...]]:
    """Failing call -> its path in each certificate, None where that version has no such call."""
    columns = [{path_name(path, c): path for path in c.paths} for c in certificates]
    return {call: tuple(column.get(call) for column in columns) for call in in_order(map(tuple, columns))}


def path_name(path: Path, certificate: Certificate) -> str:
    """The call that fails, and the program if it is not the certificate's first."""
    other = "" if path.program == certificate.programs[0] else f", program {path.program}"
    return f"{path.call or NOTHING_FAILS}{other}"
