# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 03, When kzalloc says no; their text is in nb03.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import at, edited, found, within
from kvmplanes.learn.questions.question import Key
from kvmplanes.runs.trace import Trace


def _labels(trace: Trace) -> list[str]:
    return [step.obj for step in trace.steps if step.what == "label" and step.function == "kvm_create_vm"]


def _err_ptr() -> str:
    other = edited("09", "kvm_create_plane", "return NULL;", "return ERR_PTR(-ENOMEM);")
    trace = kp.run(other, fail="kvm_create_plane")
    return trace.errno or ("oops" if any(step.what == "oops" for step in trace.steps) else "success")


def _falls() -> str:
    chain = _labels(kp.run("09", fail="kvm_create_vm_debugfs"))  # the first label, so all of them
    seen = _labels(kp.run("09", fail="init_srcu_struct(&kvm->irq_srcu)"))
    target = chain.index("out_err_no_irq_srcu")
    lines = {"down": chain[target:], "only": chain[target : target + 1], "up": chain[target::-1]}
    return next((name for name, labels in lines.items() if labels == seen), "other")


def _slot() -> str:
    trace = kp.run("09", fail="kvm_create_plane")
    return trace.steps[at(trace, "goto", "out_no_planes")].state.slots[0]


def _undone() -> int:
    """Releases by kvm_create_vm after the plane could not be had."""
    steps = kp.run("09", fail="kvm_create_plane").steps
    return sum(step.what in ("free", "put") and within(step, "kvm_create_vm") for step in steps)


def _one_higher() -> str:
    higher = edited("09", "kvm_create_vm", "goto out_no_planes;", "goto out_err_no_srcu;")
    return found(kp.run(higher, fail="kvm_create_plane"))


def _no_mmdrop() -> str:
    without = edited("09", "kvm_create_vm", "mmdrop(current->mm);", "")
    return found(kp.run(without, fail="kvm_create_plane"))


def _lost_errno() -> str:
    line = "plane->kvm = kvm;"
    second = f'if (shim_fails("kvm_arch_plane_init", EINVAL)) {{\n    kfree(plane);\n    return NULL;\n}}\n{line}'
    later = edited("09", "kvm_create_plane", line, second)
    return kp.run(later, fail=kp.run(later).calls.index("kvm_arch_plane_init") + 1).errno or "success"


KEYS: dict[str, Key] = {
    "nb03-err-ptr": _err_ptr,
    "nb03-falls": _falls,
    "nb03-slot": _slot,
    "nb03-undone": _undone,
    "nb03-one-higher": _one_higher,
    "nb03-no-mmdrop": _no_mmdrop,
    "nb03-lost-errno": _lost_errno,
}
