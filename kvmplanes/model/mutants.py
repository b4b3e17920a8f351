# SPDX-License-Identifier: GPL-2.0-only
"""Mistakes that are easily made in this patch, each as one edit; `kvmplanes.runs.mutation` tells what sees each.

They stand on 11 and 29-fixed, which have no defect of their own: with 09 as posted, every VM that goes shows one.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from kvmplanes.model.series import DESTROY_PLANES, TEARDOWN_FIXED, TEARDOWN_POSTED, VERSIONS, Version


@dataclass(frozen=True)
class Mutant:
    """One mistake, made in one place.

    Args:
        name: a few words, unlike any other mutant's.
        story: what somebody might have meant, or missed.
        edit: (old lines, new lines) of the function in the base, as for `Version.edit`.
        equivalent: why no run can tell it from its base; "" if some run can.
    """

    name: str
    base: str
    function: str
    story: str
    edit: tuple[str, str]
    equivalent: str = ""

    @cached_property
    def version(self) -> Version:
        """The edited version."""
        return VERSIONS[self.base].edit(self.name, self.story, (self.function, *self.edit))

    def __str__(self) -> str:
        return self.name


_HOOK: Final = """
if (kvm_create_plane(kvm, 0) == NULL) {
    r = -ENOMEM;
    goto out_no_planes;
}
"""
_UNTIL_SRCU: Final = """
/*
 * Force subsequent debugfs file creations to fail if the VM directory
 * is not created (by kvm_create_vm_debugfs()).
 */
kvm->debugfs_dentry = ERR_PTR(-ENOENT);

r = init_srcu_struct(&kvm->srcu);
if (r)
    goto out_err_no_srcu;
"""
_LADDER: Final = """
    kvm_destroy_planes(kvm);
out_no_planes:
    kvm_arch_free_vm(kvm);
    mmdrop(current->mm);
