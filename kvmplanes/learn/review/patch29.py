# SPDX-License-Identifier: GPL-2.0-only
"""The evidence of each finding on 29/60; the texts are in patch29.toml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import kvmplanes as kp
from kvmplanes.learn.queries import AGAIN, getfile_fails, results_of, state_after, with_arch_init
from kvmplanes.learn.review.document import CREATE_PLANE, TITLE_29
from kvmplanes.learn.review.patch09 import prefix
from kvmplanes.patch.claims import CLAIMS
from kvmplanes.runs.words import defects_in_words, listed

_CREATE_1: Final = "KVM_CREATE_PLANE 1"


def _dangling() -> str:
    trace = getfile_fails()
    slot, defects = state_after(trace, _CREATE_1).slots[1], defects_in_words(trace.defects)
    return f"In the model, after the failure planes[1] still says {slot}; at the end of the VM: {defects}."


def _retry() -> str:
    return f"In the model, asked twice: {', then '.join(results_of(getfile_fails(retry=True), _CREATE_1))}."


def _truncated() -> str:
    op = f"KVM_CREATE_PLANE {2**32 + 5}"
    slots = state_after(kp.run("29", ops=("KVM_CREATE_VM", op)), op).occupancy
    filled = [level for level, state in enumerate(slots) if state == "live"][-1]
    return f"In the model {op} fills slot {filled}."


def _lifetime() -> str:
    return f"In the model, created, closed and created again: {kp.run('29', ops=AGAIN).results[-1][1]}."


def _publication() -> str:
    trace = kp.run("29", planes=(1,))
    opened = next(step.index for step in trace.steps if step.what == "return")
    stored = next(step.index for step in trace.steps if step.slot == 1 and step.what == "write")
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
    "truncation": _truncated,
    "lifetime": _lifetime,
    "publication": _publication,
    "errno": _errno,
    "selftest": lambda: f"The mail {CLAIMS['00/60'].message_id}: {CLAIMS['00/60'].claim}",
    "prefix": lambda: prefix(TITLE_29),
    "race": _lock,
    "last-reference": _users,
    "nospec": lambda: "The model has no speculation: it cannot show this, and you may be right (limit: locks).",
    "bounds": _checks,
    "leak": _leaks,
}
