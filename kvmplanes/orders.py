# SPDX-License-Identifier: GPL-2.0-only
"""Every order of some lines of a function, each run on every path: what the line-order editor shows.

>>> from kvmplanes.orders import PUZZLES
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

from kvmplanes.explore import OUTCOMES, Outcome, Path, certify, classify, findings
from kvmplanes.model.series import VERSIONS, Version
from kvmplanes.scenario import run
from kvmplanes.trace import Trace

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
    """Lines that can change places.

    Attributes:
        name: such as "teardown".
        title: what the lines are.
        version: the version in which they stand.
        function: the function, in which they stand side by side.
        items: the lines, as they stand there; a label is an item of its own.
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
            ValueError: the numbers are not those of the lines, each once.
        """
        if sorted(order) != list(self.posted):
            raise ValueError(f"order {tuple(order)}: each of 0..{len(self.items) - 1} once")
        old = laid_out(self.items)
        new = laid_out([self.items[i] for i in order], headless=not is_label(self.items[0]))
        title = f"with its lines in the order {', '.join(map(str, order))}"
        return self.version.edit(self.version.name, title, (self.function, old, new))

    def verdict(self, order: Sequence[int]) -> Verdict:
        """Run the paths that come past the lines; the others are as they were.

        Raises:
            ValueError: as for `edited`.
        """
        version = self.edited(order)
        outcomes: list[Outcome] = [path.outcome for path in self._elsewhere]
        bad: list[tuple[str, Trace]] = []
        for path in self._here:
            trace = run(version, fail=path.number or None)
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
        texts = {line.strip() for item in self.items for line in statements(item)}
        frames = (frame for step in path.trace.steps for frame in step.stack)
        return any(frame.function == self.function and frame.line in texts for frame in frames)


def laid_out(items: Sequence[str], headless: bool = False) -> str:
    """Lines as text: what stands below a label belongs to it; a label with nothing below it does nothing.

    Args:
        items: the lines and labels, in order.
        headless: the label above all of them has no lines of its own, and a label may now be the first.
    """
    labelled = any(map(is_label, items))
    rows: list[str] = ["    pass"] if headless and is_label(items[0]) else []
    for item, below in zip(items, (*items[1:], "end:"), strict=True):
        indent = "    " if labelled and not is_label(item) else ""
        rows += [indent + line for line in statements(item)]
        if is_label(item) and is_label(below):
            rows.append("    pass")
    return "\n".join(rows)


def is_label(item: str) -> bool:
    """Whether an item is a label, "out_no_planes:"."""
    return item.endswith(":")


def statements(item: str) -> list[str]:
    """An item's lines in the model's words."""
    return [f'if goto.label("{item[:-1]}"):'] if is_label(item) else item.splitlines()


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
                    "k.kvm_arch_destroy_vm(kvm)",
                    'k.cleanup_srcu_struct(kvm, "irq_srcu")',
                    'k.cleanup_srcu_struct(kvm, "srcu")',
                    "k.kvm_arch_free_vm(kvm)",
                    "k.kvm_destroy_planes(kvm)",
                ),
            ),
            Puzzle(
                "ladder",
                "the end of the ladder of kvm_create_vm, as in 11",
                VERSIONS["11"],
                "kvm_create_vm",
                (
                    "out_err_no_srcu:",
                    "k.kvm_destroy_planes(kvm)",
                    "out_no_planes:",
                    "k.kvm_arch_free_vm(kvm)",
                    "k.mmdrop(current.mm)",
                ),
            ),
        )
    }
)
