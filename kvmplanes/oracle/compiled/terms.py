# SPDX-License-Identifier: GPL-2.0-only
"""Random expressions of C, without two effects whose order C leaves open; see `kvmplanes.oracle.compiled.samples`."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

_Names = frozenset[str]
_NONE: Final[_Names] = frozenset()


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
_LITERALS: Final = (
    "0", "1", "2", "3", "7", "10", "127", "128", "255", "256", "300", "32768", "65535", "65536", "2147483647",
    "2147483648", "4294967295", "4294967296", "0x7fffffff", "0x80000000", "0xffffffff", "0x100000000",
    "0x7fffffffffffffff", "0x8000000000000000", "0xffffffffffffffff", "1u", "5u", "3L", "9ul", "2147483648L",
    "0xffffffffu", "4000000000u", "6ull", "017", "0377", "'a'", "'\\n'", "'\\377'", "'\\0'",
)  # fmt: skip
_IN_NO_ORDER: Final = ("+", "-", "*", "&", "|", "^", "<", ">", "<=", ">=", "==", "!=")


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression, the variables that it reads, and those that it writes; `acts` if it has any effect."""

    text: str
    reads: _Names = _NONE
    writes: _Names = _NONE
    acts: bool = False

    def beside(self, text: str, *others: Expr) -> Expr:
        """This one and others as parts of a text."""
        parts = (self, *others)
        return Expr(
            text,
            _NONE.union(*(part.reads for part in parts)),
            _NONE.union(*(part.writes for part in parts)),
            any(part.acts for part in parts),
        )


@dataclass(frozen=True, slots=True)
class May:
    """What an expression may do: whether it may have effects, and what it must not touch, or not write."""

    acts: bool = True
    closed: _Names = _NONE
    fixed: _Names = _NONE

    def beside(self, other: Expr) -> May:
        """For an expression that is evaluated before or after another one, as the compiler likes."""
        return May(self.acts and not other.acts, self.closed | other.writes, self.fixed | other.reads)


@dataclass
class Visible:
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
        self.scope = Visible([], [])
        self.helpers: tuple[str, ...] = ()
        self.outside = frozenset(f"{name}_{end}" for end in "xyt")  # the variables outside of functions
        self._tags = 0

    def type(self) -> str:
        """The name of a type."""
        return self.chance.choice([*TYPES])

    def literal(self) -> str:
        """A constant."""
        return self.chance.choice(_LITERALS)

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
        first = self.expr(depth, may)
        second = self.expr(depth, may.beside(first))
        return (first, second) if self.chance.random() < 0.5 else (second, first)

    def _binary(self, depth: int, may: May) -> Expr:
        left, right = self._pair(depth, may)
        return left.beside(f"({left.text} {self.chance.choice(_IN_NO_ORDER)} {right.text})", right)

    def _divided(self, depth: int, may: May) -> Expr:
        left, right = self._pair(depth, may)
        by = self.chance.choice((f"(({right.text} & 15) + 1)", f"-(({right.text} & 7) + 2)"))
        return left.beside(f"({left.text} {self.chance.choice('/%')} {by})", right)

    def _shifted(self, depth: int, may: May) -> Expr:
        left, right = self._pair(depth, may)
        return left.beside(f"({left.text} {self.chance.choice(('<<', '>>'))} ({right.text} & 31))", right)

    def _unary(self, depth: int, may: May) -> Expr:
        inner = self.expr(depth, may)
        return inner.beside(f"({self.chance.choice('-~!+')} {inner.text})")

    def _cast(self, depth: int, may: May) -> Expr:
        inner = self.expr(depth, may)
        return inner.beside(f"(({self.type()}){inner.text})")

    def _chained(self, depth: int, may: May) -> Expr:
        """Two operands in order."""
        left, right = self.expr(depth, may), self.expr(depth, may)
        op = self.chance.choice((" &&", " ||", "," if left.acts else " &&"))  # (_Bool)(1, 2) crashes gcc 12
        return left.beside(f"({left.text}{op} {right.text})", right)

    def _chosen(self, depth: int, may: May) -> Expr:
        test, yes, no = (self.expr(depth, may) for _ in range(3))
        return test.beside(f"({test.text} ? {yes.text} : {no.text})", yes, no)

    def _indexed(self, depth: int, may: May) -> Expr:
        arrays = [name for name in self.scope.arrays if name not in may.closed]
        return self._slot(self.chance.choice(arrays), depth, may) if arrays else self._leaf(may)

    def _slot(self, array: str, depth: int, may: May) -> Expr:
        at = self.expr(depth, May(False, may.closed, may.fixed))
        return Expr(f"{array}[{at.text} & 3]", at.reads | {array})

    def noted(self, depth: int, may: May) -> Expr:
        """A value, noted."""
        inner = self.expr(depth, may)
        self._tags += 1
        return Expr(f"note({self._tags}, {inner.text})", inner.reads, inner.writes, acts=True)

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
        left, right = self._pair(depth, may)
        second = f"({right.text} & 3)" if name.endswith("_r") else right.text
        both = left.beside(f"{name}({left.text}, {second})", right)
        return Expr(both.text, both.reads | self.outside, both.writes | self.outside, acts=True)

    def _given(self, name: str, depth: int, may: May) -> Expr:
        """A call that is given an address."""
        array = self.chance.choice([name for name in self.scope.arrays if name not in may.closed | may.fixed])
        value, touched = self.expr(depth, may), self.outside | {array}
        start = self.chance.choice((array, f"&{array}[1]", f"&{array}[2]"))
        return Expr(f"{name}({start}, {value.text})", value.reads | touched, value.writes | touched, acts=True)
