# SPDX-License-Identifier: GPL-2.0-only
"""C types, and conversions between them of the Python text of an expression."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pycparser import c_ast

from kvmplanes.model.machine.syntax import error

TypeKind = Literal["int", "ptr", "struct", "array", "func", "void"]


@dataclass(frozen=True)
class CType:
    """A C type.

    Attributes:
        kind: what it is.
        of: what a pointer points to, an array holds, or a function returns.
        name: of a struct.
        bits: of an integer; 1 is bool.
        signed: of an integer.
        length: of an array.
        args: of a function.
        more: whether a function takes further arguments ("...").
    """

    kind: TypeKind
    of: CType | None = None
    name: str = ""
    bits: int = 0
    signed: bool = True
    length: int = 0
    args: tuple[CType, ...] = ()
    more: bool = False

    @property
    def inner(self) -> CType:
        """`of`, where there must be one."""
        assert self.of is not None, self  # noqa: S101 - a mistake of the machine's, not of the C's
        return self.of

    def structs_within(self, structs: Mapping[str, Mapping[str, CType]]) -> set[str]:
        """The structs that this type has inside it, not behind pointers; `structs` is name -> member -> type."""
        if self.kind == "array":
            return self.inner.structs_within(structs)
        members = structs.get(self.name, {}).values() if self.kind == "struct" else ()
        return {self.name}.union(*(member.structs_within(structs) for member in members))

    def __str__(self) -> str:
        if self.kind == "int":
            plain = self.bits == 1 or self.signed != (self.bits == 8)
            return _NAMES[self.bits] if plain else f"{'signed' if self.signed else 'unsigned'} {_NAMES[self.bits]}"
        return {
            "ptr": f"{self.of} *".replace("* *", "**"),
            "array": f"{self.of}[{self.length}]",
            "struct": f"struct {self.name}",
            "func": f"{self.of} ({', '.join(map(str, self.args)) or 'void'})",
        }.get(self.kind, "void")


_NAMES: Final = {1: "bool", 8: "char", 16: "short", 32: "int", 64: "long"}


def integer(bits: int = 32, signed: bool = True) -> CType:
    """An integer type."""
    return CType("int", bits=bits, signed=signed)


def pointer_to(to: CType) -> CType:
    """A pointer type."""
    return CType("ptr", to)


VOID: Final = CType("void")
INT, LONG, ULONG, BOOL = integer(), integer(64), integer(64, False), integer(1, False)
CHAR_P, VOID_P = pointer_to(integer(8, signed=False)), pointer_to(VOID)
POINTERS: Final = ("ptr", "array", "func")


def common(a: CType, b: CType) -> CType:
    """The type in which two integers are computed."""
    bits = max(a.bits, b.bits, 32)
    return integer(bits, all(t.signed or t.bits < bits for t in (a, b)))


def held(text: str, to: CType, was: CType | None = None) -> str:
    """An integer as its type holds it: cut to its width, signed or not."""
    if to == BOOL:
        return f"int(bool({text}))"
    if re.fullmatch(r"-?\d+", text):
        n = int(text) & (1 << to.bits) - 1
        return str(n - (1 << to.bits) if to.signed and n >> to.bits - 1 else n)
    if was and (was == to or (was.bits < to.bits and (to.signed or not was.signed))):
        return text
    return f"_signed({text}, {to.bits})" if to.signed else f"({text} & {(1 << to.bits) - 1:#x})"


def into(text: str, was: CType, to: CType, node: c_ast.Node) -> str:
    """A value converted as by assignment.

    Raises:
        CError: C has no such conversion without a cast.
    """
    if to in (VOID, was):
        return text
    if to.kind == was.kind == "int":
        return held(text, to, was)
    if to.kind in POINTERS and was.kind in POINTERS:
        a, b = (of if of.kind == "func" else of.inner for of in (to, was))
        if VOID in (a, b) or _alike(a, b):
            return text
    elif to.kind == "ptr" and text == "0":
        return "NULL"
    elif to == BOOL and was.kind in POINTERS:
        return f"int(bool({text}))"
    raise error(node, f"{was} where {to} is expected")


def _alike(a: CType, b: CType) -> bool:
    """Whether pointers to these go for each other; signed and unsigned do."""
    if a.kind in ("ptr", "array") and a.kind == b.kind:
        return _alike(a.inner, b.inner)
    return (a.kind, a.name, a.bits, a.args) == (b.kind, b.name, b.bits, b.args)
