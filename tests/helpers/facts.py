# SPDX-License-Identifier: GPL-2.0-only
"""What the C does, written down by hand from the patches and from Linux 6.12.117; nothing here comes from the model.

Order of statements and labels: virt/kvm/kvm_main.c. 09/60, 10/60, 11/60 and 29/60 as posted on 8 June 2026;
`rfc` is "[RFC PATCH 03/29] KVM: add plane info to structs" of 1 April 2025; `09-fixed` and `29-fixed` are our repairs.
"""

from typing import NamedTuple

VERSIONS = ("rfc", "08", "09", "09-fixed", "10", "11", "29", "29-fixed")
WITH_PLANES = ("09", "09-fixed", "10", "11", "29", "29-fixed")  # they have kvm_create_plane() and kvm_destroy_planes()
WITH_IOCTL = ("29", "29-fixed")
RIGHT_ORDER = ("09-fixed", "11", "29", "29-fixed")  # kvm_destroy_planes() before kvm_arch_free_vm()
WITH_VCPU_ARRAY = ("10", "11", "29", "29-fixed")  # in struct kvm_plane

BUSES = ("KVM_MMIO_BUS", "KVM_PIO_BUS", "KVM_VIRTIO_CCW_NOTIFY_BUS", "KVM_FAST_MMIO_BUS", "KVM_IOCSR_BUS")


class Call(NamedTuple):
    """A failable call: what it can fail with (the usual errno first), and the first label then jumped to."""

    name: str
    errnos: tuple[str, ...]
    label: str  # "" when no function on the way jumps


PLANE_0 = {
    "rfc": [Call("kvm_create_vm_plane(kvm, 0)", ("ENOMEM",), "out_err_no_plane0")],
    "08": [],
} | {version: [Call("kvm_create_plane(kvm, 0)", ("ENOMEM",), "out_no_planes")] for version in WITH_PLANES}


def create_vm_calls(version: str) -> list[Call]:
    """Every failable call of KVM_CREATE_VM, in order."""
    return [
        Call("get_unused_fd_flags", ("EMFILE", "ENOMEM"), ""),
        Call("kvm_arch_alloc_vm", ("ENOMEM",), "put_fd"),  # kvm_create_vm() returns at once; its caller jumps
        *PLANE_0[version],
        Call("init_srcu_struct(&kvm->srcu)", ("ENOMEM",), "out_err_no_srcu"),
        Call("init_srcu_struct(&kvm->irq_srcu)", ("ENOMEM",), "out_err_no_irq_srcu"),
        Call("kvm_init_irq_routing", ("ENOMEM",), "out_err_no_irq_routing"),
        *(Call(f"kzalloc({bus})", ("ENOMEM",), "out_err_no_arch_destroy_vm") for bus in BUSES),
        Call("kvm_arch_init_vm", ("ENOMEM", "EINVAL"), "out_err_no_arch_destroy_vm"),
        Call("kvm_enable_virtualization", ("EBUSY",), "out_err_no_disable"),
        Call("kvm_init_mmu_notifier", ("ENOMEM", "EINTR"), "out_err_no_mmu_notifier"),
        Call("kvm_coalesced_mmio_init", ("ENOMEM",), "out_no_coalesced_mmio"),
        Call("kvm_create_vm_debugfs", ("ENOMEM",), "out_err_no_debugfs"),
        Call("anon_inode_getfile", ("ENOMEM", "ENFILE"), "put_kvm"),
    ]


def create_plane_calls(plane: int) -> list[Call]:
    """Every failable call of KVM_CREATE_PLANE (29/60), in order."""
    return [
        Call(f"get_unused_fd_flags(plane {plane})", ("EMFILE", "ENOMEM"), ""),
        Call(f"kvm_create_plane(kvm, {plane})", ("ENOMEM",), "put_fd"),
        Call(f"anon_inode_getfile(plane {plane})", ("ENOMEM", "ENFILE"), "put_kvm"),
    ]


