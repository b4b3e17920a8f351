# SPDX-License-Identifier: GPL-2.0-only
"""What a unit declares of the words of one function: where that is the same, so is the function's translation.

So a reader's new function, of which a unit knows one prototype more, leaves the translations of all others as they are.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import lru_cache
from typing import Final

from kvmplanes.model.machine.ctype import CType
from kvmplanes.model.machine.declared import Types

_WORD: Final = re.compile(r"[A-Za-z_]\w*")


def named(text: str, types: Types) -> Hashable:
    """All that a function's text can ask of a unit's declarations: what its words are, and the structs behind them.

    Args:
        text: the function.
        types: what the unit declares.
    """
    words = _words(text)
    tables = (types.typedefs, types.enums, types.names)
    known = [(n, word, table[word]) for n, table in enumerate(tables) for word in words & table.keys()]
    left = [*(words & types.tags), *(name for _, _, of in known for name in _structs_of(of))]
    structs = dict[str, tuple[tuple[str, CType], ...]]()
    while left:
        name = left.pop()
        if name not in structs:
            structs[name] = tuple(types.structs.get(name, {}).items())
            left += [inner for _, of in structs[name] for inner in _structs_of(of)]
    return (
        frozenset(known),
        frozenset((word, types.constants[word]) for word in words & types.constants.keys()),
        frozenset((name, name in types.structs, members) for name, members in structs.items()),
        frozenset(words & types.tags),
        frozenset(words & types.data.keys()),
        # A local variable with the name of a function gets a "_" more in Python, unless there is such a name, too.
        frozenset(name for name in types.names if name.endswith("_")),
    )


@lru_cache(512)
def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


@lru_cache(512)
def _structs_of(of: CType) -> tuple[str, ...]:
    """The structs that a type has to do with, behind pointers, too."""
    inner = [part for part in (of.of, *of.args) if part is not None]
    return (*((of.name,) if of.kind == "struct" else ()), *(name for part in inner for name in _structs_of(part)))
