# SPDX-License-Identifier: GPL-2.0-only
"""Random expressions of C, without two effects whose order C leaves open; see `kvmplanes.oracle.compiled.samples`."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

Names = frozenset[str]
NONE: Final[Names] = frozenset()


@dataclass(frozen=True, slots=True)
class Type:
    """An integer type: its width, whether it is signed."""

    bits: int
    signed: bool

    def value(self, chance: random.Random) -> int:
        """One of its values, an edge more often than not."""
        low = -(1 << self.bits - 1) if self.signed else 0
        high = low + (1 << self.bits) - 1
        near = chance.choice((0, low, high, high // 2, 128, 32768)) + chance.randint(-2, 2)
        return min(max(chance.choice((near, chance.randint(low, high), chance.randint(-9, 9))), low), high)


TYPES: Final = {
    "_Bool": Type(1, False), "char": Type(8, False), "signed char": Type(8, True), "unsigned char": Type(8, False),
    "short": Type(16, True), "unsigned short": Type(16, False), "int": Type(32, True), "unsigned": Type(32, False),
    "long": Type(64, True), "unsigned long": Type(64, False), "long long": Type(64, True),
}  # fmt: skip
LITERALS: Final = (
    "0", "1", "2", "3", "7", "10", "127", "128", "255", "256", "300", "32768", "65535", "65536", "2147483647",
    "2147483648", "4294967295", "4294967296", "0x7fffffff", "0x80000000", "0xffffffff", "0x100000000",
    "0x7fffffffffffffff", "0x8000000000000000", "0xffffffffffffffff", "1u", "5u", "3L", "9ul", "2147483648L",
    "0xffffffffu", "4000000000u", "6ull", "017", "0377", "'a'", "'\\n'", "'\\377'", "'\\0'",
)  # fmt: skip
IN_NO_ORDER: Final = ("+", "-", "*", "&", "|", "^", "<", ">", "<=", ">=", "==", "!=")


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression, the variables that it reads, and those that it writes; `acts` if it has any effect."""

    text: str
    reads: Names = NONE
    writes: Names = NONE
    acts: bool = False

    def beside(self, text: str, *others: Expr) -> Expr:
        """This one and others as parts of a text."""
        parts = (self, *others)
        return Expr(
            text,
            NONE.union(*(part.reads for part in parts)),
            NONE.union(*(part.writes for part in parts)),
            any(part.acts for part in parts),
        )


@dataclass(frozen=True, slots=True)
class May:
    """What an expression may do: whether it may have effects, and what it must not touch, or not write."""

    acts: bool = True
    closed: Names = NONE
    fixed: Names = NONE

    def beside(self, other: Expr) -> May:
        """For an expression that is evaluated before or after another one, as the compiler likes."""
        return May(self.acts and not other.acts, self.closed | other.writes, self.fixed | other.reads)


@dataclass
class Scope:
    """What can be named, variables and arrays of four, and how many loops, and loops or switches, are around."""

    scalars: list[str]
    arrays: list[str]
    loops: int = 0
    breaks: int = 0


