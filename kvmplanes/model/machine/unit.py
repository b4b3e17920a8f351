# SPDX-License-Identifier: GPL-2.0-only
"""A translation unit: what it declares, translated once per text, and each function, translated once per text.

So an edit of one function translates that function again and nothing else. All files are one unit (limit: one unit).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Final, NamedTuple

from kvmplanes.model.machine.preprocess import Row, bare_lines, preprocess
from kvmplanes.model.machine.stored import function, outline
from kvmplanes.model.machine.translated import Member
from kvmplanes.model.machine.tree import HERE, CError, Tree

# At column 0: a head with parentheses, a brace, and its closing brace at column 0 or on the same line.
FUNCTION: Final = re.compile(r"^(\w[^;{}=#]*\)\s*)(?:\{.*\}$|\{(?:.|\n)*?^\}.*$)", re.MULTILINE)


def definitions(text: str) -> dict[str, tuple[int, int]]:
    """The functions that a text defines: name -> its first and last line, from 1."""
    bare, found = "\n".join(bare_lines(text)), dict[str, tuple[int, int]]()
    for match in FUNCTION.finditer(bare):
        first = bare.count("\n", 0, match.start()) + 1
        head = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", match[1])
        found[re.findall(r"(\w+)\s*\(", head)[0]] = first, first + match[0].count("\n")
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Where a function stands: its file, its first and last line."""

    file: str
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Unit:
    """What a version runs.

    Attributes:
        functions: code by function name.
        places: where each function stands, by its name, in the order of the text.
        structs: members by the name of their struct.
        data: code that sets the unit's variables.
    """

    functions: Mapping[str, CodeType]
    places: Mapping[str, Place]
    structs: Mapping[str, tuple[Member, ...]]
    data: CodeType


class Pieces(NamedTuple):
    """A unit before it is translated.

    Attributes:
        declared: the lines outside functions, and each function's head as a prototype.
        functions: the lines of each function.
    """

    declared: tuple[Row, ...]
    functions: tuple[tuple[Row, ...], ...]


def pieces(tree: Tree, files: Sequence[str]) -> Pieces:
    """Preprocess files of a tree, and take them apart.

    Raises:
        CError: a directive, a macro or an `#if` that is not understood.
    """
    rows = preprocess(tree, *files)
    text = text_of(rows)
    declared, functions, at = list[Row](), list[tuple[Row, ...]](), 0
    for match in FUNCTION.finditer(text):
        first = text.count("\n", 0, match.start())
        end = first + match[0].count("\n") + 1
        declared += [*rows[at:first], Row(*rows[first][:2], f"{' '.join(match[1].split())};")]
        functions.append(tuple(rows[first:end]))
        at = end
    return Pieces(tuple(row for row in (*declared, *rows[at:]) if row.text.strip()), tuple(functions))


def text_of(rows: Iterable[Row]) -> str:
    """Lines as one text."""
    return "\n".join(row.text for row in rows)


def unit(tree: Tree, files: Sequence[str], natives: Collection[str]) -> Unit:
    """Translate files of a tree.

    Args:
        tree: the files; their includes are looked for here.
        files: the C files that make the unit, in order.
        natives: names of what the floor defines.

    Raises:
        CError: something in them is wrong, is not supported, or is called and defined nowhere.
    """
    declared, functions = pieces(tree, files)
    head = text_of(declared)
    with _placed(declared):
        known = outline(head)
    codes, places, needs = dict[str, CodeType](), dict[str, Place](), dict[str, tuple[str, int]]()
    for rows in functions:
        file, first, _ = rows[0]
        with _placed(rows):
            made = function(text_of(rows), head)
        if made.name in places:
            before = places[made.name]
            raise CError(file, first, f"{made.name}() is defined twice; first in {before.file}:{before.first}")
        if made.name in natives:
            raise CError(file, first, f"{made.name}() is what the C stands on here; it cannot be defined in C")
        with _placed(rows):
            codes[made.name] = _code(text_of(rows), head, file, first)
        places[made.name] = Place(file, first, first + len(rows) - 1)
        needs |= {name: (file, first + line - 1) for name, line in made.needs.items() if name not in needs}
    _linked(needs, {*codes, *natives})
    return Unit(codes, places, known.structs, _data(known.data))


@lru_cache(1024)
def _code(text: str, head: str, file: str, first: int) -> CodeType:
    return function(text, head).compiled(file, first)


@lru_cache(64)
def _data(python: str) -> CodeType:
    return compile(python, "<data>", "exec")


def _linked(needs: Mapping[str, tuple[str, int]], defined: set[str]) -> None:
    for name, place in needs.items():
        if name not in defined:
            raise CError(*place, f"{name} is declared, but defined nowhere")


@contextmanager
def _placed(rows: Sequence[Row]) -> Iterator[None]:
    """An error inside, counted in a piece of text, is moved to where its line stands."""
    try:
        yield
    except CError as error:
        if error.file != HERE:
            raise
        row = rows[min(max(error.line, 1), len(rows)) - 1]
        raise CError(row.file, row.line, error.what) from None
    except (RecursionError, SyntaxError) as error:
        if isinstance(error, SyntaxError) and "too many" not in str(error):
            raise
        raise CError(rows[0].file, rows[0].line, "this is nested too deep for the machine") from None
