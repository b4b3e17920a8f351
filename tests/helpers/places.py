# SPDX-License-Identifier: GPL-2.0-only
"""Every argument of a public function that a reader can give: how it is called, what it takes, what an error names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, Final, NamedTuple

import kvmplanes as kp
from kvmplanes import oracle
from kvmplanes.model import sizes
from kvmplanes.runs.orders import PUZZLES
from tests.helpers.nonsense import EVERYWHERE, Given, near, numbers

Takes = Callable[[Any], bool]


class Place(NamedTuple):
    """An argument.

    Attributes:
        name: function and argument.
        call: the function, with this argument alone left open.
        takes: whether a value is allowed, so that it is no bad input.
        says: words of which each error has to have one: what is allowed.
        more: bad inputs of its own kind.
    """

    name: str
    call: Callable[[Any], object]
    takes: Takes
    says: tuple[str, ...]
    more: tuple[Given, ...] = ()

    @property
    def bad(self) -> Iterator[Given]:
        """Every bad input."""
        return (given for given in chain(EVERYWHERE, self.more) if not self.takes(given.make()))


def nothing(_: object) -> bool:
    """No value at all is allowed."""
    return False


def kind(*kinds: type) -> Takes:
    """A value of a type."""
    return lambda value: type(value) in kinds


def one_of(*words: object) -> Takes:
    """One of some values."""
    return lambda value: any(type(value) is type(word) and value == word for word in words)


def whole(least: int, most: int) -> Takes:
    """A whole number in a range."""
    return lambda value: type(value) is int and least <= value <= most


def each(of: Takes) -> Takes:
    """A list or tuple of such values, each once."""
    return lambda value: type(value) in (list, tuple) and all(map(of, value)) and len({*value}) == len(value)


def text(most: int) -> Takes:
    """A text of so many characters that UTF-8 can write."""
    return lambda value: type(value) is str and len(value) <= most and not any("\ud800" <= c <= "\udfff" for c in value)


def name(value: Any) -> bool:
    """A few words on one line."""
    return text(100)(value) and bool(value) and value.isprintable()


def either(*takes: Takes) -> Takes:
    """What one of several takes."""
    return lambda value: any(take(value) for take in takes)


def hashable(value: object) -> bool:
    """Whether a value can be a key."""
    try:
        return hash(value) is not None
    except (TypeError, RuntimeError):
        return False


def ranges(value: object) -> bool:
    """A text that names lines: how it is written, not whether it runs backwards."""
    return type(value) is str and re.fullmatch(r"\s*\+\d\d(\.\.\+\d\d)?\s*", value, re.ASCII) is not None


none = one_of(None)
empty = one_of("", [], ())
V09, V11 = kp.VERSIONS["09"], kp.VERSIONS["11"]
OTHER, PLAYED = kp.run("09"), oracle.Played((), (), (), (), 0)
IDS, CALLS, OPS = (
    tuple(line.id for line in kp.PATCH.added),
    OTHER.calls,
    ("KVM_CREATE_VM", "close(vm)", "KVM_CHECK_EXTENSION vm"),
)
SWAP = ("kvm_destroy_one_plane", "kfree(plane);", "kfree(plane);")
VERSION, RUN, A_VERSION = "29-fixed", ("run()",), ("a Version",)
FREED, DESIGNS, REPORT = ("kept", "zeroed", "poisoned"), tuple(sizes.DESIGNS), oracle.evidence_text("kasan-V1k.txt")
TEARDOWN = PUZZLES["teardown"]


def words(where: str, *known: str, count: int = 25) -> tuple[Given, ...]:
    """Texts that nearly are one of these."""
    return tuple(near(known, count, where))


def named(where: str, call: Callable[[Any], object], known: tuple[str, ...], *says: str) -> Place:
    """An argument that is one of some names."""
    return Place(where, call, one_of(*known), says or (known[0],), words(where, *known))


def number(where: str, call: Callable[[Any], object], least: int, most: int, *says: str) -> Place:
    """An argument that is a whole number."""
    return Place(where, call, whole(least, most), says, tuple(numbers(least, most, 25, where)))


def flag(where: str, call: Callable[[Any], object]) -> Place:
    """An argument that is True or False."""
    return Place(where, call, kind(bool), ("True or False",))


def version(where: str, call: Callable[[Any], object]) -> Place:
    """An argument that names a version."""
    return named(where, call, tuple(kp.VERSIONS), VERSION)


LISTS: Final = tuple(
    Given(repr(value), lambda value=value: value)  # type: ignore[misc]
    for value in ((1, 1), (0,), (16,), ("1",), (1.0,), (-1, 2), "12", {1: 2}, {1}, [[1], [2]], (True, False), [10**30])
)
