# SPDX-License-Identifier: GPL-2.0-only
"""A system call of the process: how it is written, and what it is."""

from __future__ import annotations

import re
from typing import Final, Literal, cast, get_args

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
# Two more are the process's exit: what it leaves, and what it closes without having been told of it.
_WRITTEN: Final = re.compile(
    r"KVM_CREATE_VM|KVM_CREATE_PLANE (?P<id>\d+)|KVM_CHECK_EXTENSION (?P<asked>system|vm)"
    r"|close\((?P<closed>vm|fd \d+|plane (?P<plane>\d+))\)|exit"
)


class Op(str):
    """A system call as it is written, such as "KVM_CREATE_PLANE 3".

    Attributes:
        verb: which system call.
        target: what it is asked of or closes: "vm", "system", "plane 3", "fd 5"; "" where there is no choice.
        plane: the plane's id that KVM_CREATE_PLANE or a close names, as it is written; None for another call.

    Raises:
        ValueError: a text that is no system call.
    """

    __slots__ = ("plane", "target", "verb")
    verb: Verb
    target: str
    plane: int | None

    def __new__(cls, written: str) -> Op:  # noqa: PYI034 - what is read already is given back
        """Read a system call."""
        if isinstance(written, Op):
            return written
        found = _WRITTEN.fullmatch(written)
        if not found:
            raise ValueError(f"unknown system call {written!r}; allowed are {', '.join(OPS)}")
        op = super().__new__(cls, written)
        op.verb = cast("Verb", next(verb for verb in get_args(Verb) if written.startswith(verb)))
        op.target = found["asked"] or found["closed"] or ""
        number = found["id"] or found["plane"]
        op.plane = int(number) if number else None
        return op