"""
_UNDO: Final = "kvm_put_kvm(kvm);\nkvm_destroy_one_plane(plane);\nkvm->planes[id] = NULL;"


def _ladder(old: str, new: str) -> tuple[str, str]:
    return _LADDER, _LADDER.replace(old, new)


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant("allocation unchecked", "11", "kvm_create_plane",
           "A small allocation never fails, somebody has heard.",
           ("if (!plane)\n    return NULL;", "")),
    Mutant("NULL as ERR_PTR", "11", "kvm_create_plane",
           "Other constructors here report errors with ERR_PTR; this one's caller compares with NULL.",
           ("return NULL;", "return ERR_PTR(-ENOMEM);")),
    Mutant("returns NULL always", "11", "kvm_create_plane",
           "The plane is in its slot; the result is taken for an error code, with zero for success.",
           ("return plane;", "return NULL;")),
    Mutant("no back-pointer", "11", "kvm_create_plane",
           "Nothing in 09 reads plane->kvm; 10/60 follows it whenever a VM is destroyed.",
           ("plane->kvm = kvm;", "")),
    Mutant("no back-pointer, 29", "29-fixed", "kvm_create_plane",
           "The same line missing, where kvm_plane_release() follows the pointer.",
           ("plane->kvm = kvm;", "")),
    Mutant("no level", "11", "kvm_create_plane",
           "The memory is zeroed, and the only plane has level 0.",
           ("plane->level = plane_level;", ""), "plane 0 is the only one in 11, and its memory is zeroed"),
    Mutant("no level, 29", "29-fixed", "kvm_create_plane",
           "The same line missing, where there is a plane 1.",
           ("plane->level = plane_level;", "")),
    Mutant("level from 1", "11", "kvm_create_plane",
           "Levels are counted from 1, slots from 0.",
           ("plane->level = plane_level;", "plane->level = plane_level + 1;")),
    Mutant("no store", "11", "kvm_create_plane",
           "The plane is returned, and the caller is trusted to store it, as in the RFC.",
           ("kvm->planes[plane_level] = plane;", "")),
    Mutant("store before check", "11", "kvm_create_plane",
           "First everything is assigned, then checked.",
           ("if (!plane)\n    return NULL;", "kvm->planes[plane_level] = plane;\nif (!plane)\n    return NULL;"),
           "the slot was NULL before, and is NULL again if kzalloc fails"),
    Mutant("store before init", "29-fixed", "kvm_create_plane",
           "The plane is published before its members are set.",
           ("plane->kvm = kvm;", "kvm->planes[plane_level] = plane;\nplane->kvm = kvm;"),
           "kvm->lock is held, so nobody reads the slot meanwhile"),
    Mutant("store to slot 0", "29-fixed", "kvm_create_plane",
           "There is only plane 0, for twenty patches.",
           ("kvm->planes[plane_level] = plane;", "kvm->planes[0] = plane;")),
    Mutant("store one slot on", "11", "kvm_create_plane",
           "Slot 0 is kept for the VM itself.",
           ("kvm->planes[plane_level] = plane;", "kvm->planes[plane_level + 1] = plane;")),
    Mutant("nothing freed", "11", "kvm_destroy_one_plane",
           "A stub for later, as the RFC's kvm_destroy_plane() was.",
           ("kfree(plane);", "(void)plane;")),
    Mutant("freed twice", "11", "kvm_destroy_one_plane",
           "Two versions of a change are merged, and each brought the line.",
           ("kfree(plane);", "kfree(plane);\nkfree(plane);")),
    Mutant("slot not cleared", "11", "kvm_destroy_planes",
           "struct kvm goes next, so its members need no reset.",
           ("kvm->planes[i] = NULL;", ""), "after either call struct kvm is freed, and nobody reads the slot again"),
    Mutant("cleared, not freed", "11", "kvm_destroy_planes",
           "An empty slot passes for a destroyed plane.",
           ("kvm_destroy_one_plane(kvm->planes[i]);", "")),
    Mutant("cleared, then freed", "11", "kvm_destroy_planes",
           "The slot is emptied first, and what it held is lost: NULL is freed.",
           ("kvm_destroy_one_plane(kvm->planes[i]);\nkvm->planes[i] = NULL;",
            "kvm->planes[i] = NULL;\nkvm_destroy_one_plane(kvm->planes[i]);")),
    Mutant("loop from 1", "11", "kvm_destroy_planes",
           "Plane 0 is taken for a part of the VM.",
           ("for (i = 0; i < KVM_MAX_PLANES; ++i) {", "for (i = 1; i < KVM_MAX_PLANES; ++i) {")),
    Mutant("loop one short", "11", "kvm_destroy_planes",
           "The last index is taken for the length.",
           ("for (i = 0; i < KVM_MAX_PLANES; ++i) {", "for (i = 0; i < KVM_MAX_PLANES - 1; ++i) {"),
           "in 11 only slot 0 is ever filled; see the next row"),
    Mutant("loop one short, 29", "29-fixed", "kvm_destroy_planes",
           "The same, where KVM_CREATE_PLANE can fill slot 15.",
           ("for (i = 0; i < KVM_MAX_PLANES; ++i) {", "for (i = 0; i < KVM_MAX_PLANES - 1; ++i) {")),
    Mutant("loop one long", "11", "kvm_destroy_planes",
           "`<=` for `<`.",
           ("for (i = 0; i < KVM_MAX_PLANES; ++i) {", "for (i = 0; i <= KVM_MAX_PLANES; ++i) {")),
    Mutant("break for continue", "11", "kvm_destroy_planes",
           "Planes are thought to lie without gaps.",
           ("continue;", "break;"), "in 11 the one plane is in the first slot; see the next row"),
    Mutant("break for continue, 29", "29-fixed", "kvm_destroy_planes",
           "The same, where user space chooses the ids.",
           ("continue;", "break;")),
    Mutant("test inverted", "11", "kvm_destroy_planes",
           "`!=` for `==`.",
           ("if (kvm->planes[i] == NULL)", "if (kvm->planes[i] != NULL)")),
    Mutant("test dropped", "11", "kvm_destroy_planes",
           "kfree(NULL) is allowed.",
           ("if (kvm->planes[i] == NULL)\n    continue;", ""),
           "kfree(NULL) does nothing, and NULL is written over NULL; x86's hook of 41/60 would follow it"),
    Mutant("plane 0 forgotten", "11", "kvm_create_vm",
           "The functions are there, and nobody calls the first one.",
           (_HOOK, "")),
    Mutant("plane 0 unchecked", "11", "kvm_create_vm",
           "The call is made for its effect; its result is dropped.",
           (_HOOK, "kvm_create_plane(kvm, 0);")),
    Mutant("plane 0 twice", "11", "kvm_create_vm",
           "A rebase leaves an older call of the function beside the new one.",
           (_HOOK, f"kvm_create_plane(kvm, 0);{_HOOK}")),
    Mutant("plane 1 for plane 0", "11", "kvm_create_vm",
           "The first plane is called plane 1.",
           ("if (kvm_create_plane(kvm, 0) == NULL) {", "if (kvm_create_plane(kvm, 1) == NULL) {")),
    Mutant("errno not set", "11", "kvm_create_vm",
           "The other calls return their errno; this one returns a pointer.",
           (_HOOK, "if (kvm_create_plane(kvm, 0) == NULL)\n    goto out_no_planes;")),
    Mutant("errno 0", "11", "kvm_create_vm",
           "r is set to please the compiler; ERR_PTR(0) is NULL, which is no error to IS_ERR.",
           ("r = -ENOMEM;\ngoto out_no_planes;", "r = 0;\ngoto out_no_planes;")),
    Mutant("errno positive", "11", "kvm_create_vm",
           "The minus sign is forgotten; ERR_PTR(12) is no error to IS_ERR.",
           ("r = -ENOMEM;\ngoto out_no_planes;", "r = ENOMEM;\ngoto out_no_planes;")),
    Mutant("errno of another call", "11", "kvm_create_vm",
           "-EINVAL, for a plane that cannot be had.",
           ("r = -ENOMEM;\ngoto out_no_planes;", "r = -EINVAL;\ngoto out_no_planes;")),
    Mutant("return for goto", "11", "kvm_create_vm",
           "It is so early that nothing seems to be there to undo, as at the check above.",
           ("r = -ENOMEM;\ngoto out_no_planes;", "return ERR_PTR(-ENOMEM);")),
    Mutant("label of the next call", "11", "kvm_create_vm",
           "The goto is copied from the lines below.",
           ("goto out_no_planes;", "goto out_err_no_srcu;"),
           "one label too early, kvm_destroy_planes() meets sixteen empty slots"),
    Mutant("label far up", "11", "kvm_create_vm",
           "A name with `no_` in it is as good as another.",
           ("goto out_no_planes;", "goto out_err_no_mmu_notifier;")),
    Mutant("old label kept", "11", "kvm_create_vm",
           "The label above kvm_arch_free_vm() has a new name, and init_srcu_struct() still jumps to that place.",
           ("goto out_err_no_srcu;", "goto out_no_planes;")),
    Mutant("label one line low", "11", "kvm_create_vm",
           "The new label slips below kvm_arch_free_vm().",
           _ladder("out_no_planes:\n    kvm_arch_free_vm(kvm);", "    kvm_arch_free_vm(kvm);\nout_no_planes:")),
    Mutant("created later", "11", "kvm_create_vm",
           "Plane 0 moves below the first SRCU, with its old label.",
           (_HOOK + _UNTIL_SRCU, _UNTIL_SRCU + _HOOK)),
    Mutant("created later, new label", "11", "kvm_create_vm",
           "Plane 0 moves below the first SRCU, and jumps to where that is undone.",
           (_HOOK + _UNTIL_SRCU, _UNTIL_SRCU + _HOOK.replace("out_no_planes", "out_err_no_irq_srcu")),
           "its undo works on empty slots too, so it may stand below"),
    Mutant("undo dropped", "11", "kvm_create_vm",
           "kvm_destroy_vm() has the call, and the ladder is overlooked.",
           _ladder("    kvm_destroy_planes(kvm);\n", "")),
    Mutant("undo twice", "11", "kvm_create_vm",
           "A merge keeps both copies of the line.",
           _ladder("kvm_destroy_planes(kvm);", "kvm_destroy_planes(kvm);\n    kvm_destroy_planes(kvm);"),
           "each slot is cleared as it is freed, so the second call finds nothing"),
    Mutant("undo after the free", "11", "kvm_create_vm",
           "The teardown's two lines as posted in 09, here as well.",
           _ladder("    kvm_destroy_planes(kvm);\nout_no_planes:\n    kvm_arch_free_vm(kvm);",
                   "out_no_planes:\n    kvm_arch_free_vm(kvm);\n    kvm_destroy_planes(kvm);")),
    Mutant("undo one label up", "11", "kvm_create_vm",
           "The new line goes under the label above its own.",
           ("    cleanup_srcu_struct(&kvm->srcu);\nout_err_no_srcu:\n    kvm_destroy_planes(kvm);",
            "    cleanup_srcu_struct(&kvm->srcu);\n    kvm_destroy_planes(kvm);\nout_err_no_srcu:")),
    Mutant("undo mm dropped", "11", "kvm_create_vm",
           "The line below the new ones gets lost in a conflict.",
           _ladder("    mmdrop(current->mm);\n", "")),
    Mutant("undo mm twice", "11", "kvm_create_vm",
           "The line below the new ones is there before and after a conflict.",
           _ladder("mmdrop(current->mm);", "mmdrop(current->mm);\n    mmdrop(current->mm);")),
    Mutant("teardown as posted", "11", "kvm_destroy_vm",
           "09/60 as posted: the array is read in a struct kvm that is freed.",
           (TEARDOWN_FIXED, TEARDOWN_POSTED)),
    Mutant("teardown dropped", "11", "kvm_destroy_vm",
           "Only the label ladder got the new line.",
           (DESTROY_PLANES, "")),
    Mutant("teardown twice", "11", "kvm_destroy_vm",
           "One call by 09, one more by the patch that moved it.",
           (DESTROY_PLANES, f"{DESTROY_PLANES}\n{DESTROY_PLANES}"),
           "each slot is cleared as it is freed, so the second call finds nothing"),
    Mutant("teardown of two kinds", "11", "kvm_destroy_vm",
           "The call is moved up, as 11/60 does, and the old one stays behind.",
           (TEARDOWN_FIXED, f"{TEARDOWN_FIXED}\n{DESTROY_PLANES}")),
    Mutant("mm read late", "11", "kvm_destroy_vm",
           "The local copy of kvm->mm looks needless.",
           ("mmdrop(mm);", "mmdrop(kvm->mm);")),
    Mutant("id unchecked", "29-fixed", "kvm_vm_ioctl_create_plane",
           "kvm_create_plane() is trusted with any id.",
           ("if (id >= kvm_arch_max_planes(kvm))\n    return -EINVAL;", "")),
    Mutant("id 16 allowed", "29-fixed", "kvm_vm_ioctl_create_plane",
           "`>` for `>=`.",
           ("if (id >= kvm_arch_max_planes(kvm))", "if (id > kvm_arch_max_planes(kvm))")),
    Mutant("no EEXIST", "29-fixed", "kvm_vm_ioctl_create_plane",
           "A second plane with the same id is left to user space.",
           ("if (kvm->planes[id])\n    return -EEXIST;", "")),
    Mutant("EBUSY for EEXIST", "29-fixed", "kvm_vm_ioctl_create_plane",
           "The documentation and the code are written on different days.",
           ("return -EEXIST;", "return -EBUSY;")),
    Mutant("plane unchecked", "29-fixed", "kvm_vm_ioctl_create_plane",
           "The ioctl relies on kvm_create_plane().",
           ("if (!plane) {\n    r = -ENOMEM;\n    goto put_fd;\n}", "")),
    Mutant("no reference taken", "29-fixed", "kvm_vm_ioctl_create_plane",
           "The plane's descriptor is closed before the VM's, somebody assumes.",
           ("kvm_get_kvm(kvm);", "")),
    Mutant("label too low", "29-fixed", "kvm_vm_ioctl_create_plane",
           "The second goto is copied from the first.",
           ("goto put_kvm;", "goto put_fd;")),
    Mutant("file's errno lost", "29-fixed", "kvm_vm_ioctl_create_plane",
           "Every failure here is taken for a lack of memory, and one for success.",
           ("r = PTR_ERR(file);", "r = -EBUSY;")),
    Mutant("file not installed", "29-fixed", "kvm_vm_ioctl_create_plane",
           "The number is returned, and no file stands behind it.",
           ("fd_install(fd, file);", "")),
    Mutant("reference kept", "29-fixed", "kvm_vm_ioctl_create_plane",
           "The failing path forgets kvm_put_kvm().",
           ("kvm_put_kvm(kvm);", "")),
    Mutant("plane kept", "29-fixed", "kvm_vm_ioctl_create_plane",
           "The failing path empties the slot, and forgets the plane.",
           ("kvm_destroy_one_plane(plane);", "")),
    Mutant("slot kept, as posted", "29-fixed", "kvm_vm_ioctl_create_plane",
           "29/60 as posted: the plane is freed, and the slot still points to it.",
           ("kvm->planes[id] = NULL;", "")),
    Mutant("wrong slot emptied", "29-fixed", "kvm_vm_ioctl_create_plane",
           "The repair is copied from a place where the id was 0.",
           ("kvm->planes[id] = NULL;", "kvm->planes[0] = NULL;")),
    Mutant("slot emptied last", "29-fixed", "kvm_vm_ioctl_create_plane",
           "The repair is put at the end of the ladder.",
           ("    kvm->planes[id] = NULL;\nput_fd:\n    put_unused_fd(fd);",
            "put_fd:\n    put_unused_fd(fd);\n    kvm->planes[id] = NULL;"),
           "kvm->lock is held until the end, and after put_fd alone the slot is empty"),
    Mutant("reference put last", "29-fixed", "kvm_vm_ioctl_create_plane",
           "The undo is not in the order of the acquisitions.",
           (_UNDO, "kvm_destroy_one_plane(plane);\nkvm->planes[id] = NULL;\nkvm_put_kvm(kvm);"),
           "the caller's VM descriptor holds another reference, so this is never the last"),
    Mutant("number kept", "29-fixed", "kvm_vm_ioctl_create_plane",
           "The failing path forgets put_unused_fd().",
           ("put_unused_fd(fd);", "")),
    Mutant("close puts nothing", "29-fixed", "kvm_plane_release",
           "The plane lives as long as the VM, so its close has nothing to do.",
           ("kvm_put_kvm(plane->kvm);", "(void)plane;")),
    Mutant("close frees the plane", "29-fixed", "kvm_plane_release",
           "Who closes the descriptor is thought to be the plane's last user.",
           ("kvm_put_kvm(plane->kvm);",
            "struct kvm *kvm = plane->kvm;\nkvm_destroy_one_plane(plane);\nkvm_put_kvm(kvm);")),
    Mutant("close destroys the VM", "29-fixed", "kvm_plane_release",
           "kvm_destroy_vm() in place of kvm_put_kvm().",
           ("kvm_put_kvm(plane->kvm);", "kvm_destroy_vm(plane->kvm);")),
)  # fmt: skip
