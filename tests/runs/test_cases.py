# SPDX-License-Identifier: GPL-2.0-only
"""Mistakes of public reports, said in C: what the certificate finds of each, and of its whole kind.

C2 is the kind of CVE-2022-22942 (a file given back while the descriptor table holds it), C4 that of CVE-2013-4587 (an
id without an upper bound).
"""

import pytest

import kvmplanes as kp
from kvmplanes.model.machine.tree import CError
from kvmplanes.runs.certificate import Certificate, Path
from kvmplanes.view.tables import counterexample

V11, FIXED = kp.VERSIONS["11"], kp.VERSIONS["29-fixed"]
VM, PLANE = "kvm_dev_ioctl_create_vm", "kvm_vm_ioctl_create_plane"
INSTALL = "fd_install(fd, file);\nreturn fd;"
COPY = 'if (shim_fails("copy_to_user", EFAULT))'
CHECK = "if (id >= kvm_arch_max_planes(kvm))\n    return -EINVAL;"
TAKEN = "if (kvm->planes[id])\n    return -EEXIST;"


def edited(base: kp.Version, function: str, old: str, new: str) -> kp.Version:
    return base.edit(f"{base}, edited", "", (function, old, new))


def bad(certificate: Certificate) -> list[Path]:
    return [path for path in certificate.paths if path.outcome != "clean"]


def copied(undo: str, base: kp.Version = V11, function: str = VM) -> kp.Version:
    """After fd_install, something is copied to user space and may fail; `undo` is what happens then."""
    return edited(
        base, function, INSTALL, f"fd_install(fd, file);\n{COPY} {{\n{undo}\n    return -EFAULT;\n}}\nreturn fd;"
    )


# -- C1: a reader's neighbour counts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "last", "outcome"),
    [
        ("kvm_coalesced_mmio_free", "kfree(kvm->coalesced_mmio_ring);", "double-free"),
        ("kvm_free_irq_routing", "kfree(kvm->irq_routing);", "double-free"),
        ("kvm_arch_destroy_vm", "kfree(kvm->arch.state);", "double-free"),
        ("kvm_arch_free_vm", "kfree(kvm);", "double-free"),
    ],
)
def test_c1_a_neighbour_is_a_function_like_any_other(name: str, last: str, outcome: str) -> None:
    v08 = kp.VERSIONS["08"]
    assert last in v08.functions[name].source
    twice = v08.replace(v08.functions[name].source.replace(last, f"{last}\n\t{last}"))
    assert outcome in kp.certify(twice).counts
    gone = v08.replace(v08.functions[name].source.replace(last, "(void)kvm;"))
    assert "leak" in kp.certify(gone).counts


# -- C2, C3: the descriptor table when the process ends ---------------------------------------------------------------


@pytest.mark.parametrize(
    "undo",
    [
        "    kvm_put_kvm(kvm);\n    kfree(file);\n    put_unused_fd(fd);",
        "    kvm_put_kvm(kvm);\n    kfree(file);",
        "    kfree(file);\n    put_unused_fd(fd);\n    kvm_put_kvm(kvm);",
    ],
    ids=["all undone", "number kept", "another order"],
)
def test_c2_a_file_freed_while_it_stands_in_the_table(undo: str) -> None:
    (path,) = bad(kp.certify(copied(undo)))
    assert (path.call, path.errno, path.outcome) == ("copy_to_user", "EFAULT", "use-after-free")
    (defect,) = path.trace.defects
    assert (defect.obj, defect.access, defect.field) == ("file#kvm-vm", "read", "f_op")
    assert path.trace.steps[defect.step].op == "close(fd 4)"


def test_c2_the_same_with_a_plane() -> None:
    undo = "    kvm_put_kvm(kvm);\n    kvm_destroy_one_plane(plane);\n    kvm->planes[id] = NULL;\n    kfree(file);\n"
    found = bad(kp.certify(copied(f"{undo}    put_unused_fd(fd);", FIXED, PLANE)))
    assert {(path.program.name, path.call, path.outcome) for path in found} >= {
        ("usual", "copy_to_user", "use-after-free"), ("exit", "copy_to_user", "use-after-free")
    }  # fmt: skip
    assert {path.call for path in found} == {"copy_to_user"}


def test_c2_a_file_freed_while_user_space_has_it() -> None:
    early = edited(V11, VM, INSTALL, "fd_install(fd, file);\nkfree(file);\nreturn fd;")
    (path,) = bad(kp.certify(early))
    assert (path.call, path.outcome) == ("", "use-after-free")
    assert {step.op for step in path.trace.steps if step.defect} == {"close(vm)", "exit"}


