# SPDX-License-Identifier: GPL-2.0-only
"""A state of the heap in words: what a picture shows, for whoever does not see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kvmplanes.model.series import KVM_MAX_PLANES
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


def marks(step: Step) -> dict[str, str]:
    """What a step touched (an object, a reference, "object->member"), and a word or two on how."""
    if step.what not in ("alloc", "free", "read", "write", "get", "put", "leak"):
        return {}
    word = {"read": "read", "leak": "leaked"}.get(step.what, "changed")
    match step.defect:
        case "use-after-free":
            word = "read after free" if step.what == "read" else "written after free"
        case "double-free":
            word = "freed twice" if step.what == "free" else "given back twice"
        case "out-of-bounds":
            word = "out of bounds"
    return {f"{step.obj}->{step.field}" if step.field else step.obj: word}


def role_of(mark: str) -> str:
    """The palette's name for a mark: what merely happens now, or what is wrong."""
    return "now" if mark in ("changed", "read") else "bad"


def others(state: State) -> tuple[Object, ...]:
    """What is neither the VM nor a plane."""
    return tuple(obj for obj in state.objects if obj.kind not in ("kvm", "plane"))


def describe(state: State, marked: Mapping[str, str] | None = None) -> str:
    """The whole state in sentences, and what the step marked, as `marks` gives it."""
    kvm = state.kvm
    sentences = [_object(kvm, "struct kvm") if kvm else "There is no struct kvm.", slots_in_words(state)]
    sentences += [_object(obj, "struct kvm_plane") for obj in state.objects if obj.kind == "plane"]
    for head, live in (("Also live", True), ("Also freed", False)):
        names = [obj.name for obj in others(state) if obj.live == live]
        if names:
            sentences.append(f"{head}: {listed(names)}.")
    refs = [f"{name} {count}" for name, count in state.refs]
    sentences.append(f"Counted references: {listed(refs)}." if refs else "No counted reference is held.")
    return " ".join(sentences) + _marks_in_words(marked or {})


def _marks_in_words(marked: Mapping[str, str]) -> str:
    """What a step marked, as one more sentence: " At this step: plane#0 changed."."""
    return f" At this step: {listed([f'{place} {word}' for place, word in marked.items()])}." if marked else ""


def slots_in_words(state: State, marked: Mapping[str, str] | None = None) -> str:
    """Every slot of `planes[]`, and what the step marked."""
    if state.kvm and not state.kvm.get("planes[0]"):
        return f"It has no planes[].{_marks_in_words(marked or {})}"
    freed = "in freed memory" in state.occupancy
    clauses = [
        f"planes[{i}] points to {value}" + (" and dangles" if occupancy == "dangling" else "")
        for i, (value, occupancy) in enumerate(zip(state.slots, state.occupancy, strict=True))
        if value != "NULL"
    ]
    rest = KVM_MAX_PLANES - len(clauses)
    if rest:
        which = f"the other {rest}" if clauses else "all" if freed else f"all {rest}"
        clauses.append(f"{which} hold NULL" if freed else f"{which} slots are empty")
    words = f"All {KVM_MAX_PLANES} slots are in freed memory: {listed(clauses)}" if freed else listed(clauses)
    if state.kvm:
        words += "".join(f"; out of bounds, planes[{i}] holds {state.kvm.get(f'planes[{i}]')}" for i in state.beyond)
    return f"{words if words.startswith('planes') else words[:1].upper() + words[1:]}.{_marks_in_words(marked or {})}"


def _object(obj: Object, type_name: str) -> str:
    members = [f"{name} is {value}" for name, value in obj.fields if name in _MEMBERS[obj.kind]]
    return f"{obj.name} ({type_name}) is {'live' if obj.live else 'freed'}{': ' if members else ''}{listed(members)}."


_MEMBERS: Final = {"kvm": ("mm", "users_count"), "plane": ("kvm", "level", "plane", "vcpu_array")}
