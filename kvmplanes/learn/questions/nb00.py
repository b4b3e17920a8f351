# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 00, Start here; their text is in nb00.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import Key, first_defect, inside, state_after


def _last_reference() -> str:
    trace = kp.run("29", ops=("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "close(vm)", "close(plane 1)"))
    torn_down = [step.op for step in trace.steps if inside(step, "kvm_destroy_vm")]
    if not torn_down:
        return "never"
    return "last" if torn_down[0] == "close(plane 1)" else "first"


def _unwound() -> str:
    steps = kp.run("09", fail="init_srcu_struct(&kvm->srcu)").steps
    acquired = tuple(step.obj for step in steps if step.what == "alloc")
    released = tuple(step.obj for step in steps if step.what == "free")
    return {acquired: "A, B", acquired[::-1]: "B, A", (): "nothing"}.get(released, "A, B, C")


def _more_privileged() -> str:
    used = [line.text for line in kp.PATCH.added if "->level" in line.text]
    compared = [text for text in used if "->level =" not in text]
    return "neither" if used and not compared else "depends"


def _user_space() -> str:
    if "kvm_vm_ioctl_create_plane" in kp.VERSIONS["09"].functions:
        return "create"
    return "count" if kp.check_extension("09") else "nothing"


KEYS: dict[str, Key] = {
    "nb00-last-reference": _last_reference,
    "nb00-unwind": _unwound,
    "nb00-privilege": _more_privileged,
    "nb00-planes-now": lambda: state_after(kp.run("09"), "KVM_CREATE_VM").occupancy.count("live"),
    "nb00-user-space": _user_space,
    "nb00-rfc": lambda: first_defect(kp.run("rfc")),
}
