# SPDX-License-Identifier: GPL-2.0-only
"""A step of a run, found by what is known about it: `Trace.first` asks here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, get_args

from kvmplanes.model.faults import base
from kvmplanes.model.heap import What
from kvmplanes.runs.step import Step

Fact = str | int
FACTS: Final = ("what", "obj", "kind", "op", "function", "field", "slot", "value", "errno", "subgoal", "defect", "text")
# `free="plane#0"` is short for `what="free", obj="plane#0"`. Python lets no argument be called `return`.
HAPPENED: Final = tuple(what for what in get_args(What) if what != "return")
_NAMED: Final = 20  # so many of the things that there are an error names


def first_step(steps: Sequence[Step], run: str, wanted: Mapping[str, Fact]) -> Step:
    """The first of some steps that fits everything that is wanted.

    Args:
        steps: the steps of a run.
        run: the run's name, for the error.
        wanted: one of `FACTS`, with its value; or one of `HAPPENED`, with the object: its name, its kind, or a call's
            name without its arguments.

    Raises:
        ValueError: no such fact, or no step that fits; it names what there is.
    """
    if not wanted or (unknown := sorted(wanted.keys() - {*FACTS, *HAPPENED})):
        asked = f"no step is found by {', '.join(unknown)}" if wanted else "say which step"
        raise ValueError(f"{asked}; allowed are {', '.join((*FACTS, *HAPPENED))}")
    found = next((step for step in steps if all(_fits(step, *fact) for fact in wanted.items())), None)
    if found is None:
        raise ValueError(_missed(steps, run, wanted))
    return found


def _fits(step: Step, name: str, value: Fact) -> bool:
    if name in HAPPENED:
        return step.what == name and value in (step.obj, step.kind, base(step.obj))
    return bool(getattr(step, name) == value)


def _missed(steps: Sequence[Step], run: str, wanted: Mapping[str, Fact]) -> str:
    """Which fact no step has, and what there is instead; or that no step has all of them."""
    asked = ", ".join(f"{name}={value!r}" for name, value in wanted.items())
    for name, value in wanted.items():
        if not any(_fits(step, name, value) for step in steps):
            there = dict.fromkeys(
                step.obj if name in HAPPENED else getattr(step, name) for step in steps if name in (*FACTS, step.what)
            )
            names = [str(value) for value in there if value not in ("", None)] or ["none"]
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            return f"no step of {run} has {name}={value!r}; there is {', '.join(names[:_NAMED])}{more}"
    return f"no step of {run} has {asked} at once"
