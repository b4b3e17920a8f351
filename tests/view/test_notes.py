# SPDX-License-Identifier: GPL-2.0-only
"""The notes: every added line once, with what there is to say about it, and no word where there is nothing."""

import re
from html import unescape
from xml.etree import ElementTree as ET

import pytest

from kvmplanes.patch import PATCH, AddedLine
from kvmplanes.view import notes_html

FOLDS = [ET.fromstring(fold) for fold in re.findall(r"<details>.*?</details>", notes_html().html, re.DOTALL)]  # noqa: S314


def note(row: ET.Element) -> str:
    found = row.find("td/div")
    return "" if found is None else "".join(found.itertext())


def notes_of(fold: ET.Element) -> dict[str, str]:
    """The id of each added line of a fold, and the note below it, "" for none."""
    rows = [row for row in fold.iterfind(".//tbody/tr") if row[0].tag == "th"]
    return {"".join(row[0].itertext()): note(row) for row in rows}


def test_each_hunk_is_a_fold() -> None:
    titles = ["".join(fold[0].itertext()) for fold in FOLDS]
    assert [title.partition(":")[0] for title in titles] == [
        f"Hunk {hunk.number}, {'..'.join(dict.fromkeys((hunk.added[0].id, hunk.added[-1].id)))}" for hunk in PATCH.hunks
    ]
    for hunk, fold in zip(PATCH.hunks, FOLDS, strict=True):
        code = [unescape("".join(pre.itertext())) for pre in fold.iterfind(".//pre")]
        assert code == [
            f"{'+' if line in hunk.added else ' '} {line.text.expandtabs(8)}".rstrip() for line in hunk.lines
        ]


@pytest.mark.parametrize("line", PATCH.added, ids=lambda line: line.id)
def test_a_line_has_its_note_beside_it_in_one_place(line: AddedLine) -> None:
    hunk = next(place for place, hunk in enumerate(PATCH.hunks) if line in hunk.added)
    shown = [place for place, fold in enumerate(FOLDS) if line.id in notes_of(fold)]
    assert shown == [hunk]
    assert notes_of(FOLDS[hunk])[line.id] == line.explanation
    assert (line.explanation != "") == bool(re.search(r"\w", line.text))


def test_the_text_says_the_same() -> None:
    text = " ".join(notes_html().text.split())
    for line in PATCH.added:
        assert line.explanation in text
