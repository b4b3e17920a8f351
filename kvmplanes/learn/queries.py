# SPDX-License-Identifier: GPL-2.0-only
"""What keys, judges and evidence ask of the model: a version with some lines changed, and what a run shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import kvmplanes as kp
from kvmplanes.model.heap import What
from kvmplanes.model.series import TEARDOWN_FIXED, TEARDOWN_POSTED
from kvmplanes.runs.certificate import Path
from kvmplanes.runs.trace import State, Step, Trace

Value = str | int  # of an option of a question
Key = Callable[[], Value]  # asks the model which option is right

PATCHES: Final = ("08", "09", "10", "11", "29")  # of the series, before 09 and from it on; the model has no others
# The patch's hook in kvm_create_vm, which creates plane 0, and the line that follows it.
HOOK: Final = """\
if (kvm_create_plane(kvm, 0) == NULL) {
    r = -ENOMEM;
    goto out_no_planes;
}
"""
AFTER_HOOK: Final = "kvm->debugfs_dentry = ERR_PTR(-ENOENT);"
GETFILE: Final = "anon_inode_getfile(plane 1)"  # the last step of KVM_CREATE_PLANE 1 that can fail
AGAIN: Final = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "close(plane 1)", "KVM_CREATE_PLANE 1")

_STORE: Final = "kvm->planes[plane_level] = plane;"
_ARCH_INIT: Final = """\
if (shim_fails("kvm_arch_plane_init", EINVAL)) {
    kfree(plane);
    return NULL;
}
"""


def altered(base: str, function: str, old: str, new: str) -> kp.Version:
    """A version in which some lines of a function are others, or none ("").

    Raises:
        ValueError: the old lines do not stand there exactly once, or what results is not C.
    """
    return kp.VERSIONS[base].edit(f"{base} edited", "with one change", (function, old, new))


def another_plane(level: int) -> kp.Version:
    """09-fixed, which has no defect of its own, with one more kvm_create_plane, whose result is not checked."""
    lines = ("kvm_create_vm", AFTER_HOOK, f"kvm_create_plane(kvm, {level});\n{AFTER_HOOK}")
    return kp.VERSIONS["09-fixed"].edit(f"09-fixed and level {level}", "one more plane", lines)


def without_52() -> kp.Version:
    """The repaired 09 in which the error path no longer destroys the planes."""
    return altered("09-fixed", "kvm_create_vm", "kvm_destroy_planes(kvm);", "")


def old_order() -> kp.Version:
    """29-fixed with the teardown order of 09: no other defect gets in the way."""
    swap = ("kvm_destroy_vm", TEARDOWN_FIXED, TEARDOWN_POSTED)
    return kp.VERSIONS["29-fixed"].edit("29-fixed, old order", "29-fixed with the teardown of 09", swap)


def with_arch_init(base: str) -> kp.Version:
    """A version in which kvm_create_plane has a step that fails with EINVAL, where 26/60 has its hook."""
    return altered(base, "kvm_create_plane", _STORE, f"{_ARCH_INIT}{_STORE}")


def getfile_fails(retry: bool = False) -> Trace:
    """29: KVM_CREATE_PLANE 1 fails at its last step; with `retry`, plane 1 is then asked for again."""
    return kp.run("29", planes=(1,), fail=GETFILE, retry=retry)


def results_of(trace: Trace, op: str) -> list[str]:
    """What a system call returns, each time it is made."""
    return [result for asked, result in trace.results if asked == op]


def state_after(trace: Trace, op: str) -> State:
    """Heap and references when a system call returns, the first time it is made."""
    return trace.first(what="return", op=op).state


def index_of(trace: Trace, what: What, obj: str) -> int:
    """Index of the first step at which `what` happens to `obj`; ValueError when it never does."""
    return trace.first(what=what, obj=obj).index


def inside(step: Step, function: str) -> bool:
    """Whether a step is the work of a function, directly or through what it calls."""
    return any(frame.function == function for frame in step.stack)


def left_by_label(version: str) -> list[Path]:
    """The paths of a version on which kvm_create_vm jumps to a label."""
    return [
        path
        for path in kp.certify(version).paths
        if any((step.what, step.function) == ("goto", "kvm_create_vm") for step in path.trace.steps)
    ]


def first_defect(trace: Trace) -> str:
    """The first defect of a run, such as "leak srcu", or "nothing"."""
    return next((f"{defect.kind} {defect.obj}" for defect in trace.defects), "nothing")


def symptom(trace: Trace) -> str:
    """What a kernel without checking tools shows of a run: "oops", "leak" (if somebody looks) or "nothing"."""
    kinds = {step.what for step in trace.steps}
    return next((kind for kind in ("oops", "leak") if kind in kinds), "nothing")
