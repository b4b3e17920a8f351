# SPDX-License-Identifier: GPL-2.0-only
"""Random samples of C, in the machine's subset: what does the machine make of them, and what do compilers?

Each sample notes values as it goes, through printk(), and returns one. A sample has no undefined behaviour, and no
two effects whose order C leaves open: shifts and divisors are bounded, loops and jumps have fuel, variables have first
values.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final

from kvmplanes.model.faults import Injector
from kvmplanes.model.floor import NATIVES, Kernel
from kvmplanes.model.heap import Event
from kvmplanes.model.machine.tree import as_lines
from kvmplanes.model.machine.unit import Unit, unit
from kvmplanes.model.runtime import RUN_TIME
from kvmplanes.oracle.compiled.build import KERNEL, Compiler
from kvmplanes.oracle.compiled.terms import TYPES
from kvmplanes.oracle.compiled.writer import Writer

_HEAD: Final = """\
int printk(const char *format, ...);

static long note(int tag, long value)
{
	printk("%d %ld", tag, value);
	return value;
}
"""
_CALLS: Final = 12  # of each sample, with arguments of their own
# As a kernel is built, and without optimization but with whatever a compiler can say of undefined behaviour.
BUILDS: Final = (KERNEL, (*KERNEL, "-O0", "-fsanitize=undefined", "-fno-sanitize-recover=undefined"))


@dataclass(frozen=True, slots=True)
class Sample:
    """A piece of C, and what one of its functions is called with.

    Attributes:
        name: of its function.
        text: the C, without what stands before every sample.
        calls: arguments, each in the range of its parameter.
    """

    name: str
    text: str
    calls: tuple[tuple[int, ...], ...]


def samples(count: int, seed: int) -> list[Sample]:
    """Random samples, the same for the same seed."""
    chance, made = random.Random(seed), list[Sample]()  # noqa: S311 - reproducible, not secret
    for n in range(count):
        text, params = Writer(f"p{n}", chance).sample()
        calls = tuple(tuple(TYPES[of].value(chance) for of in params) for _ in range(_CALLS))
        made.append(Sample(f"p{n}", text, calls))
    return made


def on_machine(made: Iterable[Sample]) -> dict[str, list[str]]:
    """Sample -> what it notes and returns, call after call.

    Raises:
        CError: the machine refuses one.
    """
    made = [*made]
    code = translated(_HEAD + "".join(sample.text for sample in made))
    return {sample.name: _played(code, sample) for sample in made}


def translated(text: str) -> Unit:
    """A text as the machine translates it."""
    return unit({"samples.c": as_lines(text)}, ("samples.c",), (*NATIVES, *RUN_TIME))


def _played(code: Unit, sample: Sample) -> list[str]:
    lines = list[str]()

    def report(event: Event) -> None:
        if event.what == "print":
            lines.append(event.obj)

    kernel = Kernel(code, Injector(), report)
    for values in sample.calls:
        kernel.begin(None)
        result = kernel.c[sample.name](*values)
        lines.append(f"= {result - (1 << 64) if result >> 63 > 0 else result}")
    return lines


def on_compiler(made: Sequence[Sample], compiler: Compiler, flags: Sequence[str] = KERNEL) -> dict[str, list[str]]:
    """The same of a compiler.

    Raises:
        RuntimeError: it does not compile, or it died.
    """
    calls = "".join(
        f'\tprintf("# {sample.name}\\n");\n'
        + "".join(f'\tprintf("= %ld\\n", (long){sample.name}({_literals(values)}));\n' for values in sample.calls)
        for sample in made
    )
    with tempfile.TemporaryDirectory() as folder:
        source, driver = Path(folder) / "samples.c", Path(folder) / "samples"
        text = "".join(sample.text for sample in made)
        source.write_text(f"{_HEAD}{text}{_MAIN}{calls}\treturn 0;\n}}\n", encoding="utf-8")
        _done([compiler.command, *flags, "-w", str(source), "-o", str(driver)])
        printed = _done([str(driver)])
    lines = dict[str, list[str]]()
    for line in printed.splitlines():
        if line.startswith("# "):
            of_sample = lines[line[2:]] = []
        else:
            of_sample.append(line)
    return lines


_MAIN: Final = """
#include <stdarg.h>
#include <stdio.h>

int printk(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vprintf(format, values);
	va_end(values);
	return printf("\\n");
}

int main(void)
{
"""


def _literals(values: Iterable[int]) -> str:
    return ", ".join(f"{value & (1 << 64) - 1:#x}ul" for value in values)


def _done(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ends with {done.returncode}:\n{done.stderr}")
    return done.stdout


def differing(made: Sequence[Sample], compiler: Compiler) -> list[str]:
    """What machine and compiler do not say alike: each sample with the first line that differs.

    Raises:
        RuntimeError: a sample does not compile, or the compiler's sanitizers find undefined behaviour in one.
    """
    machine, wrong = on_machine(made), list[str]()
    for flags in BUILDS:
        compiled = on_compiler(made, compiler, flags)
        for sample in made:
            mine, its = machine[sample.name], compiled[sample.name]
            if mine != its:
                at = next(n for n, (a, b) in enumerate(zip_longest(mine, its)) if a != b)
                where = f"line {at}: the machine says {mine[at : at + 1]}, {compiler.version} {its[at : at + 1]}"
                wrong.append(f"{sample.name}: {where}\n{sample.text}")
    return wrong
