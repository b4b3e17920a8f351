# SPDX-License-Identifier: GPL-2.0-only
"""Judging an answer: the reader's C is put into a version, the version is run, and the runs say what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal

from kvmplanes.learn.exercises.answers import ReaderAnswer
from kvmplanes.model.machine.tree import CError
from kvmplanes.model.version import Version
from kvmplanes.runs.certificate import Certificate, Outcome, Path, certify, classify, findings
from kvmplanes.runs.programs import programs
from kvmplanes.runs.scenario import run
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.words import many

MOST_CALLS: Final = 80  # that can fail in one program; the longest of ours has 35, and a path for each
FailingClass = Outcome | Literal["wrong result"]


@dataclass(frozen=True, slots=True)
class Failing:
    """One run that an answer does not pass.

    Attributes:
        where: what was run, such as "09, no call fails".
        outcome: its class.
        what: what is wrong.
        trace: the run.
        say: what to say about it to an answer that nobody foresaw; "" for the words for its class.
    """

    where: str
    outcome: FailingClass
    what: str
    trace: Trace
    say: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What running an answer shows.

    Attributes:
        found: the result in one line, or the certificates whose results it is.
        failing: the runs that it does not pass; none for a right answer.
        paths: how many paths were run for certificates.
    """

    found: str | tuple[Certificate, ...]
    failing: tuple[Failing, ...] = ()
    paths: int = 0

    @property
    def result(self) -> str:
        """The result in one line; that of a certificate takes as long as a few of its runs."""
        if isinstance(self.found, str):
            return self.found
        return "; ".join(certificate.verdict for certificate in self.found)

    @property
    def counterexample(self) -> Failing | None:
        """The failing run with the fewest steps; None for a right answer."""
        return min(self.failing, key=lambda failing: len(failing.trace.steps), default=None)

    @property
    def unclean(self) -> str:
        """How many of the paths are not clean, in words."""
        count = sum(failing.outcome != "wrong result" for failing in self.failing)
        return f"{count} of {many(self.paths, 'path')} {'is' if count == 1 else 'are'} not clean"

    @property
    def signature(self) -> tuple[tuple[str, str, str], ...]:
        """What tells one wrong idea from another: every failing run and what is wrong with it."""
        return tuple((failing.where, failing.outcome, failing.what) for failing in self.failing)

    def refuted(self, where: str, what: str, trace: Trace, say: str) -> Judged:
        """The same judgement, with one more run, in which no kernel would see a mistake; arguments as for `Failing`."""
        return replace(self, failing=(*self.failing, Failing(where, "wrong result", what, trace, say)))

    def also(self, runs: Iterable[tuple[str, Trace]]) -> Judged:
        """The same judgement where it has a failing run already; else these runs must be clean, too.

        Args:
            runs: where each run is, as for `Failing`, and the run.
        """
        if self.failing:
            return self
        outcomes = ((where, classify(trace), trace) for where, trace in runs)
        failing = (Failing(where, what, findings(trace), trace) for where, what, trace in outcomes if what != "clean")
        return replace(self, failing=tuple(failing))


Judge = Callable[[ReaderAnswer], Judged]  # ValueError for an answer that cannot be run


def clean_on(*certificates: Certificate) -> Judged:
    """Judge by certificates: every path of each has to be clean."""
    failing = [
        Failing(_where(path, certificate), path.outcome, path.defects, path.trace)
        for certificate in certificates
        for path in certificate.paths
        if path.outcome != "clean"
    ]
    paths = sum(len(certificate.paths) for certificate in certificates)
    return Judged(certificates, tuple(failing), paths)


def _where(path: Path, certificate: Certificate) -> str:
    other = "" if path.program == certificate.programs[0] else f" in program {path.program}"
    return f"{certificate.version}, {path.call or 'no call'} fails{other}"


def certified(version: Version, planes: tuple[int, ...] | None = None) -> Certificate:
    """Every path of a version; `planes` are created where it has KVM_CREATE_PLANE, None for `certify`'s own choice.

    Raises:
        CError: a path does not end, with the C line at which it was stopped.
    """
    planes = planes if version.creates_planes else None
    with quoting(version):
        for program in programs(version, planes):
            if (count := len(run(version, ops=program.ops).calls)) > MOST_CALLS:
                raise ValueError(f"{count} calls can fail in one run: with an answer there may be {MOST_CALLS}")
        return certify(version, planes)


@contextmanager
def quoting(version: Version) -> Iterator[None]:
    """Let an error quote the C line at which it is."""
    try:
        yield
    except CError as error:
        rows = version.tree.get(error.file, ())[error.line - 1 : error.line]
        raise CError(error.file, error.line, "\n".join([error.what, *(row.text for row in rows)])) from None
