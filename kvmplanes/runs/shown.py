# SPDX-License-Identifier: GPL-2.0-only
"""One way to display: what is recorded or decided says that it can be shown, and a drawing says how.

A room that draws registers a function with `bundle.register`; nothing here knows who draws.
"""

from __future__ import annotations

import sys
from functools import singledispatch
from typing import Any

Bundle = dict[str, str]


def load() -> None:
    """Have the room imported that registers the drawings of runs; the package's face knows which one it is."""
    sys.modules[__name__.partition(".")[0]].load_view()


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


class Drawn(Shown):
    """What is a drawing alone: its text is the drawing's."""

    __slots__ = ()

    def __str__(self) -> str:
        return bundle(self)["text/plain"]

    __repr__ = __str__
