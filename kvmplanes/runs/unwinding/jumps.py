# SPDX-License-Identifier: GPL-2.0-only
"""Where the failing calls of a function jump to, and what the lines that they pass undo: beside its C, from its runs.

Every call that can fail fails in a run of its own. A line of the function is at work whenever a step happens in it or
in a function that it calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from kvmplanes.model.series import Version
from kvmplanes.runs.step import Step
from kvmplanes.runs.unwinding.columns import CREATORS, Move, reference_runs
from kvmplanes.runs.unwinding.statements import source

_PLANES: Final = {"kvm_vm_ioctl_create_plane": (1,)}  # it runs only when a program asks for a plane


@dataclass(frozen=True, slots=True)
class Taking:
    """A line that takes something, or that can fail before it does.

    Attributes:
        numbers: which failable calls of the run it makes, as for `run(fail=number)`; none if it cannot fail.
        call: its call, as the C has it.
        label: the label that its failure jumps to; "" where nothing can fail, or where the function returns at once.
        target: the line of that label; 0 without one.
    """

    numbers: tuple[int, ...]
    call: str
    label: str = ""
    target: int = 0


@dataclass(frozen=True, slots=True)
class Jumps:
    """A function's lines, by their numbers in its file.

    Attributes:
        takings: what each line takes, and where its failure jumps to.
        landings: label's line -> the failable calls whose failure lands there.
        undoings: line -> the lines whose takings it undoes after some failure.
    """

    takings: Mapping[int, Taking]
    landings: Mapping[int, tuple[int, ...]]
    undoings: Mapping[int, tuple[int, ...]]


def jumps_of(version: Version, function: str) -> Jumps:
    """What fails, lands and is undone in a function that makes a VM or a plane.

    Raises:
        ValueError: a function of another kind.
    """
    if function not in CREATORS:
        raise ValueError(f"jumps are followed in {', '.join(CREATORS)}, not in {function!r}")
    whole, *runs = reference_runs(version, _PLANES.get(function, ()))
    failures = {number: jump for number, moves in enumerate(runs, 1) if (jump := _jump(moves, function))}
    lines = sorted({
        *(line for line, _, _ in failures.values()),
        *(at for move in whole if move.by > 0 and (at := _line(move.step, function))),
    })  # fmt: skip
    text = source(version)
    takings = {}
    for line in lines:
        numbers = tuple(number for number, (at, _, _) in failures.items() if at == line)
        label, target = next(((label, to) for at, label, to in failures.values() if at == line), ("", 0))
        takings[line] = Taking(numbers, text.call((function, line)), label, target)
    targets = sorted({to for _, _, to in failures.values() if to})
    undone = {pair for moves in runs for pair in _undone(moves, function)}
    return Jumps(
        takings,
        {at: tuple(number for number, (_, _, to) in failures.items() if to == at) for at in targets},
        {at: tuple(sorted(took for by, took in undone if by == at)) for at in sorted({by for by, _ in undone})},
    )


def _line(step: Step, function: str) -> int:
    """The line of the function that is at work; 0 if it is not on the stack."""
    return next((frame.lineno for frame in step.stack if frame.function == function), 0)


def _jump(moves: Iterable[Move], function: str) -> tuple[int, str, int] | None:
    """The line whose call fails, the label it jumps to, and that label's line; None if the failure is elsewhere."""
    steps = iter([move.step for move in moves])
    fail = next((step for step in steps if step.what == "fail"), None)
    line = _line(fail, function) if fail else 0
    if fail is None or not line:
        return None
    rest = [step for step in steps if step.op == fail.op and step.function == function]
    label = next((step.obj for step in rest if step.what == "goto"), "")
    target = next((_line(step, function) for step in rest if step.what == "label" and step.obj == label), 0)
    return line, label, target


def _undone(moves: Iterable[Move], function: str) -> Iterator[tuple[int, int]]:
    """(line that undoes, line that took) after the failure, both in the function, in one system call."""
    took: dict[str, list[int]] = {}
    failed = None
    for move in moves:
        line = _line(move.step, function)
        if move.step.what == "fail":
            failed = move.step.op
        if move.by > 0:
            took.setdefault(move.key, []).append(line)
        elif move.by < 0 and took.get(move.key):
            at = took[move.key].pop()
            if at and line not in (0, at) and move.step.op == failed:  # what a call undoes itself was never taken
                yield line, at
