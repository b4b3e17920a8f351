# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 02, One plane, one slot; their text is in nb02.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import AGAIN, Key, another_plane, first_defect, index_of, results_of, state_after
from kvmplanes.runs.trace import is_errno


def _too_early() -> str:
    """What other code finds in slot 0 when the plane is stored there before its members are set."""
    store, first = "kvm->planes[plane_level] = plane;", "plane->kvm = kvm;"
    edits = (("kvm_create_plane", store, ""), ("kvm_create_plane", first, f"{store}\n{first}"))
    early = kp.VERSIONS["09"].edit("09 edited", "the plane is stored first", *edits)
    state = kp.run(early).first(what="write", field="planes[0]").state
    plane = state.find(state.slots[0])
    if not plane:
        return "empty"
    members = dict(plane.fields)
    if state.kvm and members["kvm"] == state.kvm.name:
        return "finished"
    return "zeros" if set(members.values()) <= {"NULL", "0"} else "garbage"


def _way_back() -> str:
    """The first way through a slot from `struct kvm` to `struct kvm`, as C."""
    state = state_after(kp.run("09"), "KVM_CREATE_VM")
    for level, held in enumerate(state.slots):
        plane = state.find(held)
        for member, value in plane.fields if plane else ():
            if state.kvm and value == state.kvm.name:
                return f"kvm->planes[{level}]->{member}"
    return "no way"


def _garbage() -> str:
    """A member of struct kvm_plane that kvm_create_plane leaves unwritten."""
    trace = kp.run("09")
    plane = trace.steps[index_of(trace, "alloc", "plane#0")].state.find("plane#0")
    written = {step.field for step in trace.steps if (step.what, step.obj) == ("write", "plane#0")}
    members = [member for member, _ in plane.fields] if plane else []
    return next((member for member in members if member not in written), "none")


def _again() -> str:
    last = results_of(kp.run("29", ops=AGAIN), "KVM_CREATE_PLANE 1")[-1]
    return last if is_errno(last) else "plane"


def _which_call() -> str:
    """Which of the two lines that destroy all planes run when a VM is created and closed."""
    return " ".join(line for line in ("+52", "+54") if line in kp.run("09").ids)


KEYS: dict[str, Key] = {
    "nb02-which-call": _which_call,
    "nb02-too-early": _too_early,
    "nb02-garbage": _garbage,
    "nb02-back-pointer": _way_back,
    "nb02-occupied": lambda: first_defect(kp.run(another_plane(0))),
    "nb02-level-16": lambda: first_defect(kp.run(another_plane(16))),
    "nb02-again": _again,
}
