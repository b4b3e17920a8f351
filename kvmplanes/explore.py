# SPDX-License-Identifier: GPL-2.0-only
"""Every path of a version, run and classed: a certificate, or the shortest counterexample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from kvmplanes.model.heap import DefectKind
from kvmplanes.model.series import Version, version
from kvmplanes.scenario import run
from kvmplanes.trace import Trace
from kvmplanes.words import defects_in_words

Outcome = DefectKind | Literal["wrong errno", "wrong state", "clean"]
# Worst first: a path is classed by the first of these that it shows.
OUTCOMES: Final[tuple[Outcome, ...]] = (
    "double-free",
    "use-after-free",
    "out-of-bounds",
    "null-dereference",
    "leak",
    "wrong errno",
    "wrong state",
    "clean",
)


@dataclass(frozen=True)
class Path:
    """One way through a version.

    Attributes:
        number: its fail-nth number; 0 for the path on which nothing fails.
        call: the call that fails, "" if none.
        injected: the errno it fails with, "" if none.
        exit: the label jumped to first, "return" when a function returns at once, "close" if none.
        outcome: its class.
        trace: the run.
    """

    number: int
    call: str
    injected: str
    exit: str
    outcome: Outcome
    trace: Trace

    @property
    def defects(self) -> str:
        """What is wrong, as `findings` tells it; "none" if nothing is."""
        return findings(self.trace) or "none"


@dataclass(frozen=True, repr=False)
class Certificate:
    """What every path of a version does.

    Attributes:
        version: the version.
        planes: the planes that KVM_CREATE_PLANE is asked for on every path.
        paths: the paths, the one without a failure last.
    """

    version: Version
    planes: tuple[int, ...]
    paths: tuple[Path, ...]

    @property
    def clean(self) -> bool:
        """Whether no path shows a defect, a wrong errno or a wrong state."""
        return all(path.outcome == "clean" for path in self.paths)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many paths fall into each class; classes without a path are left out."""
        found = Counter(path.outcome for path in self.paths)
        return {outcome: found[outcome] for outcome in OUTCOMES if found[outcome]}

    @property
    def counterexample(self) -> Trace | None:
        """The shortest run that is not clean; None if all are."""
        bad = [path.trace for path in self.paths if path.outcome != "clean"]
        return min(bad, key=lambda trace: len(trace.steps), default=None)

    @cached_property
    def states(self) -> int:
        """How many different states (heap and references) the paths pass through."""
        return len({step.state for path in self.paths for step in path.trace.steps})

    @property
    def verdict(self) -> str:
        """The result in one line."""
        counts = ", ".join(f"{n} {outcome}" for outcome, n in self.counts.items())
        return f"{self.version}: {len(self.paths)} paths, {counts}; {self.states} states"

    def table(self) -> tuple[tuple[str, ...], ...]:
        """Header and one row a path: number, failing call, errno, exit, outcome, defects."""
        head = ("n", "failing call", "errno", "exit", "outcome", "defects")
        rows = (
            (str(p.number or "-"), p.call or "none", p.trace.errno or "-", p.exit, p.outcome, p.defects)
            for p in self.paths
        )
        return (head, *rows)

    def __str__(self) -> str:
        table = self.table()
        widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
        lines = ["  ".join(f"{cell:{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in table]
        return "\n".join([self.verdict, *lines])

    __repr__ = __str__  # what a cell's plain text shows

    def _repr_html_(self) -> str:
        from kvmplanes.view.certificate import certificate_html

        return certificate_html(self)


def certify(which: str | Version = "09", planes: Sequence[int] | None = None) -> Certificate:
    """Run every path: each failable call failing once, and none (limit: one failure).

    Args:
        which: a version's name, or a `Version`, such as one with a reader's own repair.
        planes: planes to create on every path; None for plane 1 where the version has
            KVM_CREATE_PLANE, and none elsewhere.

    Raises:
        ValueError: an unknown version, or planes it cannot create.
    """
    chosen = version(which)
    if planes is None:
        planes = (1,) if chosen.creates_planes else ()
    whole = run(chosen, planes=planes)
    traces = [run(chosen, planes=planes, fail=n) for n in range(1, len(whole.calls) + 1)]
    paths = [_path(trace, n) for n, trace in enumerate(traces, 1)]
    return Certificate(chosen, tuple(planes), (*paths, _path(whole, 0)))


def classify(trace: Trace) -> Outcome:
    """The class of one run; a system call that ends in an Oops gives no errno at all."""
    kinds = {defect.kind for defect in trace.defects}
    for kind in OUTCOMES:
        if kind in kinds:
            return kind
    if trace.errno != _injected(trace) or trace.oops:
        return "wrong errno"
    return "wrong state" if wrong_state(trace) else "clean"


def wrong_state(trace: Trace) -> str:
    """What is wrong in `planes[]` after a KVM_CREATE_VM or KVM_CREATE_PLANE that succeeded; "" if nothing is.

    Its slot holds a plane, and every plane held knows its slot's level (`plane` in the RFC) and its VM.
    """
    for step in trace.steps:
        made = step.what == "return" and step.value.startswith("fd ")
        vm = step.state.kvm
        if not made or vm is None or not vm.get("planes[0]"):  # 08 has no planes
            continue
        new = int(step.op.partition("KVM_CREATE_PLANE ")[2] or 0) & 0xFFFFFFFF
        for level, name in enumerate(step.state.slots):
            plane = step.state.find(name)
            if plane is None and level == new:
                return f"planes[{level}] is {name}"
            if plane and plane.get("kvm") != vm.name:
                return f"{name} has no back-pointer"
            if plane and str(level) not in (plane.get("level"), plane.get("plane")):
                return f"planes[{level}] holds level {plane.get('level')}"
    return ""


def way_out(trace: Trace) -> str:
    """How a run leaves: the label jumped to first, "return" when a function returns at once, else "close"."""
    leaves = (step.obj for step in trace.steps if step.what == "goto")
    return next(leaves, "return" if trace.failed else "close")


def _path(trace: Trace, number: int) -> Path:
    call, errno = trace.failed[0] if trace.failed else ("", "")
    return Path(number, call, errno, way_out(trace), classify(trace), trace)


def findings(trace: Trace) -> str:
    """Everything wrong with one run, in words: "1 read after free; 1 double free"; "" for a clean run."""
    parts = [defects_in_words(trace.defects)]
    if trace.oops:
        parts.append("Oops")
    elif trace.errno != _injected(trace):
        parts.append(f"returns {trace.errno or 'success'}, not {_injected(trace) or 'success'}")
    elif not trace.defects:
        parts.append(wrong_state(trace))
    return "; ".join(filter(None, parts))


def _injected(trace: Trace) -> str | None:
    """The errno that user space must see: that of the first call that failed."""
    return trace.failed[0][1] if trace.failed else None
