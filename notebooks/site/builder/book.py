# SPDX-License-Identifier: GPL-2.0-only
"""The notebooks as chapters of a book: what only fetches a question or a picture does not stand before it.

A cell that a reader can change and run in the page is marked as well.

Marks are tags of cells, as myst-nb knows them; the notebooks themselves have none of these.
"""

import ast
from collections.abc import Iterator

from nbformat import NotebookNode

from notebooks.site.builder import layout
from notebooks.site.live.cells import needed

ROOMS = ("kvmplanes.learn", "kvmplanes.view")  # what is imported from them fetches what the page shows
ASKS = frozenset({"ask", "exercise", "findings_field", "judge", "progress", "selftest"})
ANSWERS = frozenset({"check"})  # a reader's own answer is in its call
WIDGETS = frozenset({"composer", "instrument_picker", "order_widget", "picker"})  # they need JupyterLab's
REMOVED, FOLDED, LIVE = "remove-input", "hide-input", "live"
IMPORTS, CODE = "Imports", "Code"  # what a fold says


def chapter(notebook: NotebookNode) -> NotebookNode:
    """The notebook with a mark at each cell of code that its page leaves out or folds, and with links to pages."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    names = frozenset(name for cell in cells for name in _imported(cell.source))
    for cell in cells:
        for output in cell.outputs:
            if "text/html" in output.get("data", ()):
                output.data["text/html"] = layout.to_pages(output.data["text/html"])
        if mark := mark_of(cell.source, names):
            cell.metadata.tags = [*cell.metadata.get("tags", []), mark]
            title = IMPORTS if _is_imports(cell.source) else CODE
            cell.metadata.mystnb = {"code_prompt_show": title}
    for cell in live(cells):
        cell.metadata.tags = [*cell.metadata.get("tags", []), LIVE]
    return notebook


def live(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """The cells of code that can be run in the page: those that neither are nor need a widget.

    Args:
        cells: all cells of code of a notebook, with their marks.
    """
    # What is not in the page cannot be run there.
    shown = [cell for cell in cells if REMOVED not in cell.metadata.get("tags", [])]
    sources = [cell.source for cell in shown]
    for place, cell in enumerate(shown):
        needs = (sources[above] for above in needed(sources[: place + 1]))
        if not _is_imports(cell.source) and not any(map(_makes_widget, needs)):
            yield cell


def mark_of(source: str, names: frozenset[str]) -> str:
    """The mark for a cell of code; "" for code that is to be read.

    Args:
        source: the cell's text.
        names: what its notebook imports from `ROOMS`.

    >>> mark_of('ask("nb05-order")', frozenset({"ask"})), mark_of('proof = kp.certify("09")', frozenset({"ask"}))
    ('remove-input', '')
    """
    if _is_imports(source):
        return FOLDED
    name = _fetched(source)
    if name not in names or name in ANSWERS:
        return ""
    return REMOVED if name in ASKS else FOLDED


def _statements(source: str) -> list[ast.stmt]:
    """The statements of a cell; none where it is not Python, for instance a cell of `%%c`."""
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []


def _imported(source: str) -> Iterator[str]:
    for statement in _statements(source):
        if isinstance(statement, ast.ImportFrom) and statement.module in ROOMS:
            yield from (alias.asname or alias.name for alias in statement.names)


def _is_imports(source: str) -> bool:
    body = _statements(source)
    return bool(body) and all(isinstance(statement, ast.Import | ast.ImportFrom) for statement in body)


def _makes_widget(source: str) -> bool:
    nodes = (node for statement in _statements(source) for node in ast.walk(statement))
    called = (node.func for node in nodes if isinstance(node, ast.Call))
    return any(getattr(function, "attr", getattr(function, "id", "")) in WIDGETS for function in called)


def _fetched(source: str) -> str:
    """The name with which what a cell shows begins, a `print` around it left aside; "" where it does more."""
    match _statements(source):
        case [ast.Expr(ast.Call(ast.Name("print"), [ast.expr() as inner]))] | [ast.Expr(inner)]:
            return _first_name(inner)
        case [ast.Assign([ast.Name(kept)], inner), ast.Expr(ast.Name(shown))] if kept == shown:
            return _first_name(inner)
    return ""


def _first_name(expression: ast.expr) -> str:
    match expression:
        case ast.Name(name):
            return name
        case ast.Call(func=inner) | ast.Attribute(value=inner) | ast.Subscript(value=inner):
            return _first_name(inner)
    return ""
