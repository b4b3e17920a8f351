# SPDX-License-Identifier: GPL-2.0-only
"""What repeats in a run, in one line: the steps in which a loop finds one empty slot after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from kvmplanes.model.heap import DefectKind
from kvmplanes.runs.step import Step

# Fewer steps than this are not folded: they are read sooner than a sentence that counts them.
FEWEST: Final = 3
# What the loops of the series do; a loop of a reader's own is named, and no more.
_LOOPS: Final = {
    "kvm_destroy_planes": ", which frees the planes",
    "kvm_destroy_vcpus": ", which frees the vCPUs of each plane",
}

# Which steps a reader asks for: "planes" for what matters to planes.
FILTERS: Final[dict[str, Callable[[Step], bool]]] = {
    "planes": lambda step: bool(
        step.defect
        or step.kind == "plane"
        or step.slot is not None
        or step.what in ("fail", "goto", "label", "check", "print", "return", "oops")
        or (step.kind == "kvm" and step.what in ("alloc", "free"))
    )
}


@dataclass(frozen=True, slots=True)
class Stop:
    """One line of a run that is told: a step, or several that are alike.

    Attributes:
        steps: the steps, at least one; with more than one, the slots that they read go up by one, or down by one.
    """

    steps: tuple[Step, ...]

    @property
    def first(self) -> Step:
        """The step that it begins with."""
        return self.steps[0]

    @property
    def last(self) -> Step:
        """The step that it ends with."""
        return self.steps[-1]

    @property
    def is_fold(self) -> bool:
        """Whether it has several steps."""
        return len(self.steps) > 1

    @property
    def defect(self) -> DefectKind | None:
        """What is wrong with each of its steps."""
        return self.first.defect

    @property
    def number(self) -> str:
        """Its steps' numbers: "45", or "47 to 61"."""
        return f"{self.first.index} to {self.last.index}" if self.is_fold else str(self.first.index)

    @property
    def text(self) -> str:
        """What happens, in words: the step's sentence, or how many steps there are, at which slots, of which loop."""
        if not self.is_fold:
            return self.first.text
        obj, function = self.first.obj, self.first.function
        slots, count = f"{obj}->{self.first.field} to {self.last.field}", f"{len(self.steps)} steps"
        found = f"{slots} are NULL ({count})."
        if self.defect == "use-after-free":
            found = f"{slots} are read, but {obj} is already freed; the bytes there say NULL ({count})."
        way = "up" if _way(*self.steps[:2]) > 0 else "down"
        return f"{found} This is the loop in {function}{_LOOPS.get(function, '')}; it counts {way}."


def as_stops(steps: Iterable[Step]) -> tuple[Stop, ...]:
    """Steps in their order, those that are alike together."""
    groups: list[list[Step]] = []
    for step in steps:
        if groups and _goes_on(groups[-1], step):
            groups[-1].append(step)
        else:
            groups.append([step])
    parts = (part for group in groups for part in ([group] if len(group) >= FEWEST else [[step] for step in group]))
    return tuple(Stop(tuple(part)) for part in parts)


def _goes_on(group: list[Step], step: Step) -> bool:
    """Whether a step is the same as the last of some steps, one slot further in their direction."""
    last = group[-1]
    alike = (
        step.what == "read"
        and step.value == "NULL"
        and step.defect in (None, "use-after-free")
        and step.index == last.index + 1
        and _same(step) == _same(last)
    )
    way = _way(last, step) if alike else 0
    return way in (1, -1) and (len(group) == 1 or way == _way(*group[:2]))


def _same(step: Step) -> tuple[object, ...]:
    return step.op, step.stack, step.what, step.obj, step.value, step.defect


def _way(step: Step, following: Step) -> int:
    """By how many slots a read is further than the one before it; 0 when one of them reads no slot."""
    return following.slot - step.slot if step.slot is not None and following.slot is not None else 0
