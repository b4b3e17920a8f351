# SPDX-License-Identifier: GPL-2.0-only
"""A translation unit: what it declares, translated once per text, and each function, translated once per text.

So an edit of one function translates that function again and nothing else. All files are one unit (limit: one unit).

Translations of the package's own versions are stored, so the parser is imported for a reader's own C only; in a browser
its import takes longer than a certificate. A translation is stored under its C text and the machine's own text: when
one of them changes, it is made anew. `.ci/store.py` writes the store.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType, MappingProxyType
from typing import Any, Final, NamedTuple

from kvmplanes.model.machine.preprocess import PlacedLine, bare_lines, preprocess
from kvmplanes.model.machine.translated import Member, Outline, Translated, compiled
from kvmplanes.model.machine.tree import PIECE, CError, Tree

STORED: Final = Path(__file__).with_name("stored.json")
_MACHINE: Final = sorted(Path(__file__).parent.glob("*.py"))
# At column 0: a head with parentheses, a brace, and its closing brace at column 0 or on the same line.
FUNCTION: Final = re.compile(r"^(\w[^;{}=#]{0,999}\)\s*)(?:\{.*\}$|\{.*\n(?:(?!\}).*\n)*\}.*$)", re.MULTILINE)


@lru_cache(16)  # whole files of the last versions
def definitions(text: str) -> Mapping[str, tuple[int, int]]:
    """The functions that a text defines: name -> its first and last line, from 1."""
    bare, places = "\n".join(bare_lines(text)), dict[str, tuple[int, int]]()
    for match in FUNCTION.finditer(bare):
        first = bare.count("\n", 0, match.start()) + 1
        head = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", match[1])
        places[re.findall(r"(\w+)\s*\(", head)[0]] = first, first + match[0].count("\n")
    return MappingProxyType(places)


@dataclass(frozen=True, slots=True)
class Where:
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
    places: Mapping[str, Where]
    structs: Mapping[str, tuple[Member, ...]]
    data: CodeType


class Pieces(NamedTuple):
    """A unit before it is translated.

    Attributes:
        declared: the lines outside functions, and each function's head as a prototype.
        functions: the lines of each function.
    """

    declared: tuple[PlacedLine, ...]
    functions: tuple[tuple[PlacedLine, ...], ...]


def pieces_of(tree: Tree, files: Sequence[str]) -> Pieces:
    """Preprocess files of a tree, and take them apart.

    Raises:
        CError: a directive, a macro or an `#if` that is not understood.
    """
    rows = preprocess(tree, *files)
    text = joined(rows)
    declared, functions, at = list[PlacedLine](), list[tuple[PlacedLine, ...]](), 0
    for match in FUNCTION.finditer(text):
        first = text.count("\n", 0, match.start())
        end = first + match[0].count("\n") + 1
        declared += [*rows[at:first], PlacedLine(*rows[first][:2], f"{' '.join(match[1].split())};")]
        functions.append(tuple(rows[first:end]))
        at = end
    return Pieces(tuple(row for row in (*declared, *rows[at:]) if row.text.strip()), tuple(functions))


def joined(rows: Iterable[PlacedLine]) -> str:
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
    declared, functions = pieces_of(tree, files)
    head = joined(declared)
    with _placed(declared):
        known = outline(head)
    codes, places, needs = dict[str, CodeType](), dict[str, Where](), dict[str, tuple[str, int]]()
    for rows in functions:
        file, first, _ = rows[0]
        with _placed(rows):
            made = function(joined(rows), head)
        if made.name in places:
            before = places[made.name]
            raise CError(file, first, f"{made.name}() is defined twice; first in {before.file}:{before.first}")
        if made.name in natives:
            raise CError(file, first, f"{made.name}() is what the C stands on here; it cannot be defined in C")
        with _placed(rows):
            codes[made.name] = _code(joined(rows), head, file, first)
        places[made.name] = Where(file, first, first + len(rows) - 1)
        needs |= {name: (file, first + line - 1) for name, line in made.needs.items() if name not in needs}
    for name, place in needs.items():
        if name not in codes and name not in natives:
            raise CError(*place, f"{name} is declared, but defined nowhere")
    fixed = MappingProxyType  # every run of a version shares its unit
    return Unit(fixed(codes), fixed(places), fixed(dict(known.structs)), _data(known.data))


@lru_cache(512)
def _code(text: str, head: str, file: str, first: int) -> CodeType:
    made = function(text, head)
    code = compiled(made.python, made.lines)
    return code.replace(co_filename=file, co_firstlineno=code.co_firstlineno + first - 1)


@lru_cache(64)
def _data(python: str) -> CodeType:
    return compile(python, "<data>", "exec")


@contextmanager
def _placed(rows: Sequence[PlacedLine]) -> Iterator[None]:
    """An error inside, counted in a piece of text, is moved to where its line stands."""
    try:
        yield
    except CError as error:
        if error.file != PIECE:
            raise
        row = rows[min(max(error.line, 1), len(rows)) - 1]
        raise CError(row.file, row.line, error.what) from None
    except (RecursionError, SyntaxError) as error:
        if isinstance(error, SyntaxError) and "too many" not in str(error):
            raise
        raise CError(rows[0].file, rows[0].line, "this is nested too deep for the machine") from None


# -- stored translations ---------------------------------------------------------------------------------------------


@lru_cache(64)
def outline(declared: str) -> Outline:
    """The translation of a unit's declarations and prototypes.

    Raises:
        CError: a mistake in them; lines are counted in the text.
    """
    if entry := _stored().get(_key(declared)):
        structs, data = entry
        return Outline({name: tuple(Member(*member) for member in members) for name, members in structs.items()}, data)
    from kvmplanes.model.machine import functions

    return functions.declarations(declared)


@lru_cache(512)
def function(text: str, declared: str) -> Translated:
    """The translation of a function of a unit with these declarations.

    Raises:
        CError: a mistake in it; lines are counted in the text.
    """
    if entry := _stored().get(_key(text, declared)):
        name, python, lines, needs = entry
        return Translated(name, python, tuple(lines), needs)
    from kvmplanes.model.machine import functions

    return functions.translation(text, declared)


def store_text(units: Iterable[Pieces]) -> str:
    """The store's text for units; everything is translated anew."""
    from kvmplanes.model.machine import functions

    made = dict[str, Outline | Translated]()
    for pieces in units:
        declared, texts = joined(pieces.declared), map(joined, pieces.functions)
        made[_key(declared)] = functions.declarations(declared)
        made |= {_key(text, declared): functions.translate(text, declared) for text in texts}
    rows = (f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in made.items())
    return "{\n" + ",\n".join(rows) + "\n}\n"


@cache
def _stored() -> dict[str, Any]:
    return dict(json.loads(STORED.read_text(encoding="utf-8")))


@cache
def _machine() -> hashlib._Hash:
    return hashlib.sha256(b"".join(path.read_bytes() for path in _MACHINE))


def _key(*texts: str) -> str:
    digest = _machine().copy()
    digest.update("\0".join(texts).encode())
    return digest.hexdigest()[:24]
