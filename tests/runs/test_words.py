# SPDX-License-Identifier: GPL-2.0-only
"""One wording for counts, lists and defects."""

import pytest

from kvmplanes.model.heap import DefectKind
from kvmplanes.runs.trace import Defect
from kvmplanes.runs.words import columns, defects_in_words, listed, many


def defect(kind: DefectKind, access: str = "", obj: str = "plane#0") -> Defect:
    return Defect(kind, obj, access, "", 0, "")  # type: ignore[arg-type]


def test_lists_and_counts() -> None:
    assert [listed(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert [many(n, "read") for n in range(3)] == ["0 reads", "1 read", "2 reads"]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert columns([("a", "12", "x"), ("b c", "3", "")], ("name", "n", "more"), right=[1]) == (
        "name   n  more\n"
        "a     12  x\n"
        "b c    3"
    )  # fmt: skip
    assert columns([]) == ""


def test_a_row_with_fewer_cells_widens_no_column() -> None:
    assert columns([("a title of its own",), ("a", "b"), ("c", "d")]) == "a title of its own\na  b\nc  d"


@pytest.mark.parametrize(
    ("defects", "words"),
    [
        ([], ""),
        ([defect("use-after-free", "read")] * 16 + [defect("use-after-free", "write")],
         "16 reads and 1 write after free"),
        ([defect("double-free", "free"), defect("use-after-free", "read")], "1 read after free; 1 double free"),
        ([defect("double-free", "free")] * 2, "2 double frees"),
        ([defect("double-free", "put", "fd")], "1 reference put too often"),
        ([defect("double-free", "put", "fd")] * 2, "2 references put too often"),
        ([defect("out-of-bounds", "write")], "1 write out of bounds"),
        ([defect("null-dereference")], "1 NULL dereference"),
        ([defect("leak", obj=name) for name in "abcd"], "a, b, c and d leaked"),
        ([defect("leak", obj=name) for name in "abcde"], "a and 4 more leaked"),
    ],
)  # fmt: skip
def test_defects(defects: list[Defect], words: str) -> None:
    assert defects_in_words(defects) == words
