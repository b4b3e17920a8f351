# SPDX-License-Identifier: GPL-2.0-only
"""A heap picture of the least width: everything is in it, on the paper, and nothing has room that is not there."""

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

import pytest

import kvmplanes as kp
from kvmplanes.view.describe import REFS, marks
from kvmplanes.view.heap import NARROW, heap_svg
from tests.helpers.markup import NS, classes, parse, words

TRACES: Mapping[str, kp.Trace] = MappingProxyType(
    {
        "08": kp.run("08"),
        "09": kp.run("09"),
        "09 poisoned": kp.run("09", freed="poisoned"),
        "29": kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 3)"),
        "29 all": kp.run("29", planes=tuple(range(1, 16)), fail="anon_inode_getfile(plane 9)"),
    }
)


@pytest.mark.parametrize("name", TRACES)
def test_nothing_leaves_the_paper_and_no_two_planes_overlap(name: str) -> None:
    for step in TRACES[name].steps[::5]:
        root = parse(heap_svg(step.state, changed=marks(step), width=NARROW))
        _, _, width, height = map(float, root.get("viewBox", "").split())
        assert width == NARROW
        for rect in root.iter(f"{NS}rect"):
            x, y = float(rect.get("x", 0)), float(rect.get("y", 0))
            assert 0 <= x <= x + float(rect.get("width", "")) <= width
            assert 0 <= y <= y + float(rect.get("height", "")) <= height
        boxes = [group[0] for group in root.iter(f"{NS}g") if group.get("class", "").startswith("plane ")]
        assert len(boxes) == sum(obj.kind == "plane" for obj in step.state.objects)
        edges = sorted((float(box.get("x", "")), float(box.get("width", ""))) for box in boxes)
        assert all(x + wide <= following for (x, wide), (following, _) in pairwise(edges))


@pytest.mark.parametrize("name", TRACES)
def test_it_shows_what_a_wide_picture_shows(name: str) -> None:
    for step in TRACES[name].steps[::5]:
        wide, narrow = (parse(heap_svg(step.state, changed=marks(step), width=width)) for width in (560, NARROW))
        for kind in ("slot", "plane", "pointer", "kvm"):
            shown = [{key: n for key, n in classes(root).items() if key.startswith(kind)} for root in (wide, narrow)]
            assert shown[0] == shown[1]
        assert all(any(word in text for text in words(narrow)) for word in marks(step).values())


def test_references_that_nobody_holds_share_a_chip() -> None:
    failed = next(step for step in kp.run("09", fail="kvm_create_plane").steps if step.what == "fail")
    shown = words(parse(heap_svg(failed.state, width=NARROW)))
    assert {"fd 1", "mm 1", "the others 0"} <= set(shown)
    assert sum(text.startswith(tuple(REFS.values())) for text in shown) == 2 + 1, "two chips, and a member of the VM"
    assert "all 0" in words(parse(heap_svg(kp.run("rfc").steps[-1].state, width=NARROW)))
