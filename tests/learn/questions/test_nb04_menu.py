# SPDX-License-Identifier: GPL-2.0-only
"""The lines that notebook 04 offers for removal: each is in kvm_create_vm once, some survive, most do not."""

import re
from pathlib import Path

import nbformat
import pytest

import kvmplanes as kp

PAGE = Path(__file__).resolve().parents[3] / "notebooks" / "04-every-failure.ipynb"
FIXED = kp.VERSIONS["09-fixed"]


def menu() -> list[str]:
    cells = nbformat.reads(PAGE.read_text(encoding="utf-8"), as_version=4).cells
    (source,) = [cell.source for cell in cells if cell.id == "nb04-fix-task"]
    (lines,) = re.findall(r"```c\n(.*?)```", source, re.DOTALL)
    return [*lines.splitlines()]


MENU = menu()


@pytest.mark.parametrize("line", MENU)
def test_a_line_of_the_menu_can_be_removed(line: str) -> None:
    lines = [text.strip() for text in FIXED.functions["kvm_create_vm"].source.splitlines()]
    assert lines.count(line) == 1
    assert kp.certify(FIXED.edit("mine", "without a line", ("kvm_create_vm", line, ""))).paths


def test_the_menu_has_lines_of_both_kinds() -> None:
    clean = [kp.certify(FIXED.edit("mine", "without a line", ("kvm_create_vm", line, ""))).clean for line in MENU]
    assert 0 < sum(clean) < len(clean) / 2
