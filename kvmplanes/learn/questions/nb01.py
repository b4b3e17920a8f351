# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 01, Reading the diff; their text is in nb01.toml."""

from itertools import combinations

import kvmplanes as kp
from kvmplanes.learn.queries import HOOK, Key, first_defect, index_of, inside


def _end_of_plane() -> str:
    trace = kp.run("11")
    free = trace.steps[index_of(trace, "free", "plane#0")]
    if inside(free, "kvm_destroy_planes"):
        return "destroyed"
    return "with the array" if inside(free, "kvm_arch_free_vm") else "returned"


def _reachable() -> str:
    """Who holds the address of plane 0 when its members are set and it is not published yet, local variables aside."""
    state = kp.run("09").first(field="level").state
    holders = [obj.kind for obj in state.objects if "plane#0" in dict(obj.fields).values()]
    return ", ".join(holders) or "a local variable"


_SRCU = """\
if (r)
    goto out_err_no_srcu;
"""


def _moved() -> str:
    gone, below = ("kvm_create_vm", HOOK, ""), ("kvm_create_vm", _SRCU, _SRCU + HOOK)
    later = kp.VERSIONS["09"].edit("09 edited", "with the call one step later", gone, below)
    return first_defect(kp.run(later, fail="kvm_create_plane"))


def _user_space() -> str:
    """What a program can do with planes: create them, count them, or nothing."""
    if "kvm_vm_ioctl_create_plane" in kp.VERSIONS["09"].functions:
        return "create"
    return "count" if kp.check_extension("09") else "nothing"


def _zeroed_by() -> str:
    """The function at work when all 16 slots are NULL for the first time."""
    steps = (step for step in kp.run("09").steps if step.state.kvm)
    return next(step.function for step in steps if set(step.state.slots) == {"NULL"})


def _line_to_move() -> str:
    """The posted line that is at another place of its function in our repair."""
    posted, repaired = kp.VERSIONS["09"].functions, kp.VERSIONS["09-fixed"].functions
    for name, function in posted.items():
        for line, other in zip(function.lines, repaired[name].lines, strict=False):
            if line.id and line.text != other.text:
                return line.id
    return "none"


def _fewest_runs() -> int:
    """How many runs it takes to see every event, with one failing call a run; 0 where three are too few."""
    twice = ("KVM_CREATE_VM", "KVM_CREATE_VM", "KVM_CHECK_EXTENSION vm", "close(vm)")
    calls = ("kvm_create_plane", "init_srcu_struct", "kvm_create_vm_debugfs", None)
    runs = [path.trace for path in kp.certify("09").paths] + [kp.run("09", ops=twice, fail=call) for call in calls]
    wanted = {line.event for line in kp.PATCH.added}
    for count in (1, 2, 3):
        if any(wanted <= set[str]().union(*(run.events for run in chosen)) for chosen in combinations(runs, count)):
            return count
    return 0


KEYS: dict[str, Key] = {
    "nb01-end-of-plane": _end_of_plane,
    "nb01-reachable": _reachable,
    "nb01-bytes": lambda: len(kp.run("09").steps[-1].state.slots) * 8,  # LP64: 8 bytes a pointer
    "nb01-user-space": _user_space,
    "nb01-zeroed": _zeroed_by,
    "nb01-moved": _moved,
    "nb01-which-line": _line_to_move,
    "nb01-runs": _fewest_runs,
}
