# SPDX-License-Identifier: GPL-2.0-only
"""How a figure is laid out, and how its signs look."""

from itertools import pairwise

import pytest

from kvmplanes.runs.certificate import OUTCOMES
from kvmplanes.view.page.style import BAD, LIVE
from kvmplanes.view.plots import Plot
from kvmplanes.view.plots.figure import BOXES, LINE, MARKERS, Sheet, soft
from tests.helpers.drawn import words


def test_states_have_colours_and_slanted_lines() -> None:
    assert BOXES["live"].fill == LIVE.fill.lower()
    assert BOXES["dangling"].edge == BAD.line
    assert [word for word, look in BOXES.items() if look.slants] == ["dangling", "no such call"]


def test_a_soft_box_is_its_role_mixed_with_the_paper() -> None:
    assert [soft(LIVE, alpha).fill for alpha in (0, 1)] == ["#ffffff", LIVE.fill.lower()]
    assert soft(LIVE, 0.5).edge == LIVE.line


def test_every_outcome_has_a_marker_of_its_own() -> None:
    assert set(MARKERS) == set(OUTCOMES)
    assert len({marker for marker, _ in MARKERS.values()}) == len(OUTCOMES)


def test_a_legend_takes_as_many_lines_as_it_needs() -> None:
    sheet = Sheet("", [], [("row", "", 10.0)], (0, 1), left=10, top=60, width=150)
    for word in ("first", "second", "third", "_silent"):
        sheet.boxes(word, [(0, 1, "row")], BOXES["live"])
    plotted = Plot(sheet.figure(""))
    lines = {piece.words: piece.y for piece in words(plotted)}
    assert list(lines) == ["first", "second", "third"]
    assert lines["first"] == lines["second"] == lines["third"] - LINE
    assert max(lines.values()) < plotted.figure.height - 5


@pytest.mark.parametrize("end", [0, 1, 7, 65, 240, 5000])
def test_numbers_below_the_rows_are_whole_even_and_few(end: int) -> None:
    figure = Sheet("", [], [], (-0.5, end + 0.5), left=50, top=60).figure("", axis="step")
    ticks = [int(piece.words) for piece in words(Plot(figure)) if piece.words != "step"]
    assert ticks[0] == 0
    assert 1 <= len(ticks) <= 13
    assert len({second - first for first, second in pairwise(ticks)}) <= 1
