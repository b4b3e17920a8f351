# SPDX-License-Identifier: GPL-2.0-only
"""Pictures of one run have the room that the run needs; and each chip says what it is."""

import re
from functools import reduce
from operator import or_

import pytest

import kvmplanes as kp
from kvmplanes.view.describe import marks
from kvmplanes.view.heap import heap_room, heap_svg
from kvmplanes.view.live.player import BESIDE
from kvmplanes.view.page.svg import WIDTH
from tests.helpers.markup import NS, parse
from tests.view.test_heap import TRACES, height, steps


@pytest.mark.parametrize("width", [BESIDE, WIDTH])
@pytest.mark.parametrize("name", TRACES)
def test_pictures_of_one_run_have_the_room_that_it_needs_and_no_more(name: str, width: float) -> None:
    moments = [(step.state, marks(step)) for step in steps(name)]
    room = reduce(or_, (heap_room(state, changed=marked, width=width) for state, marked in moments))
    tight = [height(heap_svg(state, changed=marked, width=width)) for state, marked in moments]
    drawn = [heap_svg(state, changed=marked, width=width, room=room) for state, marked in moments]
    assert len(set(map(height, drawn))) == 1, "nothing jumps"
    assert max(tight) <= height(drawn[0])
    headings = {tuple(re.findall(r'y="([^"]*)"[^>]*>(?:Also|Counted)', image)) for image in drawn}
    assert len(headings) <= 2, "the same places, with and without the first heading"


def test_a_run_without_planes_keeps_no_room_for_them() -> None:
    early, late = (kp.run("09", fail=call) for call in ("kvm_arch_alloc_vm", "kvm_arch_init_vm"))
    rooms = [reduce(or_, (heap_room(step.state, changed=marks(step)) for step in run.steps)) for run in (early, late)]
    assert [room.planes for room in rooms] == [False, True]
    assert [room.objects for room in rooms] == [0, 1]
    low, high = (
        height(heap_svg(run.steps[-1].state, room=room)) for run, room in zip((early, late), rooms, strict=True)
    )
    assert low < 0.7 * high


@pytest.mark.parametrize("name", TRACES)
def test_each_chip_says_what_it_is(name: str) -> None:
    for step in steps(name):
        for width in (BESIDE, WIDTH):
            for group in parse(heap_svg(step.state, width=width)).iter(f"{NS}g"):
                if group.get("class", "").startswith("chip "):
                    assert group[0].tag == f"{NS}title"
                    assert group[0].text
