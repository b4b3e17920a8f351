# SPDX-License-Identifier: GPL-2.0-only
"""Checkers that run nothing: what is recorded of them, and the one declaration that makes gcc see +54."""

import doctest
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmplanes.model.series import ALL
from kvmplanes.oracle.compiled.build import Compiler
from kvmplanes.oracle.instruments import checkers as module
from kvmplanes.oracle.instruments.checkers import DECLARATION, DECLARING_PATCH, NO_GCC, checkers, deallocator, gccs
from tests.helpers.minutes import ROOT, cells_of

PAGE = ROOT / "notebooks" / "07-what-the-tools-see.ipynb"
# The versions in which kvm_destroy_vm() uses the VM after it has freed it.
LATE = {"09", "10"}


@pytest.fixture(params=range(max(1, len(gccs()))), ids=[gcc.version for gcc in gccs()] or ["none"])
def gcc(request: pytest.FixtureRequest, need: Callable[[object, str], None]) -> Compiler:
    """Each gcc that has the warning; with CI=true there has to be one."""
    need(gccs(), NO_GCC)
    number: int = request.param
    return gccs()[number]


@pytest.mark.parametrize("name", ALL)
def test_gcc_sees_the_use_after_the_free_and_nothing_else(gcc: Compiler, name: str) -> None:
    warned = deallocator(ALL[name], compiler=gcc)
    warnings = re.findall(r"^(.*): warning: .*\[(-W[\w-]+)[=\d]*\]$", warned, re.MULTILINE)
    wanted = {"09": ["-Wuse-after-free"], "10": ["-Wuse-after-free"], "09-level16": ["-Warray-bounds"]}
    assert [option for _, option in warnings] == wanted.get(name, [])
    if name in LATE:
        assert "pointer 'kvm' used after 'kvm_arch_free_vm'" in warned
        at = re.search(r"kvm_main\.c:(\d+):\d+: note: call to 'kvm_arch_free_vm' here", warned)
        assert at
        function = ALL[name].functions["kvm_destroy_vm"]
        assert function.source.splitlines()[int(at[1]) - function.first].strip() == "kvm_arch_free_vm(kvm);"


@pytest.mark.parametrize("name", ALL)
def test_without_the_declaration_it_does_not(gcc: Compiler, name: str) -> None:
    assert ("use-after-free" in deallocator(ALL[name], declared=False, compiler=gcc)) is False


def test_the_same_for_a_use_that_the_patch_does_not_have(gcc: Compiler) -> None:
    late = ALL["11"].edit("late", "read after the free", ("kvm_destroy_vm", "kvm_arch_free_vm(kvm);",
                          "kvm_arch_free_vm(kvm);\n    mm = kvm->mm;"))  # fmt: skip
    assert "-Wuse-after-free" in deallocator(late, compiler=gcc)


def test_a_text_that_does_not_compile_is_told(gcc: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DECLARATION", "int int;")
    with pytest.raises(RuntimeError, match=r"(?s)fails:\n.*deallocator\.h:1:\d+: error"):
        deallocator(ALL["09"], compiler=gcc)


def test_an_old_compiler_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        lines = {"/gcc": "gcc (Debian 11.3.0-12) 11.3.0", "/gcc-12": "Apple clang version 15.0.0",
                 "/gcc-13": "gcc-13 (Ubuntu 13.1.0-8) 13.1.0", "/gcc-14": "gcc-14 (GCC) 14.2.0"}  # fmt: skip
        return subprocess.CompletedProcess(command, 0, lines[command[0]] + "\nmore\n")

    here = {"gcc", "gcc-12", "gcc-13", "gcc-14"}
    monkeypatch.setattr(shutil, "which", lambda name: f"/{name}" if name in here else None)
    monkeypatch.setattr(subprocess, "run", shown)
    gccs.cache_clear()
    try:
        assert [gcc.command for gcc in gccs()] == ["/gcc-13", "/gcc-14"]
        here.clear()
        gccs.cache_clear()
        with pytest.raises(RuntimeError, match="needs gcc 12 or newer"):
            deallocator(ALL["09"])
    finally:
        gccs.cache_clear()


def test_the_patch_and_the_declaration_are_one() -> None:
    assert DECLARING_PATCH.startswith("KVM: ")
    (declared,) = [
        line for line in DECLARATION.splitlines() if line.endswith("__attribute__((__malloc__(kvm_arch_free_vm, 1)));")
    ]
    assert f"+{declared}\n" in DECLARING_PATCH
    (words,) = ("".join(cell["source"]) for cell in cells_of(PAGE) if cell["id"] == "nb07-source-words")
    assert f"```c\n{declared}\n```" in words
    old, new = re.search(r"@@ -\d+,(\d+) \+\d+,(\d+) @@", DECLARING_PATCH).groups()  # type: ignore[union-attr]
    hunk = DECLARING_PATCH.partition(" @@\n")[2].splitlines()
    assert len([line for line in hunk if line[0] != "+"]) == int(old)
    assert len([line for line in hunk if line[0] != "-"]) == int(new)


def test_one_checker_sees_it() -> None:
    rows = checkers().all
    assert [checker.name for checker in rows if checker.sees] == ["gcc -Wall with one declaration"]
    assert [bool(checker.report) for checker in rows] == [checker.sees for checker in rows]
    for checker in rows:
        assert checker.version
        assert checker.command.split()[0].startswith(("gcc", "spatch", "sparse", "clang", "scripts/"))
        assert ("use-after-free" in checker.posted) == checker.sees
    assert "[-Wuse-after-free]" in rows[-1].report


def test_the_table_says_in_words_what_its_colours_say() -> None:
    table = checkers()
    bundle = table._repr_mimebundle_()
    assert str(table) == repr(table) == bundle["text/plain"]
    rows = re.findall(r"<tr>(.*?)</tr>", bundle["text/html"])[1:]
    sees = [checker.sees for checker in table.all]
    assert ["finds" in row for row in rows] == ["misses" not in row for row in rows] == sees
    for checker in table.all:
        for words in (checker.name, checker.version, checker.posted.replace("`", ""), checker.command):
            assert words in str(table)


def test_nothing_of_a_machine_is_stored() -> None:
    text = Path(module.__file__).with_name("checkers.toml").read_text(encoding="utf-8")
    assert not re.search(r"/(?:home|root|tmp|usr|work)/", text)


def test_the_example_runs() -> None:
    assert doctest.testmod(module).failed == 0
