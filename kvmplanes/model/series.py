# SPDX-License-Identifier: GPL-2.0-only
"""The named versions. 09 is the text of `kvm.py`; every other one is a list of edits and says only what differs.

Source of what each patch does: the series (Message-ID 20260608144252.351443-N-joro@8bytes.org) and, for
`rfc`, "[RFC PATCH 03/29] KVM: add plane info to structs" of April 2025. The edits are our own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import getsource, isfunction
from types import MappingProxyType
from typing import Final

from kvmplanes.model import kvm
from kvmplanes.model.version import Function, Source, Version

__all__ = ["VERSIONS", "Function", "Source", "Version", "version"]

V09: Final = Version(
    "09",
    "Introduce struct kvm_plane, as posted",
    {name: getsource(f) for name, f in vars(kvm).items() if isfunction(f) and f.__module__ == kvm.__name__},
)

V08: Final = V09.edit(
    "08",
    "before the patch",
    ("kvm_arch_alloc_vm",
     "return k.kzalloc(struct_kvm, 1)  # limit: kvzalloc",
     'return k.kzalloc(struct_kvm.without("planes"), 1)'),
    ("kvm_create_vm",
     """
     if k.kvm_create_plane(kvm, 0) is NULL:  # +47
         r = -ENOMEM  # +48
         raise k.goto("out_no_planes")  # +49
     kvm.debugfs_dentry = ERR_PTR(-ENOENT)
     """,
     "kvm.debugfs_dentry = ERR_PTR(-ENOENT)"),
    ("kvm_create_vm",
     """
     if goto.label("out_err_no_srcu"):
         k.kvm_destroy_planes(kvm)  # +52
     if goto.label("out_no_planes"):  # +53
         k.kvm_arch_free_vm(kvm)
     """,
     """
     if goto.label("out_err_no_srcu"):
         k.kvm_arch_free_vm(kvm)
     """),
    ("kvm_destroy_vm",
     """
     k.kvm_arch_free_vm(kvm)
     k.kvm_destroy_planes(kvm)  # +54
     """,
     "k.kvm_arch_free_vm(kvm)"),
).without("kvm_create_plane", "kvm_destroy_one_plane", "kvm_destroy_planes")  # fmt: skip

RFC: Final = V08.edit(
    "rfc",
    "the ancestor, April 2025",
    ("kvm_arch_alloc_vm",
     'return k.kzalloc(struct_kvm.without("planes"), 1)',
     "return k.kzalloc(struct_kvm, 1)  # limit: max_planes"),
    ("kvm_create_vm",
     "kvm.debugfs_dentry = ERR_PTR(-ENOENT)",
     """
     kvm.debugfs_dentry = ERR_PTR(-ENOENT)
     plane0 = k.kvm_create_vm_plane(kvm, 0)
     if IS_ERR(plane0):
         r = PTR_ERR(plane0)
         raise k.goto("out_err_no_plane0")
     kvm.planes[0] = plane0
     """),
    ("kvm_create_vm",
     """
     if goto.label("out_err_no_srcu"):
         k.kvm_arch_free_vm(kvm)
     """,
     """
     if goto.label("out_err_no_srcu"):
         k.kfree(kvm.planes[0])
     if goto.label("out_err_no_plane0"):
         k.kvm_arch_free_vm(kvm)
     """),
    ("kvm_destroy_vm",
     "k.kvm_arch_free_vm(kvm)",
     """
     for i in range(KVM_MAX_PLANES):
         plane = kvm.planes[i]
         if plane is not NULL:
             k.kvm_destroy_plane(plane)
     k.kvm_arch_free_vm(kvm)
     """),
    kvm_create_vm_plane="""
    def kvm_create_vm_plane(k, kvm, plane_id):
        plane = k.kzalloc(Layout("plane", "kvm_create_vm_plane", kvm=NULL, plane=0), plane_id)
        if plane is NULL:
            return ERR_PTR(-ENOMEM)
        plane.kvm = kvm
        plane.plane = plane_id
        return plane
    """,
    kvm_destroy_plane="""
    def kvm_destroy_plane(k, plane):
        pass
    """,
)  # fmt: skip

V10: Final = V09.edit(
    "10",
    "Move vcpu_array to struct kvm_plane",
    ("kvm_create_plane",
     "plane = k.kzalloc(struct_kvm_plane, plane_level)  # +16",
     "plane = k.kzalloc(struct_kvm_plane.plus(vcpu_array=NULL), plane_level)  # +16"),
    ("kvm_create_plane",
     "plane.level = plane_level  # +22",
     """
     plane.level = plane_level  # +22
     plane.vcpu_array = "xarray"
     """),
    ("kvm_arch_destroy_vm",
     'k._cleanup(kvm, "arch")  # limit: vcpus',
     """
     k.kvm_destroy_vcpus(kvm)
     k._cleanup(kvm, "arch")
     """),
    kvm_destroy_vcpus="""
    def kvm_destroy_vcpus(k, kvm):
        for i in reversed(range(KVM_MAX_PLANES)):
            plane = kvm.planes[i]
            if plane is not NULL:
                vcpu_array = plane.vcpu_array
    """,
)  # fmt: skip

V11: Final = V10.edit(
    "11",
    "Introduce struct kvm_vcpu_common",
    ("kvm_destroy_vm",
     """
     k.kvm_arch_free_vm(kvm)
     k.kvm_destroy_planes(kvm)  # +54
     """,
     """
     k.kvm_destroy_planes(kvm)
     k.kvm_arch_free_vm(kvm)
     """),
)  # fmt: skip

V29: Final = V11.edit(
    "29",
    "Implement KVM_CREATE_PLANE, as posted",
    kvm_arch_max_planes="""
    def kvm_arch_max_planes(k, kvm):
        return KVM_MAX_PLANES  # limit: max_planes
    """,
    kvm_vm_ioctl_check_extension="""
    def kvm_vm_ioctl_check_extension(k, kvm, cap):
        if cap == KVM_CAP_PLANES:
            return k.kvm_arch_max_planes(kvm)
        return 0
    """,
    kvm_dev_ioctl_check_extension="""
    def kvm_dev_ioctl_check_extension(k, cap):
        if cap == KVM_CAP_PLANES:
            return 1
        return 0
    """,
    kvm_plane_release="""
    def kvm_plane_release(k, plane):
        k.kvm_put_kvm(plane.kvm)
    """,
    kvm_vm_ioctl_create_plane="""
    def kvm_vm_ioctl_create_plane(k, kvm, id):
        id = id & 0xFFFFFFFF  # the ioctl's argument is unsigned long, id is unsigned (limit: locks)
        if id >= k.kvm_arch_max_planes(kvm) or id >= KVM_MAX_PLANES:
            return -EINVAL
        if kvm.planes[id] is not NULL:
            return -EEXIST
        fd = k.get_unused_fd_flags(f"plane {id}")
        if fd < 0:
            return fd
        try:
            plane = k.kvm_create_plane(kvm, id)
            if plane is NULL:
                r = -ENOMEM
                raise k.goto("put_fd")
            k.kvm_get_kvm(kvm)
            file = k.anon_inode_getfile(f"plane {id}", "kvm_plane_release", plane)
            if IS_ERR(file):
                r = PTR_ERR(file)
                raise k.goto("put_kvm")
            k.fd_install(fd, file)
            return fd
        except Goto as goto:
            if goto.label("put_kvm"):
                k.kvm_put_kvm(kvm)
                k.kvm_destroy_one_plane(plane)
            if goto.label("put_fd"):
                k.put_unused_fd(fd)
            return r
    """,
)

V29_FIXED: Final = V29.edit(
    "29-fixed",
    "our repair of 29, not posted",
    ("kvm_vm_ioctl_create_plane",
     "k.kvm_destroy_one_plane(plane)",
     """
     k.kvm_destroy_one_plane(plane)
     kvm.planes[id] = NULL
     """),
)  # fmt: skip

VERSIONS: Final[Mapping[str, Version]] = MappingProxyType(
    {version.name: version for version in (RFC, V08, V09, V10, V11, V29, V29_FIXED)}
)


def version(which: str | Version) -> Version:
    """A version by name, or the version itself.

    Raises:
        ValueError: no such name.
    """
    if isinstance(which, Version):
        return which
    if which not in VERSIONS:
        raise ValueError(f"unknown version {which!r}; versions are {', '.join(VERSIONS)}")
    return VERSIONS[which]
