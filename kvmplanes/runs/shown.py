# SPDX-License-Identifier: GPL-2.0-only
"""One way to display: what is recorded or decided says that it can be shown, and a drawing says how.

A room that draws registers a function with `bundle.register`. The package's face says in `load` which room to import
before the first display, so nothing here knows who draws.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any

Bundle = dict[str, str]


def _nobody() -> None:
    """Draw with what is registered already."""


# Set by the package's face: imports the room that registers the drawings of runs.
load: Callable[[], object] = _nobody


@singledispatch
def bundle(thing: object) -> Bundle:
    """An object as Jupyter shows it: MIME type -> text; without a drawing of its own its text alone."""
    return {"text/plain": str(thing)}


class Shown:
    """What Jupyter shows by `bundle`."""

    __slots__ = ()

    def _repr_mimebundle_(self, **_: Any) -> Bundle:
        load()
        return bundle(self)
