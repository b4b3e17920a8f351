# SPDX-License-Identifier: GPL-2.0-only
"""C types: what a unit declares outside its functions, how large it is, and what converts into what."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from pycparser import c_ast

from kvmplanes.model.machine.syntax import error, near, parse, words
from kvmplanes.model.machine.translated import Member

Kind = Literal["int", "ptr", "struct", "array", "func", "void"]


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

    kind: Kind
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


def pointer(to: CType) -> CType:
    """A pointer type."""
    return CType("ptr", to)


VOID: Final = CType("void")
INT, LONG, ULONG, BOOL = integer(), integer(64), integer(64, False), integer(1, False)
CHAR_P, VOID_P = pointer(integer(8, signed=False)), pointer(VOID)
POINTERS: Final = ("ptr", "array", "func")


@dataclass
class Types:
    """What a unit declares.

    Attributes:
        structs: name -> member -> type, in order.
        typedefs: name -> type.
        enums: name -> type.
        constants: of enums.
        names: functions and variables of the unit.
        data: variables with a place in memory, as declared.
        tags: names of structs that are mentioned, with members or without.
        complete: whether all declarations are read: a function adds none.
    """

    structs: dict[str, dict[str, CType]] = field(default_factory=dict)
    typedefs: dict[str, CType] = field(default_factory=dict)
    enums: dict[str, CType] = field(default_factory=dict)
    constants: dict[str, int] = field(default_factory=dict)
    names: dict[str, CType] = field(default_factory=lambda: {"NULL": VOID_P})
    data: list[c_ast.Decl] = field(default_factory=list)
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
                if self.names.setdefault(node.name, of) != of:
                    raise error(node, f"{node.name} is declared in two ways: {self.names[node.name]}, and {of}")
                if "extern" not in node.storage and not isinstance(node.type, c_ast.FuncDecl):
                    self.data.append(node)
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
                return pointer(self.type(node.type, name))
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
        if node.decls is not None:
            self.structs[tag] = {one.name: self._member(one, tag) for one in node.decls}
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
        args = [pointer(arg.inner) if arg.kind == "array" else arg for arg in args if arg != VOID]
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
                return ord(ast.literal_eval(value))
            case c_ast.Constant(value=value) if "." not in value:
                return int(re.sub(r"^0(?=\d)", "0o", value.rstrip("uUlL")), 0)
            case c_ast.ID(name=name) if name in self.constants:
                return self.constants[name]
            case c_ast.UnaryOp(op="-"):
                return -self.constant(node.expr)
            case c_ast.BinaryOp(op="+" | "-" | "*" | "<<" | "|" as op):
                a, b = self.constant(node.left), self.constant(node.right)
                return {"+": a + b, "-": a - b, "*": a * b, "<<": a << b % 64, "|": a | b}[op]
        raise error(node, "a constant is expected here")

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
def outline(text: str) -> Types:
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
