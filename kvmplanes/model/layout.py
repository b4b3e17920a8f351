# SPDX-License-Identifier: GPL-2.0-only
"""How a struct of the C lies in a piece of memory."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from kvmplanes.model.heap import NULL, POISON, Layout
from kvmplanes.model.machine.unit import Unit


@lru_cache(512)
def layout(unit: Unit, struct: str, size: int) -> Layout:
    """A struct of a unit in memory of `size` bytes; "" for memory that is no struct.

    A struct inside another is spelt with "_", or as the member itself if it has one member.
    """
    zero, poison, arrays, beyond = dict[str, Any](), dict[str, Any](), dict[str, int](), set[str]()
    for name, kind, at, width, length in unit.structs[struct] if struct else ():
        names = [name] if length is None else [f"{name}[{i}]" for i in range(length)]
        if length is not None:
            arrays[name] = length
        zero |= dict.fromkeys(names, NULL if kind == "ptr" else 0)
        poison |= dict.fromkeys(names, {"ptr": POISON, "bool": 1}.get(kind, int.from_bytes(b"\x6b" * width)))
        beyond |= {each for i, each in enumerate(names) if at + (i + 1) * width > size}
    name = struct.removeprefix("kvm_").removeprefix("io_") or "memory"
    return Layout(name, zero, poison, arrays, frozenset(beyond), size)
