# SPDX-License-Identifier: GPL-2.0-only
"""What sees each mutant: the paths of `certify`, told by what fails on them.

>>> from kvmplanes.runs.mutation import kill
>>> from kvmplanes.model.mutants import MUTANTS
>>> print(kill(MUTANTS[0]))
allocation unchecked: KVM_CREATE_VM fails: null-dereference on 1 path
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, get_args

from kvmplanes.given import items, typed
from kvmplanes.model.mutants import MUTANTS, Mutant
from kvmplanes.runs.certificate import OUTCOMES, Outcome, Path, certify
from kvmplanes.runs.programs import USUAL
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.words import many

Failure = Literal["no call fails", "KVM_CREATE_VM fails", "KVM_CREATE_PLANE fails"]
FAILURES: Final[tuple[Failure, ...]] = get_args(Failure)


@dataclass(frozen=True)
class Kill:
    """What sees a mutant: the paths that it does not pass."""

    mutant: Mutant
    paths: tuple[Path, ...]

    @property
    def killed(self) -> bool:
        """Whether anything sees it."""
        return bool(self.paths)

    @property
    def counterexample(self) -> Trace | None:
        """The shortest run that it does not pass; None if there is none."""
        return min((path.trace for path in self.paths), key=lambda trace: len(trace.steps), default=None)

    def at(self, failure: Failure) -> tuple[Outcome, int, str]:
        """What is seen where this fails: the worst outcome, on how many paths, and what fails on the first of them.

        Where no call fails, that is the program, "" for the usual one. Where nothing is seen, ("clean", 0, "").
        """
        paths = [path for path in self.paths if _failure(path) == failure]
        if not paths:
            return "clean", 0, ""
        outcomes = Counter(path.outcome for path in paths)
        worst = next(outcome for outcome in OUTCOMES if outcomes[outcome])
        first = next(path for path in paths if path.outcome == worst)
        program = "" if first.program.name == USUAL else first.program.name
        return worst, outcomes[worst], first.call or program

    def __str__(self) -> str:
        seen = []
        for failure in FAILURES:
            outcome, count, first = self.at(failure)
            where = f" on {many(count, 'path')}"
            if failure == "no call fails":
                where = f": program {first}" if first else ""
            if count:
                seen.append(f"{failure}: {outcome}{where}")
        why = self.mutant.equivalent
        survives = f"equivalent, {why}" if why else "not seen, and not known to be equivalent"
        return f"{self.mutant}: {'; '.join(seen) or survives}"


def _failure(path: Path) -> Failure:
    """Which of `FAILURES` a path is a case of."""
    failing = next((step.op.verb for step in path.trace.steps if step.what == "fail"), "")
    return next((failure for failure in FAILURES if failing and failure.startswith(failing)), "no call fails")


def kill(mutant: Mutant) -> Kill:
    """Run `certify` on a mutant."""
    typed(mutant, Mutant, "mutant must be one of MUTANTS, or another Mutant")
    return Kill(mutant, tuple(path for path in certify(mutant.version).paths if path.outcome != "clean"))


@cache
def kills() -> tuple[Kill, ...]:
    """Every mutant of `MUTANTS`, checked."""
    return tuple(map(kill, MUTANTS))


def kill_count(checked: Iterable[Kill] | None = None) -> str:
    """How many mutants there are, how many are seen, and how many are known to be equivalent.

    Args:
        checked: the mutants; None for `kills()`.
    """
    chosen = (
        kills() if checked is None else items(checked, Kill, "checked must be a list of what kill() gives, or None")
    )
    survivors = [survivor.mutant for survivor in chosen if not survivor.killed]
    equivalent = sum(mutant.equivalent != "" for mutant in survivors)
    return f"{len(chosen)} mutants: {len(chosen) - len(survivors)} killed by certify, {equivalent} equivalent"
