# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 05, Teardown; their text is in nb05.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import PATCHES, Key, altered, inside, left_by_label, old_order, symptom


def _through() -> int:
    """Paths on which kvm_destroy_vm does anything."""
    traces = [path.trace for path in kp.certify("09").paths]
    return sum(any(inside(step, "kvm_destroy_vm") for step in trace.steps) for trace in traces)


def _unwound() -> str:
    """What the paths that leave kvm_create_vm by a label free first, where there is a plane."""
    first: set[str] = set()
    for path in left_by_label("09"):
        freed = [step.kind for step in path.trace.steps if step.what == "free" and step.kind in ("kvm", "plane")]
        first.update(freed[:1] if "plane" in freed else ())
    return first.pop() if len(first) == 1 else "either"


def _local_mm() -> str:
    """What goes wrong in 08 when kvm->mm is read in the last line."""
    trace = kp.run(altered("08", "kvm_destroy_vm", "mmdrop(mm);", "mmdrop(kvm->mm);"))
    return next((defect.kind for defect in trace.defects), "nothing")


def _uses() -> str:
    """The lines of kvm_destroy_vm that use a freed struct kvm, as numbers with commas."""
    trace = kp.run("09")
    bad = [trace.steps[defect.step] for defect in trace.defects if defect.obj.startswith("kvm#")]
    lines = {frame.lineno for step in bad for frame in step.stack if frame.function == "kvm_destroy_vm"}
    return ",".join(map(str, sorted(lines)))


def _accesses() -> int:
    """Accesses to freed memory when a VM with three planes is closed in the order of 09."""
    return sum(defect.kind == "use-after-free" for defect in kp.run(old_order(), planes=(1, 3)).defects)


def _at_fault() -> str:
    """The patches after which closing a VM goes wrong, among those of the series that the model has."""
    return ", ".join(name for name in PATCHES if kp.run(name).defects) or "none"


def _read_in_slot_0() -> str:
    """What the first read of slot 0 after the free finds, where freed bytes are kept: as a picture names it."""
    trace = kp.run("09", freed="kept")
    reads = [trace.steps[defect.step] for defect in trace.defects if defect.access == "read"]
    return next((step.value for step in reads if step.slot == 0), "no value")


def _followed() -> str:
    return "followed" if "kvm_destroy_one_plane" in {defect.function for defect in kp.run("09").defects} else "unread"


KEYS: dict[str, Key] = {
    "nb05-unwound": _unwound,
    "nb05-through": _through,
    "nb05-local-mm": _local_mm,
    "nb05-uses": _uses,
    "nb05-reads": _accesses,
    "nb05-plain": _read_in_slot_0,
    "nb05-zeroed": lambda: symptom(kp.run("09", freed="zeroed")),
    "nb05-poisoned": lambda: symptom(kp.run("09", freed="poisoned")),
    "nb05-at-fault": _at_fault,
    "nb05-back-pointer": _followed,
}
