# SPDX-License-Identifier: GPL-2.0-only
"""Judges of the exercises on KVM_CREATE_PLANE, 29/60; their texts are in ioctl.toml."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Final

import kvmplanes as kp
from kvmplanes.learn.exercises.exercise import Answer, Block, Failing, Judged, also
from kvmplanes.learn.exercises.judging import Judge, listed, parts, unless, word

_PUT_KVM: Final = "kvm_put_kvm(kvm);\nkvm_destroy_one_plane(plane);"
_GETFILE: Final = "anon_inode_getfile(plane 1)"


def ioctl_path(answer: Answer) -> Judged:
    """Every path of 29 with the reader's lines, and the same plane asked for again after the failure."""
    judge = Block("kvm_vm_ioctl_create_plane", _PUT_KVM, (kp.VERSIONS["29"],))
    version = judge.versions(answer)[0]
    again = kp.run(version, planes=(1,), fail=_GETFILE, retry=True)
    last = dict(again.results).get("KVM_CREATE_PLANE 1", "")
    wanted = {"KVM_CREATE_PLANE 1": last if last.startswith("fd ") else "a descriptor"}
    judged = also(judge(answer), "plane 1 is asked for again", again, wanted)
    refused = next(step for step in again.steps if step.what == "return" and step.value.startswith("E"))
    kept = refused.state.occupancy[0] == "live"
    return unless(kept, judged, "plane 1 is refused", f"plane 0 is {refused.state.occupancy[0]} afterwards", again)


def double_free_ops(answer: Answer) -> Judged:
    """The reader's system calls and failing call on 29: a double free, with as few calls as can be."""
    ops, fail = parts(answer, ("ops", "fail"))
    ops = listed(ops, "system calls")
    trace = kp.run("29", ops=ops, fail=word(fail, "a failable call") if fail else None)
    frees = [defect for defect in trace.defects if defect.kind == "double-free"]
    told = f"{len(ops)} system calls, {len(frees)} double free"
    if not frees:
        return Judged(told, (Failing("the run", "wrong result", "no double free in it", trace),))
    if len(ops) > _shortest():
        what = f"a double free after {len(ops)} system calls; {_shortest()} are enough"
        return Judged(told, (Failing("the run", "wrong result", what, trace),))
    return Judged(told)


@cache
def _shortest() -> int:
    """How many system calls a double free in 29 needs, by trying every sequence of one, two, three."""
    calls = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "close(plane 1)", "close(vm)")
    for length in range(1, 4):
        for ops in product(calls, repeat=length):
            whole = kp.run("29", ops=ops)
            runs = [kp.run("29", ops=ops, fail=n) for n in range(1, len(whole.calls) + 1)]
            if any(defect.kind == "double-free" for run in (whole, *runs) for defect in run.defects):
                return length
    raise ValueError("29 frees nothing twice within three system calls")


JUDGES: dict[str, Judge] = {
    "ioctl-path": ioctl_path,
    "double-free-ops": double_free_ops,
}
