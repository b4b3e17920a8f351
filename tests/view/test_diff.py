# SPDX-License-Identifier: GPL-2.0-only
"""Excerpts: the right lines, tables that assistive tools can read, styling that survives everywhere."""

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from kvmplanes.patch import PATCH
from kvmplanes.view.diff import NO_BREAK, POINTER, diff_html, lines_html
from kvmplanes.view.page.html import Html

WHOLE = diff_html(notes=True)
VIEWS = {
    "whole": WHOLE,
    "one": lines_html("+24"),
    "told": lines_html({"+54": "reads & writes <freed>"}, notes=True),
    "apart": diff_html("+16 +24 +31", context=1),
    "hunk": diff_html(hunk=5, highlight="+34..+36"),
}
every_view = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)

# What JupyterLab's sanitizer lets through, and we use.
PROPERTIES = {
    "background-color", "border", "border-bottom", "border-collapse", "border-left", "border-radius", "border-spacing",
    "caption-side", "color", "font-family", "font-weight", "line-height", "margin", "max-width", "overflow-wrap",
    "padding", "table-layout", "text-align", "vertical-align", "white-space", "width",
}  # fmt: skip
VALUE = re.compile(
    r"(?:#[0-9A-Fa-f]{6}|rgba\(\d+,\d+,\d+,[\d.]+\)|[\d.]+(?:px|%)?|solid|none|transparent|top|left|normal"
    r"|collapse|separate|fixed|pre-wrap|nowrap|break-word|monospace|Menlo|Consolas|'DejaVu Sans Mono'|[ ,])+"
)


def tables(view: Html) -> list[ET.Element]:
    """The view's tables; fails where the markup is not well formed."""
    return list(ET.fromstring(f"<div>{view.html}</div>"))  # noqa: S314 - our own text


def content(element: ET.Element) -> str:
    return "".join(element.itertext())


def ids_in(view: Html) -> list[str]:
    return [content(th) for table in tables(view) for th in table.iterfind(".//tbody//th")]


def code_of(table: ET.Element) -> list[str]:
    return [content(pre) for pre in table.iterfind(".//pre")]


@every_view
def test_it_is_a_table_with_headers(view: Html) -> None:
    for table in tables(view):
        assert table.tag == "table"
        assert [child.tag for child in table] == ["caption", "thead", "tbody"]
        assert [th.get("scope") for th in table.iterfind("thead/tr/th")] == ["col"] * 3
        assert [content(th) for th in table.iterfind("thead/tr/th")] == ["id", "line", "code"]
        for row in table.iterfind("tbody/tr"):
            assert len(row) == 3
            assert row[0].tag == ("th" if content(row[0]) else "td")
            assert row[0].get("scope") == ("row" if content(row[0]) else None)


@every_view
def test_every_added_line_has_its_id_as_row_header(view: Html) -> None:
    shown = re.findall(r"^\+\d\d", view.text, re.MULTILINE)
    assert ids_in(view) == shown
    rows = [row for table in tables(view) for row in table.iterfind("tbody/tr") if row[0].tag == "th"]
    for row in rows:
        line = PATCH.line(content(row[0]))
        assert content(row[1]) == str(line.target_lineno)
        assert content(row[2]).startswith(f"+ {line.text.expandtabs(8)}".rstrip())


@every_view
def test_styling_survives_an_untrusted_notebook(view: Html) -> None:
    assert "<style" not in view.html
    for style in re.findall(r'style="([^"]*)"', view.html):
        for name, _, value in (part.partition(":") for part in style.split(";")):
            assert name in PROPERTIES
            assert VALUE.fullmatch(value), f"{name}: {value}"
    assert set(re.findall(r' ([\w-]+)="', view.html)) <= {"scope", "style"}


def test_the_whole_patch() -> None:
    assert ids_in(WHOLE) == [line.id for line in PATCH.added]
    assert len(tables(WHOLE)) == len(PATCH.hunks)
    for hunk, table in zip(PATCH.hunks, tables(WHOLE), strict=True):
        assert [line.text.expandtabs(8) for line in hunk.lines] == [text[2:] for text in code_of(table)]
    for line in PATCH.added:
        assert line.explanation in "".join(content(table) for table in tables(WHOLE))
    assert POINTER not in WHOLE.html


def test_captions_say_where() -> None:
    captions = [content(table[0]) for table in tables(diff_html("+11 +24 +54", context=0))]
    assert captions == [
        "include/uapi/linux/kvm.h: KVM_MAX_PLANES",
        "virt/kvm/kvm_main.c: kvm_create_plane()",
        "virt/kvm/kvm_main.c: kvm_destroy_vm()",
    ]


