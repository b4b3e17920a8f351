# SPDX-License-Identifier: GPL-2.0-only
"""A heading says what stands below it: a table of contents is a summary, and no two pages have the same one."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.minutes import ROOT, cells_of, headings_of

PAGES = [*sorted((ROOT / "notebooks").glob("0*.ipynb")), ROOT / "notebooks" / "appendix.ipynb"]
EMPTY: Final = re.compile(  # said of any page, and so of none
    r"The lines?|Runs?|Step through.*|What the picture says|Change one thing|Goal|Predict|Investigate|Modify|Make|Use"
    r"|The idea|The code|In C|Pictures?|Exercises?|More|Notes?|Summary|Details|Introduction|Recall|Questions?",
    re.IGNORECASE,
)
# Where each page has the same, and a reader looks for it at the same place.
ALIKE: Final = {"Two questions to warm up", "What the model leaves out", "Lessons", "Next"}


def texts_of(page: Path) -> list[str]:
    return [text for _, text in headings_of(cells_of(page))]


def shared(headings: dict[str, list[str]]) -> dict[str, list[str]]:
    """Heading -> the pages that have it, where there are several."""
    pages: dict[str, list[str]] = defaultdict(list)
    for page, texts in headings.items():
        for text in dict.fromkeys(text.casefold() for text in texts if text not in ALIKE):
            pages[text].append(page)
    return {text: names for text, names in pages.items() if len(names) > 1}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_heading_says_nothing(page: Path) -> None:
    assert [text for text in texts_of(page) if EMPTY.fullmatch(text)] == []


def test_no_two_pages_share_a_heading() -> None:
    assert len(PAGES) == 11
    assert shared({page.stem: texts_of(page) for page in PAGES}) == {}


def test_a_shared_or_empty_heading_is_found() -> None:
    assert shared({"01": ["Run: 18 paths", "Next"], "02": ["run: 18 paths", "Next"], "03": []}) == {
        "run: 18 paths": ["01", "02"]
    }
    for text in ("The lines", "Run", "Step through", "Step through the teardown", "What the picture says", "Make"):
        assert EMPTY.fullmatch(text)
    for text in (
        "18 paths, two are bad",
        "Run every path",
        "What the picture of the heap leaves out",
        "Make any call fail",
    ):
        assert not EMPTY.fullmatch(text)
