# SPDX-License-Identifier: GPL-2.0-only
"""What sees each mutant: the paths of `certify`, told by what fails on them.

>>> from kvmplanes.runs.mutation import kill
>>> from kvmplanes.model.mutants import MUTANTS
>>> print(kill(MUTANTS[0]))
allocation unchecked: KVM_CREATE_VM fails: null-dereference on 1 path
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from kvmplanes.model.mutants import MUTANTS, Mutant
from kvmplanes.model.version import Version
from kvmplanes.runs.certificate import OUTCOMES, Outcome, certify
from kvmplanes.runs.trace import Trace

Check = Literal["no call fails", "KVM_CREATE_VM fails", "KVM_CREATE_PLANE fails"]
CHECKS: Final[tuple[Check, ...]] = ("no call fails", "KVM_CREATE_VM fails", "KVM_CREATE_PLANE fails")


@dataclass(frozen=True, slots=True)
class Finding:
    """One run that a mutant does not pass.

    Attributes:
        check: what fails on it.
        what: the call that fails; where none does, the program, "" for the usual one.
        outcome: its class.
        trace: the run.
    """

    check: Check
    what: str
    outcome: Outcome
    trace: Trace


@dataclass(frozen=True)
class Kill:
    """What sees a mutant: the paths that it does not pass."""

    mutant: Mutant
    findings: tuple[Finding, ...]

    @property
    def killed(self) -> bool:
        """Whether anything sees it."""
        return bool(self.findings)

    @property
    def counterexample(self) -> Trace | None:
        """The shortest run that it does not pass; None if there is none."""
        return min((found.trace for found in self.findings), key=lambda trace: len(trace.steps), default=None)

    def at(self, check: Check) -> tuple[Outcome, int, str]:
        """The worst outcome of a check, on how many runs it is seen, and the first of them; ("clean", 0, "")."""
        found = [f for f in self.findings if f.check == check]
        if not found:
            return "clean", 0, ""
        outcomes = Counter(f.outcome for f in found)
        worst = next(outcome for outcome in OUTCOMES if outcomes[outcome])
        return worst, outcomes[worst], next(f.what for f in found if f.outcome == worst)

    def __str__(self) -> str:
        told = [f"{check}: {_told(check, *self.at(check))}" for check in CHECKS if self.at(check)[1]]
        return f"{self.mutant}: {'; '.join(told) or _survives(self.mutant)}"


def kill(mutant: Mutant) -> Kill:
    """Run `certify` on a mutant."""
    return Kill(mutant, tuple(_findings(mutant.version)))


@cache
def kills() -> tuple[Kill, ...]:
    """Every mutant of `MUTANTS`, checked."""
    return tuple(map(kill, MUTANTS))


def table(found: Iterable[Kill] | None = None) -> str:
    """The kill matrix as text: a mutant a row, a check a column, or the reason why nothing can see it."""
    rows = [("mutant", "base", *CHECKS)]
    last = ""
    chosen = kills() if found is None else tuple(found)
    for one in chosen:
        mutant = one.mutant
        if mutant.function != last:
            last = mutant.function
            rows.append((f"{last}()",))
        cells = [_told(check, *one.at(check)) for check in CHECKS] if one.killed else [_survives(mutant)]
        rows.append((f"  {mutant}", mutant.base, *cells))
    wide = [max(len(row[i]) for row in rows if len(row) == len(rows[0])) for i in range(len(rows[0]))]
    lines = ["  ".join(f"{cell:{wide[i]}}" for i, cell in enumerate(row)).rstrip() for row in rows]
    return "\n".join([*lines, summary(chosen)])


def summary(found: Iterable[Kill] | None = None) -> str:
    """How many mutants there are, and how many are seen by what."""
    chosen = kills() if found is None else tuple(found)
    seen = sum(one.killed for one in chosen)
    same = sum(bool(one.mutant.equivalent) for one in chosen if not one.killed)
    return f"{len(chosen)} mutants: {seen} killed by certify, {same} equivalent"


def _findings(version: Version) -> Iterator[Finding]:
    certificate = certify(version)
    for path in certificate.paths:
        if path.outcome != "clean":
            at = next((step.op.partition(" ")[0] for step in path.trace.steps if step.what == "fail"), "")
            check = next((check for check in CHECKS if at and check.startswith(at)), CHECKS[0])
            program = "" if path.program == certificate.programs[0] else str(path.program)
            yield Finding(check, path.call or program, path.outcome, path.trace)


def _told(check: Check, outcome: Outcome, runs: int, first: str) -> str:
    """A cell in words: on how many paths; where no call fails, the program that shows it if it is not the usual one."""
    if not runs:
        return "-"
    if check == CHECKS[0]:
        return f"{outcome}: program {first}" if first else outcome
    return f"{outcome} on {runs} path{'s' * (runs > 1)}"


def _survives(mutant: Mutant) -> str:
    return f"equivalent, {mutant.equivalent}" if mutant.equivalent else "not seen, and not known to be equivalent"