def test_c_is_escaped() -> None:
    assert "cleanup_srcu_struct(&amp;kvm-&gt;srcu);" in diff_html("+52").html
    assert "reads\N{NO-BREAK SPACE}" not in VIEWS["told"].html
    assert "reads &amp; writes &lt;freed&gt;" in VIEWS["told"].html
    assert "reads & writes <freed>" in VIEWS["told"].text


def test_a_pointer_is_border_sign_and_weight() -> None:
    rows = [row for table in tables(lines_html("+24")) for row in table.iterfind("tbody/tr")]
    pointed = [row for row in rows if POINTER in content(row)]
    assert [content(row[0]) for row in pointed] == ["+24"]
    assert "border-left:4px solid #A86F00" in (pointed[0][0].get("style") or "")
    assert [content(b) for b in pointed[0].iterfind(".//pre/b")] == [
        "+         kvm->planes[plane_level] = plane;",
        POINTER,
    ]
    others = [row for row in rows if row is not pointed[0] and row[0].tag == "th"]
    assert all("border-left:4px solid #009E73" in (row[0].get("style") or "") for row in others)
    assert not any(row.findall(".//pre/b") for row in others)


def test_neighbours_share_a_pointer_that_counts_them() -> None:
    def signs(view: Html) -> list[str]:
        rows = (row for table in tables(view) for row in table.iterfind("tbody/tr"))
        found = [(content(row[0]), content(row.findall(".//pre/b")[-1])) for row in rows if POINTER in content(row)]
        return [f"{id_} {sign.replace(NO_BREAK, ' ')}" for id_, sign in found]

    assert signs(lines_html("+16..+21 +24")) == [f"+16 {POINTER} 6 lines", f"+24 {POINTER}"]
    assert signs(lines_html("+16 +17 +22 +23", context=0)) == [f"+16 {POINTER} 2 lines", f"+22 {POINTER} 2 lines"]
    assert signs(lines_html({"+18": "asks", "+19": "gives up"})) == [f"+18 {POINTER} asks", f"+19 {POINTER} gives up"]
    assert lines_html("+16..+21").text.count(POINTER) == 6, "in the text each line has its own"


def test_context() -> None:
    assert ids_in(diff_html("+24", context=0)) == ["+24"]
    assert ids_in(diff_html("+24")) == ["+22", "+23", "+24", "+25", "+26"]
    assert len(code_of(tables(diff_html("+24", context=100))[0])) == len(PATCH.hunks[4].lines)
    assert ids_in(diff_html(hunk=6)) == [line.id for line in PATCH.hunks[5].added]
    assert ids_in(diff_html("+01..+54", hunk=8, context=0)) == ["+54"]


def test_gaps_are_counted() -> None:
    view = diff_html("+16 +24 +26", context=0)
    assert [content(row[2]) for row in tables(view)[0].iterfind("tbody/tr")][1::2] == [
        "⋯ 7 lines not shown",
        "⋯ 1 line not shown",
    ]
    assert view.text.count("not shown") == 2


def test_notes_go_where_the_pointers_are() -> None:
    view = diff_html("+21..+24", highlight="+22 +24", notes=True)
    told = [line.id for line in PATCH.added if line.explanation and line.explanation in view.html]
    assert told == ["+22", "+24"]
    assert PATCH.line("+22").explanation not in diff_html("+21..+24", highlight="+22").html


def test_the_text_reads_like_the_table() -> None:
    assert str(lines_html({"+54": "too late"}, context=1)) == (
        "virt/kvm/kvm_main.c: kvm_destroy_vm()\n"
        "     1346            kvm_arch_free_vm(kvm);\n"
        f"+54  1347  +         kvm_destroy_planes(kvm);  {POINTER} too late\n"
        "     1348            preempt_notifier_dec();"
    )
    assert max(map(len, WHOLE.text.splitlines())) <= 120


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: diff_html("+55"), r"no added line '\+55'"),
        (lambda: diff_html(hunk=0), "no hunk 0: the patch has hunks 1 to 8"),
        (lambda: diff_html(hunk=9), "no hunk 9: the patch has hunks 1 to 8"),
        (lambda: diff_html("+24", hunk=1), r"hunk 1 has none of these lines: it has \+01\.\.\+05"),
        (lambda: diff_html("+24", context=-1), "context -1: 0 or more"),
        (lambda: diff_html("+24", highlight="+54"), r"cannot point at \+54: shown are \+22, \+23"),
        (lambda: lines_html({"+60": "x"}), r"no added line '\+60'"),
    ],
)
def test_what_cannot_be_shown_is_refused(call: Callable[[], object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
