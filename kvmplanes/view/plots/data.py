# SPDX-License-Identifier: GPL-2.0-only
"""What the plots of one run show, as plain data: spans of time and lifetimes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from kvmplanes.runs.op import Op
from kvmplanes.runs.trace import Step, Trace, is_errno
from kvmplanes.runs.words import many

NOTHING_FAILS = "no call fails"
OOPS = "Oops"
HELD = ("live", "dangling")  # states of a slot of a live `struct kvm` that holds a pointer
GONE = "in freed memory"  # the state of every slot of a freed one
_COUNTED = ("leak", "read", "write", "free")  # the words that have a plural


@dataclass(frozen=True, slots=True)
class Span:
    """Steps first..last, both included, during which `word` holds; a system call has a result, too."""

    first: int
    last: int
    word: str
    result: str = ""

    @property
    def failed(self) -> bool:
        """Whether it is a call that gives an errno, or none at all."""
        return self.result == OOPS or is_errno(self.result)

    @property
    def when(self) -> str:
        """Its steps: "3..5"."""
        return ranges(range(self.first, self.last + 1))


@dataclass(frozen=True, slots=True)
class Life:
    """One object: the step of its kzalloc and of its kfree (None: never), and the steps at which it is misused."""

    name: str
    alloc: int
    free: int | None
    defects: tuple[Step, ...]
    leaked: bool


def spans(words: Iterable[str]) -> tuple[Span, ...]:
    """Equal neighbours put together: ("a", "a", "b") -> a at 0..1, b at 2..2."""
    groups = (list(group) for _, group in groupby(enumerate(words), key=lambda pair: pair[1]))
    return tuple(Span(group[0][0], group[-1][0], group[0][1]) for group in groups)


def calls(trace: Trace) -> tuple[Span, ...]:
    """The system calls in time, each with its result ("" for close, or "Oops"); "exit" is the process's end."""
    calls = []
    for steps in trace.syscalls:
        results = [OOPS if step.what == "oops" else step.value for step in steps if step.what in ("return", "oops")]
        calls.append(Span(steps[0].index, steps[-1].index, steps[0].op, *results[:1]))
    return tuple(calls)


def alike(calls: Iterable[Span]) -> tuple[Span, ...]:
    """Neighbours that differ by a descriptor's number alone, put together: "close(plane 1, 3)"."""

    def number(call: Span) -> str:
        return "".join(filter(str.isdigit, Op(call.word).target))

    together = []
    for _, group in groupby(calls, lambda call: (call.word.replace(number(call), ""), call.failed and call.result)):
        members = list(group)
        word, numbers = members[0].word, [number(call) for call in members]
        if numbers[0]:
            word = word.replace(numbers[0], ranges(map(int, numbers)))
        together.append(Span(members[0].first, members[-1].last, word, members[0].result))
    return tuple(together)


def ranges(numbers: Iterable[int]) -> str:
    """Numbers in order, neighbours put together: "0, 3..5"."""
    ordered = sorted(set(numbers))
    groups = groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0])
    runs = ([number for _, number in group] for _, group in groups)
    return ", ".join(f"{run[0]}..{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def tally(words: Iterable[str]) -> str:
    """How many of each: "16 use-after-free, 2 leaks"; "none" if there is nothing."""
    counts = Counter(words).items()
    return ", ".join(many(n, word) if word in _COUNTED else f"{n} {word}" for word, n in counts) or "none"


def array(trace: Trace) -> tuple[Span, ...]:
    """When `struct kvm`, and `planes[]` with it, is "absent", "allocated" or "freed"."""
    held = (step.state.kvm for step in trace.steps)
    return spans("absent" if kvm is None else "allocated" if kvm.live else "freed" for kvm in held)


def slot_spans(trace: Trace) -> tuple[tuple[Span, ...], ...]:
    """For each of the 16 slots, its states in time; a slot that is empty in no `struct kvm` is "absent"."""
    there = [step.state.kvm is not None and step.state.kvm.live for step in trace.steps]
    return tuple(
        spans(state if live or state != "empty" else "absent" for state, live in zip(column, there, strict=True))
        for column in zip(*trace.occupancy, strict=True)
    )


def slot_of_defect(step: Step) -> int | None:
    """The slot of a defect, which for a plane is the one that points to it, else that of its level; None for none."""
    if step.slot is not None:
        return step.slot
    if step.obj in step.state.slots:
        return step.state.slots.index(step.obj)
    obj = step.state.find(step.obj)
    return obj.level if obj and obj.kind == "plane" else None


def lifetimes(trace: Trace) -> tuple[Life, ...]:
    """Every object in the order of allocation."""
    lives = []
    for start in (step for step in trace.steps if step.what == "alloc"):
        steps = [step for step in trace.steps if step.obj == start.obj]
        free = next((step.index for step in steps if step.what == "free" and not step.defect), None)
        defects = tuple(step for step in steps if step.defect and step.what != "leak")
        lives.append(Life(start.obj, start.index, free, defects, any(step.what == "leak" for step in steps)))
    return tuple(lives)