# The error path of kvm_create_vm(), top to bottom: control falls from each label into the next.
_LADDER_TOP = {
    "out_err_no_debugfs": ["kvm_coalesced_mmio_free"],
    "out_no_coalesced_mmio": ["mmu_notifier_unregister"],
    "out_err_no_mmu_notifier": ["kvm_disable_virtualization"],
    "out_err_no_disable": ["kvm_arch_destroy_vm"],
    "out_err_no_arch_destroy_vm": [*(f"kfree({bus})" for bus in BUSES), "kvm_free_irq_routing"],
    "out_err_no_irq_routing": ["cleanup_srcu_struct(irq_srcu)"],
    "out_err_no_irq_srcu": ["cleanup_srcu_struct(srcu)"],
}
_LADDER_09 = _LADDER_TOP | {
    "out_err_no_srcu": ["kvm_destroy_planes"],
    "out_no_planes": ["kvm_arch_free_vm", "mmdrop"],
}
LADDER = {
    "rfc": _LADDER_TOP
    | {
        "out_err_no_srcu": ["kfree(kvm->planes[0])"],
        "out_err_no_plane0": ["kvm_arch_free_vm", "mmdrop"],
    },
    "08": _LADDER_TOP | {"out_err_no_srcu": ["kvm_arch_free_vm", "mmdrop"]},
} | dict.fromkeys(WITH_PLANES, _LADDER_09)

_DESTROY_HEAD = [
    "kvm_destroy_pm_notifier",
    "kvm_destroy_vm_debugfs",
    "list_del",
    "kvm_free_irq_routing",
    *(f"kvm_io_bus_destroy({bus})" for bus in BUSES),
    "kvm_coalesced_mmio_free",
    "mmu_notifier_unregister",
    "kvm_arch_destroy_vm",
    "cleanup_srcu_struct(irq_srcu)",
    "cleanup_srcu_struct(srcu)",
]
_DESTROY_MIDDLE = {
    "rfc": ["kvm_arch_free_vm"],  # kvm_destroy_plane() stands before it, and does nothing
    "08": ["kvm_arch_free_vm"],
    "09": ["kvm_arch_free_vm", "kvm_destroy_planes"],
    "10": ["kvm_arch_free_vm", "kvm_destroy_planes"],
} | {version: ["kvm_destroy_planes", "kvm_arch_free_vm"] for version in RIGHT_ORDER}
_DESTROY_TAIL = ["preempt_notifier_dec", "kvm_disable_virtualization", "mmdrop"]


def destroy_vm_steps(version: str) -> list[str]:
    """What kvm_destroy_vm() gives back, in order."""
    return [*_DESTROY_HEAD, *_DESTROY_MIDDLE[version], *_DESTROY_TAIL]


def labels_passed(version: str, call: Call) -> list[str]:
    """The labels that a failing call of KVM_CREATE_VM leads through, the caller's included."""
    if not call.label:
        return []
    if call.label in ("put_kvm", "put_fd"):
        return ["put_kvm", "put_fd"] if call.label == "put_kvm" else ["put_fd"]
    ladder = list(LADDER[version])
    return [*ladder[ladder.index(call.label) :], "put_fd"]


def create_vm_undo(version: str, call: Call) -> list[str]:
    """What must be given back, in order, when a call of KVM_CREATE_VM fails."""
    steps: list[str] = []
    for label in labels_passed(version, call):
        if label == "put_kvm":
            steps += destroy_vm_steps(version)
        elif label == "put_fd":
            steps.append("put_unused_fd")
        else:
            steps += LADDER[version][label]
    # kfree(NULL) does nothing: only the buses that exist by then are freed.
    made = BUSES[: BUSES.index(call.name[8:-1])] if call.name.startswith("kzalloc(") else BUSES
    return [step for step in steps if not step.startswith("kfree(KVM_") or step[6:-1] in made]


def create_plane_undo(version: str, call: Call, plane: int) -> list[str]:
    """The same for KVM_CREATE_PLANE; the VM lives on."""
    if not call.label:
        return []
    if call.label == "put_fd":
        return ["put_unused_fd"]
    clear = [f"planes[{plane}] = NULL"] if version == "29-fixed" else []
    return ["kvm_put_kvm", f"kvm_destroy_one_plane(plane {plane})", *clear, "put_unused_fd"]


