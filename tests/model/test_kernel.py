# SPDX-License-Identifier: GPL-2.0-only
"""What the functions of kvm.py stand on: gotos, counted references, leaf calls, descriptors and files."""

import errno
from collections.abc import Callable
from typing import Any

import pytest

from kvmplanes.model import kvm as model
from kvmplanes.model.faults import Fail, Injector
from kvmplanes.model.heap import NULL, Event, Oops
from kvmplanes.model.kernel import ERR_PTR, IS_ERR, PTR_ERR, Goto, Kernel, errno_name


def kernel(fail: Fail = None, **functions: Callable[..., Any]) -> tuple[Kernel, list[Event]]:
    events: list[Event] = []
    return Kernel(functions, Injector(fail), events.append), events


def test_err_ptr() -> None:
    pointer = ERR_PTR(-errno.ENOMEM)
    assert IS_ERR(pointer)
    assert PTR_ERR(pointer) == -errno.ENOMEM
    assert repr(pointer) == "ERR_PTR(-ENOMEM)"
    assert pointer is not NULL
    assert pointer  # in C it is no NULL, either
    assert not IS_ERR(NULL)


def test_an_err_ptr_is_not_to_be_followed() -> None:
    k, _ = kernel()
    pointer = ERR_PTR(-errno.ENOMEM)
    with pytest.raises(Oops, match=r"ERR_PTR\(-ENOMEM\)->planes is read"):
        _ = pointer.planes
    with pytest.raises(Oops, match=r"ERR_PTR\(-ENOMEM\)->mm is written"):
        pointer.mm = 1
    with pytest.raises(Oops, match=r"kfree\(ERR_PTR\(-ENOMEM\)\)"):
        k.kfree(pointer)


def test_errno_names() -> None:
    assert errno_name(-errno.EEXIST) == errno_name(errno.EEXIST) == "EEXIST"


def test_goto_falls_through_from_its_label_on() -> None:
    k, events = kernel()
    passed = []
    try:
        raise k.goto("b")
    except Goto as goto:
        passed = [name for name in "abc" if goto.label(name)]
    assert passed == ["b", "c"]
    assert events == [Event("goto", "b"), Event("label", "b"), Event("label", "c")]


def test_references_are_counted_and_one_too_many_is_a_defect() -> None:
    k, events = kernel()
    k.get("vm_list")
    k.put("vm_list")
    k.put("vm_list")
    assert [(e.what, e.value, e.defect) for e in events] == [
        ("get", "1", None),
        ("put", "0", None),
        ("put", "-1", "double-free"),
    ]


def test_mmdrop_needs_an_address_space() -> None:
    k, _ = kernel()
    k.mmgrab("mm")
    k.mmdrop("mm")
    assert k.refs["mm"] == 0
    with pytest.raises(Oops, match=r"mmdrop\(NULL\)"):
        k.mmdrop(NULL)


def test_functions_are_found_by_name() -> None:
    k, _ = kernel(kvm_twice=lambda _, n: 2 * n)
    assert k.kvm_twice(4) == 8
    with pytest.raises(AttributeError, match="this version has no function 'kvm_thrice'"):
        k.kvm_thrice(4)


