# SPDX-License-Identifier: GPL-2.0-only
"""The allocator's three strips: the bytes stay until the object is given out again, and the last one freed is first."""

from kvmplanes.view.sketch.allocator import STRIPS, allocator_picture
from tests.helpers.markup import assert_told_and_on_its_paper, classes, parse, svg_in, words


def test_the_list_of_free_objects_is_last_in_first_out() -> None:
    in_use, freed, taken = (list(strip.free) for strip in STRIPS)
    assert freed[1:] == in_use
    assert freed[0] not in in_use
    assert taken == freed[1:]


def test_the_bytes_stay_when_the_object_is_freed_and_change_with_its_owner() -> None:
    in_use, freed, taken = STRIPS
    assert in_use.slot == freed.slot != taken.slot
    assert len({in_use.owner, freed.owner, taken.owner}) == 3


def test_each_strip_is_drawn_and_told() -> None:
    view = allocator_picture()
    root = parse(svg_in(view.html))
    count = classes(root)
    assert [count[f"strip {strip.look}"] for strip in STRIPS] == [1, 1, 1]
    assert count["free"] == sum(len(strip.free) for strip in STRIPS)
    for strip in STRIPS:
        assert {strip.caption, strip.owner, strip.slot} <= set(words(root))
        assert strip.words in view.text
    assert "a window" in words(root)
    assert_told_and_on_its_paper(root, view.text.splitlines()[1:])
    assert view == allocator_picture()
