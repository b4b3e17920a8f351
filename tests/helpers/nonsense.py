# SPDX-License-Identifier: GPL-2.0-only
"""What readers might give to a function by mistake, or to see what happens: the same in each run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

SEED: Final = 14


class Hostile:
    """Answers no question about itself."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    def __hash__(self) -> int:
        raise RuntimeError("no hash")

    def __bool__(self) -> bool:
        raise RuntimeError("neither")


class Given(NamedTuple):
    """One bad input: what it is, in a word or two, and the value, made anew for each call."""

    name: str
    make: Callable[[], object]


# Of every kind, what is of no use anywhere; what one place takes, that place's `takes` leaves out.
_MADE: Final[dict[str, Callable[[], object]]] = {
    "None": lambda: None,
    "True": lambda: True,
    "False": lambda: False,
    "0": lambda: 0,
    "1": lambda: 1,
    "-1": lambda: -1,
    "99": lambda: 99,
    "2 ** 64": lambda: 2**64,
    "a number of 5000 digits": lambda: 10**5000,
    "1.0": lambda: 1.0,
    "1.5": lambda: 1.5,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "1j": lambda: 1j,
    "an empty text": lambda: "",
    "a blank": lambda: " ",
    "nope": lambda: "nope",
    "a digit": lambda: "1",
    "a line break": lambda: "09\n",
    "NUL": lambda: "\0",
    "half a character": lambda: "\ud800",
    "an Arabic digit": lambda: "KVM_CREATE_PLANE \u0661",
    "a million characters": lambda: "x" * 1_000_000,
    "bytes": lambda: b"09",
    "a bytearray": lambda: bytearray(b"\x01"),
    "a memoryview": lambda: memoryview(b"\x01"),
    "an empty list": list,
    "a list of a list": lambda: [[1]],
    "a list of None": lambda: [None],
    "a list of nonsense": lambda: ["nope"],
    "a list of 100000": lambda: [0.5] * 100_000,
    "an empty tuple": tuple,
    "a tuple of True": lambda: (True,),
    "a table": lambda: {"x": 1},
    "an empty table": dict,
    "a set": lambda: {"09"},
    "an iterator": lambda: iter(["KVM_CREATE_VM"]),
    "an object": object,
    "a hostile object": Hostile,
    "a list of a hostile object": lambda: [Hostile()],
    "a class": lambda: int,
    "a function": lambda: len,
    "an exception": lambda: ValueError("x"),
    "an ellipsis": lambda: ...,
}
EVERYWHERE: Final = tuple(Given(name, make) for name, make in _MADE.items())


def near(words: Sequence[str], count: int, where: str) -> Iterator[Given]:
    """Texts that nearly are one of some words: a character more, less or another, or two that have changed places."""
    chance = random.Random(f"{SEED} {where}")  # noqa: S311 - reproducible, not secret
    seen = {*words}
    tries = 0
    while count and tries < 400:
        tries += 1
        word = chance.choice(words)
        at = chance.randrange(len(word) + 1)
        other = chance.choice("abcxyz019+-_.:() \t\n\u00e9\u0660\U0001d7d9")
        made = chance.choice(
            [word[:at] + other + word[at:], word[:at] + word[at + 1 :], word[:at] + other + word[at + 1 :],
             word[:at] + word[at : at + 2][::-1] + word[at + 2 :]]
        )  # fmt: skip
        if made not in seen:
            seen.add(made)
            count -= 1
            yield Given(ascii(made), lambda made=made: made)  # type: ignore[misc]


def numbers(least: int, most: int, count: int, where: str) -> Iterator[Given]:
    """Whole numbers outside a range, and numbers inside it that are not whole or are texts."""
    chance = random.Random(f"{SEED} {where}")  # noqa: S311 - reproducible, not secret
    for n in range(count):
        far = chance.randrange(1, 10 ** chance.randrange(1, 25))
        inside = chance.randint(least, min(most, least + 1000))
        value: object = [least - far, most + far, inside + 0.5, float(inside), str(inside)][n % 5]
        yield Given(repr(value), lambda value=value: value)  # type: ignore[misc]
