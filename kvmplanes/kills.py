# SPDX-License-Identifier: GPL-2.0-only
"""What sees each mutant: `certify`, or a few more system calls compared with the version it was made from.

>>> from kvmplanes.kills import kill
>>> from kvmplanes.model.mutants import MUTANTS
>>> print(kill(MUTANTS[0]))
allocation unchecked: KVM_CREATE_VM fails: null-dereference on 1 path
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from kvmplanes.explore import OUTCOMES, Outcome, certify, classify
from kvmplanes.model.mutants import MUTANTS, Mutant
from kvmplanes.model.version import Version
from kvmplanes.scenario import run
from kvmplanes.trace import Trace

Check = Literal["no call fails", "KVM_CREATE_VM fails", "KVM_CREATE_PLANE fails", "other system calls"]
# The paths of `certify` in three parts, and what it does not ask.
CHECKS: Final[tuple[Check, ...]] = (
    "no call fails",
    "KVM_CREATE_VM fails",
    "KVM_CREATE_PLANE fails",
    "other system calls",
)
# Name -> the arguments of `run`: what `certify` does not run where there is KVM_CREATE_PLANE.
OTHERS: Final[Mapping[str, dict[str, Any]]] = {
    "planes 3 and 15": {"planes": (3, 15)},
    "plane 16": {"ops": ("KVM_CREATE_VM", "KVM_CREATE_PLANE 16")},
    "plane 2 twice": {"ops": ("KVM_CREATE_VM", "KVM_CREATE_PLANE 2", "KVM_CREATE_PLANE 2")},
    "the VM closed first": {"ops": ("KVM_CREATE_VM", "KVM_CREATE_PLANE 2", "close(vm)", "close(plane 2)")},
    "tried again": {"planes": (1,), "fail": "anon_inode_getfile(plane 1)", "retry": True},
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One run that a mutant does not pass.

    Attributes:
        check: which part of the checks it belongs to.
        what: the call that fails, or the name of the scenario.
        outcome: its class.
        trace: the run.
    """

    check: Check
    what: str
    outcome: Outcome
    trace: Trace


@dataclass(frozen=True)
class Kill:
    """What sees a mutant: the runs that it does not pass, those of `certify` first."""

    mutant: Mutant
    findings: tuple[Finding, ...]

    @property
    def killed(self) -> bool:
        """Whether anything sees it."""
        return bool(self.findings)

    @property
    def passes_certify(self) -> bool:
        """Whether `certify` finds nothing."""
        return all(found.check == "other system calls" for found in self.findings)

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
    """Run every check on a mutant."""
    return Kill(mutant, (*_certified(mutant.version), *_compared(mutant)))


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
    seen = [one for one in chosen if one.killed]
    late = sum(one.passes_certify for one in seen)
    same = sum(bool(one.mutant.equivalent) for one in chosen if not one.killed)
    by = f"{len(seen) - late} by certify, {late} by other system calls alone"
    return f"{len(chosen)} mutants: {len(seen)} killed ({by}), {same} equivalent"


def _certified(version: Version) -> Iterator[Finding]:
    for path in certify(version).paths:
        if path.outcome != "clean":
            at = next((step.op.partition(" ")[0] for step in path.trace.steps if step.what == "fail"), "")
            check = next((check for check in CHECKS if at and check.startswith(at)), CHECKS[0])
            yield Finding(check, path.call, path.outcome, path.trace)


def _compared(mutant: Mutant) -> Iterator[Finding]:
    for name, scenario in OTHERS.items() if mutant.version.creates_planes else ():
        trace, sound = run(mutant.version, **scenario), _base(mutant.base, name)
        outcome = classify(trace)
        if outcome == "wrong errno" and trace.results == sound.results and not trace.oops:
            outcome = "clean"  # an errno that was asked for
        elif outcome in ("clean", "wrong state") and trace.results != sound.results:
            outcome = "wrong errno"
        if outcome != "clean":
            yield Finding(CHECKS[-1], name, outcome, trace)


@cache
def _base(name: str, scenario: str) -> Trace:
    return run(name, **OTHERS[scenario])


def _told(check: Check, outcome: Outcome, runs: int, first: str) -> str:
    """A cell in words; the column of other calls names the first one."""
    if not runs:
        return "-"
    if check == CHECKS[-1]:
        return f"{outcome}: {first}{f' and {runs - 1} more' if runs > 1 else ''}"
    return outcome if check == CHECKS[0] else f"{outcome} on {runs} path{'s' * (runs > 1)}"


def _survives(mutant: Mutant) -> str:
    return f"equivalent, {mutant.equivalent}" if mutant.equivalent else "not seen, and not known to be equivalent"
