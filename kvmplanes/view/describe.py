# SPDX-License-Identifier: GPL-2.0-only
"""A state of the heap in words: what a picture shows, for whoever does not see it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from kvmplanes.model.constants import KVM_MAX_PLANES
from kvmplanes.runs.trace import Object, State, Step
from kvmplanes.runs.words import listed

# Counted references in the order in which a VM takes them, with short names.
REFS: Final = {
    "fd": "fd",
    "current->mm": "mm",
    "virtualization": "virtualization",
    "mmu_notifier": "mmu_notifier",
    "vm_list": "vm_list",
    "preempt_notifier": "preempt",
    "pm_notifier": "pm",
}
_FREED_MARKS: Final = {"read": "read after free", "write": "written after free"}


def marks(step: Step) -> dict[str, str]:
    """What a step touched (an object, a reference, "object->member"), and a word or two on how."""
    if step.what not in ("alloc", "free", "read", "write", "get", "put", "leak"):
        return {}
    word = {"read": "read", "leak": "leaked"}.get(step.what, "changed")
    match step.defect:
        case "use-after-free":
            word = _FREED_MARKS[step.what]
        case "double-free":
            word = "freed twice" if step.what == "free" else "given back twice"
        case "out-of-bounds":
            word = "out of bounds"
    return {f"{step.obj}->{step.field}" if step.field else step.obj: word}


def role_of(mark: str) -> str:
    """The palette's name for a mark: what merely happens now, or what is wrong."""
    return "now" if mark in ("changed", "read") else "bad"


def level(plane: Object) -> int:
    """The level that a plane was made for, as its name tells: members may be overwritten after it is freed."""
    digits = re.search(r"\d+", plane.name)
    return int(digits[0]) if digits else 0


def others(state: State) -> tuple[Object, ...]:
    """What is neither the VM nor a plane."""
    return tuple(o for o in state.objects if o.kind not in ("kvm", "plane"))


def beyond(state: State) -> tuple[int, ...]:
    """Indices of `planes[]` that were written although the array has no such slot."""
    fields = state.kvm.fields if state.kvm else ()
    found = (re.fullmatch(r"planes\[(-?\d+)\]", name) for name, _ in fields)
    return tuple(i for i in (int(match[1]) for match in found if match) if not 0 <= i < KVM_MAX_PLANES)


def describe(state: State, marked: Mapping[str, str] | None = None) -> str:
    """The whole state in sentences, and what the step marked.

    Args:
        state: heap and references.
        marked: as `marks` gives it.
    """
    kvm = state.kvm
    sentences = [_object(kvm, "struct kvm") if kvm else "There is no struct kvm."]
    sentences += [slots_in_words(state)]
    sentences += [_object(o, "struct kvm_plane") for o in state.objects if o.kind == "plane"]
    for word, live in (("Also live", True), ("Also freed", False)):
        names = [o.name for o in others(state) if o.live == live]
        sentences += [f"{word}: {listed(names)}."] if names else []
    refs = [f"{name} {count}" for name, count in state.refs]
    sentences.append(f"Counted references: {listed(refs)}." if refs else "No counted reference is held.")
    return " ".join(filter(None, sentences)) + tell(marked or {})


def tell(marked: Mapping[str, str]) -> str:
    """What a step marked, as one more sentence: " At this step: plane#0 changed."."""
    return f" At this step: {listed([f'{place} {word}' for place, word in marked.items()])}." if marked else ""


def slots_in_words(state: State) -> str:
    """Every slot of `planes[]`."""
    if state.kvm and not state.kvm.get("planes[0]"):
        return "It has no planes[]."
    told = [
        f"planes[{i}] points to {value}" + (" and dangles" if occupancy == "dangling" else "")
        for i, (value, occupancy) in enumerate(zip(state.slots, state.occupancy, strict=True))
        if occupancy != "empty"
    ]
    empty = KVM_MAX_PLANES - len(told)
    told += (
        [f"{'all' if empty == KVM_MAX_PLANES else 'the other' if told else ''} {empty} slots are empty".strip()]
        if empty
        else []
    )
    told += [f"out of bounds, planes[{i}] holds {state.kvm.get(f'planes[{i}]')}" for i in beyond(state) if state.kvm]
    return f"{_capital(listed(told))}."


def _object(obj: Object, type_name: str) -> str:
    members = [f"{name} is {value}" for name, value in obj.fields if name in _TOLD[obj.kind]]
    return f"{obj.name} ({type_name}) is {'live' if obj.live else 'freed'}{': ' if members else ''}{listed(members)}."


_TOLD: Final = {"kvm": ("mm", "users_count"), "plane": ("kvm", "level", "plane", "vcpu_array")}


def _capital(words: str) -> str:
    return words if words.startswith("planes") else words[:1].upper() + words[1:]
