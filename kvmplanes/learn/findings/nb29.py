# SPDX-License-Identifier: GPL-2.0-only
"""What the model shows of each finding on 29/60; the texts are in nb29.toml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import kvmplanes as kp
from kvmplanes.words import defects_in_words

_GETFILE: Final = "anon_inode_getfile(plane 1)"


def _dangling() -> str:
    trace = kp.run("29", planes=(1,), fail=_GETFILE)
    slots = next(s for s in trace.steps if s.what == "return" and s.value.startswith("E")).state.slots
    return (
        f"After the failure planes[1] still says {slots[1]}; at the end of the VM: {defects_in_words(trace.defects)}."
    )


def _retry() -> str:
    results = kp.run("29", planes=(1,), fail=_GETFILE, retry=True).results
    return f"Asked twice: {', then '.join(end for op, end in results if op == 'KVM_CREATE_PLANE 1')}."


def _truncated() -> str:
    wide = 2**32 + 5
    trace = kp.run("29", ops=("KVM_CREATE_VM", f"KVM_CREATE_PLANE {wide}"))
    slots = [step.state.occupancy for step in trace.steps if step.what == "return"][1]
    made = [level for level, state in enumerate(slots) if state == "live"][-1]
    return f"KVM_CREATE_PLANE {wide} fills slot {made}."


def _lifetime() -> str:
    ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "close(plane 1)", "KVM_CREATE_PLANE 1")
    return f"Created, closed, created again: {kp.run('29', ops=ops).results[-1][1]}."


def _checks() -> str:
    ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 16", "KVM_CREATE_PLANE 0")
    return ", ".join(f"{op}: {end}" for op, end in kp.run("29", ops=ops).results[1:]) + "."


EVIDENCE: Final[dict[str, Callable[[], str]]] = {
    "dangling": _dangling,
    "retry": _retry,
    "truncation": _truncated,
    "lifetime": _lifetime,
    "nospec": lambda: "The model has no speculation: it cannot show this, and you may be right (limit: locks).",
    "bounds": _checks,
    "leak": lambda: f"{sum(p.outcome == 'leak' for p in kp.certify('29').paths)} paths of 29 leak.",
}