@pytest.mark.parametrize("undo", ["", "    put_unused_fd(fd);"], ids=["nothing undone", "number given back"])
def test_c3_an_error_after_fd_install(undo: str) -> None:
    """The exit closes what the table holds: nothing leaks, and the errno is the right one."""
    (path,) = bad(kp.certify(copied(undo)))
    assert (path.call, path.errno, path.outcome) == ("copy_to_user", "EFAULT", "wrong state")
    assert path.defects == "fd 4 is open, and user space was not told of it"
    assert path.trace.defects == ()


def test_c3_the_same_with_a_plane() -> None:
    found = [(path.program.name, path.defects) for path in bad(kp.certify(copied("", FIXED, PLANE)))]
    assert found == [
        ("usual", "fd 5 is open, and user space was not told of it"),
        ("ids", "KVM_CREATE_PLANE 1 returns EEXIST, not success"),
        ("ids", "fd 6 is open, and user space was not told of it"),
        ("exit", "fd 5 is open, and user space was not told of it"),
    ]


def test_c3_another_number_is_told() -> None:
    (path,) = bad(kp.certify(edited(V11, VM, INSTALL, "fd_install(fd, file);\nreturn 0;")))
    assert path.trace.results == (("KVM_CREATE_VM", "fd 0"),)
    assert (path.outcome, path.defects) == ("wrong state", "fd 4 is open, and user space was not told of it")


def test_a_number_without_a_file_is_ebadf() -> None:
    none = edited(FIXED, VM, INSTALL, "return fd;")
    trace = kp.run(none, ops=("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "KVM_CHECK_EXTENSION vm", "close(vm)"))
    assert [end for _, end in trace.results] == ["fd 4", "EBADF", "EBADF"]
    assert kp.certify(none).counts["leak"] == 3


# -- C4, C5: which ids are taken --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (CHECK, ""),
        (CHECK, CHECK.replace(">=", ">")),
        (CHECK, CHECK.replace("id >= ", "(int)id >= (int)")),
        (CHECK, "if (id > 17)\n    return -EINVAL;"),
    ],
    ids=["no check", "one too many", "signed", "another bound"],
)
def test_c4_an_id_without_an_upper_bound(old: str, new: str) -> None:
    certificate = kp.certify(edited(FIXED, PLANE, old, new))
    assert certificate.counts["out-of-bounds"] >= 9
    (whole,) = (path for path in bad(certificate) if not path.call)
    assert whole.program.name == "ids"


def test_c4_a_max_planes_of_17() -> None:
    more = FIXED.replace("unsigned kvm_arch_max_planes(struct kvm *kvm)\n{\n\t(void)kvm;\n\treturn 17;\n}\n")
    assert kp.certify(more).counts["out-of-bounds"] >= 9


@pytest.mark.parametrize(
    ("new", "leaks"),
    [("", 13), ("if (!id)\n    return -EEXIST;", 5), ("if (id && kvm->planes[id])\n    return -EEXIST;", 8)],
    ids=["no check", "plane 0 alone", "all but plane 0"],
)
def test_c5_a_slot_that_is_taken(new: str, leaks: int) -> None:
    certificate = kp.certify(edited(FIXED, PLANE, TAKEN, new))
    assert certificate.counts["leak"] == leaks
    assert {path.program.name for path in bad(certificate)} == {"ids"}
    (whole,) = (path for path in bad(certificate) if not path.call)
    assert whole.outcome == "leak"


# -- C6, C7: failures that are no errno of the call -------------------------------------------------------------------

LIST = "list_add(&kvm->vm_list, &vm_list);"
UEVENT = edited(V11, "kvm_create_vm", LIST, f'(void)shim_fails("kvm_uevent(KVM_EVENT_CREATE)", ENOMEM);\n{LIST}')


@pytest.mark.parametrize("name", ["kvm_uevent", "kvm_uevent(KVM_EVENT_CREATE)"])
def test_c6_a_call_can_be_declared_tolerated(name: str) -> None:
    assert kp.certify(UEVENT, tolerated=(name,)).clean
    assert len(kp.certify(UEVENT, tolerated=[name]).paths) == 19


def test_c6_without_it_the_words_say_which_of_the_two_it_may_be() -> None:
    (path,) = bad(kp.certify(UEVENT))
    assert (path.call, path.outcome) == ("kvm_uevent(KVM_EVENT_CREATE)", "wrong errno")
    assert path.defects == "returns success, not ENOMEM: forgotten, or to be tolerated?"


def test_c6_tolerated_means_that_the_ioctl_succeeds() -> None:
    (path,) = bad(kp.certify("11", tolerated=("kvm_create_vm_debugfs",)))
    assert (path.call, path.defects) == ("kvm_create_vm_debugfs", "returns ENOMEM, not success")


