# SPDX-License-Identifier: GPL-2.0-only
"""Mistakes in what the patch adds to kvm_create_vm(), its label ladder, and kvm_destroy_vm()."""

from typing import Final

from kvmplanes.model.mutants.mutant import Mutant

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
_TEARDOWN: Final = "kvm_destroy_planes(kvm);\nkvm_arch_free_vm(kvm);"


def _ladder(old: str, new: str) -> tuple[str, str]:
    return _LADDER, _LADDER.replace(old, new)


VM: Final = (
    Mutant(
        "plane 0 forgotten", "11", "kvm_create_vm",
        "The functions are there, and nobody calls the first one.",
        (_HOOK, ""),
    ),
    Mutant(
        "plane 0 unchecked", "11", "kvm_create_vm",
        "The call is made for its effect; its result is dropped.",
        (_HOOK, "kvm_create_plane(kvm, 0);"),
    ),
    Mutant(
        "plane 0 twice", "11", "kvm_create_vm",
        "A rebase leaves an older call of the function beside the new one.",
        (_HOOK, f"kvm_create_plane(kvm, 0);{_HOOK}"),
    ),
    Mutant(
        "plane 1 for plane 0", "11", "kvm_create_vm",
        "The first plane is called plane 1.",
        ("if (kvm_create_plane(kvm, 0) == NULL) {", "if (kvm_create_plane(kvm, 1) == NULL) {"),
    ),
    Mutant(
        "errno not set", "11", "kvm_create_vm",
        "The other calls return their errno; this one returns a pointer.",
        (_HOOK, "if (kvm_create_plane(kvm, 0) == NULL)\n    goto out_no_planes;"),
    ),
    Mutant(
        "errno 0", "11", "kvm_create_vm",
        "r is set to please the compiler; ERR_PTR(0) is NULL, which is no error to IS_ERR.",
        ("r = -ENOMEM;\ngoto out_no_planes;", "r = 0;\ngoto out_no_planes;"),
    ),
    Mutant(
        "errno positive", "11", "kvm_create_vm",
        "The minus sign is forgotten; ERR_PTR(12) is no error to IS_ERR.",
        ("r = -ENOMEM;\ngoto out_no_planes;", "r = ENOMEM;\ngoto out_no_planes;"),
    ),
    Mutant(
        "errno of another call", "11", "kvm_create_vm",
        "-EINVAL, for a plane that cannot be had.",
        ("r = -ENOMEM;\ngoto out_no_planes;", "r = -EINVAL;\ngoto out_no_planes;"),
    ),
    Mutant(
        "return for goto", "11", "kvm_create_vm",
        "It is so early that nothing seems to be there to undo, as at the check above.",
        ("r = -ENOMEM;\ngoto out_no_planes;", "return ERR_PTR(-ENOMEM);"),
    ),
    Mutant(
        "label of the next call", "11", "kvm_create_vm",
        "The goto is copied from the lines below.",
        ("goto out_no_planes;", "goto out_err_no_srcu;"),
        "one label too early, kvm_destroy_planes() meets sixteen empty slots",
    ),
    Mutant(
        "label far up", "11", "kvm_create_vm",
        "A name with `no_` in it is as good as another.",
        ("goto out_no_planes;", "goto out_err_no_mmu_notifier;"),
    ),
    Mutant(
        "old label kept", "11", "kvm_create_vm",
        "The label above kvm_arch_free_vm() has a new name, and init_srcu_struct() still jumps to that place.",
        ("goto out_err_no_srcu;", "goto out_no_planes;"),
    ),
    Mutant(
        "label one line low", "11", "kvm_create_vm",
        "The new label slips below kvm_arch_free_vm().",
        _ladder("out_no_planes:\n    kvm_arch_free_vm(kvm);", "    kvm_arch_free_vm(kvm);\nout_no_planes:"),
    ),
    Mutant(
        "created later", "11", "kvm_create_vm",
        "Plane 0 moves below the first SRCU, with its old label.",
        (_HOOK + _UNTIL_SRCU, _UNTIL_SRCU + _HOOK),
    ),
    Mutant(
        "created later, new label", "11", "kvm_create_vm",
        "Plane 0 moves below the first SRCU, and jumps to where that is undone.",
        (_HOOK + _UNTIL_SRCU, _UNTIL_SRCU + _HOOK.replace("out_no_planes", "out_err_no_irq_srcu")),
        "its undo works on empty slots too, so it may stand below",
    ),
    Mutant(
        "undo dropped", "11", "kvm_create_vm",
        "kvm_destroy_vm() has the call, and the ladder is overlooked.",
        _ladder("    kvm_destroy_planes(kvm);\n", ""),
    ),
    Mutant(
        "undo twice", "11", "kvm_create_vm",
        "A merge keeps both copies of the line.",
        _ladder("kvm_destroy_planes(kvm);", "kvm_destroy_planes(kvm);\n    kvm_destroy_planes(kvm);"),
        "each slot is cleared as it is freed, so the second call finds nothing",
    ),
    Mutant(
        "undo after the free", "11", "kvm_create_vm",
        "The teardown's two lines as posted in 09, here as well.",
        _ladder("    kvm_destroy_planes(kvm);\nout_no_planes:\n    kvm_arch_free_vm(kvm);",
                  "out_no_planes:\n    kvm_arch_free_vm(kvm);\n    kvm_destroy_planes(kvm);"),
    ),
    Mutant(
        "undo one label up", "11", "kvm_create_vm",
        "The new line goes under the label above its own.",
        ("    cleanup_srcu_struct(&kvm->srcu);\nout_err_no_srcu:\n    kvm_destroy_planes(kvm);",
         "    cleanup_srcu_struct(&kvm->srcu);\n    kvm_destroy_planes(kvm);\nout_err_no_srcu:"),
    ),
    Mutant(
        "undo mm dropped", "11", "kvm_create_vm",
        "The line below the new ones gets lost in a conflict.",
        _ladder("    mmdrop(current->mm);\n", ""),
    ),
    Mutant(
        "undo mm twice", "11", "kvm_create_vm",
        "The line below the new ones is there before and after a conflict.",
        _ladder("mmdrop(current->mm);", "mmdrop(current->mm);\n    mmdrop(current->mm);"),
    ),
    Mutant(
        "teardown as posted", "11", "kvm_destroy_vm",
        "09/60 as posted: the array is read in a struct kvm that is freed.",
        (_TEARDOWN, "kvm_arch_free_vm(kvm);\nkvm_destroy_planes(kvm);"),
    ),
    Mutant(
        "teardown dropped", "11", "kvm_destroy_vm",
        "Only the label ladder got the new line.",
        ("kvm_destroy_planes(kvm);", ""),
    ),
    Mutant(
        "teardown twice", "11", "kvm_destroy_vm",
        "One call by 09, one more by the patch that moved it.",
        ("kvm_destroy_planes(kvm);", "kvm_destroy_planes(kvm);\nkvm_destroy_planes(kvm);"),
        "each slot is cleared as it is freed, so the second call finds nothing",
    ),
    Mutant(
        "teardown of two kinds", "11", "kvm_destroy_vm",
        "The call is moved up, as 11/60 does, and the old one stays behind.",
        (_TEARDOWN, f"{_TEARDOWN}\nkvm_destroy_planes(kvm);"),
    ),
    Mutant(
        "mm read late", "11", "kvm_destroy_vm",
        "The local copy of kvm->mm looks needless.",
        ("mmdrop(mm);", "mmdrop(kvm->mm);"),
    ),
)  # fmt: skip
