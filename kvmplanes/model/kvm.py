# SPDX-License-Identifier: GPL-2.0-only
"""The functions of 09/60 as posted and of the path around them: C names, C order, a statement a line.

A comment `# +24` names the patch's added line that stands here. `# limit: ...` names what is left out.
The other versions are edits of this text (`series.py`), so it is read as text as well as run.
"""

from __future__ import annotations

from typing import Any, Final

from kvmplanes.model.heap import NULL, Layout
from kvmplanes.model.kernel import ENOENT, ENOMEM, ERR_PTR, IS_ERR, PTR_ERR, Goto, Kernel, current

KVM_MAX_PLANES: Final = 16  # +11
KVM_CAP_PLANES: Final = 249  # +13
KVM_BUSES: Final = (
    "KVM_MMIO_BUS",
    "KVM_PIO_BUS",
    "KVM_VIRTIO_CCW_NOTIFY_BUS",
    "KVM_FAST_MMIO_BUS",
    "KVM_IOCSR_BUS",
)

struct_kvm_plane: Final = Layout("plane", "kvm_create_plane(kvm, {tag})", kvm=NULL, level=0)  # +01 +02 +03
struct_kvm_io_bus: Final = Layout("bus", "kzalloc({tag})")
struct_kvm: Final = Layout(
    "kvm",
    "kvm_arch_alloc_vm",
    mm=NULL,
    users_count=0,
    planes=(NULL,) * KVM_MAX_PLANES,  # +06
    debugfs_dentry=NULL,
    srcu=NULL,
    irq_srcu=NULL,
    irq_routing=NULL,
    buses=(NULL,) * len(KVM_BUSES),
    arch=NULL,
    mmu_notifier_ops=NULL,
    coalesced_mmio_ring=NULL,
    debugfs_stat_data=NULL,
)


def kvm_create_plane(k: Kernel, kvm: Any, plane_level: int) -> Any:  # +14
    plane = k.kzalloc(struct_kvm_plane, plane_level)  # +16
    if plane is NULL:  # +18
        return NULL  # +19
    plane.kvm = kvm  # +21
    plane.level = plane_level  # +22
    kvm.planes[plane_level] = plane  # +24
    return plane  # +26


def kvm_destroy_one_plane(k: Kernel, plane: Any) -> None:  # +29
    k.kfree(plane)  # +31


def kvm_destroy_planes(k: Kernel, kvm: Any) -> None:  # +34
    for i in range(KVM_MAX_PLANES):  # +38
        plane = kvm.planes[i]  # +39, limit: one load
        if plane is NULL:  # +39
            continue  # +40
        k.kvm_destroy_one_plane(plane)  # +41
        kvm.planes[i] = NULL  # +42


def kvm_arch_alloc_vm(k: Kernel) -> Any:
    return k.kzalloc(struct_kvm, 1)  # limit: kvzalloc


def kvm_arch_free_vm(k: Kernel, kvm: Any) -> None:
    k.kfree(kvm)


def kvm_arch_destroy_vm(k: Kernel, kvm: Any) -> None:
    k._cleanup(kvm, "arch")  # limit: vcpus


