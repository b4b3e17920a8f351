# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 03, When kzalloc says no; their text is in nb03.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import Key, altered, first_defect
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


def _no_test() -> str:
    without = altered("09", "kvm_create_plane", "if (!plane)\n\t\treturn NULL;", "")
    trace = kp.run(without, fail="kvm_create_plane")
    return "oops" if trace.oops else trace.errno or "success"


def _last_back() -> str:
    """What is given back last when the plane could not be had."""
    released = [step.obj for step in kp.run("09", fail="kvm_create_plane").steps if step.subgoal == "release"]
    return released[-1] if "fd" in released else "not fd"


def _one_higher() -> str:
    higher = altered("09", "kvm_create_vm", "goto out_no_planes;", "goto out_err_no_srcu;")
    return first_defect(kp.run(higher, fail="kvm_create_plane"))


def _no_mmdrop() -> str:
    without = altered("09", "kvm_create_vm", "mmdrop(current->mm);", "")
    return first_defect(kp.run(without, fail="kvm_create_plane"))


KEYS: dict[str, Key] = {
    "nb03-err-ptr": _err_ptr,
    "nb03-falls": _falls,
    "nb03-no-test": _no_test,
    "nb03-last-back": _last_back,
    "nb03-one-higher": _one_higher,
    "nb03-no-mmdrop": _no_mmdrop,
}
