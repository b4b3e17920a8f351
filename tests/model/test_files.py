# SPDX-License-Identifier: GPL-2.0-only
"""Descriptors and files of the floor: numbers, refusals, closing."""

import pytest

from kvmplanes.model.faults import ERRNOS
from kvmplanes.model.heap import NULL, Oops
from kvmplanes.model.runtime import PTR_ERR
from tests.helpers.small_c import held, kernel


def test_descriptors_are_the_lowest_free_numbers() -> None:
    k, _ = kernel()
    assert [k.get_unused_fd_flags(), k.get_unused_fd_flags(), k.get_unused_fd_flags()] == [4, 5, 6]
    k.put_unused_fd(5)
    assert [k.get_unused_fd_flags(), k.get_unused_fd_flags()] == [5, 7]
    for fd in (6, 4):
        k.put_unused_fd(fd)
    assert [k.get_unused_fd_flags(), k.get_unused_fd_flags(), k.get_unused_fd_flags()] == [4, 6, 8]
    assert k.refs["fd"] == 5


def test_a_number_that_was_not_reserved_is_given_back_to_nobody() -> None:
    k, events = kernel()
    k.put_unused_fd(9)
    assert events[-1].defect == "double-free"
    with pytest.raises(Oops, match=r"put_unused_fd\(-12\)"):
        k.put_unused_fd(-12)
    assert k.get_unused_fd_flags() == 4


def test_a_descriptor_can_be_refused() -> None:
    k, _ = kernel(fail="get_unused_fd_flags(plane 1)")
    k.level = 2
    assert k.get_unused_fd_flags() == 4
    k.level = 1
    assert k.get_unused_fd_flags() == -ERRNOS["EMFILE"]


def test_close_releases_and_frees_the_file() -> None:
    k, events = kernel("""
        static int my_release(struct file *filp)
        {
            printk("%p, %p", filp, filp->private_data);
            return 0;
        }

        static const struct file_operations fops = { .release = my_release };

        int f(void)
        {
            int fd = get_unused_fd_flags();

            fd_install(fd, anon_inode_getfile("kvm-vm", &fops, NULL));
            return fd;
        }
    """)
    fd = k.c["f"]()
    assert repr(k.files[fd].f_op) == "&fops"
    k.close(fd)
    assert "file#kvm-vm, NULL" in [event.obj for event in events if event.what == "print"]
    assert held(k) == []
    assert k.files == {}
    k.close(fd)  # EBADF, and no more
    assert [event.defect for event in events if event.defect] == []


def test_a_file_can_be_refused() -> None:
    k, _ = kernel(fail="anon_inode_getfile: ENFILE")
    assert PTR_ERR(k.anon_inode_getfile("kvm-vm", NULL, NULL)) == -ERRNOS["ENFILE"]
    assert held(k) == []
