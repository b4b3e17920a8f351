# SPDX-License-Identifier: GPL-2.0-only
"""How calls and resources are named, and who says which call fails."""

from __future__ import annotations

from types import FrameType
from typing import Any, Final, Protocol

from kvmplanes.given import brief
from kvmplanes.model.heap import NULL, Oops

_LONGEST: Final = 100  # characters of a name


class Asked(Protocol):
    """What says which failable call fails: an `Injector`, or what goes between."""

    def ask(self, call: str, errno: str = "ENOMEM") -> str | None:
        """The errno with which a call is to fail, None if it is not to."""


def short_name(name: str) -> str:
    """What a reader calls something, if it is as short as a name."""
    if not isinstance(name, str) or len(name) > _LONGEST or not name.isprintable():
        raise ValueError(f"a name is a text of at most {_LONGEST} characters on one line, not {brief(name)}")
    return name


def address_space(function: str, mm: object) -> str:
    """The name of an address space that a function is given; an Oops for a pointer that leads to none."""
    if not isinstance(mm, str):
        raise Oops(f"{function}({mm!r})", "null-dereference" if mm is NULL else None)
    return mm


def arguments(frame: FrameType) -> list[tuple[str, Any]]:
    """The arguments of a running function."""
    code = frame.f_code
    return [(name, frame.f_locals[name]) for name in code.co_varnames[: code.co_argcount]]


def call_at(frame: FrameType) -> str:
    """`kvm_create_plane(kvm, 3)`: the function, its numbers as values, its pointers by their names."""
    given = [str(value) if isinstance(value, int) else name for name, value in arguments(frame)]
    return f"{frame.f_code.co_name}({', '.join(given)})" if given else frame.f_code.co_name