def test_c6_a_tolerated_failure_hides_no_defect() -> None:
    grab = f'if (shim_fails("kvm_uevent", ENOMEM))\n    mmgrab(current->mm);\n{LIST}'
    leaks = edited(V11, "kvm_create_vm", LIST, grab)
    (path,) = bad(kp.certify(leaks, tolerated=("kvm_uevent",)))
    assert (path.call, path.outcome) == ("kvm_uevent", "leak")


def test_c7_a_close_has_no_errno_to_give() -> None:
    first = "kvm_destroy_pm_notifier(kvm);"
    flush = edited(V11, "kvm_destroy_vm", first, f'(void)shim_fails("flush", EIO);\n{first}')
    certificate = kp.certify(flush)
    assert certificate.clean
    assert [(path.number, path.trace.failed, path.errno) for path in certificate.paths if path.call == "flush"] == [
        (18, (("flush", "EIO"),), "")
    ]


# -- C8 to C11 --------------------------------------------------------------------------------------------------------


def test_c8_a_jump_in_c_needs_its_label_and_nothing_else() -> None:
    with pytest.raises(CError, match=r"virt/kvm/kvm_main\.c:\d+: .*put_all"):
        edited(V11, VM, "goto put_kvm;", "goto put_all;")


def test_c9_a_reader_s_own_call_fails_by_name() -> None:
    version = copied("")
    assert kp.run(version, fail="copy_to_user").errno == "EFAULT"
    assert kp.run(version, fail="copy_to_user: EIO").failed == (("copy_to_user", "EIO"),)
    with pytest.raises(ValueError, match=r"no failable call 'copy_from_user' here; .* reaches 1 .*, 18 copy_to_user$"):
        kp.run(version, fail="copy_from_user")


@pytest.mark.parametrize(
    "again",
    ["kvm_destroy_vm(kvm);", "refcount_set(&kvm->users_count, 1);\nkvm_put_kvm(kvm);"],
    ids=["itself", "by a put"],
)
def test_c10_a_recursion_is_stopped_at_its_line(again: str) -> None:
    first = "kvm_destroy_pm_notifier(kvm);"
    with pytest.raises(CError, match="calls do not end: a function calls itself") as refused:
        kp.certify(edited(V11, "kvm_destroy_vm", first, f"{again}\n{first}"))
    assert refused.value.file == "virt/kvm/kvm_main.c"


def test_c11_two_failures() -> None:
    """Freed twice, but only if the event failed before and debugfs fails afterwards."""
    debugfs, free = "r = kvm_create_vm_debugfs(kvm, fdname);", "kvm_coalesced_mmio_free(kvm);"
    made = V11.edit(
        "two",
        "",
        ("kvm_create_vm", "int r, i;", "int r, i, lost;"),
        ("kvm_create_vm", debugfs, f'lost = shim_fails("kvm_uevent", ENOMEM);\n{debugfs}'),
        ("kvm_create_vm", f"    {free}", f"    if (lost)\n        {free}\n    {free}"),
    )
    assert kp.certify(made, tolerated=("kvm_uevent",)).clean
    certificate = kp.certify(made, failures=2, tolerated=("kvm_uevent",))
    (path,) = bad(certificate)
    assert (path.numbers, path.call, path.outcome) == ((16, 17), "kvm_uevent and kvm_create_vm_debugfs", "double-free")
    assert path.trace.scenario.endswith("; kvm_uevent fails (call 16) and kvm_create_vm_debugfs fails (call 17)")
    assert ": kvm_uevent and kvm_create_vm_debugfs fail, 1 double free; first at step " in counterexample(certificate)
    assert certificate.verdict.endswith("(one CPU, 2 paths with two failures, one program)")
    assert [path.numbers for path in certificate.paths][15:19] == [(16,), (16, 17), (16, 18), (17,)]
    assert certificate.listed[0] is path


@pytest.mark.parametrize("version", ["29", "29-fixed"])
def test_c11_every_pair_of_every_program(version: str) -> None:
    certificate = kp.certify(version, failures=2)
    for program in certificate.programs:
        once = {p.numbers: p.trace for p in certificate.paths if p.program is program and len(p.numbers) == 1}
        pairs = [p.numbers for p in certificate.paths if p.program is program and len(p.numbers) == 2]
        assert pairs == [(n, more) for (n,), t in once.items() for more in range(n + 1, len(t.calls) + 1)]
        assert bool(pairs) == (program.name == "ids")
    assert [p.numbers for p in certificate.paths if len(p.numbers) < 2] == [
        p.numbers for p in kp.certify(version).paths
    ]
