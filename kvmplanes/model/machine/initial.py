# SPDX-License-Identifier: GPL-2.0-only
"""Initial values: what a declaration puts into a variable, an array or a struct that is not on the heap."""

from __future__ import annotations

from itertools import zip_longest
from typing import Final

from pycparser import c_ast

from kvmplanes.model.machine.ctype import CType
from kvmplanes.model.machine.declared import string
from kvmplanes.model.machine.expressions import Expressions
from kvmplanes.model.machine.syntax import error, near

_CHAR: Final = 8  # bits


class Initial(Expressions):
    """Expressions, and the values that declarations give."""

    def initial(self, node: c_ast.Decl, of: CType) -> str:
        """The value that a declaration gives; zeroes for an array or a struct without one."""
        return self._value(node.init, of, node)

    def _value(self, init: c_ast.Node | None, of: CType, node: c_ast.Node) -> str:
        if of.kind == "array":
            return self._array(init, of, node)
        if of.kind == "struct":
            made = self._struct(init, of, node)
            return f"_Static({node.name!r}, **{{{', '.join(f'{name!r}: {value}' for name, value in made.items())}}})"
        if init is None:
            return "NULL" if of.kind == "ptr" else "0"
        if isinstance(init, c_ast.InitList):
            raise error(init, f"a list in braces where {of} is expected")
        return self.to(init, of)

    def _array(self, init: c_ast.Node | None, of: CType, node: c_ast.Node) -> str:
        if of.inner.kind == "struct":
            raise error(node, f"{of}: an array of structs is not supported")
        if of.inner.bits == _CHAR and isinstance(init, c_ast.Constant):
            values = [str(ord(char)) for char in string(init)]
        else:
            values = [self._value(item, of.inner, node) for item in _items(init, of)]
        if len(values) > of.length:
            raise error(init, f"{len(values)} values for {of}")
        values += [self._value(None, of.inner, node) for _ in range(of.length - len(values))]
        return f"_Local([{', '.join(values)}])"

    def _struct(self, init: c_ast.Node | None, of: CType, node: c_ast.Node, path: str = "") -> dict[str, str]:
        """Member -> value; those of a struct inside have the names that they have on the heap."""
        members = self.types.members(of, node)
        given: dict[str, c_ast.Node] = {}
        for member, item in zip_longest(members, _items(init, of)):
            named = isinstance(item, c_ast.NamedInitializer)
            chosen, value = (item.name[0].name, item.expr) if named else (member, item)
            if chosen is None:
                raise error(item, f"{len(members) + 1} values for {of}")
            if chosen not in members or (named and len(item.name) > 1):
                raise error(value, f"{of} has no member {chosen!r}{near(chosen, members)}")
            if item is not None:
                given[chosen] = value
        made: dict[str, str] = {}
        for member, inner in members.items():
            joined = member if not path else path if len(members) == 1 else f"{path}_{member}"
            if inner.kind == "struct":
                made |= self._struct(given.get(member), inner, node, joined)
            else:
                made[joined] = self._value(given.get(member), inner, node)
        return made


def _items(init: c_ast.Node | None, of: CType) -> list[c_ast.Node]:
    """The values of a list in braces; none of no list."""
    if init is not None and not isinstance(init, c_ast.InitList):
        raise error(init, f"a list in braces is expected for {of}")
    items: list[c_ast.Node] = init.exprs if init else []
    for item in items:
        if isinstance(item, c_ast.NamedInitializer) and (of.kind == "array" or not isinstance(item.name[0], c_ast.ID)):
            raise error(item, "[index] = value in a list is not supported; give the values in order")
    return items
