# SPDX-License-Identifier: GPL-2.0-only
"""The one table: readable without style, and its text says the same."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

import pytest

from kvmplanes.view.page.html import Cells, Html, bold, folded, marked, table
from tests.helpers.markup import parse

ROWS: Sequence[Cells] = [("a `b`", Html("<b>bad</b>", "bad"), "1"), ("all <of> it", "", "21")]


def drawn(view: Html) -> Element:
    return parse(view.html)[0]


def words(row: Element) -> list[str]:
    return ["".join(cell.itertext()) for cell in row]


def test_cells_are_texts_or_html_with_a_text_of_their_own() -> None:
    view = table(("what", "`09`", bold("n")), ROWS, caption="A caption", right=[2])
    assert view.text == "A caption\nwhat         09    n\na b          bad   1\nall <of> it       21"
    caption, head, body = drawn(view)
    assert (caption.tag, caption.text) == ("caption", "A caption")
    assert words(head[0]) == ["what", "09", "n"]
    assert [words(row) for row in body] == [["a b", "bad", "1"], ["all <of> it", "", "21"]]
    assert [code.text for code in drawn(view).iter("code")] == ["09", "b"]
    assert "<b>bad</b>" in view.html


def test_names_of_columns_and_rows_are_headers() -> None:
    root = drawn(table(("a", "b"), [("1", "2"), ("3", "4")], named=1))
    assert [(th.get("scope"), th.text) for th in root.iter("th")] == [
        ("col", "a"), ("col", "b"), ("row", "2"), ("row", "4"),
    ]  # fmt: skip
    assert root[0].tag == "thead", "no caption where nothing is to be said"


def test_looks() -> None:
    rows = [("1", "2"), ("3", "4")]
    root = drawn(table(("a", "b"), rows, right=[1], sums=[1], looks={0: {"white_space": "nowrap"}}, padding="9px"))
    styles = [[cell.get("style", "") for cell in row] for row in root.iter("tr")]
    assert [["text-align:right" in style for style in row] for row in styles] == [[False, True]] * 3
    assert [{"font-weight:bold" in style for style in row} for row in styles] == [{True}, {False}, {True}]
    assert [["nowrap" in style for style in row] for row in styles] == [[False, False], [True, False], [True, False]]
    assert all("padding:9px;" in style for row in styles for style in row)


def test_every_row_has_a_cell_for_each_column() -> None:
    with pytest.raises(ValueError, match="every row has 2 cells: what, 09"):
        table(("what", "`09`"), [("a",)])


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "a `b*c*d` *e f* **g `h` *i***",
            "a <code>b*c*d</code> <em>e f</em> <strong>g <code>h</code> <em>i</em></strong>",
        ),
        ("struct kvm *kvm, struct mm *mm", "struct kvm *kvm, struct mm *mm"),
        ("2 * 3 * 4, a*b*c, **kwargs, *args", "2 * 3 * 4, a*b*c, **kwargs, *args"),
        ("(*one*), <b>", "(<em>one</em>), &lt;b&gt;"),
    ],
)
def test_marks_are_read_and_asterisks_of_c_are_none(text: str, html: str) -> None:
    assert marked(text) == html


def test_what_is_folded_can_be_open() -> None:
    assert folded("<t>", "<p>x</p>") == "<details><summary>&lt;t&gt;</summary><p>x</p></details>"
    assert folded("t", "", opened=True).startswith("<details open>")
