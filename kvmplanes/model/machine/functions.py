# SPDX-License-Identifier: GPL-2.0-only
"""A C function becomes a Python function: statements as Python text, whose line numbers are then set to the C's.

So a traceback, `frame.f_lineno` and a debugger show the C file and the C line. What a function names and the unit does
not define is looked for in the namespace it runs in, the floor's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from pycparser import c_ast

from kvmplanes.model.machine.ctype import INT, VOID, common
from kvmplanes.model.machine.declared import Types, declared_types
from kvmplanes.model.machine.initial import Initial
from kvmplanes.model.machine.named import named
from kvmplanes.model.machine.syntax import error, near, parse
from kvmplanes.model.machine.translated import Outline, Translated


def translate(text: str, declared: str) -> Translated:
    """Translate one function.

    Args:
        text: the function, from its first line to its closing brace; lines are counted from 1.
        declared: the unit's outline.

    Raises:
        CError: something in it is wrong, or not supported.
    """
    types = declared_types(declared)
    node, *more = parse(text, types.typedefs)[len(types.typedefs) :]
    if more:
        raise error(more[0], "the function above this one lacks a closing brace at the beginning of a line")
    if not isinstance(node, c_ast.FuncDef):
        raise error(node, "a function is expected here")
    return _Function(types).translated(node)


def translation(text: str, declared: str) -> Translated:
    """The same, made once for all units that declare alike what the function names; arguments and errors alike."""
    return _made(_Asked(text, named(text, declared_types(declared)), declared))


@dataclass(frozen=True)
class _Asked:
    """A function, what a unit declares of its words, and one such unit's outline."""

    text: str
    named: Hashable
    declared: str = field(compare=False)


@lru_cache(512)
def _made(asked: _Asked) -> Translated:
    return translate(asked.text, asked.declared)


def declarations(text: str) -> Outline:
    """Translate a unit's declarations and prototypes.

    Raises:
        CError: a mistake in them, or a type that is not supported; lines are counted in the text.
    """
    types = declared_types(text)
    made = Initial(types)
    data = "\n".join(f"{node.name} = {made.initial(node, types.names[node.name])}" for node in types.data.values())
    return Outline({name: tuple(types.flat(name)) for name in types.structs}, data)


MOST_LOCAL: Final = 2048  # bytes of an array; the kernel's build warns of as much in one function


