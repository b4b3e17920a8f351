# SPDX-License-Identifier: GPL-2.0-only
"""Judges of the hunts for mutants; their texts are in hunts.toml."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import kvmplanes as kp
from kvmplanes.learn.exercises.answers import ReaderAnswer, as_text, as_texts
from kvmplanes.learn.exercises.judging import Judge, Judged
from kvmplanes.learn.exercises.replies import GENERAL
from kvmplanes.model.mutants import MUTANTS
from kvmplanes.runs.certificate import findings

_BY_NAME: Final = {mutant.name: mutant for mutant in MUTANTS}
# On 09-fixed, which has fewer lines than 11; a test holds that it leaks on one path and shows nothing elsewhere.
LEAKING: Final = replace(_BY_NAME["undo one label up"], base="09-fixed")
SILENT: Final = _BY_NAME["break for continue, 29"]  # a test holds that the usual program calls it clean


def leaking_mutant(answer: ReaderAnswer) -> Judged:
    """The call that the reader lets fail in the mutant."""
    call = as_text(answer, "the name of a failable call")
    trace = kp.run(LEAKING.version, fail=call)
    wrong = findings(trace)
    if any(defect.kind == "leak" for defect in trace.defects):
        return Judged(f"when {call} fails, {wrong}")
    return Judged(wrong).refuted(f"{trace.failed[0][0]} fails", "nothing leaks", trace, GENERAL["no leak"])


def silent_mutant(answer: ReaderAnswer) -> Judged:
    """The reader's system calls on a mutant that one program calls clean, and on what it was made from."""
    ops = as_texts(answer, "system calls")
    changed, sound = kp.run(SILENT.version, ops=ops), kp.run(SILENT.base, ops=ops)
    ends = ", ".join(f"{op} returns {result}" for op, result in changed.results)
    judged = Judged(findings(changed) or ends or "nothing happens")
    if changed.defects != sound.defects or changed.results != sound.results:
        return judged
    return judged.refuted("the two runs compared", f"alike: {judged.result}", changed, GENERAL["alike"])


JUDGES: dict[str, Judge] = {"leaking-mutant": leaking_mutant, "silent-mutant": silent_mutant}