class Terms:
    """Writes expressions; what is in parentheses needs none around it.

    Args:
        name: of the sample; its helpers and variables begin with it.
        chance: the source of randomness.
    """

    def __init__(self, name: str, chance: random.Random) -> None:
        self.name, self.chance = name, chance
        self.scope = Scope([], [])
        self.helpers: tuple[str, ...] = ()
        self.outside = frozenset(f"{name}_{end}" for end in "xyt")  # the variables outside of functions
        self._tags = 0

    def type(self) -> str:
        """The name of a type."""
        return self.chance.choice([*TYPES])

    def literal(self) -> str:
        """A constant."""
        return self.chance.choice(LITERALS)

    def pure(self, depth: int) -> str:
        """The text of an expression without effects."""
        return self.expr(depth, May(acts=False)).text

    def any(self, depth: int) -> str:
        """The text of an expression that may have effects."""
        return self.expr(depth, May()).text

    def expr(self, depth: int, may: May) -> Expr:
        """An expression of some depth."""
        if depth <= 0 or self.chance.random() < 0.1:
            return self._leaf(may)
        kinds = [self._binary] * 5 + [self._divided, self._shifted, self._unary, self._unary, self._cast]
        kinds += [self._chained, self._chosen, self._indexed]
        if may.acts:
            kinds += [self.assigned, self.assigned, self.noted, self.noted, self.called]
        return self.chance.choice(kinds)(depth - 1, may)

    def _leaf(self, may: May) -> Expr:
        names = [name for name in self.scope.scalars if name not in may.closed]
        if names and self.chance.random() < 0.6:
            name = self.chance.choice(names)
            return Expr(name, frozenset((name,)))
        return Expr(self.literal() if self.chance.random() < 0.95 else f"sizeof({self.type()})")

    def _pair(self, depth: int, may: May) -> tuple[Expr, Expr]:
        """Two operands in no order: at most one of them acts, and the other has nothing to do with what it writes."""
        one = self.expr(depth, may)
        two = self.expr(depth, may.beside(one))
        return (one, two) if self.chance.random() < 0.5 else (two, one)

    def _binary(self, depth: int, may: May) -> Expr:
        one, two = self._pair(depth, may)
        return one.beside(f"({one.text} {self.chance.choice(IN_NO_ORDER)} {two.text})", two)

    def _divided(self, depth: int, may: May) -> Expr:
        one, two = self._pair(depth, may)
        by = self.chance.choice((f"(({two.text} & 15) + 1)", f"-(({two.text} & 7) + 2)"))
        return one.beside(f"({one.text} {self.chance.choice('/%')} {by})", two)

    def _shifted(self, depth: int, may: May) -> Expr:
        one, two = self._pair(depth, may)
        return one.beside(f"({one.text} {self.chance.choice(('<<', '>>'))} ({two.text} & 31))", two)

    def _unary(self, depth: int, may: May) -> Expr:
        one = self.expr(depth, may)
        return one.beside(f"({self.chance.choice('-~!+')} {one.text})")

    def _cast(self, depth: int, may: May) -> Expr:
        one = self.expr(depth, may)
        return one.beside(f"(({self.type()}){one.text})")

    def _chained(self, depth: int, may: May) -> Expr:
        """Two operands in order."""
        one, two = self.expr(depth, may), self.expr(depth, may)
        op = self.chance.choice((" &&", " ||", "," if one.acts else " &&"))  # (_Bool)(1, 2) crashes gcc 12
        return one.beside(f"({one.text}{op} {two.text})", two)

    def _chosen(self, depth: int, may: May) -> Expr:
        test, one, two = (self.expr(depth, may) for _ in range(3))
        return test.beside(f"({test.text} ? {one.text} : {two.text})", one, two)

    def _indexed(self, depth: int, may: May) -> Expr:
        arrays = [name for name in self.scope.arrays if name not in may.closed]
        return self._slot(self.chance.choice(arrays), depth, may) if arrays else self._leaf(may)

    def _slot(self, array: str, depth: int, may: May) -> Expr:
        at = self.expr(depth, May(False, may.closed, may.fixed))
        return Expr(f"{array}[{at.text} & 3]", at.reads | {array})

    def noted(self, depth: int, may: May) -> Expr:
        """A value, noted."""
        one = self.expr(depth, may)
        self._tags += 1
        return Expr(f"note({self._tags}, {one.text})", one.reads, one.writes, acts=True)

    def assigned(self, depth: int, may: May) -> Expr:
        """An assignment, a compound one, or a step."""
        names = [name for name in (*self.scope.scalars, *self.scope.arrays) if name not in may.closed | may.fixed]
        if not names:
            return self.noted(depth, may)
        name = self.chance.choice(names)
        place = self._slot(name, 1, may) if name in self.scope.arrays else Expr(name, frozenset((name,)))
        if self.chance.random() < 0.25:
            step = self.chance.choice(("({}++)", "({}--)", "(++{})", "(--{})")).format(place.text)
            return Expr(step, place.reads, frozenset((name,)), acts=True)
        value = self.expr(depth, May(may.acts, may.closed, may.fixed | place.reads))
        op = self.chance.choice(("=", "=", "=", "+=", "-=", "*=", "&=", "|=", "^=", "/=", "%=", "<<=", ">>="))
        right = f"(({value.text} & 15) + 1)" if op in ("/=", "%=", "<<=", ">>=") else value.text
        return Expr(f"({place.text} {op} {right})", place.reads | value.reads, value.writes | {name}, acts=True)

    def called(self, depth: int, may: May) -> Expr:
        """A call of a helper, which may write every variable outside of functions and an array that it is given."""
        if not self.helpers or self.outside & (may.closed | may.fixed):
            return self.noted(depth, may)
        name = self.chance.choice((*self.helpers, f"{self.name}_r", f"{self.name}_s"))
        if name.endswith("_s"):
            return self._given(name, depth, may)
        one, two = self._pair(depth, may)
        second = f"({two.text} & 3)" if name.endswith("_r") else two.text
        both = one.beside(f"{name}({one.text}, {second})", two)
        return Expr(both.text, both.reads | self.outside, both.writes | self.outside, acts=True)

    def _given(self, name: str, depth: int, may: May) -> Expr:
        """A call that is given an address."""
        array = self.chance.choice([each for each in self.scope.arrays if each not in may.closed | may.fixed])
        one, touched = self.expr(depth, may), self.outside | {array}
        start = self.chance.choice((array, f"&{array}[1]", f"&{array}[2]"))
        return Expr(f"{name}({start}, {one.text})", one.reads | touched, one.writes | touched, acts=True)