# A member of struct kvm, what kvm_create_vm() writes into it, and the first call after it that can fail. On x86
# KVM_MAX_VCPUS is 1024; kvm_init_mmu_notifier() sets ops before mmu_notifier_register() can fail.
WRITTEN = [
    ("mm", "current->mm", "init_srcu_struct(&kvm->srcu)"),
    ("max_vcpus", "1024", "init_srcu_struct(&kvm->srcu)"),
    ("debugfs_dentry", "ERR_PTR(-ENOENT)", "init_srcu_struct(&kvm->srcu)"),
    ("users_count", "1", "kzalloc(KVM_MMIO_BUS)"),
    ("mmu_notifier_ops", "kvm_mmu_notifier_ops", "kvm_init_mmu_notifier"),
]


def plane_members(version: str, level: int) -> dict[str, str]:
    """What a new plane holds; the RFC's name for the level is `plane`."""
    return {"kvm": "kvm#1", "plane" if version == "rfc" else "level": str(level)}


# 10/60: before anything else of the architecture's is freed, kvm_destroy_vcpus() reads the slots, the highest first.
# Of each plane it reads plane->kvm, and follows it to online_vcpus; vcpu_array only if that is not 0.
VCPU_WALK = [f"planes[{n}]" for n in reversed(range(16))]
# So the slot that 29/60 leaves behind is read there: what the freed plane holds -> whether close() dies of it.
DANGLING = {"kept": False, "zeroed": True, "poisoned": True}

# What each of these shows itself by: an object freed or a counted reference given back.
SHOWS = {
    "put_unused_fd": ("put", "fd"),
    "kvm_destroy_pm_notifier": ("put", "pm_notifier"),
    "kvm_destroy_vm_debugfs": ("free", "debugfs"),
    "list_del": ("put", "vm_list"),
    "kvm_free_irq_routing": ("free", "irq_routing"),
    "kvm_coalesced_mmio_free": ("free", "mmio_ring"),
    "mmu_notifier_unregister": ("put", "mmu_notifier"),
    "kvm_disable_virtualization": ("put", "virtualization"),
    "kvm_arch_destroy_vm": ("free", "arch"),
    "cleanup_srcu_struct(irq_srcu)": ("free", "irq_srcu"),
    "cleanup_srcu_struct(srcu)": ("free", "srcu"),
    "kvm_destroy_planes": ("free", "plane#0"),
    "kfree(kvm->planes[0])": ("free", "plane#0"),
    "kvm_arch_free_vm": ("free", "kvm#1"),
    "mmdrop": ("put", "current->mm"),
    "preempt_notifier_dec": ("put", "preempt_notifier"),
    **{f"{call}({bus})": ("free", f"bus#{bus}") for call in ("kfree", "kvm_io_bus_destroy") for bus in BUSES},
    **{f"kvm_destroy_one_plane(plane {n})": ("free", f"plane#{n}") for n in range(16)},
}

# The calls of kvm_create_vm() and kvm_destroy_vm() in C order, less what neither fails nor needs undoing
# (locks, lists, memslots, uevents, devices, barriers).
SUCCESS_CREATE_VM = [
    "kvm_arch_alloc_vm", "mmgrab", "kvm_create_plane", "init_srcu_struct", "init_srcu_struct", "kvm_init_irq_routing",
    "kzalloc", "kvm_arch_init_vm", "kvm_enable_virtualization", "kvm_init_mmu_notifier", "kvm_coalesced_mmio_init",
    "kvm_create_vm_debugfs", "list_add", "preempt_notifier_inc", "kvm_init_pm_notifier",
]  # fmt: skip
ERROR_CREATE_VM = [
    "kvm_coalesced_mmio_free", "mmu_notifier_unregister", "kvm_disable_virtualization", "kvm_arch_destroy_vm", "kfree",
    "kvm_free_irq_routing", "cleanup_srcu_struct", "cleanup_srcu_struct", "kvm_destroy_planes", "kvm_arch_free_vm",
    "mmdrop",
]  # fmt: skip
DESTROY_VM = [
    "kvm_destroy_pm_notifier", "kvm_destroy_vm_debugfs", "list_del", "kvm_free_irq_routing", "kfree",
    "kvm_coalesced_mmio_free", "mmu_notifier_unregister", "kvm_arch_destroy_vm", "cleanup_srcu_struct",
    "cleanup_srcu_struct", "kvm_arch_free_vm", "kvm_destroy_planes", "preempt_notifier_dec",
    "kvm_disable_virtualization", "mmdrop",
]  # fmt: skip
