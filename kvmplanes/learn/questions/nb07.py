# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 07, What the tools see; their text is in nb07.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import Key, another_plane, results_of, without_52
from kvmplanes.runs.trace import Step, Trace, is_errno


def _first_access() -> Step:
    """The first access to freed memory when a VM of 09 is created and closed."""
    trace = kp.run("09")
    return trace.steps[trace.defects[0].step]


def _freed_by() -> str:
    """The function that had freed what this access reads."""
    trace, access = kp.run("09"), _first_access()
    (free,) = (step for step in trace.steps[: access.index] if (step.what, step.obj) == ("free", access.obj))
    return free.function


def _slots() -> int:
    """Different slots, of eight bytes each, among the accesses to freed memory: one shadow byte stands for each."""
    return len({defect.field for defect in kp.run("09").defects if defect.kind == "use-after-free"})


def _made_for() -> str:
    """The instrument that is made for what a failing call leaves behind without +52."""
    made_for = {"use-after-free": "KASAN", "out-of-bounds": "UBSan", "leak": "kmemleak"}
    kinds = {defect.kind for defect in kp.run(without_52(), fail="init_srcu_struct").defects}
    return made_for.get(kinds.pop(), "none") if len(kinds) == 1 else "none"


def _odd_answers() -> int:
    """Of the five cases with a defect, those in which KVM_CREATE_VM returns something else than it should."""
    cases = {
        "rfc": (kp.VERSIONS["rfc"], None),
        "09": (kp.VERSIONS["09"], None),
        "without +52": (without_52(), "init_srcu_struct"),
        "09-twice": (another_plane(0), None),
        "09-level16": (another_plane(16), None),
    }
    return sum(_is_odd(kp.run(version, fail=fail)) for version, fail in cases.values())


def _is_odd(trace: Trace) -> bool:
    """Whether KVM_CREATE_VM returns no descriptor although no call failed, or not the errno of the call that did."""
    (answer,) = results_of(trace, "KVM_CREATE_VM")
    return answer != trace.failed[0][1] if trace.failed else is_errno(answer)


def _place() -> str:
    """Where the write to level 16 lands."""
    trace: Trace = kp.run(another_plane(16))
    wrong = next((defect for defect in trace.defects if defect.kind == "out-of-bounds"), None)
    home = trace.steps[wrong.step].state.find(wrong.obj) if wrong else None
    return "nowhere" if home is None else "inside" if home.live else "freed"


KEYS: dict[str, Key] = {
    "nb07-freed-by": _freed_by,
    "nb07-when": lambda: _first_access().op.verb,
    "nb07-shadow": _slots,
    "nb07-lost": _made_for,
    "nb07-answers": _odd_answers,
    "nb07-silent": _place,
}
