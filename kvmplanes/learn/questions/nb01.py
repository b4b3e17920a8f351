# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 01, Reading the diff; their text is in nb01.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import HOOK, Key, first_defect, index_of, inside


def _end_of_plane() -> str:
    trace = kp.run("11")
    free = trace.steps[index_of(trace, "free", "plane#0")]
    if inside(free, "kvm_destroy_planes"):
        return "destroyed"
    return "with the array" if inside(free, "kvm_arch_free_vm") else "returned"


def _hunk() -> int:
    return next(len(hunk.added) for hunk in kp.PATCH.hunks if hunk.ranges == "-1127,6 +1159,12")


_SRCU = """\
if (r)
    goto out_err_no_srcu;
"""


def _moved() -> str:
    gone, below = ("kvm_create_vm", HOOK, ""), ("kvm_create_vm", _SRCU, _SRCU + HOOK)
    later = kp.VERSIONS["09"].edit("09 edited", "with the hook one step later", gone, below)
    return first_defect(kp.run(later, fail="kvm_create_plane"))


def _zeroed_by() -> str:
    """The function at work when all 16 slots are NULL for the first time."""
    steps = (step for step in kp.run("09").steps if step.state.kvm)
    return next(step.function for step in steps if set(step.state.slots) == {"NULL"})


KEYS: dict[str, Key] = {
    "nb01-end-of-plane": _end_of_plane,
    "nb01-hunk": _hunk,
    "nb01-zeroed": _zeroed_by,
    "nb01-moved": _moved,
    "nb01-capability": lambda: kp.check_extension("09", kp.KVM_CAP_PLANES),
    "nb01-bytes": lambda: len(kp.run("09").steps[-1].state.slots) * 8,  # LP64: 8 bytes a pointer
}
