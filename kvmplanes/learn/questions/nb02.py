# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 02, One plane, one slot; their text is in nb02.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import AGAIN, Key, another_plane, first_defect, index_of, results_of, state_after
from kvmplanes.model import sizes
from kvmplanes.runs.trace import is_errno


def _order() -> str:
    writes = [(step.obj, step.field) for step in kp.run("09").steps if step.what == "write"]
    published = writes.index(("kvm#1", "planes[0]"))
    return "store first" if "plane#0" in [obj for obj, _ in writes[published:]] else "fill first"


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


def _crowd() -> str:
    """Share of sixty seeded VMs that come to life when slab allocations fail with 5 percent."""
    chances = [kp.Failslab(probability=5, times=-1, seed=seed) for seed in range(60)]
    alive = sum(not is_errno(kp.run("29-fixed", fail=chance).results[0][1]) for chance in chances)
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
    "nb02-occupied": lambda: first_defect(kp.run(another_plane(0))),
    "nb02-level-16": lambda: first_defect(kp.run(another_plane(16))),
    "nb02-again": _again,
    "nb02-crowd": _crowd,
    "nb02-cost": _cost,
}
