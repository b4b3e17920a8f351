# SPDX-License-Identifier: GPL-2.0-only
"""Checkers that read source and run nothing: what each said about 09, and one declaration that makes gcc see +54.

>>> from kvmplanes.oracle.instruments.checkers import checkers
>>> [checker.name for checker in checkers().all if checker.sees]
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

from kvmplanes.given import flag, typed
from kvmplanes.model.version import Version
from kvmplanes.oracle.compiled.build import A_COMPILER, KERNEL, Compiler, tree, unpack
from kvmplanes.runs.shown import Bundle, Drawn, bundle
from kvmplanes.view.page.html import Html, badge, escape, table
from kvmplanes.view.page.style import BAD, CLEAN

STORED: Final = Path(__file__).with_name("checkers.toml")
# What a reader could send: it declares a function that nobody calls and nobody defines.
DECLARING_PATCH: Final = "".join(
    line
    for line in Path(__file__).with_name("deallocator.patch").read_text(encoding="utf-8").splitlines(keepends=True)
    if not line.startswith("# ")
)
DECLARATION: Final = "struct kvm;\nvoid kvm_arch_free_vm(struct kvm *kvm);\n" + "".join(
    line.removeprefix("+") for line in DECLARING_PATCH.splitlines(keepends=True) if line.startswith("+void ")
)
FIRST_GCC: Final = 12  # the first with -Wuse-after-free
NO_GCC: Final = f"-Wuse-after-free needs gcc {FIRST_GCC} or newer, which is not here."


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
class Checkers(Drawn):
    """All of them; shown as a table."""

    all: tuple[Checker, ...]


@bundle.register
def _bundle(shown: Checkers) -> Bundle:
    """A checker a row, its command folded under its name."""
    head = ("checker", "+54", "what it says of 09 as posted", "control")
    rows = [(_name(checker), _verdict(checker), checker.posted, checker.control) for checker in shown.all]
    html = table(head, rows, looks={1: {"white_space": "nowrap"}}).html
    text = "\n".join(
        f"{_verdict(checker).text}: {checker.name} ({checker.version}): {checker.posted}. Control: {checker.control}."
        f"\n    {checker.command}"
        for checker in shown.all
    )
    return {"text/html": html, "text/plain": text.replace("`", "")}


def _name(checker: Checker) -> Html:
    command = f"{escape(checker.version)}<br/><code>{escape(checker.command)}</code>"
    return Html(f"<details><summary><b>{escape(checker.name)}</b></summary>{command}</details>", checker.name)


def _verdict(checker: Checker) -> Html:
    word = "finds" if checker.sees else "misses"
    return Html(badge(CLEAN if checker.sees else BAD, word), word)


def checkers() -> Checkers:
    """The recorded runs."""
    recorded = tomllib.loads(STORED.read_text(encoding="utf-8"))["checker"]
    return Checkers(tuple(Checker(**{**fields, "report": fields.get("report", "").strip()}) for fields in recorded))


@cache
def gccs() -> tuple[Compiler, ...]:
    """The compilers here that have the warning: gcc, gcc-12, gcc-13 and so on, each once."""
    compilers: dict[str, Compiler] = {}
    for name in ("gcc", *(f"gcc-{number}" for number in range(FIRST_GCC, 21))):
        if command := shutil.which(name):
            answer = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
            version = answer.splitlines()[0]
            number = re.search(r"gcc.* (\d+)\.\d+", version)
            if number and int(number[1]) >= FIRST_GCC:
                compilers.setdefault(version.partition(" ")[2], Compiler(command, version))
    return tuple(compilers.values())


def deallocator(version: Version, *, declared: bool = True, compiler: Compiler | None = None) -> str:
    """The warnings, as gcc prints them, about a version's kvm_main.c, or ""; no sanitizer, no link, nothing runs.

    Args:
        version: a version of the model.
        declared: whether `DECLARATION` stands before it.
        compiler: None for the first of `gccs()`.

    Raises:
        RuntimeError: no such compiler, or the version does not compile (the message has the compiler's).
    """
    flag(declared, "declared")
    kernel = tree(version)
    if compiler is None:
        if not gccs():
            raise RuntimeError(NO_GCC)
        compiler = gccs()[0]
    typed(compiler, Compiler, A_COMPILER)
    header = DECLARATION if declared else ""
    flags = (*KERNEL, "-Wall", "-Iinclude", "-I.", "-include", "deallocator.h")
    with tempfile.TemporaryDirectory() as work:
        unpack({**kernel, "deallocator.h": header}, Path(work))
        command = [compiler.command, *flags, "-c", "virt/kvm/kvm_main.c", "-o", os.devnull]
        english = {**os.environ, "LC_ALL": "C"}
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, env=english, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} fails:\n{done.stderr}")
    return done.stderr.strip()
