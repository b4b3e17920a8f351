# SPDX-License-Identifier: GPL-2.0-only
"""C expressions as Python text, with their types.

A pointer to an object is what the heap gives, and `p->member` is an attribute of it. Names with an underscore in front
(`_set`, `_Place`, ...) are those of `kvmplanes.model.runtime.RUN_TIME`.
"""

from __future__ import annotations

import ast
import keyword
from textwrap import shorten
from typing import Final

from pycparser import c_ast

from kvmplanes.model.machine.ctype import (
    CHAR_P,
    INT,
    LONG,
    ULONG,
    VOID,
    VOID_P,
    CType,
    common,
    held,
    integer,
    into,
    pointer_to,
)
from kvmplanes.model.machine.declared import Names, Typed
from kvmplanes.model.machine.syntax import error, near, words

# Natives that give memory: they are told which struct their result is assigned to.
ALLOCATORS: Final = ("kzalloc", "shim_alloc")
_COMPARE: Final = ("==", "!=", "<", ">", "<=", ">=")
_STEP: Final = ("p++", "++", "p--", "--")
_PLACES: Final = (c_ast.ID, c_ast.StructRef, c_ast.ArrayRef, c_ast.UnaryOp)


class Expressions(Names):
    """What expressions mean at one place of a function."""

    def member(self, node: c_ast.StructRef) -> tuple[str, str, CType]:
        """An object, its member, and the type; one of a struct inside is joined with "_", unless it is the only one."""
        path = ""
        if isinstance(node.name, c_ast.StructRef):
            base, path, of = self.member(node.name)
            if of.kind != "struct":
                base, path = _member(base, path), ""
        else:
            base, of = self.x(node.name)
        if (of.kind in ("ptr", "array")) != (node.type == "->"):
            raise error(node, f"{of} takes {'->' if of.kind in ('ptr', 'array') else '.'}, not {node.type}")
        of = of if node.type == "." else of.inner
        members, name = self.types.members(of, node), node.field.name
        if name not in members:
            hint = near(name, members) or f"; it has {shorten(', '.join(members), 150)}"
            raise error(node, f"{of} has no member {name!r}{hint}")
        joined = name if not path else path if len(members) == 1 else f"{path}_{name}"
        return base, joined, members[name]

    def place(self, node: c_ast.Node) -> str:
        """An object and its member's name, or an array and an index: the arguments of `_Place` and `_set`."""
        match node:
            case c_ast.StructRef():
                base, path, _ = self.member(node)
                return f"{base}, {path!r}"
            case c_ast.ArrayRef():
                return f"{self.x(node.name)[0]}, {self.to(node.subscript, LONG)}"
            case c_ast.UnaryOp(op="*"):
                return f"{self.x(node.expr)[0]}, 0"
        raise error(node, "only a variable, a member or an element has an address")

    # -- values --------------------------------------------------------------------------------------------------------

    def to(self, node: c_ast.Node, want: CType) -> str:
        """A value converted as by assignment; memory from an allocator learns here what it holds."""
        text, was = self.x(node)
        made = into(text, was, want, node)
        if was != VOID_P or want.kind != "ptr" or want in (VOID_P, CHAR_P) or made == "NULL":
            return made
        if want.inner.kind != "struct":
            raise error(node, f"void * as {want} is not supported; memory holds one struct")
        if isinstance(node, c_ast.FuncCall) and made.partition("(")[0] in ALLOCATORS:
            return f"{made[:-1]}, {want.inner.name!r})"
        return f"_used_as({made}, {want.inner.name!r})" if want.inner.name in self.types.structs else made

    def test(self, node: c_ast.Node) -> str:
        """Python text that is true or false."""
        match node:
            case c_ast.UnaryOp(op="!"):
                return f"(not {self.test(node.expr)})"
            case c_ast.BinaryOp(op="&&" | "||" as op):
                return f"({self.test(node.left)} {'and' if op == '&&' else 'or'} {self.test(node.right)})"
            case c_ast.BinaryOp(op=op) if op in _COMPARE:
                return self._compared(node, op)
        text, of = self.x(node)
        if of.kind in ("struct", "void"):
            raise error(node, f"{of} is neither true nor false")
        return text

    def _compared(self, node: c_ast.BinaryOp, op: str) -> str:
        (a, left), (b, right) = self.x(node.left), self.x(node.right)
        if left.kind == right.kind == "int":
            of = common(left, right)
            return f"({held(a, of, left)} {op} {held(b, of, right)})"
        if op not in ("==", "!="):
            raise error(node, f"{op} on pointers is not supported")
        if left.kind == "int":
            return f"({into(a, left, right, node)} {op} {b})"
        return f"({a} {op} {into(b, right, left, node)})"

    def x(self, node: c_ast.Node) -> Typed:
        """An expression's Python text and type.

        Raises:
            CError: C does not allow it, or the machine does not support it.
        """
        match node:
            case c_ast.Constant():
                return self._constant(node)
            case c_ast.ID():
                return self.named(node)
            case c_ast.StructRef():
                base, path, of = self.member(node)
                return _member(base, path), self._part(of, node)
            case c_ast.ArrayRef():
                return self._indexed(node)
            case c_ast.UnaryOp():
                return self._unary(node)
            case c_ast.Assignment():
                return self._assignment(node)
            case c_ast.BinaryOp():
                return self._binary(node)
            case c_ast.TernaryOp():
                return self._chosen(node)
            case c_ast.Cast():
                (text, was), of = self.x(node.expr), self.types.type(node.to_type)
                if "int" in (of.kind, was.kind):
                    return into(text, was, of, node), of
                struct = was.kind == "ptr" and was.inner.kind in ("struct", "void")
                if of.kind == "ptr" and of.inner.kind == "struct" and not struct:
                    return into(text, was, of, node), of  # else C would read one thing's memory as another's
                return self.to(node.expr, of) if was == VOID_P else text, of
            case c_ast.FuncCall():
                return self._call(node)
            case c_ast.ExprList(exprs=exprs):
                made = [self.x(part) for part in exprs]
                return f"({', '.join(text for text, _ in made)})[-1]", made[-1][1]
        raise error(node, f"a {words(node)} is not supported here")

    def _part(self, of: CType, node: c_ast.Node) -> CType:
        if of.kind == "struct":
            raise error(node, f"a whole {of} as a value is not supported; name one of its members")
        return of

    def _constant(self, node: c_ast.Constant) -> Typed:
        if node.type == "string":
            return repr(ast.literal_eval(node.value)), CHAR_P
        if node.type == "char":
            return str(self.types.constant(node)), INT
        if "float" in node.type or "double" in node.type:
            raise error(node, f"{node.value}: floating point is not supported, as in a kernel")
        n, text = self.types.constant(node), node.value.lower()
        unsigned = "u" in text  # or may be: a decimal constant is signed, and long where int is too narrow
        bits = 64 if "l" in text or n >> (32 if unsigned or text[0] == "0" else 31) else 32
        return str(n), integer(bits, not unsigned and not n >> bits - 1)

    def _indexed(self, node: c_ast.ArrayRef) -> Typed:
        array, of = self.x(node.name)
        if of.kind not in ("array", "ptr") or of.inner.kind not in ("ptr", "int", "array") or of == CHAR_P:
            raise error(node, f"an index on {of} is not supported")
        return f"{array}[{self.to(node.subscript, LONG)}]", of.inner

    def _unary(self, node: c_ast.UnaryOp) -> Typed:
        match node.op:
            case "sizeof":
                typename = isinstance(node.expr, c_ast.Typename)
                of = self.types.type(node.expr) if typename else self._type_of(node.expr)
                return str(self.types.size(of)), ULONG
            case "&":
                return self._address(node.expr)
            case "*":
                text, of = self.x(node.expr)
                if of.kind == "func" or (of.kind == "ptr" and of.inner.kind == "func"):
                    return text, of
                if of.kind not in ("ptr", "array") or of in (VOID_P, CHAR_P):
                    raise error(node, f"* on {of} is not supported")
                return f"{text}[0]", self._part(of.inner, node)
            case "!":
                return f"int({self.test(node)})", INT
            case op if op in _STEP:
                return self._assignment(node)
        text, of = self.x(node.expr)
        if of.kind != "int":
            raise error(node, f"{node.op} on {of} is not supported")
        of = common(of, INT)
        return held(f"({node.op}{text})" if node.op != "+" else text, of), of

    def _type_of(self, node: c_ast.Node) -> CType:
        """Of an expression that is not evaluated."""
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            return self._type_of(node.expr).of or VOID
        return self.member(node)[2] if isinstance(node, c_ast.StructRef) else self.x(node)[1]

    def _address(self, node: c_ast.Node) -> Typed:
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            return self.x(node.expr)
        if isinstance(node, c_ast.ID):
            text, of = self.x(node)
            if of.kind not in ("func", "struct"):  # a struct outside the heap is its own address
                raise error(node, f"the address of the variable {node.name} is not supported")
            return text, of if of.kind == "func" else pointer_to(of)
        of = self.member(node)[2] if isinstance(node, c_ast.StructRef) else self.x(node)[1]
        return f"_Place({self.place(node)})", pointer_to(of)

    def assigned(self, node: c_ast.Node) -> tuple[c_ast.Node, str, CType, str]:
        """An assignment or a step: the place, its text and type, and the new value."""
        if isinstance(node, c_ast.UnaryOp):
            by = c_ast.Constant("int", "1", node.coord)
            node = c_ast.Assignment(f"{node.op[-1]}=", node.expr, by, node.coord)
        assert isinstance(node, c_ast.Assignment)  # noqa: S101 - both callers have matched
        target, of = self.x(node.lvalue)
        if of.kind in ("array", "func") or not isinstance(node.lvalue, _PLACES):
            raise error(node, f"nothing can be assigned to this, it is {of if of.kind == 'array' else 'a value'}")
        self._part(of, node)
        if isinstance(node.lvalue, c_ast.ID) and target in self.types.names and target not in self.used:
            self.written.add(target)
        if node.op != "=" and _acts(node.lvalue):
            raise error(node, f"{node.op} on a place that is computed with an effect: use two statements")
        new = node.rvalue if node.op == "=" else c_ast.BinaryOp(node.op[:-1], node.lvalue, node.rvalue, node.coord)
        return node.lvalue, target, of, self.to(new, of)

    def _assignment(self, node: c_ast.Node) -> Typed:
        lvalue, target, of, new = self.assigned(node)
        made = f"({target} := {new})" if target.isidentifier() else f"_set({self.place(lvalue)}, {new})"
        return f"({target}, {made})[0]" if getattr(node, "op", "") in ("p++", "p--") else made, of

    def _binary(self, node: c_ast.BinaryOp) -> Typed:
        op = node.op
        if op in ("&&", "||", *_COMPARE):
            return f"int(bool({self.test(node)}))", INT
        (a, left), (b, right) = self.x(node.left), self.x(node.right)
        if left.kind != "int" or right.kind != "int":
            raise error(node, f"{left} {op} {right}: arithmetic on pointers is not supported")
        of = common(left, INT if op in ("<<", ">>") else right)
        a, b = held(a, of, left), b if op in ("<<", ">>") else held(b, of, right)
        if op in ("&", "|", "^"):
            return f"({a} {op} {b})", of
        native = {"/": "_div", "%": "_mod", "<<": "_left", ">>": "_right"}.get(op)
        bits = f", {of.bits}" if op in ("<<", ">>") else ""
        text = f"{native}({a}, {b}{bits})" if native else f"({a} {op} {b})"
        return text if op in ("%", ">>") else held(text, of), of

    def _chosen(self, node: c_ast.TernaryOp) -> Typed:
        (a, left), (b, right) = self.x(node.iftrue), self.x(node.iffalse)
        ints = left.kind == right.kind == "int"
        of = common(left, right) if ints else right if a == "0" or left == VOID_P else left
        return f"({into(a, left, of, node)} if {self.test(node.cond)} else {into(b, right, of, node)})", of

    def _call(self, node: c_ast.FuncCall) -> Typed:
        callee, of = self.x(node.name)
        of = of.inner if of.kind == "ptr" else of
        given = node.args.exprs if node.args else []
        if of.kind != "func":
            raise error(node, f"{callee} is not a function")
        wanted = len(of.args)
        if len(given) != wanted and not (of.more and len(given) > wanted):
            raise error(node, f"{callee} takes {wanted} argument{'' if wanted == 1 else 's'}, not {len(given)}")
        args = [self.to(arg, want) for arg, want in zip(given, of.args, strict=False)]
        return f"{callee}({', '.join([*args, *(self.x(arg)[0] for arg in given[wanted:])])})", of.inner


def _member(base: str, path: str) -> str:
    return f"_Place({base}, {path!r})[0]" if keyword.iskeyword(path) else f"{base}.{path}"


def _acts(node: c_ast.Node) -> bool:
    """Whether evaluating an expression does something."""
    if isinstance(node, c_ast.Assignment | c_ast.FuncCall) or (isinstance(node, c_ast.UnaryOp) and node.op in _STEP):
        return True
    return any(_acts(child) for _, child in node.children())
