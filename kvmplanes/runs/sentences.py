# SPDX-License-Identifier: GPL-2.0-only
"""What a step changed, in one sentence."""

from __future__ import annotations

from typing import Final, Protocol

from kvmplanes.model.heap import DefectKind, What
from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.runs.op import Op


class Told(Protocol):
    """What a sentence needs to know of a step."""

    @property
    def op(self) -> Op:
        """The system call under way."""

    @property
    def what(self) -> What:
        """The kind of event."""

    @property
    def obj(self) -> str:
        """What it happened to."""

    @property
    def field(self) -> str:
        """The member."""

    @property
    def value(self) -> str:
        """The value, the errno, or the result."""

    @property
    def defect(self) -> DefectKind | None:
        """What is wrong with it."""

    @property
    def slot(self) -> int | None:
        """The slot that is accessed."""

    @property
    def errno(self) -> str | None:
        """The errno that a call gives."""


def what_changed(step: Told) -> str:
    """What a step changed."""
    op = step.op
    place = f"{step.obj}->{step.field}"
    match step.what, step.defect:
        case "read", "use-after-free":
            return f"{place} is read, but {step.obj} is already freed; the bytes there say {step.value}."
        case "write", "use-after-free":
            return f"{step.value} is written to {place}, but {step.obj} is already freed."
        case "free", "double-free":
            return f"{step.obj} is freed a second time."
        case "put", "double-free":
            return f"Given back, but nobody holds it: {_resource(step)} {step.value}."
        case "leak", _ if step.obj in _RESOURCE:
            return f"Never given back: one of the {_RESOURCE[step.obj]}."
        case "leak", _:
            return f"{step.obj} is still allocated, and nobody is left to free it."
        case "read", "out-of-bounds":
            return f"{place} is read, beyond {_end(step)}."
        case "write", "out-of-bounds":
            return f"{step.value} is written to {place}, beyond {_end(step)}."
        case "oops", _:
            return f"Oops: {step.obj}. The task dies here and undoes nothing more."
        case "alloc", _:
            return f"{step.obj} is allocated, every byte zero."
        case "free", _:
            return f"{step.obj} is freed."
        case "read", _:
            return f"{place} is NULL." if step.value == "NULL" else f"{place} holds {step.value}."
        case "write", _ if step.slot is not None:
            empty = step.value == "NULL"
            return f"{place} is emptied." if empty else f"{place} now points to {step.value}: the plane is published."
        case "write", _ if step.field == "users_count":
            return f"{step.obj} has {step.value} user{'' if step.value == '1' else 's'}."
        case "write", _:
            return f"{place} is set to {step.value}."
        case (("get" | "put"), _):
            return f"{_resource(step)} now {step.value}."
        case "fail", _:
            return f"{step.obj} fails with {step.value}."
        case "goto", _:
            return f"Control jumps to {step.obj}."
        case "label", _:
            return f"Control is at {step.obj}."
        case "print", _:
            return f"The kernel's log says: {step.obj}"
        case "check", _:
            return f"User space asks for {step.obj} and gets {step.value}."
        case "return", _ if step.errno:
            return f"{op} returns -1 with errno {step.value}."
        case _:
            return f"{op} returns {step.value}."


def _end(step: Told) -> str:
    return f"the array's {KVM_MAX_PLANES} slots" if "[" in step.field else "the bytes that were allocated"


_RESOURCE: Final = {
    "current->mm": "references on the address space",
    "fd": "descriptors in use",
    "virtualization": "users of hardware virtualization",
    "mmu_notifier": "registered MMU notifiers",
    "vm_list": "VMs on vm_list",
    "preempt_notifier": "users of preemption notifiers",
    "pm_notifier": "registered PM notifiers",
}


def _resource(step: Told) -> str:
    resource = _RESOURCE.get(step.obj, f"references on the {step.obj}")  # a reader's own
    return f"{resource[0].upper()}{resource[1:]}:"
