# SPDX-License-Identifier: GPL-2.0-only
"""Mistakes in the patch's three functions."""

from typing import Final

from kvmplanes.model.mutants.mutant import Mutant

PLANE: Final = (
    Mutant(
        "allocation unchecked", "11", "kvm_create_plane",
        "A small allocation never fails, somebody has heard.",
        ("if (!plane)\n    return NULL;", ""),
    ),
    Mutant(
        "NULL as ERR_PTR", "11", "kvm_create_plane",
        "Other constructors here report errors with ERR_PTR; this one's caller compares with NULL.",
        ("return NULL;", "return ERR_PTR(-ENOMEM);"),
    ),
    Mutant(
        "returns NULL always", "11", "kvm_create_plane",
        "The plane is in its slot; the result is taken for an error code, with zero for success.",
        ("return plane;", "return NULL;"),
    ),
    Mutant(
        "no back-pointer", "11", "kvm_create_plane",
        "Nothing in 09 reads plane->kvm; 10/60 follows it whenever a VM is destroyed.",
        ("plane->kvm = kvm;", ""),
    ),
    Mutant(
        "no back-pointer, 29", "29-fixed", "kvm_create_plane",
        "The same line missing, where kvm_plane_release() follows the pointer.",
        ("plane->kvm = kvm;", ""),
    ),
    Mutant(
        "no level", "11", "kvm_create_plane",
        "The memory is zeroed, and the only plane has level 0.",
        ("plane->level = plane_level;", ""),
        "plane 0 is the only one in 11, and its memory is zeroed",
    ),
    Mutant(
        "no level, 29", "29-fixed", "kvm_create_plane",
        "The same line missing, where there is a plane 1.",
        ("plane->level = plane_level;", ""),
    ),
    Mutant(
        "level from 1", "11", "kvm_create_plane",
        "Levels are counted from 1, slots from 0.",
        ("plane->level = plane_level;", "plane->level = plane_level + 1;"),
    ),
    Mutant(
        "no store", "11", "kvm_create_plane",
        "The plane is returned, and the caller is trusted to store it, as in the RFC.",
        ("kvm->planes[plane_level] = plane;", ""),
    ),
    Mutant(
        "store before check", "11", "kvm_create_plane",
        "First everything is assigned, then checked.",
        ("if (!plane)\n    return NULL;", "kvm->planes[plane_level] = plane;\nif (!plane)\n    return NULL;"),
        "the slot was NULL before, and is NULL again if kzalloc fails",
    ),
    Mutant(
        "store before init", "29-fixed", "kvm_create_plane",
        "The plane is published before its members are set.",
        ("plane->kvm = kvm;", "kvm->planes[plane_level] = plane;\nplane->kvm = kvm;"),
        "kvm->lock is held, so nobody reads the slot meanwhile",
    ),
    Mutant(
        "store to slot 0", "29-fixed", "kvm_create_plane",
        "There is only plane 0, for twenty patches.",
        ("kvm->planes[plane_level] = plane;", "kvm->planes[0] = plane;"),
    ),
    Mutant(
        "store one slot on", "11", "kvm_create_plane",
        "Slot 0 is kept for the VM itself.",
        ("kvm->planes[plane_level] = plane;", "kvm->planes[plane_level + 1] = plane;"),
    ),
    Mutant(
        "nothing freed", "11", "kvm_destroy_one_plane",
        "A stub for later, as the RFC's kvm_destroy_plane() was.",
        ("kfree(plane);", "(void)plane;"),
    ),
    Mutant(
        "freed twice", "11", "kvm_destroy_one_plane",
        "Two versions of a change are merged, and each brought the line.",
        ("kfree(plane);", "kfree(plane);\nkfree(plane);"),
    ),
    Mutant(
        "slot not cleared", "11", "kvm_destroy_planes",
        "struct kvm goes next, so its members need no reset.",
        ("kvm->planes[i] = NULL;", ""),
        "after either call struct kvm is freed, and nobody reads the slot again",
    ),
    Mutant(
        "cleared, not freed", "11", "kvm_destroy_planes",
        "An empty slot passes for a destroyed plane.",
        ("kvm_destroy_one_plane(kvm->planes[i]);", ""),
    ),
    Mutant(
        "cleared, then freed", "11", "kvm_destroy_planes",
        "The slot is emptied first, and what it held is lost: NULL is freed.",
        (
            "kvm_destroy_one_plane(kvm->planes[i]);\nkvm->planes[i] = NULL;",
            "kvm->planes[i] = NULL;\nkvm_destroy_one_plane(kvm->planes[i]);",
        ),
    ),
    Mutant(
        "loop from 1", "11", "kvm_destroy_planes",
        "Plane 0 is taken for a part of the VM.",
        ("for (i = 0; i < KVM_MAX_PLANES; ++i) {", "for (i = 1; i < KVM_MAX_PLANES; ++i) {"),
    ),
    Mutant(
        "loop one short", "11", "kvm_destroy_planes",
        "The last index is taken for the length.",
        ("for (i = 0; i < KVM_MAX_PLANES; ++i) {", "for (i = 0; i < KVM_MAX_PLANES - 1; ++i) {"),
        "in 11 only slot 0 is ever filled; see the next row",
    ),
    Mutant(
        "loop one short, 29", "29-fixed", "kvm_destroy_planes",
        "The same, where KVM_CREATE_PLANE can fill slot 15.",
        ("for (i = 0; i < KVM_MAX_PLANES; ++i) {", "for (i = 0; i < KVM_MAX_PLANES - 1; ++i) {"),
    ),
    Mutant(
        "loop one long", "11", "kvm_destroy_planes",
        "`<=` for `<`.",
        ("for (i = 0; i < KVM_MAX_PLANES; ++i) {", "for (i = 0; i <= KVM_MAX_PLANES; ++i) {"),
    ),
    Mutant(
        "break for continue", "11", "kvm_destroy_planes",
        "Planes are thought to lie without gaps.",
        ("continue;", "break;"),
        "in 11 the one plane is in the first slot; see the next row",
    ),
    Mutant(
        "break for continue, 29", "29-fixed", "kvm_destroy_planes",
        "The same, where user space chooses the ids.",
        ("continue;", "break;"),
    ),
    Mutant(
        "test inverted", "11", "kvm_destroy_planes",
        "`!=` for `==`.",
        ("if (kvm->planes[i] == NULL)", "if (kvm->planes[i] != NULL)"),
    ),
    Mutant(
        "test dropped", "11", "kvm_destroy_planes",
        "kfree(NULL) is allowed.",
        ("if (kvm->planes[i] == NULL)\n    continue;", ""),
        "kfree(NULL) does nothing, and NULL is written over NULL; x86's hook of 41/60 would follow it",
    ),
)  # fmt: skip
