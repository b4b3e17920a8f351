# SPDX-License-Identifier: GPL-2.0-only
"""Writes one random sample of C; see `kvmplanes.oracle.compiled.samples`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kvmplanes.oracle.compiled.terms import TYPES, May, Terms, Visible

_CASES: Final = ("0", "1", "2", "3", "4", "5", "'a'", "-1", "-2", "255", "256", "300", "65535", "0x7fffffff", "1 << 4")
# What every sample has: a recursive function, and one that is given an address.
_FIXED: Final = """
static {of} {name}_r({of} x, {number} n)
{{
	if (!n)
		return x;
	note(-1, x);
	return {name}_r(x * 3 ^ n, n - 1) + n;
}}

static {number} {name}_s({item} *p, {of} n)
{{
	p[n & 1] += n;
	*p ^= p[1] << 3;
	return note(-2, *p - p[(n >> 1) & 1]);
}}
"""


class Writer(Terms):
    """Writes statements, functions, and a sample."""

    _labels = 0  # of the function that is written

    def sample(self) -> tuple[str, list[str]]:
        """Its text, and the types of its parameters."""
        number, other, table = (f"{self.name}_{end}" for end in "xyt")
        top = Visible([number, other], [table])
        result, first, second = self.type(), self.type(), self.type()
        self._item = self.chance.choice([of for of in TYPES if of not in ("char", "unsigned char")])  # char * is text
        parts = [
            f"\nstatic {self.type()} {number} = {self.literal()}, {other};\n",
            f"static {self._item} {table}[4] = {{ {self.literal()}, {self.literal()} }};\n",
            _FIXED.format(name=self.name, of=self.type(), number=self.type(), item=self._item),
        ]
        for helper in (f"{self.name}_f", f"{self.name}_g"):
            parts.append(self._function(result, helper, [first, second], top, 1))
            self.helpers += (helper,)
        params = [self.type() for _ in range(3)]
        pointer = f"{result} (*call)({first}, {second}) = {self.literal()} > {self.literal()} ? {{}} : {{}}"
        parts.append(self._function(self.type(), self.name, params, top, 2, pointer.format(*self.helpers)))
        return "".join(parts), params

    def _function(self, result: str, name: str, params: list[str], top: Visible, depth: int, pointer: str = "") -> str:
        names = [f"a{n}" for n in range(len(params))]
        self.scope = Visible([*top.scalars, *names], [*top.arrays])
        declared = ["int fuel = 0"]
        for n in range(3):
            declared.append(f"{self.type()} v{n} = {self.pure(2)}")
            self.scope.scalars.append(f"v{n}")
        declared.append(f"{self._item} w[4] = {{ {self.pure(1)}, {self.pure(1)} }}")
        self.scope.arrays.append("w")
        if pointer:
            declared.append(pointer)
            self.helpers += ("call",)
        self._labels = self.chance.randint(0, depth)
        body = list[str]()
        for part in range(self._labels + 1):
            if part:
                body.append(f"l{part}:\n")
            body += [self._statement(depth, "\t") for _ in range(self.chance.randint(1, depth))]
        listed = ", ".join(f"{of} {param}" for of, param in zip(params, names, strict=True))
        variables = "".join(f"\t{variable};\n" for variable in declared)
        last = f"\tnote(0, v0), note(0, v1), note(0, v2), note(0, w[{self.pure(1)} & 3]);\n\treturn {self.pure(3)};\n"
        return f"\nstatic {result} {name}({listed})\n{{\n{variables}\n{''.join(body)}{last}}}\n"

    def _statement(self, depth: int, tab: str) -> str:
        """One statement, with its indentation."""
        kinds: list[Callable[[int, str], str]] = [self._effect, self._effect, self._jump]
        if depth:
            kinds += [self._if, self._while, self._do, self._for, self._switch, self._switch, self._switch, self._block]
        return self.chance.choice(kinds)(depth, tab)

    def _body(self, depth: int, tab: str) -> str:
        """A block in braces, without the tab before the first; it says when its end is reached."""
        inner = "".join(self._statement(depth - 1, f"{tab}\t") for _ in range(self.chance.choice((1, 1, 2))))
        return f"{{\n{inner}{tab}\t{self.noted(0, May()).text};\n{tab}}}"

    def _effect(self, _: int, tab: str) -> str:
        made = self.chance.choice((self.assigned, self.noted, self.called))(1, May())
        return f"{tab}{made.text};\n"

    def _jump(self, _: int, tab: str) -> str:
        choices = [f"return {self.any(2)};"]
        if self._labels:
            choices += [f"goto l{self.chance.randint(1, self._labels)};"] * 4
        if self.scope.loops:
            choices += ["continue;"] * 3
        if self.scope.breaks:
            choices += ["break;"] * 2
        return f"{tab}if (fuel++ < 6 && {self.any(1)})\n{tab}\t{self.chance.choice(choices)}\n"

    def _if(self, depth: int, tab: str) -> str:
        made = f"{tab}if ({self.any(1)}) {self._body(depth, tab)}"
        return made + (f" else {self._body(depth, tab)}" if self.chance.random() < 0.5 else "") + "\n"

    def _looped(self, depth: int, tab: str) -> str:
        self.scope.loops += 1
        self.scope.breaks += 1
        made = self._body(depth, tab)
        self.scope.loops -= 1
        self.scope.breaks -= 1
        return made

    def _while(self, depth: int, tab: str) -> str:
        return f"{tab}while (fuel++ < 6 && {self.any(1)}) {self._looped(depth, tab)}\n"

    def _do(self, depth: int, tab: str) -> str:
        return f"{tab}do {self._looped(depth, tab)} while (fuel++ < 6 && {self.any(1)});\n"

    def _for(self, depth: int, tab: str) -> str:
        first, test, step = self.assigned(0, May()).text, self.any(1), self.assigned(0, May()).text
        if self.chance.random() < 0.4:
            first, test, step = f"{self.type()} i = 0", f"i < {self.chance.randint(1, 5)}", "i++"
        return f"{tab}for ({first}; fuel++ < 6 && {test}; {step}) {self._looped(depth, tab)}\n"

    def _switch(self, depth: int, tab: str) -> str:
        """Cases fall through as often as not; the default stands anywhere."""
        value = self.any(2)
        if self.chance.random() < 0.6:
            value = f"({value}) & 3"
        labels = [f"case {case}" for case in self.chance.sample(_CASES[:4], 2) + self.chance.sample(_CASES[4:], 2)]
        labels[self.chance.randrange(4)] = "default"
        self.scope.breaks += 1
        rows = [f"{tab}switch ({value}) {{\n"]
        for label in labels:
            rows.append(f"{tab}{label}:\n")
            rows += [self._statement(depth - 1, f"{tab}\t") for _ in range(self.chance.choice((0, 1, 1)))]
            if self.chance.randint(0, 1):
                rows.append(f"{tab}\tbreak;\n")
        self.scope.breaks -= 1
        return "".join([*rows, f"{tab}\t;\n{tab}}}\n"])

    def _block(self, depth: int, tab: str) -> str:
        """A block with a variable that hides another one."""
        name = self.chance.choice(self.scope.scalars)
        first = self.expr(2, May(closed=frozenset((name,)))).text
        inner = self._body(depth, tab).removeprefix("{\n")
        return f"{tab}{{\n{tab}\t{self.type()} {name} = {first};\n\n{inner}\n"
