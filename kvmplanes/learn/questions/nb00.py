# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 00, Start here; their text is in nb00.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import Key, inside


def _last_reference() -> str:
    trace = kp.run("29", ops=("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "close(vm)", "close(plane 1)"))
    torn_down = [step.op for step in trace.steps if inside(step, "kvm_destroy_vm")]
    if not torn_down:
        return "never"
    return "last" if torn_down[0] == "close(plane 1)" else "first"


def _unwound() -> str:
    """What is freed when the call after the plane's allocation fails."""
    steps = kp.run("09", fail="init_srcu_struct(&kvm->srcu)").steps
    return ", ".join(sorted(step.obj for step in steps if step.what == "free")) or "nothing"


def _noticed() -> str:
    """What tells a program that its closed VMs have left their planes behind."""
    ops = ("KVM_CREATE_VM", "close(vm)") * 3
    trace = kp.run("rfc", ops=ops)
    if trace.oops:
        return "message"
    return "nothing" if trace.results == kp.run("08", ops=ops).results else "fails"


KEYS: dict[str, Key] = {
    "nb00-last-reference": _last_reference,
    "nb00-unwind": _unwound,
    "nb00-rfc": _noticed,
}
