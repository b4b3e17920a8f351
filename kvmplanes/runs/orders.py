# SPDX-License-Identifier: GPL-2.0-only
"""Every order of some lines of a function, each run on every path: what the line-order editor shows.

>>> from kvmplanes.runs.orders import PUZZLES
>>> teardown = PUZZLES["teardown"]
>>> teardown.verdict(teardown.posted).clean, teardown.verdict((0, 1, 2, 4, 3)).clean
(16, 18)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from types import MappingProxyType
from typing import Final

from kvmplanes.model.series import VERSIONS, Version
from kvmplanes.runs.certificate import OUTCOMES, Outcome, Path, certify, classify, findings
from kvmplanes.runs.scenario import run
from kvmplanes.runs.trace import Trace

Order = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What every path does when the lines stand in one order.

    Attributes:
        paths: how many paths there are.
        clean: how many of them are clean.
        outcome: the worst class among the others; "clean" if there are none.
        call: the call that fails on the shortest run that is not clean; "" where none fails, or none is needed.
        what: what is wrong with that run; "".
        counterexample: that run; None if every path is clean.
    """

    paths: int
    clean: int
    outcome: Outcome
    call: str = ""
    what: str = ""
    counterexample: Trace | None = None


@dataclass(frozen=True)
class Puzzle:
    """Lines of a function that can change places; what stands between them stays.

    Attributes:
        name: such as "teardown".
        title: what the lines are.
        version: the version in which they stand.
        function: the function.
        items: the lines, in the order in which they stand there; a label is a line like any other.
    """

    name: str
    title: str
    version: Version
    function: str
    items: tuple[str, ...]

    @property
    def posted(self) -> Order:
        """The order in which the lines stand in `version`."""
        return tuple(range(len(self.items)))

    @property
    def orders(self) -> tuple[Order, ...]:
        """Every order."""
        return tuple(permutations(self.posted))

    def edited(self, order: Sequence[int]) -> Version:
        """The version with its lines in another order: `order[0]` is the place, as posted, of the first line.

        Raises:
            ValueError: the numbers are not those of the lines, each once; or the lines do not stand in the function so.
        """
        if sorted(order) != list(self.posted):
            raise ValueError(f"order {tuple(order)}: each of 0..{len(self.items) - 1} once")
        first, *_, last = self._places
        old = [line.text for line in self.version.functions[self.function].lines]
        new = list(old)
        for place, item in zip(self._places, order, strict=True):
            new[place] = old[self._places[item]]
        before, after = ("\n".join(rows[first : last + 1]) for rows in (old, new))
        title = f"with its lines in the order {', '.join(map(str, order))}"
        return self.version.edit(self.version.name, title, (self.function, before, after))

    def verdict(self, order: Sequence[int]) -> Verdict:
        """Run the paths that come past the lines; the others are as they were.

        Raises:
            ValueError: as for `edited`.
        """
        version = self.edited(order)
        outcomes: list[Outcome] = [path.outcome for path in self._elsewhere]
        bad: list[tuple[str, Trace]] = []
        for path in self._here:
            trace = run(version, ops=path.program.ops, fail=path.number or None)
            outcomes.append(classify(trace))
            if outcomes[-1] != "clean":
                bad.append((path.call, trace))
        worst = next(outcome for outcome in OUTCOMES if outcome in outcomes)
        call, shortest = min(bad, key=lambda one: len(one[1].steps), default=("", None))
        told = findings(shortest) if shortest else ""
        return Verdict(len(outcomes), outcomes.count("clean"), worst, call, told, shortest)

    @cached_property
    def verdicts(self) -> Mapping[Order, Verdict]:
        """The verdict on every order."""
        return MappingProxyType({order: self.verdict(order) for order in self.orders})

    @cached_property
    def _here(self) -> tuple[Path, ...]:
        """The paths on which a step is at one of the lines."""
        return tuple(path for path in certify(self.version).paths if self._passes(path))

    @cached_property
    def _elsewhere(self) -> tuple[Path, ...]:
        return tuple(path for path in certify(self.version).paths if not self._passes(path))

    def _passes(self, path: Path) -> bool:
        first = self.version.functions[self.function].first
        places = {first + place for place in self._places}
        frames = (frame for step in path.trace.steps for frame in step.stack)
        return any(frame.function == self.function and frame.lineno in places for frame in frames)

    @cached_property
    def _places(self) -> list[int]:
        """Which lines of the function they are, from 0."""
        asis = ((self.function, item, item) for item in self.items)
        lines = self.version.edit(self.version.name, "as it is", *asis).functions[self.function].lines
        rows = [" ".join(line.text.split()) for line in lines]
        words = [" ".join(item.split()) for item in self.items]
        places = [rows.index(line) for line in words if line in rows]
        if places != sorted(set(places)) or len(places) < len(words):
            raise ValueError(f"{self.function}: give its lines one by one, in the order in which they stand there")
        return places


def is_label(item: str) -> bool:
    """Whether a line is a label, "out_no_planes:"."""
    return item.endswith(":")


PUZZLES: Final[Mapping[str, Puzzle]] = MappingProxyType(
    {
        puzzle.name: puzzle
        for puzzle in (
            Puzzle(
                "teardown",
                "the end of kvm_destroy_vm, 09 as posted",
                VERSIONS["09"],
                "kvm_destroy_vm",
                (
                    "kvm_arch_destroy_vm(kvm);",
                    "cleanup_srcu_struct(&kvm->irq_srcu);",
                    "cleanup_srcu_struct(&kvm->srcu);",
                    "kvm_arch_free_vm(kvm);",
                    "kvm_destroy_planes(kvm);",
                ),
            ),
            Puzzle(
                "ladder",
                "the end of the ladder of kvm_create_vm, as in 11",
                VERSIONS["11"],
                "kvm_create_vm",
                (
                    "out_err_no_srcu:",
                    "kvm_destroy_planes(kvm);",
                    "out_no_planes:",
                    "kvm_arch_free_vm(kvm);",
                    "mmdrop(current->mm);",
                ),
            ),
        )
    }
)
