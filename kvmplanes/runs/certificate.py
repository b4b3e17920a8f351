# SPDX-License-Identifier: GPL-2.0-only
"""Every path of a version, run and classed: a certificate, or the shortest counterexample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, Literal

from kvmplanes.given import brief, some
from kvmplanes.model.faults import base
from kvmplanes.model.heap import DefectKind
from kvmplanes.model.series import ALL, Version, version
from kvmplanes.runs.op import Op
from kvmplanes.runs.programs import Program, answers, programs, wrong_state
from kvmplanes.runs.scenario import played
from kvmplanes.runs.shown import Shown
from kvmplanes.runs.state import Object
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.words import columns, defects_in_words, listed

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
        program: what the process does.
        numbers: which failable calls of that program fail, as for `run(fail=numbers)`; none where nothing fails.
        tolerated: the calls that may fail without the system call's failing.
        outcome: its class.
        trace: the run.
    """

    program: Program
    numbers: tuple[int, ...]
    tolerated: tuple[str, ...]
    outcome: Outcome
    trace: Trace

    @property
    def number(self) -> int:
        """Which failable call fails, the first one if there are two; 0 if none."""
        return next(iter(self.numbers), 0)

    @property
    def call(self) -> str:
        """The call that fails, "" if none."""
        return " and ".join(call for call, _ in self.trace.failed)

    @property
    def errno(self) -> str:
        """The errno of the system call in which it fails, "" if there is none."""
        return next((answer.got for answer in answers(self.trace) if answer.failed), "")

    @property
    def exit(self) -> str:
        """The label jumped to first, "return" when a function returns at once, "close" if none fails."""
        return way_out(self.trace)

    @property
    def defects(self) -> str:
        """What is wrong, in the words of `findings`; "none" if nothing is."""
        return findings(self.trace, self.tolerated) or "none"

    @property
    def row(self) -> tuple[str, ...]:
        """The path in a table: number, program, failing call, errno, exit, outcome, defects if there are any."""
        numbers = " ".join(map(str, self.numbers)) or "-"
        call, errno = self.call or "none", self.errno or "-"
        return numbers, self.program.name, call, errno, self.exit, self.outcome, findings(self.trace, self.tolerated)


@dataclass(frozen=True, repr=False)
class Certificate(Shown):
    """What every path of a version does.

    Attributes:
        version: the version.
        programs: what was run.
        failures: how many calls fail on a path, at most.
        paths: the paths, program by program, the one without a failure last in each.
    """

    version: Version
    programs: tuple[Program, ...]
    failures: int
    paths: tuple[Path, ...]

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Failable calls that the version of the series reaches and this one does not: paths that nobody has looked at.

        A repair may do without a call; C that does nothing has no path that could be wrong.
        """
        program = self.programs[0]
        here = next((path.trace.calls for path in self.paths if path.program == program and not path.numbers), ())
        left = Counter(_calls(self.version.root, program.ops)) - Counter(map(base, here))
        return tuple(left)

    @property
    def clean(self) -> bool:
        """Whether no path shows a defect, a wrong errno or a wrong state."""
        return all(path.outcome == "clean" for path in self.paths)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many paths fall into each class; classes without a path are left out."""
        counts = Counter(path.outcome for path in self.paths)
        return {outcome: counts[outcome] for outcome in OUTCOMES if counts[outcome]}

    @property
    def counterexample(self) -> Trace | None:
        """The shortest run that is not clean; None if all are."""
        bad = [path.trace for path in self.paths if path.outcome != "clean"]
        return min(bad, key=lambda trace: len(trace.steps), default=None)

    @cached_property
    def states(self) -> int:
        """How many different states (heap and references) the paths pass through."""
        states = {id(step.state): step.state for path in self.paths for step in path.trace.steps}.values()
        # Most states share most of their objects, so each object is compared once, and a state by its objects' numbers.
        objects = {id(obj): obj for state in states for obj in state.objects}
        numbers = dict[Object, int]()
        number = {key: numbers.setdefault(obj, len(numbers)) for key, obj in objects.items()}
        return len({(state.refs, *(number[id(obj)] for obj in state.objects)) for state in states})

    @property
    def verdict(self) -> str:
        """The result in one line, and in parentheses what it rests on (limit: programs, one failure, locks)."""
        counts = ", ".join(f"{n} {outcome}" for outcome, n in self.counts.items())
        pairs = sum(len(path.numbers) > 1 for path in self.paths)
        failures = "one failure" if self.failures == 1 else f"{pairs} paths with two failures"
        ran = "one program" if len(self.programs) == 1 else f"{len(self.programs)} programs"
        scope = f"one CPU, {failures}, {ran}"
        missing = f"; never reached, unlike in {self.version.root}: {listed(self.missing)}" if self.missing else ""
        return f"{self.version}: {len(self.paths)} paths, {counts}; {self.states} states ({scope}){missing}"

    @cached_property
    def listed(self) -> tuple[Path, ...]:
        """The paths as a table lists them: first those that are not clean, then the others; else as in `paths`."""
        return tuple(sorted(self.paths, key=lambda path: path.outcome == "clean"))

    def table(self) -> tuple[tuple[str, ...], ...]:
        """Header and one row for each of `listed`: number, failing call, errno, exit, outcome, defects.

        Where there is more than one program, the path's follows the number.
        """
        head = ("n", "program", "failing call", "errno", "exit", "outcome", "defects")
        rows = (head, *(path.row for path in self.listed))
        return rows if len(self.programs) > 1 else tuple((number, *cells) for number, _, *cells in rows)

    @property
    def legend(self) -> tuple[str, ...]:
        """What each program does, where there is more than one."""
        several = self.programs if len(self.programs) > 1 else ()
        return tuple(f"{program}: {', '.join(program.ops)}" for program in several)

    def __str__(self) -> str:
        return "\n".join([self.verdict, columns(self.table()), *self.legend])

    __repr__ = __str__  # what a cell's plain text shows


