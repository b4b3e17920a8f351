# SPDX-License-Identifier: GPL-2.0-only
"""Conversions between C types, of the Python text of an expression."""

from __future__ import annotations

import re

from pycparser import c_ast

from kvmplanes.model.machine.ctype import BOOL, POINTERS, VOID, CType, integer
from kvmplanes.model.machine.syntax import error


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
        a, b = (one if one.kind == "func" else one.inner for one in (to, was))
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
