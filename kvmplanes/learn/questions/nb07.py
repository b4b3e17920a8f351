# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 07, What the tools see; their text is in nb07.toml."""

from typing import Final

import kvmplanes as kp
from kvmplanes.learn.queries import Key, another_plane, left_by_label, results_of, symptom
from kvmplanes.model.heap import FREED
from kvmplanes.runs.trace import Trace, is_errno

# The defects that a checker of memory accesses is made for, and those of a checker of the language.
_ADDRESS: Final = {"use-after-free", "double-free"}
_LANGUAGE: Final = {"out-of-bounds"}


def _kills() -> str:
    """What freeing does to the bytes where a close of 09 does not return."""
    return " ".join(freed for freed in FREED if symptom(kp.run("09", freed=freed)) == "oops")


def _inside() -> int:
    """Failing calls that leave kvm_create_vm by a label and show a defect."""
    return len([path for path in left_by_label("09") if path.trace.defects])


def _level_16() -> Trace:
    return kp.run(another_plane(16))


def _who() -> str:
    """Which of the two checkers has something to report."""
    kinds = {defect.kind for defect in _level_16().defects}
    checkers = [name for name, looks_for in (("asan", _ADDRESS), ("ubsan", _LANGUAGE)) if kinds & looks_for]
    return " ".join(checkers) or "neither"


def _place() -> str:
    """Where the write to level 16 lands."""
    trace = _level_16()
    wrong = next((defect for defect in trace.defects if defect.kind == "out-of-bounds"), None)
    home = trace.steps[wrong.step].state.find(wrong.obj) if wrong else None
    return "nowhere" if home is None else "inside" if home.live else "freed"


def _second_try() -> str:
    trace = kp.run("29", planes=(3,), fail="anon_inode_getfile(plane 3)", retry=True)
    last = results_of(trace, "KVM_CREATE_PLANE 3")[-1]
    return last if is_errno(last) else "fd"


KEYS: dict[str, Key] = {
    "nb07-kills": _kills,
    "nb07-inside": _inside,
    "nb07-lost": lambda: sum(defect.kind == "leak" for defect in kp.run("09").defects),
    "nb07-level-16": _who,
    "nb07-second-try": _second_try,
    "nb07-silent": _place,
}
