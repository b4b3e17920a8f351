# SPDX-License-Identifier: GPL-2.0-only
"""Mistakes in KVM_CREATE_PLANE and in what closes a plane's descriptor, on top of 29 with our repair."""

from typing import Final

from kvmplanes.model.mutants.mutant import Mutant

_CREATE: Final = "kvm_vm_ioctl_create_plane"
_UNDO: Final = "kvm_put_kvm(kvm);\nkvm_destroy_one_plane(plane);\nkvm->planes[id] = NULL;"

IOCTL: Final = (
    Mutant(
        "id unchecked", "29-fixed", _CREATE,
        "kvm_create_plane() is trusted with any id.",
        ("if (id >= kvm_arch_max_planes(kvm))\n    return -EINVAL;", ""),
    ),
    Mutant(
        "id 16 allowed", "29-fixed", _CREATE,
        "`>` for `>=`.",
        ("if (id >= kvm_arch_max_planes(kvm))", "if (id > kvm_arch_max_planes(kvm))"),
    ),
    Mutant(
        "no EEXIST", "29-fixed", _CREATE,
        "A second plane with the same id is left to user space.",
        ("if (kvm->planes[id])\n    return -EEXIST;", ""),
    ),
    Mutant(
        "EBUSY for EEXIST", "29-fixed", _CREATE,
        "The documentation and the code are written on different days.",
        ("return -EEXIST;", "return -EBUSY;"),
    ),
    Mutant(
        "plane unchecked", "29-fixed", _CREATE,
        "The ioctl relies on kvm_create_plane().",
        ("if (!plane) {\n    r = -ENOMEM;\n    goto put_fd;\n}", ""),
    ),
    Mutant(
        "no reference taken", "29-fixed", _CREATE,
        "The plane's descriptor is closed before the VM's, somebody assumes.",
        ("kvm_get_kvm(kvm);", ""),
    ),
    Mutant(
        "label too low", "29-fixed", _CREATE,
        "The second goto is copied from the first.",
        ("goto put_kvm;", "goto put_fd;"),
    ),
    Mutant(
        "file's errno lost", "29-fixed", _CREATE,
        "Every failure here is taken for a lack of memory, and one for success.",
        ("r = PTR_ERR(file);", "r = -EBUSY;"),
    ),
    Mutant(
        "file not installed", "29-fixed", _CREATE,
        "The number is returned, and no file stands behind it.",
        ("fd_install(fd, file);", ""),
    ),
    Mutant(
        "reference kept", "29-fixed", _CREATE,
        "The failing path forgets kvm_put_kvm().",
        ("kvm_put_kvm(kvm);", ""),
    ),
    Mutant(
        "plane kept", "29-fixed", _CREATE,
        "The failing path empties the slot, and forgets the plane.",
        ("kvm_destroy_one_plane(plane);", ""),
    ),
    Mutant(
        "slot kept, as posted", "29-fixed", _CREATE,
        "29/60 as posted: the plane is freed, and the slot still points to it.",
        ("kvm->planes[id] = NULL;", ""),
    ),
    Mutant(
        "wrong slot emptied", "29-fixed", _CREATE,
        "The repair is copied from a place where the id was 0.",
        ("kvm->planes[id] = NULL;", "kvm->planes[0] = NULL;"),
    ),
    Mutant(
        "slot emptied last", "29-fixed", _CREATE,
        "The repair is put at the end of the ladder.",
        ("    kvm->planes[id] = NULL;\nput_fd:\n    put_unused_fd(fd);",
         "put_fd:\n    put_unused_fd(fd);\n    kvm->planes[id] = NULL;"),
        "kvm->lock is held until the end, and after put_fd alone the slot is empty",
    ),
    Mutant(
        "reference put last", "29-fixed", _CREATE,
        "The undo is not in the order of the acquisitions.",
        (_UNDO, "kvm_destroy_one_plane(plane);\nkvm->planes[id] = NULL;\nkvm_put_kvm(kvm);"),
        "the caller's VM descriptor holds another reference, so this is never the last",
    ),
    Mutant(
        "number kept", "29-fixed", _CREATE,
        "The failing path forgets put_unused_fd().",
        ("put_unused_fd(fd);", ""),
    ),
    Mutant(
        "close puts nothing", "29-fixed", "kvm_plane_release",
        "The plane lives as long as the VM, so its close has nothing to do.",
        ("kvm_put_kvm(plane->kvm);", "(void)plane;"),
    ),
    Mutant(
        "close frees the plane", "29-fixed", "kvm_plane_release",
        "Who closes the descriptor is thought to be the plane's last user.",
        ("kvm_put_kvm(plane->kvm);", "struct kvm *kvm = plane->kvm;\nkvm_destroy_one_plane(plane);\nkvm_put_kvm(kvm);"),
    ),
    Mutant(
        "close destroys the VM", "29-fixed", "kvm_plane_release",
        "kvm_destroy_vm() in place of kvm_put_kvm().",
        ("kvm_put_kvm(plane->kvm);", "kvm_destroy_vm(plane->kvm);"),
    ),
)  # fmt: skip
