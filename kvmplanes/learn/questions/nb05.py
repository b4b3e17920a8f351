# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 05, Teardown; their text is in nb05.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import at, edited, runs, symptom
from kvmplanes.learn.questions.question import Key


def _local_mm() -> str:
    trace = kp.run("11")
    return "gone" if at(trace, "free", "kvm#1") < at(trace, "put", "current->mm") else "custom"


def _order() -> str:
    """Try both orders on every path; which one is clean?"""
    free, planes = "kvm_arch_free_vm(kvm);", "kvm_destroy_planes(kvm);"
    swapped = edited("09", "kvm_destroy_vm", f"{free}\n{planes}", f"{planes}\n{free}")
    tried = {"kvm first": kp.VERSIONS["09"], "planes first": swapped}
    clean = [order for order, version in tried.items() if kp.certify(version).clean]
    return clean[0] if len(clean) == 1 else "either"


def _reads() -> int:
    """Reads after free when a VM with three planes is closed in the order of 09."""
    free, planes = "kvm_arch_free_vm(kvm);", "kvm_destroy_planes(kvm);"
    old_order = edited("29", "kvm_destroy_vm", f"{planes}\n{free}", f"{free}\n{planes}")
    return sum(defect.access == "read" for defect in kp.run(old_order, planes=(1, 3)).defects)


def _at_fault() -> str:
    """The patches after which closing a VM goes wrong, among those of the series that the model has."""
    return ", ".join(name for name in ("08", "09", "10", "11", "29") if kp.run(name).defects) or "none"


def _followed() -> str:
    return "followed" if any(d.function == "kvm_destroy_one_plane" for d in kp.run("09").defects) else "unread"


KEYS: dict[str, Key] = {
    "nb05-local-mm": _local_mm,
    "nb05-through": lambda: sum(runs(path.trace, "kvm_destroy_vm") for path in kp.certify("09").paths),
    "nb05-order": _order,
    "nb05-reads": _reads,
    "nb05-plain": lambda: symptom(kp.run("09", freed="kept")),
    "nb05-zeroed": lambda: symptom(kp.run("09", freed="zeroed")),
    "nb05-poisoned": lambda: symptom(kp.run("09", freed="poisoned")),
    "nb05-at-fault": _at_fault,
    "nb05-back-pointer": _followed,
}
