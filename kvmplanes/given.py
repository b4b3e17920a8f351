# SPDX-License-Identifier: GPL-2.0-only
"""What readers give to functions, checked in one place: one sentence says what is allowed, and what was given.

A wrong type is a TypeError, a wrong value a ValueError. What was given is cut, however large it is; nothing of it is
called but its `repr`, which may fail. And the other way round: what everybody is given, nobody can change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, Final, TypeVar

_GIVEN: Final = 50  # characters of what was given
_NAMES: Final = 150  # characters of a list of names
_LARGE: Final = 1 << 32
_MOST_TEXT: Final = 200_000  # characters; the whole tree has a quarter of that
A_RUN: Final = "trace must be a run, as run() gives it"
_T = TypeVar("_T")


def brief(given: object) -> str:
    """What was given, as a sentence can show it."""
    try:
        cut = given[: _GIVEN + 1] if type(given) in (str, bytes) else given  # type: ignore[index]
        shown = repr(cut)
    except Exception:  # noqa: BLE001 - a repr of anybody's, or a number with too many digits
        return f"a value of type {type(given).__name__[:_GIVEN]}"
    return shown if len(shown) <= _GIVEN else f"{shown[:_GIVEN]} ..."


def some(names: Iterable[str]) -> str:
    """Names as a sentence can list them: the first ones, and how many more there are."""
    every = [*names]
    fit, length = 0, 0
    while fit < len(every) and length + len(every[fit]) <= _NAMES:
        length += len(every[fit]) + 2
        fit += 1
    return ", ".join(every) if fit == len(every) else f"{', '.join(every[:fit])} and {len(every) - fit} more"


def need(holds: bool, rule: str, given: object) -> None:
    """Refuse what does not hold; the rule is a sentence such as "at must be a step, 0..9"."""
    if not holds:
        raise ValueError(f"{rule}, not {brief(given)}")


def typed(given: object, kind: type[_T] | tuple[type[_T], ...], rule: str) -> _T:
    """What was given, if it is of a type; the rule as for `need`."""
    if not isinstance(given, kind):
        raise TypeError(f"{rule}, not {brief(given)}")
    return given


def written(given: object, what: str, most: int = _MOST_TEXT) -> str:
    """A text of at most so many characters, which can be written as UTF-8."""
    given = typed(given, str, f"{what} must be a text")
    need(len(given) <= most, f"{what} must be a text of at most {most} characters", given)
    need(given.isascii() or _encodable(given), f"{what} must be a text of whole characters", given)
    return given


def _encodable(given: str) -> bool:
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole(given: object, what: str, least: int, most: int, allowed: str = "") -> int:
    """A whole number from `least` to `most`; True and False are none. `allowed` says this in other words."""
    usual = f"{least}..{most}" if most < _LARGE else f"{least} or more" if least > -_LARGE else ""
    said = allowed or usual
    if type(given) is not int:
        raise TypeError(f"{what} must be a whole number{f', {said}' if said else ''}, not {brief(given)}")
    need(least <= given <= most, f"{what} must be {said or 'a number of 64 bits'}", given)
    return given


def flag(given: object, what: str) -> bool:
    """True or False."""
    return typed(given, bool, f"{what} must be True or False")


def among(given: object, what: str, names: Collection[str]) -> str:
    """One of some names."""
    rule = f"{what} must be one of {some(names)}"
    if not isinstance(given, str):
        raise TypeError(f"{rule}, not {brief(given)}")
    need(given in names, rule, given)
    return given


def known(given: object, what: str, names: Collection[str]) -> str:
    """The name of something that there is; for everything else a ValueError that lists the names."""
    if not isinstance(given, str) or given not in names:
        raise ValueError(f"no {what} {brief(given)}; there are {some(names)}")
    return given


def items(given: object, kind: type[_T], rule: str) -> tuple[_T, ...]:
    """A list or a tuple whose items are of one type, as a tuple: what can be read once only is refused."""
    if not isinstance(given, list | tuple) or not all(isinstance(item, kind) for item in given):
        raise TypeError(f"{rule}, not {brief(given)}")
    return tuple(given)


def stream(given: object, kind: type[_T], rule: str) -> list[_T]:
    """What gives items of one type, if only once, as a list; no text and no mapping."""
    if not isinstance(given, Iterable) or isinstance(given, str | bytes | Mapping):
        raise TypeError(f"{rule}, not {brief(given)}")
    return [typed(item, kind, rule) for item in given]


def fixed(thing: Any) -> Any:
    """The same tables, lists and dataclasses, so that nobody can change them at any depth; lists become tuples."""
    if isinstance(thing, str | int):  # most of what tables hold
        return thing
    if isinstance(thing, Mapping):
        return MappingProxyType({name: fixed(part) for name, part in thing.items()})
    if isinstance(thing, list | tuple):
        return tuple(map(fixed, thing))
    if is_dataclass(thing) and not isinstance(thing, type):
        return replace(thing, **{field.name: fixed(getattr(thing, field.name)) for field in fields(thing)})
    return thing
