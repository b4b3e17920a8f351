# SPDX-License-Identifier: GPL-2.0-only
"""Broken C: one error for each piece, with file, line and a sentence that names what is wrong."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.model.machine.tree import CError
from kvmplanes.model.version import MAIN

V09 = kp.VERSIONS["09"]
FUNCTION = "static void kvm_destroy_one_plane(struct kvm_plane *plane)\n{\n\tkfree(plane);\n}\n"


def broken(*files: str) -> dict[str, dict[str, Any]]:
    """Name -> entry, of tables in `broken/`."""
    folder = Path(__file__).parent / "broken"
    tables = [tomllib.loads((folder / f"{file}.toml").read_text(encoding="utf-8")) for file in files]
    entries = {name: entry for table in tables for name, entry in table.items()}
    assert len(entries) == sum(map(len, tables))
    return entries


PIECES = broken("syntax", "names", "types", "unsupported", "preprocessor")
TEXTS = broken("texts")


@pytest.mark.parametrize("name", PIECES)
def test_broken_statements(name: str) -> None:
    piece: dict[str, Any] = {"function": "kvm_destroy_one_plane", "old": "kfree(plane);", "line": 0} | PIECES[name]
    function = V09.functions[piece["function"]]
    rows, old = [line.text.strip() for line in function.lines], piece["old"].splitlines()
    (at,) = (function.first + n for n in range(len(rows)) if rows[n : n + len(old)] == old)
    with pytest.raises(CError) as caught:
        V09.edit("m", "broken", (piece["function"], piece["old"], piece["c"]))
    error = caught.value
    assert error.what.partition("\n    ")[0] == piece["said"]
    assert (error.file, error.line) == (MAIN, at + piece["line"])
    assert str(error).startswith(f"{MAIN}:{error.line}: {piece['said']}\n    ")
    assert len(str(error)) <= 300


@pytest.mark.parametrize("name", TEXTS)
def test_broken_texts(name: str) -> None:
    with pytest.raises(CError) as caught:
        V09.replace(TEXTS[name]["c"])
    error = caught.value
    assert str(error) == f"{MAIN}:{error.line}: {TEXTS[name]['said']}\n    {TEXTS[name]['at']}"
    assert len(str(error)) <= 300


def test_there_are_enough() -> None:
    assert len(PIECES) + len(TEXTS) >= 21
    assert len({piece["c"] for piece in PIECES.values()}) == len(PIECES)


def test_a_member_of_a_large_struct() -> None:
    with pytest.raises(CError, match=r"struct kvm has no member 'xyz'; it has mmu_lock, mm, .*\[...\]") as caught:
        V09.edit("m", "m", ("kvm_destroy_vm", "mmdrop(mm);", "mmdrop(kvm->xyz);"))
    assert len(str(caught.value)) <= 300


def test_an_error_in_a_header_names_the_header() -> None:
    file = "include/linux/kvm_host.h"
    with pytest.raises(CError) as caught:
        V09.apply(f"--- a/{file}\n+++ b/{file}\n@@ -38,1 +38,1 @@\n-\tunsigned level;\n+\tunsigne level;\n")
    said = "'unsigne' is not a type that is known here; did you mean 'unsigned'?"
    assert str(caught.value) == f"{file}:38: {said}\n    unsigne level;"


def test_what_one_version_declares_no_other_knows() -> None:
    """Declarations are kept from one translation to the next; a reader's are not."""
    V09.replace("struct mine {\n\tint n;\n};\n" + FUNCTION)
    with pytest.raises(CError, match="struct mine is not declared"):
        V09.edit("m", "m", ("kvm_destroy_one_plane", "kfree(plane);", "struct mine *m = NULL;\nkfree(m);"))
    with pytest.raises(CError, match="'FIVE' is not declared"):
        V09.edit("m", "m", ("kvm_destroy_one_plane", "kfree(plane);", "int n = FIVE;"))
