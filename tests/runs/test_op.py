# SPDX-License-Identifier: GPL-2.0-only
"""A system call is read once: what it is, what it is about, and what a program may ask for."""

import pytest

from kvmplanes.runs.op import OPS, Op, asked


@pytest.mark.parametrize(
    ("written", "verb", "target", "plane", "level"),
    [
        ("KVM_CREATE_VM", "KVM_CREATE_VM", "vm", None, None),
        ("KVM_CHECK_EXTENSION system", "KVM_CHECK_EXTENSION", "system", None, None),
        ("KVM_CHECK_EXTENSION vm", "KVM_CHECK_EXTENSION", "vm", None, None),
        ("KVM_CREATE_PLANE 3", "KVM_CREATE_PLANE", "plane 3", 3, 3),
        ("KVM_CREATE_PLANE 4294967301", "KVM_CREATE_PLANE", "plane 4294967301", 2**32 + 5, 5),
        ("close(plane 3)", "close", "plane 3", 3, None),
        ("close(vm)", "close", "vm", None, None),
        ("close(fd 4)", "close", "fd 4", None, None),
        ("exit", "exit", "", None, None),
    ],
)
def test_what_is_written_is_read(written: str, verb: str, target: str, plane: int | None, level: int | None) -> None:
    op = Op(written)
    assert (str(op), op.verb, op.target, op.plane, op.level) == (written, verb, target, plane, level)
    assert op.untold == (written == "close(fd 4)")
    assert Op(op) is op


def test_a_program_may_ask_for_what_is_listed() -> None:
    for op in OPS:
        assert asked(op.replace("<id>", "3")).verb in op


@pytest.mark.parametrize("written", ["exit", "close(fd 4)", "close", "KVM_CREATE_PLANE -1", "KVM_CREATE_VM 1", ""])
def test_nothing_else_may_be_asked_for(written: str) -> None:
    with pytest.raises(ValueError, match=r"unknown system call '.*'; allowed are KVM_CREATE_VM, .*, close\(vm\)"):
        asked(written)
