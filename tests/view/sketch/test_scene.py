# SPDX-License-Identifier: GPL-2.0-only
"""The scene shows what its run says, says it in words as well, and keeps its texts large and on the paper."""

from xml.etree.ElementTree import Element

import pytest

import kvmplanes as kp
from kvmplanes.runs.trace import Trace
from kvmplanes.view import scene_picture
from kvmplanes.view.page.svg import STYLE
from tests.helpers.markup import NS, classes, parse, svg_in, words


def root(trace: Trace) -> Element:
    return parse(svg_in(scene_picture(trace).html))


@pytest.mark.parametrize("version", ["rfc", "09", "09-fixed", "29-fixed"])
def test_slots_plane_and_users_are_those_of_the_run(version: str) -> None:
    trace = kp.run(version)
    state = next(step.state for step in trace.steps if step.what == "return")
    shown = root(trace)
    for kind in ("live", "empty"):
        assert classes(shown)[f"slot {kind}"] == state.occupancy.count(kind)
    assert classes(shown)["plane live"] == 1
    counts = f"{state.occupancy.count('live')} live, {state.occupancy.count('empty')} empty"
    assert state.kvm
    assert {f"planes[16]: {counts}", f"counts its users: {state.kvm.get('users_count')}", "descriptor 4"} <= set(
        words(shown)
    )


def test_another_run_gives_another_scene() -> None:
    """The descriptor is the kernel's answer, and a user more is counted."""
    two_users = kp.VERSIONS["09-fixed"].edit(
        "09 held",
        "a user more",
        ("kvm_create_vm", "refcount_set(&kvm->users_count, 1);", "refcount_set(&kvm->users_count, 2);"),
    )
    shown = words(root(kp.run(two_users)))
    assert "counts its users: 2" in shown
    assert "struct kvm (2 users)" in scene_picture(kp.run(two_users)).text


def test_the_description_says_all_that_is_drawn() -> None:
    shown = root(kp.run("09"))
    title, desc = shown.find(f"{NS}title"), shown.find(f"{NS}desc")
    assert title is not None
    assert title.text == "From a program to a plane"
    assert desc is not None
    assert desc.text
    for fact in (
        "descriptor 4",
        "VM file",
        "1 user",
        "16 slots, 1 live, 15 empty",
        "registers for each plane",
        "security",
    ):
        assert fact in desc.text
    assert shown.get("role") == "img"
    ids = [element.get("id") for element in (title, desc)]
    assert ids == [shown.get("aria-labelledby"), shown.get("aria-describedby")]


def test_no_text_is_small_and_nothing_leaves_the_paper() -> None:
    shown = root(kp.run("09"))
    wide, high = map(float, shown.get("viewBox", "").split()[2:])
    assert f"max-width:{wide:g}px" in shown.get("style", "")
    assert ".kp{font:12px" in STYLE
    for text in shown.iter(f"{NS}text"):
        assert not {"s", "t"} & set(text.get("class", "").split()), f"{text.text!r} has less than 12 px"
        length = 7.3 * len(text.text or "")
        left = float(text.get("x", "")) - (length / 2 if text.get("text-anchor") == "middle" else 0)
        assert 0 <= left <= left + length <= wide
        assert 0 < float(text.get("y", "")) < high
    (label,) = (text for text in shown.iter(f"{NS}text") if text.text == "4  runs")
    boxes = [group[0] for group in shown.iter(f"{NS}g") if group.get("class") in ("vcpu", "guest")]
    edges = sorted(float(box.get("x", "")) + float(box.get("width", "")) * (box is boxes[0]) for box in boxes)
    middle, half = float(label.get("x", "")), 3.5 * len("4  runs")
    assert edges[0] < middle - half < middle + half < edges[1], "between the vCPU and what runs"
    for rect in shown.iter(f"{NS}rect"):
        x, y, width, height = (float(rect.get(name, 0)) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + width <= wide
        assert 0 <= y <= y + height <= high


def test_what_later_patches_bring_is_dotted() -> None:
    shown = root(kp.run("09"))
    for name, dotted in (("plane live", False), ("plane later", True), ("guest now", False), ("guest later", True)):
        (group,) = (group for group in shown.iter(f"{NS}g") if group.get("class") == name)
        lines = [
            rect.get("class", "").split() for rect in group.iter(f"{NS}rect") if "l" in rect.get("class", "").split()
        ]
        assert lines
        assert all(("o" in line) == dotted for line in lines)


@pytest.mark.parametrize("trace", [kp.run("09", fail="init_srcu_struct"), kp.run("08")], ids=["no VM", "no plane"])
def test_without_a_vm_or_a_plane_there_is_no_scene(trace: Trace) -> None:
    with pytest.raises(ValueError, match="the scene shows a VM with one plane"):
        scene_picture(trace)
