# SPDX-License-Identifier: GPL-2.0-only
"""A page's cells run in the page's own Python: the one that is asked for, after those above it that it needs.

A run begins with no names, so its output depends on what stands in the page and on nothing that ran before. The
worker has this file as a text; the builder asks it which cells need which.
"""

import ast
import io
import json
import re
import symtable
import traceback
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pprint import pformat
from typing import Any

_OF_C = re.compile(r"%%c[ \t]+(\w+)[ \t]*(?:\n([\s\S]*))?\Z")
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_PLACE = "<cell>"


@dataclass(frozen=True, slots=True)
class Names:
    """What a cell does with names that it shares with others.

    Attributes:
        bound: those that it gives a value.
        used: those that it reads.
        changed: those whose object it may change, by a call of a method or by setting a part.
        imported: those of `bound` that are imported.
    """

    bound: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()


@cache
def names(source: str) -> Names:
    """The names of a cell; none for one that is not Python.

    >>> names("t = kp.run(version)").used == {"kp", "version"}
    True
    """
    if of_c := _OF_C.match(source):
        return Names(bound=frozenset({of_c[1]}))
    try:
        tree, top = ast.parse(source), symtable.symtable(source, _PLACE, "exec")
    except SyntaxError:
        return Names()
    symbols = top.get_symbols()
    bound = {each.get_name() for each in symbols if each.is_assigned() or each.is_imported() or each.is_namespace()}
    imported = {each.get_name() for each in symbols if each.is_imported()}
    return Names(frozenset(bound), frozenset(_used(top)), frozenset(_changed(tree)), frozenset(imported))


def _used(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _used(inner)


def _changed(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Expr(ast.Call(func=ast.Attribute() as part)):
                yield from _owner(part)
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()) as part:
                yield from _owner(part)


def _owner(part: ast.expr) -> Iterator[str]:
    """The name that `NAME.a.b[c]` begins with."""
    while isinstance(part, ast.Attribute | ast.Subscript):
        part = part.value
    if isinstance(part, ast.Name):
        yield part.id


def needed(sources: list[str]) -> list[int]:
    """Which cells the last one needs, by their places and in their order; it is the last of them.

    >>> needed(["import kvmplanes as kp", "t = kp.run('09')", "n = 3", "t.steps"])
    [0, 1, 3]
    """
    cells = [*map(names, sources)]
    imported = frozenset().union(*(cell.imported for cell in cells))
    places, wanted = [len(cells) - 1], cells[-1].used
    for place, cell in reversed([*enumerate(cells[:-1])]):
        if wanted & (cell.bound | (cell.changed - imported)):
            places.append(place)
            wanted |= cell.used
    return places[::-1]


def run(sources: list[str]) -> dict[str, Any]:
    """Run the last cell, after those above it that it needs.

    Args:
        sources: the text of the page's cells, from the first to the one that is to be run.

    Returns:
        "outputs": what is shown, each {"text": ...} or {"html": ...}; "passed": the verdict, if an answer was checked,
        or None; "failed": whether the cell, or one that it needs, ended with an error.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    places = needed(sources)
    used = frozenset().union(*(names(sources[place]).used for place in places))
    for place in places:
        is_last = place == len(sources) - 1
        printed, value, error = io.StringIO(), None, ""
        with redirect_stdout(printed):
            try:
                value = _execute(sources[place], namespace, None if is_last else used)
                shown = _shown(value)
            except (Exception, SystemExit) as raised:  # noqa: BLE001 - the reader's own code raises what it likes
                error = _told(raised, "this cell" if is_last else "a cell above that this one needs")
        if error or is_last:
            outputs = [{"text": text} for text in (printed.getvalue(), error) if text]
            if not error:
                outputs += shown
            return {"outputs": outputs, "passed": getattr(value, "passed", None), "failed": bool(error)}
    raise AssertionError("the last cell is always needed")


def run_json(sources: str) -> str:
    """The same for the worker: texts cross the border to JavaScript as they are."""
    return json.dumps(run(json.loads(sources)))


def _execute(source: str, namespace: dict[str, Any], used: frozenset[str] | None) -> object:
    """Run a cell; its value is that of its last line, where that is an expression.

    Of modules it imports the names in `used` alone, unless that is None: others may be a widget's, or take long.
    """
    if of_c := _OF_C.match(source):
        namespace[of_c[1]] = f"{of_c[2] or ''}\n"
        return None
    tree = ast.parse(source, _PLACE)
    if used is not None:
        tree.body = [*_importing(tree, used)]
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, _PLACE, "exec"), namespace)  # noqa: S102 - it is what a reader asks for, in a browser's sandbox
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), _PLACE, "eval"), namespace)  # noqa: S307 - as above


def _importing(tree: ast.Module, used: frozenset[str]) -> Iterator[ast.stmt]:
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            kept = used | {"*"}
            statement.names = [each for each in statement.names if (each.asname or each.name) in kept]
            if not statement.names:
                continue
        yield statement


def _shown(value: object) -> list[dict[str, str]]:
    """A cell's value as Jupyter shows it."""
    if value is None:
        return []
    draw = getattr(value, "_repr_mimebundle_", None)
    bundle = draw() if draw else {}
    if "text/html" in bundle:
        return [{"html": with_files(bundle["text/html"])}]
    return [{"text": bundle.get("text/plain") or pformat(value, sort_dicts=False)}]


def _told(raised: BaseException, where: str) -> str:
    """An error in a line, with its place: the rest of a traceback is about the package's inside."""
    name = type(raised).__name__
    if isinstance(raised, SyntaxError) and raised.filename == _PLACE:
        return f"{name}: {raised.msg} (line {raised.lineno} of {where})"
    lines = [frame.lineno for frame in traceback.extract_tb(raised.__traceback__) if frame.filename == _PLACE]
    place = f"line {lines[0]} of {where}" if lines else where
    return f"{name}: {raised} ({place})"


def with_files(shown: str) -> str:
    """HTML with its scripts as files: those that the builder writes for the same scripts in the pages."""
    return _SCRIPT.sub(lambda script: f'<script src="{file_of(script[1])}"></script>', shown)


def file_of(script: str) -> str:
    """The name that its content gives to the file of an output's script."""
    return f"{sha256(script.encode()).hexdigest()[:12]}.js"
