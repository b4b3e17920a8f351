# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 09, Nine real ones; their text is in nb09.toml."""

import kvmplanes as kp
from kvmplanes.learn.nine import NINE, OTHER_CLOSE
from kvmplanes.learn.queries import Key, getfile_fails, state_after


def _bad(name: str) -> list[kp.Trace]:
    """The runs of a defect that are not clean."""
    return [path.trace for path in kp.certify(NINE[name].defect).paths if path.outcome != "clean"]


def _defects(name: str) -> list[kp.Defect]:
    return [defect for trace in _bad(name) for defect in trace.defects]


def _lost(name: str) -> set[str]:
    return {defect.obj for defect in _defects(name) if defect.kind == "leak"}


def _teardown() -> str:
    """Which question finds what happens when a VM of 09 is closed."""
    kinds = {defect.kind for defect in kp.run("09").defects}
    return "used" if "use-after-free" in kinds else "undone" if "leak" in kinds else "none"


def _ioctl() -> str:
    """Which question finds what a failing KVM_CREATE_PLANE of 29 leaves behind."""
    slot = state_after(getfile_fails(), "KVM_CREATE_PLANE 1").occupancy[1]
    return {"dangling": "emptied", "live": "undone"}.get(slot, "none")


def _used() -> str:
    shortest = min(_bad("used"), key=lambda trace: len(trace.steps))
    first = next(iter(shortest.defects))
    return "read" if (first.kind, first.access, first.field) == ("use-after-free", "read", "level") else "slot"


def _ladder() -> str:
    lost = _lost("ladder")
    return "arch" if lost == {"arch"} else "bus" if any("bus" in name for name in lost) else "nothing"


def _two_slots() -> str:
    """Whether it is freed twice even if nothing fails."""
    kinds = {defect.kind for defect in kp.run(NINE["two-slots"].defect).defects}
    return "twice" if "double-free" in kinds else "error path"


def _unbounded() -> str:
    """Which id goes wrong first: 16 already, or only a huge one."""
    trace = kp.run(NINE["unbounded"].defect, ops=("KVM_CREATE_VM", "KVM_CREATE_PLANE 16"))
    return "bound" if "out-of-bounds" in {defect.kind for defect in trace.defects} else "negative"


def _given_back() -> str:
    """Which step reads the freed file: one of the ioctl, or one of a later close."""
    traces = [(trace, defect) for trace in _bad("given-back") for defect in trace.defects]
    later = [
        defect
        for trace, defect in traces
        if defect.kind == "use-after-free" and trace.steps[defect.step].op.verb == "close"
    ]
    return "table" if later else "twice"


def _published() -> str:
    return "listed" if "vm_list" in _lost("published") else "module"


def _stale() -> str:
    """Where the second free is: in the ioctl, or where the VM is destroyed."""
    frees = {(defect.kind, defect.function) for defect in _defects("stale")}
    return "slot" if ("double-free", "kvm_arch_destroy_vm") in frees else "leak"


def _ignored() -> str:
    kinds = {defect.kind for defect in _defects("ignored")}
    return "freed" if kinds & {"double-free", "use-after-free"} else "leak"


def _with_other_close(version: kp.Version) -> kp.Trace:
    """A run in which another thread closes the descriptor as soon as it is installed."""
    edit = ("kvm_vm_ioctl_create_plane", "fd_install(fd, file);", OTHER_CLOSE)
    return kp.run(version.edit(f"{version}, and a close", "with the close of another thread", edit), planes=(1,))


def _race() -> str:
    """Clean as it runs here, not so with another thread's close, and so again once it is repaired."""
    alone = kp.certify(NINE["race"].defect).clean
    hit = "use-after-free" in {defect.kind for defect in _with_other_close(NINE["race"].defect).defects}
    repaired = not _with_other_close(NINE["race"].repaired).defects
    return "between" if alone and hit and repaired else "error path"


KEYS: dict[str, Key] = {
    "nb09-teardown": _teardown,
    "nb09-ioctl": _ioctl,
    "nb09-used": _used,
    "nb09-ladder": _ladder,
    "nb09-two-slots": _two_slots,
    "nb09-unbounded": _unbounded,
    "nb09-given-back": _given_back,
    "nb09-published": _published,
    "nb09-stale": _stale,
    "nb09-ignored": _ignored,
    "nb09-race": _race,
}
