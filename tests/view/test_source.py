# SPDX-License-Identifier: GPL-2.0-only
"""The text of the functions, read: calls as in C, statements, labels."""

import pytest

import kvmplanes as kp
from kvmplanes.view.source import blocks, call_text, statements


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ('r = k.init_srcu_struct(kvm, "srcu")', "init_srcu_struct(&kvm->srcu)"),
        ("if k.kvm_create_plane(kvm, 0) is NULL:", "kvm_create_plane(kvm, 0)"),
        ("kvm.buses[i] = k.kzalloc(struct_kvm_io_bus, bus)", "kzalloc(struct_kvm_io_bus, bus)"),
        ("kvm.users_count = kvm.users_count - 1", "kvm->users_count--"),
        ('fd = k.get_unused_fd_flags(f"plane {id}")', "get_unused_fd_flags(plane id)"),
        ("k.mmgrab(current.mm)", "mmgrab(current->mm)"),
        ("kvm.planes[id] = NULL", "kvm->planes[id] = NULL"),
    ],
)
def test_calls_are_written_as_in_c(line: str, call: str) -> None:
    assert call_text(line) == call


def test_statements_and_labels_are_read_from_the_text() -> None:
    functions = kp.VERSIONS["09"].functions
    assert [label for label, _ in blocks(functions["kvm_dev_ioctl_create_vm"])] == ["put_kvm", "put_fd"]
    assert [s.text for s in statements(functions["kvm_put_kvm"])] == ["kvm->users_count--", "kvm_destroy_vm(kvm)"]
    assert blocks(functions["kvm_destroy_vm"]) == ()
