# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 02, One plane, one slot; their text is in nb02.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import at, edited, found, state_after
from kvmplanes.learn.questions.question import Key
from kvmplanes.model import sizes
from kvmplanes.runs.trace import Trace


def _order() -> str:
    writes = [(step.obj, step.field) for step in kp.run("09").steps if step.what == "write"]
    published = writes.index(("kvm#1", "planes[0]"))
    late = [obj for obj, _ in writes[published:] if obj == "plane#0"]
    return "store first" if late else "fill first"


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
    plane = trace.steps[at(trace, "alloc", "plane#0")].state.find("plane#0")
    written = {step.field for step in trace.steps if (step.what, step.obj) == ("write", "plane#0")}
    members = [member for member, _ in plane.fields] if plane else []
    return next((member for member in members if member not in written), "none")


def _also(level: int) -> Trace:
    """kvm_create_vm creates a second plane and ignores the result; 11's teardown keeps other defects away."""
    line = "kvm->debugfs_dentry = ERR_PTR(-ENOENT);"
    return kp.run(edited("11", "kvm_create_vm", line, f"kvm_create_plane(kvm, {level});\n{line}"))


def _again() -> str:
    ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "close(plane 1)", "KVM_CREATE_PLANE 1")
    answers = [result for op, result in kp.run("29", ops=ops).results if op == "KVM_CREATE_PLANE 1"]
    return "plane" if answers[-1].startswith("fd") else answers[-1]


def _crowd() -> str:
    """Share of sixty seeded VMs that come to life when slab allocations fail with 5 percent."""
    chance = [kp.Failslab(probability=5, times=-1, seed=seed) for seed in range(60)]
    alive = sum(kp.run("29-fixed", fail=fail).results[0][1].startswith("fd") for fail in chance)
    return "hardly any" if alive < 15 else "about half" if alive < 45 else "nearly all"


def _cost() -> str:
    """How the designs compare for one plane, by the layout rules."""
    posted, inside, needed = (design(1) for design in sizes.DESIGNS.values())
    if needed < posted == inside:
        return "3 < 1 = 2"
    return "3 < 2 < 1" if needed < inside < posted else "1 = 2 = 3"


KEYS: dict[str, Key] = {
    "nb02-before": lambda: kp.run("09").calls.index("kvm_create_plane(kvm, 0)"),
    "nb02-fill-first": _order,
    "nb02-garbage": _garbage,
    "nb02-back-pointer": _way_back,
    "nb02-occupied": lambda: found(_also(0)),
    "nb02-level-16": lambda: found(_also(16)),
    "nb02-again": _again,
    "nb02-crowd": _crowd,
    "nb02-cost": _cost,
}