class _Function(Initial):
    def __init__(self, types: Types) -> None:
        super().__init__(types)
        self._python: list[str] = []
        self._lines: list[int] = []
        self._depth = 0
        self._rounds: list[Callable[[], None] | str] = []  # of each loop what `continue` does; of a switch its flag
        self._labels: dict[str, int] = {}
        self._result = VOID

    def translated(self, node: c_ast.FuncDef) -> Translated:
        self.name = node.decl.name
        of = self.types.names[self.name]
        self._result = of.inner
        params = (node.decl.type.args.params if node.decl.type.args else [])[: len(of.args)]
        for n, param in enumerate(params, 1):
            if not param.name:
                raise error(param, f"parameter {n} of {self.name}() has no name")
        names = [self.local(param, want) for param, want in zip(params, of.args, strict=False)]
        self._emit(f"def {self.name}({', '.join(names)}):", node)
        self._depth = 1
        self._emit("_tick()", node)  # a recursion can branch and take years without going deep
        self._body(node)
        if self.written:
            self._python[1] = f"    global {', '.join(sorted(self.written))}; _tick()"
        return Translated(self.name, "\n".join(self._python), tuple(self._lines), self.needs)

    def _body(self, node: c_ast.FuncDef) -> None:
        parts = self._parts(node.body.block_items or [])
        if not self._labels:
            for item in parts[0][1]:
                self._s(item)
            self._end(node)
            return
        self._emit("_part = 0", node)  # a goto is an exception that says with which part to go on
        self._emit("while _tick():", node)
        self._emit("    try:", node)
        self._depth = 3
        for n, (label, items) in enumerate(parts):
            if label:
                self._emit(f"if _part <= {n}: _label({label.name!r})", label)
            self._emit(f"if _part <= {n}:", items[0] if items else node)
            self._block(items, node)
        self._end(node)
        self._depth = 2
        self._emit("except _Goto as _jump: _part = _jump.args[0]", node)

    def _parts(self, items: list[c_ast.Node]) -> list[tuple[c_ast.Label | None, list[c_ast.Node]]]:
        """A function's statements, cut at its labels."""
        parts: list[tuple[c_ast.Label | None, list[c_ast.Node]]] = [(None, [])]
        for item in items:
            while isinstance(item, c_ast.Label):
                if item.name in self._labels:
                    raise error(item, f"label {item.name!r} is there twice")
                parts.append((item, []))
                self._labels[item.name] = len(parts) - 1
                item = item.stmt  # noqa: PLW2901 - a label's statement, or the next label
            parts[-1][1].append(item)
        return parts

    def _end(self, node: c_ast.FuncDef) -> None:
        last = self._lines[-1]
        self._emit("return" if self._result == VOID else f"_oops('{self.name}() ends without a return')", node)
        self._lines[-1] = last

    # -- statements ----------------------------------------------------------------------------------------------------

    def _emit(self, text: str, node: c_ast.Node) -> None:
        self._python.append("    " * self._depth + text)
        self._lines.append(node.coord.line if node.coord else self._lines[-1])

    def _block(self, nodes: list[c_ast.Node], around: c_ast.Node, after: Callable[[], None] = lambda: None) -> None:
        self._depth += 1
        before = len(self._python)
        for node in nodes:
            self._s(node)
        after()
        if len(self._python) == before:
            self._emit("pass", around)
        self._depth -= 1

    def _loop(
        self, head: str, node: c_ast.While | c_ast.DoWhile | c_ast.For, after: Callable[[], None] = lambda: None
    ) -> None:
        self._emit(head, node)
        self._rounds.append(after)
        self._block([node.stmt], node, after)
        self._rounds.pop()

    def _s(self, node: c_ast.Node) -> None:
        match node:
            case c_ast.EmptyStatement():
                pass
            case c_ast.Compound():
                self.scopes.append({})
                for item in node.block_items or ():
                    self._s(item)
                self.scopes.pop()
            case c_ast.DeclList() | c_ast.ExprList():
                for item in node.decls if isinstance(node, c_ast.DeclList) else node.exprs:
                    self._s(item)
            case c_ast.Decl():
                self._declaration(node)
            case c_ast.If():
                self._emit(f"if {self.test(node.cond)}:", node)
                self._block([node.iftrue], node)
                if node.iffalse is not None:
                    self._emit("else:", node.iffalse)
                    self._block([node.iffalse], node)
            case c_ast.While():
                self._loop(f"while _tick() and {self.test(node.cond)}:", node)
            case c_ast.DoWhile():
                end = f"if not {self.test(node.cond)}: break"
                self._loop("while _tick():", node, lambda: self._emit(end, node.cond))
            case c_ast.For():
                self._for(node)
            case c_ast.Switch():
                self._switch(node)
            case c_ast.Break() | c_ast.Continue() | c_ast.Return() | c_ast.Goto():
                self._leave(node)
            case c_ast.Label():
                raise error(node, f"label {node.name!r} inside a block is not supported; put it outside all blocks")
            case c_ast.Case() | c_ast.Default():
                raise error(node, "a case inside a block of its own is not supported")
            case c_ast.Assignment() | c_ast.UnaryOp(op="p++" | "++" | "p--" | "--"):
                _, target, _, new = self.assigned(node)
                self._emit(f"{target} = {new}", node)
            case _:
                self._emit(self.x(node)[0], node)

    def _declaration(self, node: c_ast.Decl) -> None:
        of = self.types.variable(node)
        if "static" in node.storage and (of.kind != "array" or "const" not in node.quals):
            raise error(node, f"{node.name}: a static variable inside a function is not supported")
        if isinstance(node.type, c_ast.FuncDecl) or "extern" in node.storage:
            raise error(node, f"{node.name} is declared inside a function; declare it before the function")
        if of.kind == "array" and self.types.size(of) > MOST_LOCAL:
            raise error(
                node, f"{node.name} takes {self.types.size(of)} bytes; a kernel's stack has room for {MOST_LOCAL}"
            )
        python = self.local(node, of)
        has_value = node.init is not None or of.kind in ("array", "struct")
        # Without a value: Python is told that the name is a variable of the function.
        self._emit(f"{python} = {self.initial(node, of)}" if has_value else f"{python}: 0", node)

    def _for(self, node: c_ast.For) -> None:
        self.scopes.append({})
        if node.init:
            self._s(node.init)
        test = f"while _tick() and {self.test(node.cond)}:" if node.cond else "while _tick():"
        outside = [*self.scopes]

        def step() -> None:  # a name means here what it means outside of the loop's body
            inside, self.scopes = self.scopes, outside
            if node.next:
                self._s(node.next)
            self.scopes = inside

        self._loop(test, node, step)
        self.scopes.pop()

    def _switch(self, node: c_ast.Switch) -> None:
        """A loop of one round: `break` leaves it, and so does `continue`, which sets a flag for the loop around."""
        cases = node.stmt.block_items or [] if isinstance(node.stmt, c_ast.Compound) else []
        if not all(isinstance(case, c_ast.Case | c_ast.Default) for case in cases):
            raise error(node, "a statement before the first case is not supported")
        value, of = self.x(node.cond)
        if of.kind != "int":
            raise error(node, f"switch on {of}")
        of = common(of, INT)
        values = {n: self.to(case.expr, of) for n, case in enumerate(cases) if isinstance(case, c_ast.Case)}
        if twice := next((n for n in values if values[n] in [values[m] for m in values if m < n]), None):
            raise error(cases[twice], f"case {values[twice]} is there twice")
        table = (f"{value}: {n}" for n, value in values.items())
        other = next((n for n, case in enumerate(cases) if isinstance(case, c_ast.Default)), len(cases))
        flag, at = f"_again{len(self._rounds)}", f"_case{len(self._rounds)}"
        self._emit(f"{flag} = False", node)
        self._emit(f"for {at} in ({{{', '.join(table)}}}.get({value}, {other}),):", node)
        self._rounds.append(flag)
        self.scopes.append({})
        self._depth += 1
        for n, case in enumerate(cases):
            self._emit(f"if {at} <= {n}:", case)
            self._block(case.stmts or [], case)
        if not cases:
            self._emit("pass", node)
        self._depth -= 1
        self.scopes.pop()
        self._rounds.pop()
        if self._rounds:
            self._emit(f"if {flag}:", node)
            self._depth += 1
            self._continue(node)
            self._depth -= 1

    def _leave(self, node: c_ast.Node) -> None:
        match node:
            case c_ast.Break() if self._rounds:
                self._emit("break", node)
            case c_ast.Continue() if any(callable(around) for around in self._rounds):
                self._continue(node)
            case c_ast.Return(expr=value):
                if (value is None) != (self._result == VOID):
                    must = "is void: it returns no value" if self._result == VOID else f"must return {self._result}"
                    raise error(node, f"{self.name}() {must}")
                self._emit(f"return {self.to(value, self._result)}" if value else "return", node)
            case c_ast.Goto(name=label):
                if label not in self._labels:
                    raise error(node, f"label {label!r} is not there{near(label, self._labels)}")
                self._emit(f"raise _goto({label!r}, {self._labels[label]})", node)
            case _:
                raise error(node, f"{type(node).__name__.lower()} is not inside a loop")

    def _continue(self, node: c_ast.Node) -> None:
        around = self._rounds[-1]
        if isinstance(around, str):  # a switch: the loop around it goes on
            self._emit(f"{around} = True", node)
            self._emit("break", node)
        else:
            around()
            self._emit("continue", node)
