# SPDX-License-Identifier: GPL-2.0-only
"""The picture of KASAN's shadow: every figure is the report's, and the values mean what a report with them says."""

import re

import pytest

from kvmplanes.oracle import VARIANTS, recorded
from kvmplanes.view.sketch.shadow import MEANING, OBJECT_FREED, shadow_picture, shadowed
from tests.helpers.markup import assert_told_and_on_its_paper, classes, parse, svg_in, words

REPORT = recorded("kasan-V1k.txt")
VIEW = shadow_picture(REPORT, "planes[0]")


def test_an_access_is_read_out_of_the_report() -> None:
    seen = shadowed(REPORT)
    assert (seen.access, seen.size) == ("read", 8)
    assert seen.offset == VARIANTS["V1k"].sizes["offsetof_planes"]
    assert f"of size {seen.region}" in REPORT
    assert seen.span == 8 * len(seen.line)
    caret = next(line for line in REPORT.splitlines() if re.fullmatch(r" +\^", line))
    marked = next(line for line in REPORT.splitlines() if line.startswith(">"))
    column = marked.index(": ") + 2 + 3 * seen.place
    assert caret.index("^") in range(column, column + 2), "the report's own mark is under the byte that is found"
    assert seen.line[seen.place] == OBJECT_FREED


def test_another_report_gives_another_picture() -> None:
    moved = REPORT.replace("ffff888000a71168 by task", "ffff888000a71110 by task").replace("4456 bytes", "4368 bytes")
    assert shadowed(moved).place == 2
    assert shadow_picture(moved, "x").html != VIEW.html
    live = re.sub(r"^(>\w+:)( fb)+$", r"\1 00 00 04 fc" + " fc" * 12, REPORT, flags=re.MULTILINE)
    assert shadowed(live).line[2] == "04"


@pytest.mark.parametrize("part", ["Read of size", "bytes inside of", ">ffff"])
def test_a_report_without_a_part_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="report must be a KASAN report with an access, an object and its shadow"):
        shadow_picture(REPORT.replace(part, "?"), "planes[0]")


def test_what_is_drawn_is_told() -> None:
    root = parse(svg_in(VIEW.html))
    seen, written = shadowed(REPORT), words(root)
    assert classes(root)["object"] == 1
    assert {str(seen.offset + number) for number in range(seen.size)} <= set(written)
    assert written.count(OBJECT_FREED) == len(seen.line) + 1, "the line, and the key"
    for value, _, meaning in MEANING:
        assert {value, meaning} <= set(written)
        assert f"{value}: {meaning}." in VIEW.text
    assert_told_and_on_its_paper(root, VIEW.text.splitlines()[1:])
    assert shadow_picture(REPORT, "planes[0]") == VIEW
