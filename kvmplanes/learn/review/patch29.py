# SPDX-License-Identifier: GPL-2.0-only
"""The evidence of each finding on 29/60; the texts are in patch29.toml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import kvmplanes as kp
from kvmplanes.learn.queries import edited
from kvmplanes.learn.review.document import IOCTL, TITLE_29
from kvmplanes.learn.review.patch09 import prefix
from kvmplanes.patch.claims import CLAIMS
from kvmplanes.runs.words import defects_in_words, listed

_GETFILE: Final = "anon_inode_getfile(plane 1)"


def _dangling() -> str:
    trace = kp.run("29", planes=(1,), fail=_GETFILE)
    slots = next(s for s in trace.steps if s.what == "return" and s.value.startswith("E")).state.slots
    shown = defects_in_words(trace.defects)
    return f"In the model, after the failure planes[1] still says {slots[1]}; at the end of the VM: {shown}."


def _retry() -> str:
    results = kp.run("29", planes=(1,), fail=_GETFILE, retry=True).results
    return f"In the model, asked twice: {', then '.join(end for op, end in results if op == 'KVM_CREATE_PLANE 1')}."


def _truncated() -> str:
    wide = 2**32 + 5
    trace = kp.run("29", ops=("KVM_CREATE_VM", f"KVM_CREATE_PLANE {wide}"))
    slots = [step.state.occupancy for step in trace.steps if step.what == "return"][1]
    made = [level for level, state in enumerate(slots) if state == "live"][-1]
    return f"In the model KVM_CREATE_PLANE {wide} fills slot {made}."


def _lifetime() -> str:
    ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "close(plane 1)", "KVM_CREATE_PLANE 1")
    return f"In the model, created, closed and created again: {kp.run('29', ops=ops).results[-1][1]}."


def _publication() -> str:
    trace = kp.run("29", planes=(1,))
    opened = next(step.index for step in trace.steps if step.what == "return")
    stored = next(step.index for step in trace.steps if step.field == "planes[1]" and step.what == "write")
    return (
        f"In the model a program has the VM from step {opened} on, and planes[1] is stored at step {stored}. The model "
        "has one CPU: it cannot show what another one reads (limit: locks)."
    )


def _errno() -> str:
    store = "kvm->planes[plane_level] = plane;"
    step = 'if (shim_fails("kvm_arch_plane_init", EINVAL)) {\n    kfree(plane);\n    return NULL;\n}\n'
    hook = edited("29", "kvm_create_plane", store, step + store)
    calls = kp.run(hook, planes=(1,)).calls
    second = len(calls) - calls[::-1].index("kvm_arch_plane_init")
    end = kp.run(hook, planes=(1,), fail=second).results[-1][1]
    return f"In the model, with a hook in the place of 26/60's that fails with EINVAL, the program gets {end}."


def _selftest() -> str:
    claim = CLAIMS["00/60"]
    return f"The mail {claim.message_id}: {claim.claim}"


def _lock() -> str:
    caller = kp.VERSIONS["29"].functions["kvm_vm_ioctl"].source
    before, _, _ = caller.partition(f"{IOCTL}(")
    taken = [line.strip() for line in before.splitlines() if "&kvm->lock" in line]
    return f"In the model's C kvm_vm_ioctl() has {listed(taken)} before the call. The model has one CPU (limit: locks)."


def _users() -> str:
    trace = kp.run("29", planes=(1,), fail=_GETFILE)
    counts = [step.value for step in trace.steps if step.field == "users_count" and step.op == "KVM_CREATE_PLANE 1"]
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
    "selftest": _selftest,
    "prefix": lambda: prefix(TITLE_29),
    "race": _lock,
    "last-reference": _users,
    "nospec": lambda: "The model has no speculation: it cannot show this, and you may be right (limit: locks).",
    "bounds": _checks,
    "leak": _leaks,
}
