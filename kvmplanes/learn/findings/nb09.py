# SPDX-License-Identifier: GPL-2.0-only
"""What the model shows of each finding on 09/60; the texts are in nb09.toml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import kvmplanes as kp
from kvmplanes.explore import findings
from kvmplanes.learn.look import at, edited
from kvmplanes.learn.tasks.judge import HOOK
from kvmplanes.words import defects_in_words, listed, many


def _teardown() -> str:
    bad = [path for path in kp.certify("09").paths if path.outcome == "use-after-free"]
    calls = listed([f"{path.call or 'no call'} fails" for path in bad])
    return f"{len(bad)} of {len(kp.certify('09').paths)} paths, when {calls}: {bad[-1].defects}."


def _another(level: int) -> str:
    version = edited("11", "kvm_create_vm", HOOK, f"k.kvm_create_plane(kvm, {level})\n{HOOK}")
    return f"Called once more, with level {level}: {defects_in_words(kp.run(version).defects) or 'nothing'}."


def _errno() -> str:
    hook = edited("11", "kvm_create_plane", "kvm.planes[plane_level] = plane",
                  'if k.fails("kvm_arch_plane_init", "EINVAL"):\n    k.kfree(plane)\n    return NULL\n'
                  "kvm.planes[plane_level] = plane")  # fmt: skip
    told = findings(kp.run(hook, fail=kp.run(hook).calls.index("kvm_arch_plane_init") + 1))
    return f"With one more step that fails with EINVAL, as 26/60 adds one, the program {told}."


def _comment() -> str:
    trace = kp.run("09")
    state = trace.steps[at(trace, "alloc", "kvm#1")].state
    stores = [step for step in trace.steps if step.function == "kvm_create_plane" and step.field.startswith("planes[")]
    empty = state.occupancy.count("empty")
    return (
        f"After the allocation of struct kvm {many(empty, 'slot')} are NULL; the code then stores {len(stores)} slot."
    )


def _capability() -> str:
    answers = {name: kp.check_extension(name) for name in ("09", "11", "29")}
    return f"KVM_CHECK_EXTENSION: {', '.join(f'{answer} in {name}' for name, answer in answers.items())}."


def _cost() -> str:
    live = max(slots.count("live") for slots in kp.run("09").occupancy)
    return f"At most {live} of {kp.KVM_MAX_PLANES} slots is ever used in 09; the array is in every VM."


def _publish() -> str:
    trace = kp.run("29", planes=(1,), fail="anon_inode_getfile(plane 1)")
    return f"Where a later step fails (29/60), the slot stays behind: {defects_in_words(trace.defects)}."


def _style() -> str:
    texts = [line.text for line in kp.PATCH.added]
    bare = sum("unsigned " in text and "unsigned int" not in text for text in texts)
    return f"{sum('== NULL' in text for text in texts)} comparisons with NULL, and {bare} times a bare unsigned."


def _label() -> str:
    names = sorted({path.exit for path in kp.certify("09").paths if path.exit.startswith("out_")})
    return f"Without err: {', '.join(name for name in names if not name.startswith('out_err'))}."


def _message() -> str:
    words = kp.PATCH.message.lower()
    absent = [word for word in ("destroy", "free", "teardown", "16", "249") if word not in words]
    return f"The message has none of the words {', '.join(absent)}."


def _inside() -> str:
    inside = [path for path in kp.certify("09").paths if path.exit.startswith("out_")]
    clean = sum(path.outcome == "clean" for path in inside)
    return f"{len(inside)} paths leave kvm_create_vm by a label: {clean} of them clean."


def _failing_plane() -> str:
    trace = kp.run("09", fail="kvm_create_plane")
    return f"When the plane cannot be allocated, the program gets {trace.errno}, and {len(trace.defects)} defects show."


def _zeroed() -> str:
    trace = kp.run("09")
    state = trace.steps[at(trace, "alloc", "kvm#1")].state
    return f"struct kvm comes zeroed: {state.occupancy.count('empty')} of {len(state.slots)} slots are NULL at once."


def _alone() -> str:
    trace = kp.run("09")
    stored = next(step.index for step in trace.steps if step.field == "planes[0]" and step.what == "write")
    installed = next(step.index for step in trace.steps if step.what == "return")
    return (
        f"The slot is stored at step {stored}, and no program has a descriptor before step {installed}; at the end "
        "the last user is gone. The model has one CPU, so this is an argument and not a run."
    )


EVIDENCE: Final[dict[str, Callable[[], str]]] = {
    "teardown-order": _teardown,
    "index": lambda: _another(16),
    "overwrite": lambda: _another(0),
    "early-publish": _publish,
    "errno": _errno,
    "capability": _capability,
    "cost": _cost,
    "message": _message,
    "comment": _comment,
    "label": _label,
    "style": _style,
    "error-path": _inside,
    "r-unset": _failing_plane,
    "uninitialised": _zeroed,
    "race": _alone,
}
