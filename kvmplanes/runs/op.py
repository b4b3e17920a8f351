# SPDX-License-Identifier: GPL-2.0-only
"""A system call of the process: how it is written, and what it is."""

from __future__ import annotations

import re
from typing import Final, Literal, cast

from kvmplanes.given import brief

Verb = Literal["KVM_CREATE_VM", "KVM_CHECK_EXTENSION", "KVM_CREATE_PLANE", "close", "exit"]

# The system calls that a program may ask for.
OPS: Final = (
    "KVM_CREATE_VM",
    "KVM_CHECK_EXTENSION system",
    "KVM_CHECK_EXTENSION vm",
    "KVM_CREATE_PLANE <id>",
    "close(plane <id>)",
    "close(vm)",
)
# At its exit a process closes what it was not told of, "close(fd 5)"; what nobody gave back then belongs to "exit".
_WRITTEN: Final = re.compile(
    r"KVM_CREATE_VM|KVM_CREATE_PLANE (?P<id>[0-9]+)|KVM_CHECK_EXTENSION (?P<asked>system|vm)"
    r"|close\((?P<closed>vm|plane (?P<plane>[0-9]+)|(?P<untold>fd [0-9]+))\)|(?P<exit>exit)"
)
_LONGEST: Final = 60  # characters; 2 to the power of 64 has 20 digits
_UNSIGNED: Final = 0xFFFFFFFF


class Op(str):
    """A system call as it is written, such as "KVM_CREATE_PLANE 3".

    Attributes:
        verb: which system call.
        target: the descriptor that it opens, asks or closes: "vm", "system", "plane 3", "fd 5"; "" for the exit.
        plane: the id of the plane that KVM_CREATE_PLANE or a close names, as it is written; None for another call.
        level: the level that KVM_CREATE_PLANE asks for: its id as an `unsigned`, which the kernel's parameter is; None
            for another call.
        untold: whether it closes a descriptor that user space was not told of.

    Raises:
        ValueError: a text that is no system call.
    """

    __slots__ = ("level", "plane", "target", "untold", "verb")
    verb: Verb
    target: str
    plane: int | None
    level: int | None
    untold: bool

    def __new__(cls, written: str) -> Op:  # noqa: PYI034 - what is read already is given back
        """Read a system call."""
        if isinstance(written, Op):
            return written
        call = _WRITTEN.fullmatch(written) if isinstance(written, str) and len(written) <= _LONGEST else None
        if not call:
            raise _unknown(written)
        op = super().__new__(cls, written)
        op.verb = cast("Verb", re.split(r"\W", written, maxsplit=1)[0])
        number = call["id"] or call["plane"]
        op.plane = int(number) if number else None
        op.level = int(number) & _UNSIGNED if call["id"] else None
        created = {"KVM_CREATE_VM": "vm", "KVM_CREATE_PLANE": f"plane {call['id']}"}
        op.target = call["asked"] or call["closed"] or created.get(op.verb, "")
        op.untold = call["untold"] is not None
        return op


def asked(written: str) -> Op:
    """A system call that a program asks for.

    Raises:
        ValueError: it is not one of `OPS`.
    """
    op = Op(written)
    if op.verb == "exit" or op.untold:
        raise _unknown(written)
    return op


def _unknown(written: object) -> ValueError:
    return ValueError(f"unknown system call {brief(written)}; allowed are {', '.join(OPS)}")
