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

# What each call that takes something is for: by how it is written, or how that begins. The table of notebook 03 has the
# same words.
USES: Final = {
    "get_unused_fd_flags(plane": "a number for the plane's descriptor",
    "get_unused_fd_flags": "a number for the VM's descriptor",
    "kvm_arch_alloc_vm": "the VM itself",
    "mmgrab(current->mm)": "keeps the program's address space",
    "kvm_create_vm_plane": "plane 0, which its caller puts into slot 0",
    "kvm->planes[0] = plane0": "puts plane 0 into slot 0",
    "kvm_create_plane(kvm, 0)": "plane 0, put into slot 0",
    "kvm_create_plane": "a plane, put into its slot",
    "init_srcu_struct(&kvm->srcu)": "lets vCPUs read the memory layout",
    "init_srcu_struct(&kvm->irq_srcu)": "lets vCPUs read the interrupt routes",
    "kvm_init_irq_routing": "which interrupt is delivered where",
    "refcount_set(&kvm->users_count": "the VM's first user",
    "kvm_alloc_bus": "lists of devices, one for each bus",
    "kzalloc(KVM_MMIO_BUS)": "list of devices at memory addresses",
    "kzalloc(KVM_PIO_BUS)": "list of devices at I/O ports",
    "kzalloc(KVM_VIRTIO_CCW_NOTIFY_BUS)": "list of virtio signals, on s390",
    "kzalloc(KVM_FAST_MMIO_BUS)": "list of signals without any data",
    "kzalloc(KVM_IOCSR_BUS)": "list of LoongArch's control registers",
    "kvm_arch_init_vm": "the processor family's own part",
    "kvm_enable_virtualization": "switch the processors' virtualization on",
    "kvm_init_mmu_notifier": "hear of changes to program memory",
    "kvm_coalesced_mmio_init": "collect device writes, deliver them together",
    "kvm_create_vm_debugfs": "statistics as files, for debugging",
    "list_add(&kvm->vm_list": "puts the VM on the list of all VMs",
    "preempt_notifier_inc": "hear when the scheduler takes a vCPU off a processor",
    "kvm_init_pm_notifier": "hear when the machine goes to sleep",
    "kvm_get_kvm": "the plane's reference on the VM",
    "anon_inode_getfile(plane": "the file behind the plane's descriptor",
    "anon_inode_getfile": "the file behind the descriptor",
}


def use_of(call: str) -> str:
    """What a call is for, in a few words; "" for one that the series does not have."""
    return next((use for written, use in USES.items() if call.startswith(written)), "")


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
