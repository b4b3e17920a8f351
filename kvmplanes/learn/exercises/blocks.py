# SPDX-License-Identifier: GPL-2.0-only
"""Judging C: lines of a function are written anew, and every path of some versions must be clean with them.

A clean certificate is no proof yet. An answer could leave out a call, know one errno, or be right for the first VM
alone; so what is clean is run again with other errnos and with two VMs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kvmplanes.learn.exercises.answers import ReaderAnswer, answered
from kvmplanes.learn.exercises.judging import Judged, certified, clean_on, quoting
from kvmplanes.learn.exercises.replies import GENERAL
from kvmplanes.model.faults import CALLS, base
from kvmplanes.model.version import Version
from kvmplanes.runs.programs import Program, programs
from kvmplanes.runs.scenario import failing_once, run
from kvmplanes.runs.trace import Trace

_NEVER: Final = "an SRCU is cleaned up that was never set up"
_WATCHING: Final = f"""\
static void watched_cleanup(struct srcu_struct *ssp)
{{
	if (!ssp->srcu_sup)
		printk("{_NEVER}");
	cleanup_srcu_struct(ssp);
}}

"""
OWN_ERRNO: Final = "EBUSY"  # with which a call fails that only an exercise has


@dataclass(frozen=True, slots=True)
class Block:
    """A judge: the reader writes lines of a function anew, and every path of some versions must be clean with them.

    Attributes:
        function: the function.
        old: the lines that are replaced; "" for the whole function.
        bases: the versions in which they stand.
        planes: the planes that are created on every path; None for `certify`'s own choice.
    """

    function: str
    old: str
    bases: tuple[Version, ...]
    planes: tuple[int, ...] | None = None

    def versions(self, answer: ReaderAnswer) -> tuple[Version, ...]:
        """Each base with the answer in it; ValueError as for `answered`."""
        return tuple(answered(base, (self.function, self.old, answer)) for base in self.bases)

    def __call__(self, answer: ReaderAnswer) -> Judged:
        """Judge an answer."""
        versions = self.versions(answer)
        judged = clean_on(*(certified(version, self.planes) for version in versions))
        return complete(judged, self.bases[0], versions[0], self.planes)

    def also_in(self, base: Version, answer: ReaderAnswer, judged: Judged, planes: Sequence[int] = ()) -> Judged:
        """The judgement on an answer, and where it is clean so far a run of it in another version with planes."""
        if judged.failing:
            return judged
        (version,) = replace(self, bases=(base,)).versions(answer)
        return judged.also([(f"{version}, no call fails", run(version, planes=planes))])


def closely(version: Version, program: Program) -> Iterator[tuple[str, Trace]]:
    """Runs in which an answer shows that it is right for one case alone: another errno, or a second time.

    A call can fail with more than one errno, and what one VM leaves in the kernel's variables the next one finds there.
    """
    calls = run(version, ops=program.ops).calls
    for call in dict.fromkeys(calls):
        for errno in CALLS[base(call)][0][1:] if base(call) in CALLS else (OWN_ERRNO,):
            yield f"{version}, {call} fails with {errno}", run(version, ops=program.ops, fail=f"{call}: {errno}")
    whole, *failing = failing_once(version, program.ops * 2)
    yield f"{version}, two VMs one after the other", whole
    for call, trace in zip(whole.calls, failing, strict=True):
        yield f"{version}, two VMs, {call} fails", trace


def complete(judged: Judged, before: Version, after: Version, planes: tuple[int, ...] | None = None) -> Judged:
    """The judgement on a version with an answer, which has to make every call of the version that it was put into.

    Args:
        judged: what its certificate says.
        before: the version without the answer.
        after: the version with it.
        planes: as for `certified`.
    """
    if judged.failing:
        return judged
    program = programs(after, planes if after.creates_planes else None)[0]
    whole = run(after, ops=program.ops)
    if left_out := [call for call in run(before, ops=program.ops).calls if call not in whole.calls]:
        return judged.refuted("no call fails", f"{left_out[0]} is never called", whole, GENERAL["no call"])
    with quoting(after):
        for call, trace in _watched(before, after, program):
            if any(step.what == "print" and _NEVER in step.obj for step in trace.steps):
                return judged.refuted(f"{after}, {call} fails", _NEVER, trace, GENERAL["too high"])
        return judged.also(closely(after, program))


def _watched(before: Version, after: Version, program: Program) -> Iterator[tuple[str, Trace]]:
    """Each failure in an answer to kvm_create_vm, where cleaning up what was never set up leaves a line in the log.

    The model takes such a clean-up for nothing to do (limit: srcu); a kernel may come to harm.
    """
    source = after.functions["kvm_create_vm"].source
    if source != before.functions["kvm_create_vm"].source:
        watching = after.replace(_WATCHING + source.replace("cleanup_srcu_struct(", "watched_cleanup("))
        watching = replace(watching, name=after.name)
        for call in run(watching, ops=program.ops).calls:
            yield call, run(watching, ops=program.ops, fail=call)
