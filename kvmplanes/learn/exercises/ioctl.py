# SPDX-License-Identifier: GPL-2.0-only
"""Judges of the exercises on KVM_CREATE_PLANE, 29/60; their texts are in ioctl.toml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Final

import kvmplanes as kp
from kvmplanes.learn.exercises.answers import ReaderAnswer, as_parts, as_text, as_texts
from kvmplanes.learn.exercises.blocks import Block
from kvmplanes.learn.exercises.judging import Failing, Judge, Judged
from kvmplanes.learn.exercises.replies import GENERAL
from kvmplanes.learn.queries import GETFILE, results_of
from kvmplanes.runs.certificate import classify, findings
from kvmplanes.runs.scenario import failing_once
from kvmplanes.runs.trace import Trace, is_errno

_PUT_KVM: Final = "kvm_put_kvm(kvm);\nkvm_destroy_one_plane(plane);"
_CREATE_1: Final = "KVM_CREATE_PLANE 1"


def ioctl_path(answer: ReaderAnswer) -> Judged:
    """Every path of 29 with the reader's lines, and the same plane asked for again after the failure."""
    judge = Block("kvm_vm_ioctl_create_plane", _PUT_KVM, (kp.VERSIONS["29"],))
    version = judge.versions(answer)[0]
    again = kp.run(version, planes=(1,), fail=GETFILE, retry=True)
    judged = _got_a_plane(judge(answer), again)
    refusals = (step.state.occupancy[0] for step in again.steps if step.what == "return" and step.errno)
    plane_0 = next(refusals, "live")
    if plane_0 == "live":
        return judged.also(with_each_plane(version))
    return judged.refuted("plane 1 is refused", f"plane 0 is {plane_0} afterwards", again, GENERAL["another plane"])


def with_each_plane(version: kp.Version) -> Iterator[tuple[str, Trace]]:
    """Each plane is created alone, and its last step fails: no number may be special."""
    for plane in range(1, kp.KVM_MAX_PLANES):
        trace = kp.run(version, planes=(plane,), fail=f"anon_inode_getfile(plane {plane})", retry=True)
        yield f"{version}, plane {plane} is refused, and asked for again", trace


def _got_a_plane(judged: Judged, again: Trace) -> Judged:
    """The same judgement, and a failing run unless the last KVM_CREATE_PLANE succeeds and no memory is misused."""
    where = "plane 1 is asked for again"
    if again.defects:
        more = Failing(where, classify(again), findings(again), again)
        return replace(judged, failing=(*judged.failing, more))
    if again.oops:
        return judged.refuted(where, "Oops", again, GENERAL["Oops"])
    last = results_of(again, _CREATE_1)[-1]
    what = f"{_CREATE_1} returns {last}, not a descriptor"
    return judged.refuted(where, what, again, GENERAL["refused again"]) if is_errno(last) else judged


def double_free_ops(answer: ReaderAnswer) -> Judged:
    """The reader's system calls and failing call on 29: a double free, with as few calls as can be."""
    calls, fail = as_parts(answer, "ops", "fail")
    ops, none = as_texts(calls, "system calls"), fail is None or (isinstance(fail, str) and not fail.strip())
    trace = kp.run("29", ops=ops, fail=None if none else as_text(fail, "a failable call"))
    frees = sum(defect.kind == "double-free" for defect in trace.defects)
    judged = Judged(f"{len(ops)} system calls, {frees} double free")
    if not frees:
        return judged.refuted("the run", "no double free in it", trace, GENERAL["freed once"])
    if len(ops) > _shortest():
        what = f"a double free after {len(ops)} system calls ({', '.join(ops)}); {_shortest()} are enough"
        return judged.refuted("the run", what, trace, GENERAL["too long"])
    return judged


@cache
def _shortest() -> int:
    """How many system calls a double free in 29 needs, by trying every sequence of one, two, three."""
    calls = ("KVM_CREATE_VM", _CREATE_1, "close(plane 1)", "close(vm)")
    for length in range(1, 4):
        for ops in product(calls, repeat=length):
            traces = failing_once(kp.VERSIONS["29"], ops)
            if any(defect.kind == "double-free" for trace in traces for defect in trace.defects):
                return length
    raise ValueError("29 frees nothing twice within three system calls")


JUDGES: dict[str, Judge] = {"ioctl-path": ioctl_path, "double-free-ops": double_free_ops}
