# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 03, When kzalloc says no; their text is in nb03.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import Key, altered, first_defect, index_of, inside, with_arch_init
from kvmplanes.runs.trace import Trace


def _labels(trace: Trace) -> list[str]:
    return [step.obj for step in trace.steps if step.what == "label" and step.function == "kvm_create_vm"]


def _err_ptr() -> str:
    other = altered("09", "kvm_create_plane", "return NULL;", "return ERR_PTR(-ENOMEM);")
    trace = kp.run(other, fail="kvm_create_plane")
    return trace.errno or ("oops" if trace.oops else "success")


def _falls() -> str:
    chain = _labels(kp.run("09", fail="kvm_create_vm_debugfs"))  # the first label, so all of them
    passed = _labels(kp.run("09", fail="init_srcu_struct(&kvm->irq_srcu)"))
    target = chain.index("out_err_no_irq_srcu")
    ways = {"down": chain[target:], "only": chain[target : target + 1], "up": chain[target::-1]}
    return next((name for name, labels in ways.items() if labels == passed), "other")


def _slot() -> str:
    trace = kp.run("09", fail="kvm_create_plane")
    return trace.steps[index_of(trace, "goto", "out_no_planes")].state.slots[0]


def _undone() -> int:
    """Releases by kvm_create_vm after the plane could not be had."""
    steps = kp.run("09", fail="kvm_create_plane").steps
    return sum(step.what in ("free", "put") and inside(step, "kvm_create_vm") for step in steps)


def _one_higher() -> str:
    higher = altered("09", "kvm_create_vm", "goto out_no_planes;", "goto out_err_no_srcu;")
    return first_defect(kp.run(higher, fail="kvm_create_plane"))


def _no_mmdrop() -> str:
    without = altered("09", "kvm_create_vm", "mmdrop(current->mm);", "")
    return first_defect(kp.run(without, fail="kvm_create_plane"))


def _lost_errno() -> str:
    return kp.run(with_arch_init("09"), fail="kvm_arch_plane_init").errno or "success"


KEYS: dict[str, Key] = {
    "nb03-err-ptr": _err_ptr,
    "nb03-falls": _falls,
    "nb03-slot": _slot,
    "nb03-undone": _undone,
    "nb03-one-higher": _one_higher,
    "nb03-no-mmdrop": _no_mmdrop,
    "nb03-lost-errno": _lost_errno,
}
