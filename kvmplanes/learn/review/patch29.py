# SPDX-License-Identifier: GPL-2.0-only
"""The evidence of each finding on 29/60; the texts are in patch29.toml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import kvmplanes as kp
from kvmplanes.learn.queries import (
    AGAIN,
    GETFILE,
    altered,
    getfile_fails,
    index_of,
    results_of,
    state_after,
    with_arch_init,
)
from kvmplanes.learn.review.document import CREATE_PLANE, TITLE_29
from kvmplanes.learn.review.patch09 import prefix
from kvmplanes.patch.claims import CLAIMS
from kvmplanes.runs.words import defects_in_words, listed

_CREATE_1: Final = "KVM_CREATE_PLANE 1"
_POSTED: Final = "kvm_put_kvm(kvm);\nkvm_destroy_one_plane(plane);"
_REVERSED: Final = "kvm->planes[id] = NULL;\nkvm_destroy_one_plane(plane);\nkvm_put_kvm(kvm);"


def _dangling() -> str:
    trace = getfile_fails()
    slot, defects = state_after(trace, _CREATE_1).slots[1], defects_in_words(trace.defects)
    return f"In the model, after the failure planes[1] still says {slot}; at the end of the VM: {defects}."


def _retry() -> str:
    return f"In the model, asked twice: {', then '.join(results_of(getfile_fails(retry=True), _CREATE_1))}."


def _early() -> str:
    trace = getfile_fails()
    stored = trace.first(what="write", slot=1).index
    failed = trace.first(what="fail").index
    freed = index_of(trace, "free", "plane#1")
    return (
        f"In the model planes[1] is stored at step {stored}, the call fails at step {failed}, and the plane is freed "
        f"at step {freed}. The model has one CPU: nobody looks in between (limit: locks)."
    )


def _put_order() -> str:
    def freed_again(lines: str) -> int:
        """Second frees inside the call, with one put more: it stands for a VM that nobody else holds."""
        last = lines.replace("kvm_put_kvm(kvm);", "kvm_put_kvm(kvm);\nkvm_put_kvm(kvm);")
        trace = kp.run(altered("29", CREATE_PLANE, _POSTED, last), planes=(1,), fail=GETFILE)
        return sum(
            defect.kind == "double-free" and trace.steps[defect.step].op == _CREATE_1 for defect in trace.defects
        )

    posted, reversed_ = (("once", "twice")[freed_again(lines)] for lines in (_POSTED, _REVERSED))
    return (
        "In the model, with one put more in this place, so that it is the last: plane#1 is freed "
        f"{posted} before the call returns; with slot, plane and reference given back in this order, {reversed_}. "
        "We reason that a real VM keeps a reference here: the descriptor is in use."
    )


def _truncated() -> str:
    op = f"KVM_CREATE_PLANE {2**32 + 5}"
    slots = state_after(kp.run("29", ops=("KVM_CREATE_VM", op)), op).occupancy
    filled = [level for level, state in enumerate(slots) if state == "live"][-1]
    return f"In the model {op} fills slot {filled}."


def _lifetime() -> str:
    return f"In the model, created, closed and created again: {kp.run('29', ops=AGAIN).results[-1][1]}."


def _publication() -> str:
    trace = kp.run("29", planes=(1,))
    opened = trace.first(what="return").index
    stored = trace.first(what="write", slot=1).index
    return (
        f"In the model a program has the VM from step {opened} on, and planes[1] is stored at step {stored}. The model "
        "has one CPU: it cannot show what another one reads (limit: locks)."
    )


def _errno() -> str:
    hook = with_arch_init("29")
    calls = kp.run(hook, planes=(1,)).calls
    second = len(calls) - calls[::-1].index("kvm_arch_plane_init")
    end = kp.run(hook, planes=(1,), fail=second).results[-1][1]
    return f"In the model, with a hook in the place of 26/60's that fails with EINVAL, the program gets {end}."


def _lock() -> str:
    caller = kp.VERSIONS["29"].functions["kvm_vm_ioctl"].source
    before, _, _ = caller.partition(f"{CREATE_PLANE}(")
    taken = [line.strip() for line in before.splitlines() if "&kvm->lock" in line]
    return f"In the model's C kvm_vm_ioctl() has {listed(taken)} before the call. The model has one CPU (limit: locks)."


def _users() -> str:
    counts = [step.value for step in getfile_fails().steps if step.field == "users_count" and step.op == _CREATE_1]
    return f"In the model users_count goes to {', then to '.join(counts)} on this path: not to 0."


def _leaks() -> str:
    leaks = sum(path.outcome == "leak" for path in kp.certify("29").paths)
    return f"Paths of 29 that leak in the model: {leaks}."


def _checks() -> str:
    ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 16", "KVM_CREATE_PLANE 0")
    return f"In the model: {', '.join(f'{op}: {end}' for op, end in kp.run('29', ops=ops).results[1:])}."


EVIDENCE: Final[dict[str, Callable[[], str]]] = {
    "dangling": _dangling,
    "retry": _retry,
    "early-publish": _early,
    "put-order": _put_order,
    "truncation": _truncated,
    "lifetime": _lifetime,
    "publication": _publication,
    "errno": _errno,
    "selftest": lambda: f"Source: the cover letter, 00/60. {CLAIMS['00/60'].claim}",
    "prefix": lambda: prefix(TITLE_29),
    "race": _lock,
    "last-reference": _users,
    "nospec": lambda: (
        "Reasoning, by a source: Documentation/staging/speculation.rst of Linux. The model does not speculate and "
        "cannot show it (limit: locks)."
    ),
    "bounds": _checks,
    "leak": _leaks,
}
