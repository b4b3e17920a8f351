# SPDX-License-Identifier: GPL-2.0-only
"""What can be named at one place of a function: its variables, and what the unit declares."""

from __future__ import annotations

import keyword

from pycparser import c_ast

from kvmplanes.model.machine.ctype import CHAR_P, INT, CType, Types
from kvmplanes.model.machine.syntax import error, near, not_here

Typed = tuple[str, CType]  # Python text, and the C type of its value


class Names:
    """The names that one function knows.

    Args:
        types: what the unit declares.
    """

    def __init__(self, types: Types) -> None:
        self.types = types
        self.name = ""  # of the function
        self.scopes: list[dict[str, Typed]] = [{}]
        self.used: set[str] = set()  # Python names of variables
        self.written: set[str] = set()  # variables of the unit that are assigned
        self.needs: dict[str, int] = {}  # functions, and variables of elsewhere, that are named -> the line

    def local(self, node: c_ast.Decl, of: CType) -> str:
        """Declare a variable; its name in Python."""
        if node.name in self.scopes[-1]:
            raise error(node, f"{node.name} is declared twice")
        python = f"{node.name}_" if keyword.iskeyword(node.name) or node.name.startswith("_") else node.name
        while python in self.used or python in self.types.names:  # Python knows one of each name in a function
            python += "_"
        self.used.add(python)
        self.scopes[-1][node.name] = python, of
        return python

    def named(self, node: c_ast.ID) -> Typed:
        """A variable, a constant or a function."""
        name = node.name
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        if name in self.types.constants:
            return str(self.types.constants[name]), INT
        if name == "__func__":
            return repr(self.name), CHAR_P
        if name not in self.types.names:
            known = {*self.types.names, *self.types.constants, *(one for scope in self.scopes for one in scope)}
            hint = f"; did you mean 'struct {name}'?" if name in self.types.structs else near(name, known)
            raise error(node, not_here(f"{name}(") or f"{name!r} is not declared{hint}")
        if name != "NULL" and all(name != variable.name for variable in self.types.data):
            self.needs.setdefault(name, node.coord.line if node.coord else 0)
        return name, self.types.names[name]
