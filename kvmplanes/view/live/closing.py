# SPDX-License-Identifier: GPL-2.0-only
"""The end of a widget: a cell that is run again closes what its last run has made.

ipywidgets keeps every widget until somebody closes it, with each of its parts, in the kernel and in the page; IPython
keeps what each run has shown. A reader who runs a cell again has no use for either. JupyterLab says which cell it runs;
where nobody does (a script, nbconvert, some kernels in a browser), nothing is closed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import ipywidgets as w

_Made = TypeVar("_Made", bound=w.Widget)


@dataclass(slots=True)
class _Run:
    """One run of a cell: its message, its number in IPython's history, and the widgets that it has made."""

    message: str = ""
    number: int = 0
    widgets: list[w.Widget] = field(default_factory=list)


_LAST: Final[dict[str, _Run]] = {}  # cell -> its last run


def of_this_cell(widget: _Made) -> _Made:
    """A widget that was just made; what this cell made in its last run is closed, and what deleted cells made."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython else None
    parent: Any = getattr(shell, "get_parent", dict)() or {}
    about = parent.get("metadata", {})
    for cell in about.get("deletedCells", ()):
        _end(shell, _LAST.pop(cell, _Run()))
    if cell := about.get("cellId"):
        run = _LAST.get(cell, _Run())
        if run.message != parent["header"]["msg_id"]:
            _end(shell, run)
            run = _LAST[cell] = _Run(parent["header"]["msg_id"], shell.displayhook.prompt_count)
        run.widgets.append(widget)
    return widget


def _end(shell: Any, run: _Run) -> None:
    close(*run.widgets)
    getattr(shell.history_manager, "outputs", {}).pop(run.number, None)


def close(*widgets: w.Widget) -> None:
    """Close widgets with all their parts. Who still has one of them, such as IPython's `Out`, keeps an empty one."""
    for widget in widgets:
        for part in [*_parts(widget)]:
            part.close()
            part.unobserve_all()
        for name, nothing in (("children", ()), ("data", {})):
            if widget.has_trait(name):
                widget.set_trait(name, nothing)
        for name in [name for name in vars(widget) if not name.startswith(("_trait", "_cross", "_model", "_repr"))]:
            delattr(widget, name)


def _parts(widget: w.Widget) -> Iterator[w.Widget]:
    """A widget, its layout and style, and its children with theirs."""
    yield widget
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, list | tuple) else (value,):
            if isinstance(part, w.Widget):
                yield from _parts(part)
