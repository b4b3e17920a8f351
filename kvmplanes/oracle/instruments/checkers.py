# SPDX-License-Identifier: GPL-2.0-only
"""Checkers that read source and run nothing: what each said about 09, and one declaration that makes gcc see +54.

>>> from kvmplanes.oracle.instruments.checkers import checkers
>>> [one.name for one in checkers().all if one.sees]
['gcc -Wall with one declaration']
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from kvmplanes.model.version import Version
from kvmplanes.oracle.compiled.build import KERNEL, Compiler
from kvmplanes.oracle.compiled.scaffold import tree, unpack

STORED: Final = Path(__file__).with_name("checkers.toml")
# What a reader could send: it declares a function that nobody calls and nobody defines.
PATCH: Final = "".join(
    line
    for line in Path(__file__).with_name("deallocator.patch").read_text(encoding="utf-8").splitlines(keepends=True)
    if not line.startswith("# ")
)
DECLARATION: Final = "struct kvm;\nvoid kvm_arch_free_vm(struct kvm *kvm);\n" + "".join(
    line.removeprefix("+") for line in PATCH.splitlines(keepends=True) if line.startswith("+void ")
)
FIRST_GCC: Final = 12  # the first with -Wuse-after-free
NO_GCC: Final = f"-Wuse-after-free needs gcc {FIRST_GCC} or newer, which is not here."
_NAMES: Final = ("gcc", *(f"gcc-{number}" for number in range(FIRST_GCC, 21)))


@dataclass(frozen=True, slots=True)
class Checker:
    """What one checker said, once, on Linux 7.2.13.

    Attributes:
        name: what it is called.
        version: its own, or that of the kernel it comes with.
        command: how it was run; FLAGS are those of the kernel's build.
        posted: what it said of 09 as posted.
        control: what was tried to see whether it would say anything at all, and what it said.
        sees: whether it says anything about line +54.
        report: the whole of it, "" where it is not kept.
    """

    name: str
    version: str
    command: str
    posted: str
    control: str
    sees: bool
    report: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Checkers:
    """All of them; shown as a table."""

    all: tuple[Checker, ...]

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from kvmplanes.view.checkers import checkers_html

        return checkers_html(self.all)._repr_mimebundle_()

    def __str__(self) -> str:
        return self._repr_mimebundle_()["text/plain"]

    __repr__ = __str__


def checkers() -> Checkers:
    """The recorded runs."""
    tables = tomllib.loads(STORED.read_text(encoding="utf-8"))["checker"]
    return Checkers(tuple(Checker(**{**table, "report": table.get("report", "").strip()}) for table in tables))


@cache
def gccs() -> tuple[Compiler, ...]:
    """The compilers here that have the warning: gcc, gcc-12, gcc-13 and so on, each once."""
    found: dict[str, Compiler] = {}
    for name in _NAMES:
        if command := shutil.which(name):
            shown = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
            version = shown.splitlines()[0]
            number = re.search(r"gcc.* (\d+)\.\d+", version)
            if number and int(number[1]) >= FIRST_GCC:
                found.setdefault(version.partition(" ")[2], Compiler(command, version))
    return tuple(found.values())


def deallocator(version: Version, *, declared: bool = True, compiler: Compiler | None = None) -> str:
    """What gcc's ordinary warnings say about a version's kvm_main.c; no sanitizer, no link, nothing runs.

    Args:
        version: a version of the model.
        declared: whether `DECLARATION` stands before it.
        compiler: None for the first of `gccs()`.

    Returns:
        The warnings as gcc prints them, "" for none.

    Raises:
        RuntimeError: no such compiler, or the version does not compile (the message has the compiler's).
    """
    if compiler is None:
        if not gccs():
            raise RuntimeError(NO_GCC)
        compiler = gccs()[0]
    header = DECLARATION if declared else ""
    flags = (*KERNEL, "-Wall", "-Iinclude", "-I.", "-include", "deallocator.h")
    with tempfile.TemporaryDirectory() as work:
        unpack({**tree(version), "deallocator.h": header}, Path(work))
        command = [compiler.command, *flags, "-c", "virt/kvm/kvm_main.c", "-o", os.devnull]
        done = subprocess.run(
            command, cwd=work, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False
        )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} fails:\n{done.stderr}")
    return done.stderr.strip()