# Leaf calls: how each is made, how it is undone, and what then exists.
PAIRS: dict[str, tuple[Callable[[Kernel, Any], int], Callable[[Kernel, Any], None], str]] = {
    "init_srcu_struct(&kvm->srcu)": (
        lambda k, kvm: k.init_srcu_struct(kvm, "srcu"), lambda k, kvm: k.cleanup_srcu_struct(kvm, "srcu"), "srcu"
    ),
    "init_srcu_struct(&kvm->irq_srcu)": (
        lambda k, kvm: k.init_srcu_struct(kvm, "irq_srcu"), lambda k, kvm: k.cleanup_srcu_struct(kvm, "irq_srcu"),
        "irq_srcu",
    ),
    "kvm_init_irq_routing": (Kernel.kvm_init_irq_routing, Kernel.kvm_free_irq_routing, "irq_routing"),
    "kvm_coalesced_mmio_init": (Kernel.kvm_coalesced_mmio_init, Kernel.kvm_coalesced_mmio_free, "mmio_ring"),
    "kvm_create_vm_debugfs": (
        lambda k, kvm: k.kvm_create_vm_debugfs(kvm, "4"), Kernel.kvm_destroy_vm_debugfs, "debugfs"
    ),
    "kvm_enable_virtualization": (
        lambda k, _: k.kvm_enable_virtualization(), lambda k, _: k.kvm_disable_virtualization(), "virtualization"
    ),
    "kvm_init_mmu_notifier": (
        Kernel.kvm_init_mmu_notifier, lambda k, _: k.mmu_notifier_unregister(), "mmu_notifier"
    ),
}  # fmt: skip


def held(k: Kernel) -> list[str]:
    return [cell.name for cell in k.heap.live() if cell.kind != "kvm"] + [name for name, n in k.refs.items() if n]


@pytest.mark.parametrize("call", PAIRS)
def test_a_leaf_call_and_its_undoing(call: str) -> None:
    make, undo, what = PAIRS[call]
    k, _ = kernel()
    kvm = k.heap.alloc(model.struct_kvm, 1)
    assert make(k, kvm) == 0
    assert held(k) == [what]
    undo(k, kvm)
    assert held(k) == []


@pytest.mark.parametrize("call", PAIRS)
def test_a_failing_leaf_call_leaves_nothing(call: str) -> None:
    make, _, _ = PAIRS[call]
    k, events = kernel(call)
    kvm = k.heap.alloc(model.struct_kvm, 1)
    failed = make(k, kvm)
    assert failed == -(errno.EBUSY if call == "kvm_enable_virtualization" else errno.ENOMEM)
    assert held(k) == []
    assert Event("fail", call, value=errno_name(failed)) in events


def test_mmu_notifier_ops_are_set_before_registration_can_fail() -> None:
    """out_no_coalesced_mmio tests ops: they say that notifiers are compiled in, not that registration worked."""
    k, _ = kernel("kvm_init_mmu_notifier: EINTR")
    kvm = k.heap.alloc(model.struct_kvm, 1)
    assert k.kvm_init_mmu_notifier(kvm) == -errno.EINTR
    assert kvm.mmu_notifier_ops


def test_kzalloc() -> None:
    k, _ = kernel("kvm_create_plane(kvm, 3)")
    assert repr(k.kzalloc(model.struct_kvm_plane, 2)) == "plane#2"
    assert k.kzalloc(model.struct_kvm_plane, 3) is NULL


def test_descriptors_are_the_lowest_free_numbers() -> None:
    k, _ = kernel()
    assert [k.get_unused_fd_flags(), k.get_unused_fd_flags(), k.get_unused_fd_flags()] == [4, 5, 6]
    k.put_unused_fd(5)
    assert [k.get_unused_fd_flags(), k.get_unused_fd_flags()] == [5, 7]
    assert k.refs["fd"] == 4


def test_a_descriptor_can_be_refused() -> None:
    k, _ = kernel("get_unused_fd_flags(plane 1)")
    assert k.get_unused_fd_flags("plane 2") == 4
    assert k.get_unused_fd_flags("plane 1") == -errno.EMFILE


def test_close_releases_and_frees_the_file() -> None:
    released = []
    k, _ = kernel(my_release=lambda _, data: released.append(data))
    fd = k.get_unused_fd_flags()
    file = k.anon_inode_getfile("kvm-vm", "my_release", NULL)
    k.fd_install(fd, file)
    k.close(fd)
    assert released == [NULL]
    assert held(k) == []
    assert k.files == {}


def test_a_file_can_be_refused() -> None:
    k, _ = kernel("anon_inode_getfile: ENFILE")
    assert PTR_ERR(k.anon_inode_getfile("kvm-vm", "my_release", NULL)) == -errno.ENFILE
    assert held(k) == []
