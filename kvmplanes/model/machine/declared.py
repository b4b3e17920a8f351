# SPDX-License-Identifier: GPL-2.0-only
"""What can be named: what a unit declares outside its functions, with its sizes, and the variables of a function."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from pycparser import c_ast

from kvmplanes.model.machine.ctype import BOOL, CHAR_P, INT, POINTERS, VOID, VOID_P, CType, integer, pointer_to
from kvmplanes.model.machine.syntax import error, near, not_here, parse, words
from kvmplanes.model.machine.translated import Member

_OURS: Final = ("_IO",)  # the one name with _ in front that the kernel's C has and the floor defines
_DIGITS: Final = 70  # of a number in base 2, with what stands around them
Typed = tuple[str, CType]  # Python text, and the C type of its value


@dataclass
class Types:
    """What a unit declares.

    Attributes:
        structs: name -> member -> type, in order.
        typedefs: name -> type.
        enums: name -> type.
        constants: of enums.
        names: functions and variables of the unit.
        data: name -> declaration of a variable with a place in memory.
        tags: names of structs that are mentioned, with members or without.
        complete: whether all declarations are read: a function adds none.
    """

    structs: dict[str, dict[str, CType]] = field(default_factory=dict)
    typedefs: dict[str, CType] = field(default_factory=dict)
    enums: dict[str, CType] = field(default_factory=dict)
    constants: dict[str, int] = field(default_factory=dict)
    names: dict[str, CType] = field(default_factory=lambda: {"NULL": VOID_P})
    data: dict[str, c_ast.Decl] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    complete: bool = False

    def declare(self, node: c_ast.Node) -> None:
        """Take in one external declaration."""
        match node:
            case c_ast.Typedef():
                self.typedefs[node.name] = self.type(node, node.name)
            case c_ast.Decl(name=None):
                self.type(node)
            case c_ast.Decl():
                of = self.variable(node)
                if keyword.iskeyword(node.name):  # its name in Python, too
                    raise error(node, f"{node.name} is a word of Python, which the C becomes; take another name")
                if node.name.startswith("_") and node.name not in _OURS:
                    raise error(node, f"{node.name}: names that begin with _ are the machine's; take another name")
                if self.names.setdefault(node.name, of) != of:
                    raise error(node, f"{node.name} is declared in two ways: {self.names[node.name]}, and {of}")
                if "extern" not in node.storage and not isinstance(node.type, c_ast.FuncDecl):
                    self.data[node.name] = node
            case _:
                raise error(node, f"{words(node)} is not supported outside a function")

    def variable(self, node: c_ast.Decl) -> CType:
        """The type of a variable; an array without a length is as long as its initial value."""
        of = self.type(node)
        if of.kind != "array" or of.length or "extern" in node.storage:
            return of
        if node.init is None:
            raise error(node, f"{node.name} is an array without a length")
        length = len(node.init.exprs) if isinstance(node.init, c_ast.InitList) else len(string(node.init)) + 1
        return CType("array", of.of, length=length)

    def type(self, node: c_ast.Node, name: str = "") -> CType:
        """The type that a declaration gives; `name` for a struct without one."""
        match node:
            case c_ast.Decl(bitsize=bits) if bits is not None:
                raise error(node, f"{node.name}: bit-fields are not supported")
            case c_ast.TypeDecl() | c_ast.Typename() | c_ast.Decl() | c_ast.Typedef():
                return self.type(node.type, name)
            case c_ast.PtrDecl():
                return pointer_to(self.type(node.type, name))
            case c_ast.ArrayDecl():
                made = CType("array", self.type(node.type, name), length=self.constant(node.dim) if node.dim else 0)
                if not 0 <= self.size(made) <= 1 << 16:
                    raise error(node, f"an array of {made.length}: the machine has room for 64 kB")
                return made
            case c_ast.FuncDecl():
                return self._function(node)
            case c_ast.Struct():
                return self._struct(node, node.name or name)
            case c_ast.Union():
                raise error(node, "unions are not supported")
            case c_ast.Enum():
                return self._enum(node)
            case c_ast.IdentifierType():
                return self._named(node)
        raise error(node, f"{words(node)} is not supported as a type")

    def _struct(self, node: c_ast.Struct, tag: str) -> CType:
        if self.complete and node.decls is not None:
            raise error(node, f"struct {tag} is defined inside a function; define it before the function")
        if self.complete and tag not in self.tags:
            raise error(node, f"struct {tag} is not declared{near(tag, self.tags)}")
        self.tags.add(tag)
        if node.decls is not None and tag in self.structs:
            raise error(node, f"struct {tag} is defined twice")
        if node.decls is not None:
            members = {member.name: self._member(member, tag) for member in node.decls}
            if any(tag in member.structs_within(self.structs) for member in members.values()):
                raise error(node, f"struct {tag} would be inside itself; a pointer to it is meant")
            self.structs[tag] = members
        return CType("struct", name=tag)

    def _member(self, node: c_ast.Decl, tag: str) -> CType:
        if node.name.startswith("_"):
            raise error(node, f"{node.name}: a member whose name begins with _ is not supported")
        of = self.type(node, f"{tag}_{node.name}")
        if of.kind == "array" and of.inner.kind in ("array", "struct"):
            raise error(node, f"{node.name}: a member that is an array of {of.inner.kind}s is not supported")
        return of

    def _function(self, node: c_ast.FuncDecl) -> CType:
        params = node.args.params if node.args else []
        args = [self.type(param) for param in params if not isinstance(param, c_ast.EllipsisParam)]
        if bad := next((param for param, arg in zip(params, args, strict=False) if arg.kind == "struct"), None):
            raise error(bad, "a struct as a parameter is not supported; a pointer to it is")
        args = [pointer_to(arg.inner) if arg.kind == "array" else arg for arg in args if arg != VOID]
        return CType("func", self.type(node.type), args=tuple(args), more=len(params) > len(args) > 0)

    def _enum(self, node: c_ast.Enum) -> CType:
        """An enum as gcc and clang have it: unsigned, unless a value is negative."""
        if self.complete and node.values:
            raise error(node, "an enum is defined inside a function; define it before the function")
        value, least = -1, 0
        for item in node.values.enumerators if node.values else ():
            self.constants[item.name] = value = self.constant(item.value) if item.value else value + 1
            least = min(least, value)
        if node.values or node.name not in self.enums:
            self.enums[node.name or ""] = integer(32, signed=least < 0)
        return self.enums[node.name or ""]

    def _named(self, node: c_ast.IdentifierType) -> CType:
        names = node.names
        if names[0] in self.typedefs:
            return self.typedefs[names[0]]
        if names == ["void"]:
            return VOID
        if {"float", "double"} & {*names}:
            raise error(node, f"{' '.join(names)}: floating point is not supported, as in a kernel")
        if {*names} <= {"int", "unsigned", "signed", "long", "short", "char", "_Bool"}:
            widths = (("_Bool", 1), ("char", 8), ("short", 16), ("long", 64))
            bits = next((bits for word, bits in widths if word in names), 32)
            plain = bits in (1, 8)  # a plain char has no sign, as in a kernel since 6.2
            return integer(bits, "signed" in names if plain else "unsigned" not in names)
        raise error(node, f"the type {' '.join(names)} is not supported")

    def constant(self, node: c_ast.Node) -> int:
        """The value of a constant expression."""
        match node:
            case c_ast.Constant(type="char", value=value):
                char = ast.literal_eval(value)
                if len(char) != 1:
                    raise error(node, f"{value[:20]} is not one character")
                return ord(char)
            case c_ast.Constant(value=value) if "." not in value:
                if len(value) > _DIGITS:
                    raise error(node, f"{value[:20]}... is too large: a number has 64 bits at most")
                return self._in_range(int(re.sub(r"^0(?=\d)", "0o", value.rstrip("uUlL")), 0), node)
            case c_ast.ID(name=name) if name in self.constants:
                return self.constants[name]
            case c_ast.UnaryOp(op="-"):
                return -self.constant(node.expr)
            case c_ast.BinaryOp(op="+" | "-" | "*" | "<<" | "|" as op):
                a, b = self.constant(node.left), self.constant(node.right)
                return self._in_range({"+": a + b, "-": a - b, "*": a * b, "<<": a << b % 64, "|": a | b}[op], node)
        raise error(node, "a constant is expected here")

    def _in_range(self, value: int, node: c_ast.Node) -> int:
        if not -(1 << 63) <= value < 1 << 64:
            raise error(node, "this constant is too large: a number has 64 bits at most")
        return value

    def members(self, of: CType, node: c_ast.Node) -> Mapping[str, CType]:
        """The members of a struct."""
        if of.kind != "struct" or of.name not in self.structs:
            raise error(node, f"{of} has no members that are known here")
        return self.structs[of.name]

    def size(self, of: CType) -> int:
        """In bytes, as on a 64-bit machine; a struct without members takes none (limit: layout)."""
        if of.kind == "struct":
            places = self.places(of.name)
            end = max((at + size for at, size in places.values()), default=0)
            return _up(end, self._align(of))
        if of.kind == "array":
            return self.size(of.inner) * of.length
        return 8 if of.kind in POINTERS else max(of.bits // 8, 1)

    def places(self, struct: str) -> dict[str, tuple[int, int]]:
        """Where each member of a struct lies, and how many bytes it takes."""
        at, made = 0, {}
        for name, member in self.structs.get(struct, {}).items():
            at = _up(at, self._align(member))
            made[name] = (at, self.size(member))
            at += made[name][1]
        return made

    def flat(self, struct: str, prefix: str = "", base: int = 0) -> Iterator[Member]:
        """Each member of a struct, and of those inside it."""
        places = self.places(struct)
        for name, of in self.structs[struct].items():
            joined = name if not prefix else prefix if len(places) == 1 else f"{prefix}_{name}"
            at = base + places[name][0]
            if of.kind == "struct":
                yield from self.flat(of.name, joined, at)
            else:
                item, length = (of.inner, of.length) if of.kind == "array" else (of, None)
                kind = "ptr" if item.kind == "ptr" else "bool" if item == BOOL else "int"
                yield Member(joined, kind, at, self.size(item), length)

    def _align(self, of: CType) -> int:
        if of.kind == "struct":
            return max((self._align(member) for member in self.structs.get(of.name, {}).values()), default=1)
        return self._align(of.inner) if of.kind == "array" else min(self.size(of), 8)


def _up(at: int, to: int) -> int:
    return -(-at // to) * to


@lru_cache(64)
def declared_types(text: str) -> Types:
    """What a text of declarations and prototypes declares.

    Raises:
        CError: a mistake in it, or a type that is not supported; lines are counted in the text.
    """
    types = Types()
    for node in parse(text):
        types.declare(node)
    types.complete = True
    return types


def string(node: c_ast.Node) -> str:
    """The text of a string."""
    if not isinstance(node, c_ast.Constant) or node.type != "string":
        raise error(node, "a list in braces or a string is expected here")
    return str(ast.literal_eval(node.value))


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
            known = {*self.types.names, *self.types.constants, *(local for scope in self.scopes for local in scope)}
            hint = f"; did you mean 'struct {name}'?" if name in self.types.structs else near(name, known)
            raise error(node, not_here(f"{name}(") or f"{name!r} is not declared{hint}")
        if name != "NULL" and name not in self.types.data:
            self.needs.setdefault(name, node.coord.line if node.coord else 0)
        return name, self.types.names[name]
