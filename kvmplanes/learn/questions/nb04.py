# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 04, Every failure; their text is in nb04.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import Key, index_of, left_by_label, without_52
from kvmplanes.runs.certificate import Path


def _puts_fd() -> str:
    trace = kp.run("09", fail="kvm_create_plane")
    return trace.steps[index_of(trace, "put", "fd")].function or "exit"


def _buses_freed() -> int:
    steps = kp.run("09", fail="kzalloc(KVM_PIO_BUS)").steps
    return sum(step.what == "free" and step.kind == "bus" for step in steps)


def _bad_paths() -> list[Path]:
    return [path for path in kp.certify("09").paths if path.outcome != "clean"]


def _bad_call() -> str:
    """The failing calls on whose paths something is wrong."""
    return ", ".join(path.call for path in _bad_paths() if path.call)


def _why_clean() -> str:
    """What the paths that leave kvm_create_vm by a label have in common."""
    traces = [path.trace for path in left_by_label("09")]
    with_plane = [trace for trace in traces if any(step.obj == "plane#0" for step in trace.steps)]
    if not with_plane:
        return "no plane"
    freed = [[step.obj for step in trace.steps if step.what == "free"] for trace in with_plane]
    if not any("plane#0" in names for names in freed):
        return "not called"
    return "order" if all(names.index("plane#0") < names.index("kvm#1") for names in freed) else "luck"


def _without_line_52() -> int:
    """Paths on which a plane leaks once the line is gone."""
    return sum(any(defect.kind == "leak" for defect in path.trace.defects) for path in kp.certify(without_52()).paths)


KEYS: dict[str, Key] = {
    "nb04-puts-fd": _puts_fd,
    "nb04-buses": _buses_freed,
    "nb04-paths": lambda: len(kp.certify("09").paths),
    "nb04-bad": lambda: len(_bad_paths()),
    "nb04-bad-call": _bad_call,
    "nb04-why-clean": _why_clean,
    "nb04-without-52": _without_line_52,
}
