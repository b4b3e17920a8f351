# SPDX-License-Identifier: GPL-2.0-only
"""What the keys of several questions ask of the model."""

from __future__ import annotations

import kvmplanes as kp
from kvmplanes.model.heap import What
from kvmplanes.runs.trace import State, Step, Trace


def at(trace: Trace, what: What, obj: str) -> int:
    """Index of the first step at which `what` happens to `obj`; ValueError when it never does."""
    for step in trace.steps:
        if (step.what, step.obj) == (what, obj):
            return step.index
    raise ValueError(f"{trace!r} has no step {what} {obj}")


def within(step: Step, function: str) -> bool:
    """Whether a step is the work of a function, directly or through what it calls."""
    return any(frame.function == function for frame in step.stack)


def runs(trace: Trace, function: str) -> bool:
    """Whether a function does anything in a run."""
    return any(within(step, function) for step in trace.steps)


def found(trace: Trace) -> str:
    """The first defect of a run, such as "leak srcu", or "nothing"."""
    return next((f"{defect.kind} {defect.obj}" for defect in trace.defects), "nothing")


def symptom(trace: Trace) -> str:
    """What a kernel without checking tools shows of a run: "oops", "leak" (if somebody looks) or "nothing"."""
    seen = {step.what for step in trace.steps}
    return next((what for what in ("oops", "leak") if what in seen), "nothing")


def state_after(trace: Trace, op: str) -> State:
    """Heap and references when a system call returns, the first time it is made."""
    return next(step.state for step in trace.steps if step.what == "return" and step.op == op)


def edited(base: str, function: str, old: str, new: str) -> kp.Version:
    """A version in which some lines of a function are others.

    Args:
        base: name of the version to begin with.
        function: the function.
        old: its lines, in C.
        new: what takes their place; "" for nothing.

    Raises:
        ValueError: the old lines do not stand there exactly once, or what results is not C.
    """
    return kp.VERSIONS[base].edit(f"{base} edited", "with one change", (function, old, new))