def kvm_create_vm(k: Kernel, type: int, fdname: str) -> Any:
    kvm = k.kvm_arch_alloc_vm()
    if kvm is NULL:
        return ERR_PTR(-ENOMEM)
    k.mmgrab(current.mm)
    kvm.mm = current.mm
    try:
        if k.kvm_create_plane(kvm, 0) is NULL:  # +47
            r = -ENOMEM  # +48
            raise k.goto("out_no_planes")  # +49
        kvm.debugfs_dentry = ERR_PTR(-ENOENT)
        r = -ENOMEM
        if k.init_srcu_struct(kvm, "srcu"):
            raise k.goto("out_err_no_srcu")
        if k.init_srcu_struct(kvm, "irq_srcu"):
            raise k.goto("out_err_no_irq_srcu")
        r = k.kvm_init_irq_routing(kvm)
        if r:
            raise k.goto("out_err_no_irq_routing")
        kvm.users_count = 1  # limit: refcount
        r = -ENOMEM  # limit: memslots
        for i, bus in enumerate(KVM_BUSES):
            kvm.buses[i] = k.kzalloc(struct_kvm_io_bus, bus)
            if kvm.buses[i] is NULL:
                raise k.goto("out_err_no_arch_destroy_vm")
        r = k.kvm_arch_init_vm(kvm, type)
        if r:
            raise k.goto("out_err_no_arch_destroy_vm")
        r = k.kvm_enable_virtualization()
        if r:
            raise k.goto("out_err_no_disable")
        r = k.kvm_init_mmu_notifier(kvm)
        if r:
            raise k.goto("out_err_no_mmu_notifier")
        r = k.kvm_coalesced_mmio_init(kvm)
        if r < 0:
            raise k.goto("out_no_coalesced_mmio")
        r = k.kvm_create_vm_debugfs(kvm, fdname)
        if r:
            raise k.goto("out_err_no_debugfs")
        k.list_add(kvm)
        k.preempt_notifier_inc()
        k.kvm_init_pm_notifier(kvm)
        return kvm
    except Goto as goto:
        if goto.label("out_err_no_debugfs"):
            k.kvm_coalesced_mmio_free(kvm)
        if goto.label("out_no_coalesced_mmio"):
            if kvm.mmu_notifier_ops:
                k.mmu_notifier_unregister()
        if goto.label("out_err_no_mmu_notifier"):
            k.kvm_disable_virtualization()
        if goto.label("out_err_no_disable"):
            k.kvm_arch_destroy_vm(kvm)
        if goto.label("out_err_no_arch_destroy_vm"):
            kvm.users_count = kvm.users_count - 1
            for i in range(len(KVM_BUSES)):
                k.kfree(kvm.buses[i])
            k.kvm_free_irq_routing(kvm)
        if goto.label("out_err_no_irq_routing"):
            k.cleanup_srcu_struct(kvm, "irq_srcu")
        if goto.label("out_err_no_irq_srcu"):
            k.cleanup_srcu_struct(kvm, "srcu")
        if goto.label("out_err_no_srcu"):
            k.kvm_destroy_planes(kvm)  # +52
        if goto.label("out_no_planes"):  # +53
            k.kvm_arch_free_vm(kvm)
            k.mmdrop(current.mm)
        return ERR_PTR(r)


def kvm_destroy_vm(k: Kernel, kvm: Any) -> None:
    mm = kvm.mm
    k.kvm_destroy_pm_notifier(kvm)  # limit: uevent
    k.kvm_destroy_vm_debugfs(kvm)
    k.list_del(kvm)  # limit: arch
    k.kvm_free_irq_routing(kvm)
    for i in range(len(KVM_BUSES)):
        k.kfree(kvm.buses[i])
        kvm.buses[i] = NULL
    k.kvm_coalesced_mmio_free(kvm)
    k.mmu_notifier_unregister()
    k.kvm_arch_destroy_vm(kvm)  # limit: devices, memslots
    k.cleanup_srcu_struct(kvm, "irq_srcu")  # limit: srcu
    k.cleanup_srcu_struct(kvm, "srcu")
    k.kvm_arch_free_vm(kvm)
    k.kvm_destroy_planes(kvm)  # +54
    k.preempt_notifier_dec()
    k.kvm_disable_virtualization()
    k.mmdrop(mm)


def kvm_get_kvm(k: Kernel, kvm: Any) -> None:
    kvm.users_count = kvm.users_count + 1


def kvm_put_kvm(k: Kernel, kvm: Any) -> None:
    kvm.users_count = kvm.users_count - 1
    if kvm.users_count == 0:
        k.kvm_destroy_vm(kvm)


def kvm_vm_release(k: Kernel, kvm: Any) -> None:
    k.kvm_put_kvm(kvm)  # limit: irqfd


def kvm_dev_ioctl_create_vm(k: Kernel, type: int) -> int:
    fd = k.get_unused_fd_flags()
    if fd < 0:
        return fd
    try:
        kvm = k.kvm_create_vm(type, str(fd))
        if IS_ERR(kvm):
            r = PTR_ERR(kvm)
            raise k.goto("put_fd")
        file = k.anon_inode_getfile("kvm-vm", "kvm_vm_release", kvm)
        if IS_ERR(file):
            r = PTR_ERR(file)
            raise k.goto("put_kvm")
        k.fd_install(fd, file)  # limit: uevent
        return fd
    except Goto as goto:
        if goto.label("put_kvm"):
            k.kvm_put_kvm(kvm)
        if goto.label("put_fd"):
            k.put_unused_fd(fd)
        return r


def kvm_vm_ioctl_check_extension(k: Kernel, kvm: Any, cap: int) -> int:
    return 0  # KVM_CAP_PLANES is defined, and nothing answers to it before 28/60


def kvm_dev_ioctl_check_extension(k: Kernel, cap: int) -> int:
    return 0
