# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 05, Teardown; their text is in nb05.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import PATCHES, Key, index_of, inside, old_order, symptom


def _local_mm() -> str:
    trace = kp.run("11")
    return "gone" if index_of(trace, "free", "kvm#1") < index_of(trace, "put", "current->mm") else "custom"


def _through() -> int:
    """Paths on which kvm_destroy_vm does anything."""
    traces = [path.trace for path in kp.certify("09").paths]
    return sum(any(inside(step, "kvm_destroy_vm") for step in trace.steps) for trace in traces)


def _order() -> str:
    """Try both orders on every path; which one is clean?"""
    orders = {"kvm first": "09", "planes first": "09-fixed"}
    clean = [order for order, name in orders.items() if kp.certify(name).clean]
    return clean[0] if len(clean) == 1 else "either"


def _reads() -> int:
    """Reads after free when a VM with three planes is closed in the order of 09."""
    return sum(defect.access == "read" for defect in kp.run(old_order(), planes=(1, 3)).defects)


def _at_fault() -> str:
    """The patches after which closing a VM goes wrong, among those of the series that the model has."""
    return ", ".join(name for name in PATCHES if kp.run(name).defects) or "none"


def _followed() -> str:
    return "followed" if "kvm_destroy_one_plane" in {defect.function for defect in kp.run("09").defects} else "unread"


KEYS: dict[str, Key] = {
    "nb05-local-mm": _local_mm,
    "nb05-through": _through,
    "nb05-order": _order,
    "nb05-reads": _reads,
    "nb05-plain": lambda: symptom(kp.run("09", freed="kept")),
    "nb05-zeroed": lambda: symptom(kp.run("09", freed="zeroed")),
    "nb05-poisoned": lambda: symptom(kp.run("09", freed="poisoned")),
    "nb05-at-fault": _at_fault,
    "nb05-back-pointer": _followed,
}
