# SPDX-License-Identifier: GPL-2.0-only
"""The C of a version's functions, read: its labels, and the statements under them.

This needs the C parser, which a run of the package's own versions does not: so it is imported for a ladder only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pycparser import c_ast
from pycparser.c_generator import CGenerator

from kvmplanes.model.machine.declared import declared_types
from kvmplanes.model.machine.syntax import parse
from kvmplanes.model.machine.unit import joined, pieces_of
from kvmplanes.model.runtime import RUN_TIME
from kvmplanes.model.version import UNITS, Version

Site = tuple[str, int]  # a function, and a line of its file

_COUNTED: Final = ("users_count", "planes")  # members whose assignments take or give back
_AROUND: Final = (
    c_ast.Case, c_ast.Compound, c_ast.DeclList, c_ast.Default, c_ast.DoWhile, c_ast.ExprList, c_ast.For, c_ast.If,
    c_ast.Label, c_ast.Switch, c_ast.While,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, or a condition, that may undo something: where it stands, and its call."""

    site: Site
    text: str


class Source:
    """The functions of one version, as the machine runs them: what an #ifdef leaves out is not there.

    Args:
        version: the version; it must be one that runs.
    """

    def __init__(self, version: Version) -> None:
        declared, functions = pieces_of(version.tree, UNITS)
        self._types = declared_types(joined(declared)).typedefs
        self._functions, self._places = version.functions, version.unit.places
        self._texts = {(rows[0].file, rows[0].line): joined(rows) for rows in functions}
        self._bodies: dict[str, Sequence[c_ast.Node]] = {}
        # A picker asks for the same with each choice.
        self._known: dict[str, tuple[Statement, ...]] = {}
        self._known_blocks: dict[str, tuple[tuple[str, tuple[Statement, ...]], ...]] = {}

    def statements(self, name: str) -> tuple[Statement, ...]:
        """The calls of a function, and what it assigns to counts and slots, in order."""
        if name not in self._known:
            self._known[name] = tuple(self._statements(name, self._body(name)))
        return self._known[name]

    def blocks(self, name: str) -> tuple[tuple[str, tuple[Statement, ...]], ...]:
        """Each label of a function, in the order in which control falls through, and its statements."""
        if name not in self._known_blocks:
            self._known_blocks[name] = tuple(self._blocks(name))
        return self._known_blocks[name]

    def _blocks(self, name: str) -> Iterator[tuple[str, tuple[Statement, ...]]]:
        blocks: list[tuple[str, list[c_ast.Node]]] = []
        for item in self._body(name):
            while isinstance(item, c_ast.Label):
                blocks.append((item.name, []))
                item = item.stmt  # noqa: PLW2901 - a label's statement, or the next label
            if blocks:
                blocks[-1][1].append(item)
        for label, inside in blocks:
            yield label, tuple(self._statements(name, inside))

    def call(self, site: Site) -> str:
        """The call of the statement at a site; the whole line if none begins there."""
        name, line = site
        texts = (statement.text for statement in reversed(self.statements(name)) if statement.site == site)
        return next(texts, "") or self._functions[name].line(line)

    def _body(self, name: str) -> Sequence[c_ast.Node]:
        if name not in self._bodies:
            place = self._places[name]
            *_, node = parse(self._texts[place.file, place.first], self._types)
            self._bodies[name] = node.body.block_items or ()
        return self._bodies[name]

    def _statements(self, name: str, items: Iterable[c_ast.Node]) -> Iterator[Statement]:
        first = self._places[name].first
        leaves = ((line, _text(leaf)) for item in items for line, leaf in _leaves(item))
        return (Statement((name, first + line - 1), text) for line, text in leaves if text)


source = lru_cache(maxsize=16)(Source)  # the functions of a version, read once


def _leaves(node: c_ast.Node) -> Iterator[tuple[int, c_ast.Node]]:
    """What a statement does at which line of its function; a condition counts where its `if` stands."""
    if not isinstance(node, _AROUND):
        yield node.coord.line, node
        return
    last = isinstance(node, c_ast.DoWhile)  # its condition stands below
    for role, child in node.children()[:: -1 if last else 1]:
        if role == "cond" and not last:
            yield node.coord.line, child
        else:
            yield from _leaves(child)


def _text(leaf: c_ast.Node) -> str:
    """The call that may take or give back, else the assignment that does; "" if there is neither."""
    parts = list(_parts(leaf))
    called = [part for part in parts if isinstance(part, c_ast.FuncCall)]
    calls = [part for part in called if getattr(part.name, "name", "") not in RUN_TIME]  # a name, or a pointer
    if calls:
        return str(CGenerator().visit(calls[0]))
    targets = [part.lvalue for part in parts if isinstance(part, c_ast.Assignment)]
    targets += [part.expr for part in parts if isinstance(part, c_ast.UnaryOp) and part.op.strip("p") in ("++", "--")]
    members = [part.field.name for target in targets for part in _parts(target) if isinstance(part, c_ast.StructRef)]
    return str(CGenerator().visit(leaf)) if {*members} & {*_COUNTED} else ""


def _parts(node: c_ast.Node) -> Iterator[c_ast.Node]:
    """A node and everything in it, from the outside in."""
    yield node
    for _, child in node.children():
        yield from _parts(child)
