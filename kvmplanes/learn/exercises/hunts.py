# SPDX-License-Identifier: GPL-2.0-only
"""Judges of the hunts for mutants; their texts are in hunts.toml."""

from __future__ import annotations

from typing import Final

import kvmplanes as kp
from kvmplanes.learn.exercises.exercise import Answer, Failing, Judged
from kvmplanes.learn.exercises.judging import Judge, listed, word
from kvmplanes.model.mutants import MUTANTS, Mutant
from kvmplanes.runs.certificate import findings

LEAKING: Final = "undo one label up"  # a test holds that it leaks on one path and shows nothing elsewhere


SILENT: Final = "break for continue, 29"  # a test holds that the usual program calls it clean


def mutant(name: str) -> Mutant:
    """A mutant by its name; StopIteration when there is none, which a test excludes."""
    return next(one for one in MUTANTS if one.name == name)


def leaking_mutant(answer: Answer) -> Judged:
    """The call that the reader lets fail in the mutant."""
    call = word(answer, "the name of a failable call")
    trace = kp.run(mutant(LEAKING).version, fail=call)
    told = findings(trace)
    if any(defect.kind == "leak" for defect in trace.defects):
        return Judged(f"when {call} fails, {told}")
    return Judged(told, (Failing(f"{call} fails", "wrong result", "nothing leaks", trace),))


def silent_mutant(answer: Answer) -> Judged:
    """The reader's system calls on a mutant that one program calls clean, and on what it was made from."""
    ops = listed(answer, "system calls")
    found = mutant(SILENT)
    changed, sound = kp.run(found.version, ops=ops), kp.run(found.base, ops=ops)
    told = findings(changed) or ", ".join(f"{op} returns {end}" for op, end in changed.results) or "nothing happens"
    if changed.defects != sound.defects or changed.results != sound.results:
        return Judged(told)
    return Judged(told, (Failing("the two runs compared", "wrong result", f"alike: {told}", changed),))


JUDGES: dict[str, Judge] = {"leaking-mutant": leaking_mutant, "silent-mutant": silent_mutant}