@lru_cache(64)
def _calls(root: str, ops: tuple[str, ...]) -> tuple[str, ...]:
    """The functions of the failable calls that a version reaches; none where it cannot run the program."""
    version = ALL.get(root)
    if version is None or (not version.creates_planes and any(Op(op).level is not None for op in ops)):
        return ()
    return tuple(map(base, played(version, [Op(op) for op in ops])[0].calls))


def certify(
    which: str | Version = "09",
    planes: Sequence[int] | None = None,
    *,
    failures: int = 1,
    tolerated: Sequence[str] = (),
) -> Certificate:
    """Run every path: for each program, each failable call failing once, and none (limit: programs, one failure).

    A path on which no VM comes into being is the same in every program, and stands with the first. In a reader's own C,
    `shim_fails("copy_to_user", EFAULT)` is a failable call: it gives 0, or -EFAULT when it is the one to fail.

    Args:
        which: a version's name, or a `Version`, such as one with a reader's own repair.
        planes: planes of the usual program, which then runs alone; None for all of `programs`.
        failures: how many calls fail on a path, at most: 1, or 2 for every pair as well.
        tolerated: failable calls that a system call survives, by name, such as "kvm_uevent": when one fails, success
            is what has to be returned.

    Raises:
        ValueError: an unknown version, planes it cannot create, or a number or calls that are not allowed.
    """
    chosen = version(which)
    if type(failures) is not int or failures not in (1, 2):
        raise ValueError(f"failures must be 1 or 2, not {brief(failures)}")
    if not isinstance(tolerated, list | tuple) or not all(isinstance(name, str) for name in tolerated):
        raise ValueError(
            f"tolerated takes the names of failable calls, such as ('kvm_uevent',), not {brief(tolerated)}"
        )
    ran = programs(chosen, planes)
    traces = list(_runs(chosen, ran, failures))
    reached = dict.fromkeys(call for _, _, trace in traces for call in trace.calls)
    for name in tolerated:
        if name not in {*reached, *map(base, reached)}:
            raise ValueError(f"no failable call {brief(name)} to tolerate; {chosen} reaches {some(reached)}")
    paths = (
        Path(program, numbers, tuple(tolerated), classify(trace, tolerated), trace)
        for program, numbers, trace in traces
    )
    return Certificate(chosen, ran, failures, tuple(paths))


def _runs(chosen: Version, ran: Sequence[Program], failures: int) -> Iterator[tuple[Program, tuple[int, ...], Trace]]:
    alike = set[int]()  # calls that leave no VM when they fail
    for program in ran:
        calls = [Op(op) for op in program.ops]
        whole, like = played(chosen, calls)
        for n in range(1, len(whole.calls) + 1):
            if n in alike:
                continue
            trace, first = played(chosen, calls, fail=(n,), like=like)
            yield program, (n,), trace
            if not any(end.startswith("fd ") for _, end in trace.results):
                alike.add(n)
            for more in range(n + 1, len(trace.calls) + 1) if failures > 1 else ():
                yield program, (n, more), played(chosen, calls, fail=(n, more), like=first)[0]
        yield program, (), whole


def classify(trace: Trace, tolerated: Collection[str] = ()) -> Outcome:
    """The class of one run, with calls `tolerated` as for `certify`; one that ends in an Oops gives no errno at all."""
    kinds = {defect.kind for defect in trace.defects}
    for kind in OUTCOMES:
        if kind in kinds:
            return kind
    if trace.oops or any(answer.got != answer.wanted for answer in answers(trace, tolerated)):
        return "wrong errno"
    return "wrong state" if wrong_state(trace) else "clean"


def way_out(trace: Trace) -> str:
    """How a run leaves: the label jumped to first, "return" when a function returns at once, else "close"."""
    leaves = (step.obj for step in trace.steps if step.what == "goto")
    return next(leaves, "return" if trace.failed else "close")


def findings(trace: Trace, tolerated: Collection[str] = ()) -> str:
    """Everything wrong with one run, in words: "1 read after free; 1 double free"; "" for a clean run."""
    parts = [defects_in_words(trace.defects)]
    wrong = next((answer for answer in answers(trace, tolerated) if answer.got != answer.wanted), None)
    if trace.oops:
        parts.append("Oops")
    elif wrong:
        call = "" if wrong.failed else f"{wrong.op} "
        question = ": forgotten, or to be tolerated?" if wrong.failed and not wrong.got else ""
        parts.append(f"{call}returns {wrong.got or 'success'}, not {wrong.wanted or 'success'}{question}")
    elif not trace.defects:
        parts.append(wrong_state(trace))
    return "; ".join(filter(None, parts))
