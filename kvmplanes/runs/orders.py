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

from kvmplanes.given import brief
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
        numbers = isinstance(order, list | tuple) and all(type(place) is int for place in order)
        if not numbers or sorted(order) != list(self.posted):
            raise ValueError(f"order {brief(order)}: each of 0..{len(self.items) - 1} once")
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
        passing, others = self._paths
        traces = [run(version, ops=path.program.ops, fail=path.number or None) for path in passing]
        outcomes = [*map(classify, traces), *(path.outcome for path in others)]
        worst = next(outcome for outcome in OUTCOMES if outcome in outcomes)
        bad = [trace for trace, outcome in zip(traces, outcomes, strict=False) if outcome != "clean"]
        shortest = min(bad, key=lambda trace: len(trace.steps), default=None)
        call = passing[traces.index(shortest)].call if shortest else ""
        what = findings(shortest) if shortest else ""
        return Verdict(len(outcomes), outcomes.count("clean"), worst, call, what, shortest)

    @cached_property
    def verdicts(self) -> Mapping[Order, Verdict]:
        """The verdict on every order."""
        return MappingProxyType({order: self.verdict(order) for order in self.orders})

    @cached_property
    def _paths(self) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """The paths on which a step is at one of the lines, and the others."""
        first = self.version.functions[self.function].first
        lines = {(self.function, first + place) for place in self._places}
        passing: list[Path] = []
        others: list[Path] = []
        for path in certify(self.version).paths:
            frames = [frame for step in path.trace.steps for frame in step.stack]
            passes = any((frame.function, frame.lineno) in lines for frame in frames)
            (passing if passes else others).append(path)
        return tuple(passing), tuple(others)

    @cached_property
    def _places(self) -> tuple[int, ...]:
        """Which lines of the function they are, from 0."""
        unchanged = ((self.function, item, item) for item in self.items)
        lines = self.version.edit(self.version.name, "as it is", *unchanged).functions[self.function].lines
        texts = [" ".join(line.text.split()) for line in lines]
        items = [" ".join(item.split()) for item in self.items]
        places = [texts.index(item) for item in items if item in texts]
        if places != sorted(set(places)) or len(places) < len(items):
            raise ValueError(f"{self.function}: give its lines one by one, in the order in which they stand there")
        return tuple(places)


_TEARDOWN: Final = (
    "kvm_arch_destroy_vm(kvm);", "cleanup_srcu_struct(&kvm->irq_srcu);", "cleanup_srcu_struct(&kvm->srcu);",
    "kvm_arch_free_vm(kvm);", "kvm_destroy_planes(kvm);",
)  # fmt: skip
_LADDER: Final = (
    "out_err_no_srcu:", "kvm_destroy_planes(kvm);", "out_no_planes:", "kvm_arch_free_vm(kvm);", "mmdrop(current->mm);",
)  # fmt: skip
_PUZZLES: Final = (
    Puzzle("teardown", "the end of kvm_destroy_vm, 09 as posted", VERSIONS["09"], "kvm_destroy_vm", _TEARDOWN),
    Puzzle("ladder", "the end of the ladder of kvm_create_vm, as in 11", VERSIONS["11"], "kvm_create_vm", _LADDER),
)
PUZZLES: Final[Mapping[str, Puzzle]] = MappingProxyType({puzzle.name: puzzle for puzzle in _PUZZLES})
