# SPDX-License-Identifier: GPL-2.0-only
"""Translations: those of the package's own versions are stored, any other is made when it is asked for.

So the parser is imported for a reader's own C only; in a browser its import takes longer than a certificate. A
translation is stored under its C text and the machine's own text: when one of them changes, it is made anew.
`.ci/store.py` writes the store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from kvmplanes.model.machine.translated import Member, Outline, Translated

STORED: Final = Path(__file__).with_name("stored.json")
_MACHINE: Final = sorted(Path(__file__).parent.glob("*.py"))


@lru_cache(64)
def outline(declared: str) -> Outline:
    """The translation of a unit's declarations and prototypes.

    Raises:
        CError: a mistake in them; lines are counted in the text.
    """
    if found := _stored().get(_key(declared)):
        structs, data = found
        return Outline({name: tuple(Member(*member) for member in members) for name, members in structs.items()}, data)
    from kvmplanes.model.machine import functions

    return functions.declarations(declared)


@lru_cache(1024)
def function(text: str, declared: str) -> Translated:
    """The translation of a function of a unit with these declarations.

    Raises:
        CError: a mistake in it; lines are counted in the text.
    """
    if found := _stored().get(_key(text, declared)):
        name, python, lines, needs = found
        return Translated(name, python, tuple(lines), needs)
    from kvmplanes.model.machine import functions

    return functions.function(text, declared)


def text_of(units: Iterable[tuple[str, Iterable[str]]]) -> str:
    """The store's text for units, each its declarations and its functions; everything is translated anew."""
    from kvmplanes.model.machine import functions

    made = dict[str, Outline | Translated]()
    for declared, texts in units:
        made[_key(declared)] = functions.declarations(declared)
        made |= {_key(text, declared): functions.function(text, declared) for text in texts}
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
