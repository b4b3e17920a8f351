# SPDX-License-Identifier: GPL-2.0-only
"""How a figure is laid out, and how its signs look."""

from itertools import pairwise
from typing import get_args

import pytest

from kvmplanes.runs.certificate import OUTCOMES
from kvmplanes.runs.step import SlotState
from kvmplanes.view.page.style import BAD, LIVE, Shade
from kvmplanes.view.plots import Plot
from kvmplanes.view.plots.figure import BOXES, LINE, MARKERS, Sheet, soft
from tests.helpers.drawn import words


def test_states_have_colours_and_slanted_lines() -> None:
    assert BOXES["live"].fill == LIVE.lines
    assert BOXES["dangling"].edge == BAD.lines
    assert [word for word, look in BOXES.items() if look.slants] == ["dangling", "no such call"]
    assert [word for word, look in BOXES.items() if look.crossed] == ["in freed memory"]


def test_each_state_of_a_slot_has_a_look_of_its_own() -> None:
    looks = [BOXES[state] for state in get_args(SlotState)]
    assert len(set(looks)) == len(looks)
    freed, dangling = BOXES["in freed memory"], BOXES["dangling"]
    assert (freed.edge, freed.fill) != (dangling.edge, dangling.fill)
    assert (freed.slants > 0, freed.crossed > 0) != (dangling.slants > 0, dangling.crossed > 0)


def test_a_soft_box_is_its_role_mixed_with_the_paper() -> None:
    assert [soft(LIVE, alpha).fill for alpha in (0, 0.29, 1)] == [Shade("live", share) for share in (0, 29, 100)]
    assert soft(LIVE, 0.5).edge == LIVE.lines


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
