# SPDX-License-Identifier: GPL-2.0-only
"""The heap picture shows what the state holds: slot by slot, object by object, pointer by pointer, and in words."""

import re
from itertools import pairwise
from typing import get_args
from xml.etree.ElementTree import Element

import pytest

import kvmplanes as kp
from kvmplanes.runs.trace import SlotState, State, Step, Trace, slot_of
from kvmplanes.view.describe import REFS, describe, marks
from kvmplanes.view.heap import heap_picture, heap_svg, slots_picture, slots_svg
from kvmplanes.view.page.svg import WIDTH
from tests.helpers.markup import NS, classes, parse, words

NINE = kp.VERSIONS["09"]
AFTER_PLANE_0 = "kvm->debugfs_dentry = ERR_PTR(-ENOENT);"


def with_second_plane(level: int) -> kp.Version:
    """09/60 with one more kvm_create_plane, whose result is ignored."""
    more = f"kvm_create_plane(kvm, {level});\n{AFTER_PLANE_0}"
    return NINE.edit(f"09 twice {level}", "a second plane", ("kvm_create_vm", AFTER_PLANE_0, more))


TRACES: dict[str, Trace] = {
    "08": kp.run("08"),
    "rfc": kp.run("rfc"),
    "09": kp.run("09"),
    "09 zeroed": kp.run("09", freed="zeroed"),
    "09 poisoned": kp.run("09", freed="poisoned"),
    "09 unwinding": kp.run("09", fail="init_srcu_struct(&kvm->irq_srcu)"),
    "29": kp.run("29", planes=(1, 3)),
    "29 dangling": kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 1)", retry=True),
    "29 all": kp.run("29", planes=tuple(range(1, 16)), fail="anon_inode_getfile(plane 9)"),
    "out of bounds": kp.run(with_second_plane(16)),
    "overwritten": kp.run(with_second_plane(0)),
}
STEPS = [step for trace in TRACES.values() for step in trace.steps]


def steps(name: str) -> tuple[Step, ...]:
    """Every step; of the longest run every seventh, and its last ones."""
    found = TRACES[name].steps
    return found if len(found) < 150 else (*found[::7], *found[-5:])


def step_of(trace: Trace, **wanted: str) -> State:
    """The state after the first step with these attributes."""
    return next(s.state for s in trace.steps if all(getattr(s, key) == value for key, value in wanted.items()))


def picture(name: str, **wanted: str) -> Element:
    return parse(heap_svg(step_of(TRACES[name], **wanted)))


@pytest.mark.parametrize("name", TRACES)
def test_every_state_is_drawn_whole(name: str) -> None:
    for step in steps(name):
        root = parse(heap_svg(step.state, changed=marks(step)))
        found, state = classes(root), step.state
        has_array = state.kvm is None or state.kvm.get("planes[0]") != ""
        for kind in get_args(SlotState):
            assert found[f"slot {kind.replace(' ', '-')}"] == (state.occupancy.count(kind) if has_array else 0)
        for live in (True, False):
            planes = [o for o in state.objects if o.kind == "plane" and o.live == live]
            assert found[f"plane {'live' if live else 'freed'}"] == len(planes)
        kvm = "none" if state.kvm is None else "live" if state.kvm.live else "freed"
        assert found[f"kvm {kvm}"] == 1
        assert all(any(word in text for text in words(root)) for word in marks(step).values())


@pytest.mark.parametrize("name", TRACES)
def test_pointers_are_broken_exactly_where_they_dangle_or_are_in_freed_memory(name: str) -> None:
    for step in steps(name):
        state, found = step.state, classes(parse(heap_svg(step.state)))
        alive = {o.name for o in state.objects if o.live}
        array = state.kvm is not None and state.kvm.live
        members = state.kvm.fields if state.kvm else ()
        slots = [value for member, value in members if slot_of(member) is not None and value != "NULL"]
        good = sum(array and value in alive for value in slots)
        assert (found["pointer live"], found["pointer live broken"]) == (good, len(slots) - good)
        backs = [o.get("kvm") for o in state.objects if o.kind == "plane" and o.live and o.get("kvm") != "NULL"]
        good = sum(value in alive for value in backs)
        assert (found["pointer back"], found["pointer back broken"]) == (good, len(backs) - good)


@pytest.mark.parametrize("name", TRACES)
def test_the_description_tells_every_object_reference_and_slot(name: str) -> None:
    for step in steps(name):
        told, state = describe(step.state, marks(step)), step.state
        for obj in state.objects:
            assert obj.name in told
        for ref, count in state.refs:
            assert f"{ref} {count}" in told
        for i, (value, occupancy) in enumerate(zip(state.slots, state.occupancy, strict=True)):
            assert (f"planes[{i}] points to {value}" in told) == (value != "NULL")
            assert (f"planes[{i}] points to {value} and dangles" in told) == (occupancy == "dangling")
        assert ("All 16 slots are in freed memory: " in told) == ("in freed memory" in state.occupancy)
        for place, word in marks(step).items():
            assert f"{place} {word}" in told
        assert told in heap_svg(state, changed=marks(step)).replace("&gt;", ">").replace("&#x27;", "'")


@pytest.mark.parametrize("name", TRACES)
def test_nothing_leaves_the_paper_and_no_two_planes_overlap(name: str) -> None:
    for step in steps(name):
        root = parse(heap_svg(step.state, changed=marks(step)))
        height = float(root.get("viewBox", "").split()[3])
        for rect in root.iter(f"{NS}rect"):
            x, y = float(rect.get("x", 0)), float(rect.get("y", 0))
            assert 0 <= x <= x + float(rect.get("width", "")) <= WIDTH
            assert 0 <= y <= y + float(rect.get("height", "")) <= height
        boxes = [group[0] for group in root.iter(f"{NS}g") if group.get("class", "").startswith("plane ")]
        edges = sorted((float(box.get("x", "")), float(box.get("width", ""))) for box in boxes)
        assert all(x + width <= following for (x, width), (following, _) in pairwise(edges))


def test_before_there_is_a_vm_its_box_stands_empty() -> None:
    root = parse(heap_svg(State()))
    assert "no struct kvm" in words(root)
    assert classes(root)["slot empty"] == 16
    assert describe(State()).startswith("There is no struct kvm. All 16 slots are empty.")


def test_a_published_plane_is_marked_at_its_slot() -> None:
    trace = TRACES["09"]
    step = next(s for s in trace.steps if s.field == "planes[0]")
    root = parse(heap_svg(step.state, changed=marks(step)))
    slot = [g for g in root.iter(f"{NS}g") if g.get("class") == "slot live"]
    assert [text.text for text in slot[0].iter(f"{NS}text")] == ["0", "changed"]
    assert {"kvm#1", "plane#0", "kvm = kvm#1", "level = 0", "planes[16]: 1 live, 15 empty"} <= set(words(root))


def test_a_plane_that_no_slot_holds_says_so() -> None:
    assert "in no slot" in words(picture("09", obj="plane#0", field="level"))
    assert "in no slot" not in words(picture("09", field="planes[0]"))
    overwritten = step_of(TRACES["overwritten"], value="plane#0'")
    assert words(parse(heap_svg(overwritten))).count("in no slot") == 1


def test_teardown_of_09_reads_the_freed_array() -> None:
    step = next(s for s in TRACES["09"].steps if s.defect)
    root = parse(heap_svg(step.state, changed=marks(step)))
    assert classes(root)["kvm freed"] == 1
    assert {"freed", "read after free", "planes[16]: 16 in freed memory"} <= set(words(root))
    assert words(root).count("dangling") == 1, "the back-pointer: the plane is live, and what it points to was freed"
    assert words(root).count("in freed memory") == 1, "the slot's pointer"
    assert any(rect.get("class", "").endswith(" d") for rect in root.iter(f"{NS}rect")), "dashed"
    assert any(rect.get("fill", "").startswith("url(#k") for rect in root.iter(f"{NS}rect")), "hatched"


def test_a_slot_in_freed_memory_shows_whether_it_holds_a_pointer() -> None:
    for name, rings in (("09", 1), ("09 zeroed", 0), ("09 poisoned", 16)):
        strip = slots_svg(step_of(TRACES[name], what="free", obj="kvm#1"))
        assert classes(parse(strip))["slot in-freed-memory"] == 16
        signs = [disc.get("class") for disc in parse(strip).iter(f"{NS}circle")]
        assert (signs.count("l w bad"), signs.count("f bad")) == (rings, 16 - rings)
        assert re.findall(r"url\(#([\w-]+)\)", strip) == re.findall(r'id="(\w+-hatch)"', strip) * 16
    assert "All 16 slots are in freed memory: all hold NULL." in describe(TRACES["09"].steps[-1].state)


def test_the_slot_that_29_leaves_behind_dangles() -> None:
    root = picture("29 dangling", value="EEXIST")
    assert classes(root)["slot dangling"] == 1
    assert {"dangling", "freed", "planes[16]: 1 live, 1 dangling, 14 empty"} <= set(words(root))


def test_a_write_out_of_bounds_stands_past_the_array() -> None:
    root = picture("out of bounds", field="planes[16]")
    past = [g for g in root.iter(f"{NS}g") if g.get("class") == "slot out-of-bounds"]
    assert [text.text for text in past[0].iter(f"{NS}text")] == ["16", "out of bounds"]
    inside = [float(g[0].get("x", "")) for g in root.iter(f"{NS}g") if g.get("class") == "slot empty"]
    assert float(past[0][0].get("x", "")) > max(inside) + float(past[0][0].get("width", "")) / 2
    assert "out of bounds, planes[16] holds plane#16" in describe(step_of(TRACES["out of bounds"], field="planes[16]"))


def test_before_the_patch_there_is_no_array() -> None:
    root = picture("08", what="return")
    assert not any(name.startswith("slot") for name in classes(root))
    assert "no planes[] in this version" in words(root)
    assert "It has no planes[]." in describe(step_of(TRACES["08"], what="return"))


def test_poisoned_slots_point_nowhere() -> None:
    state = TRACES["09 poisoned"].steps[-1].state
    assert classes(parse(heap_svg(state)))["pointer live broken"] == 16


def test_everything_else_has_a_chip() -> None:
    open_vm = step_of(TRACES["29"], what="return")
    found = classes(parse(heap_svg(open_vm)))
    assert found["chip live"] == 8 + len(REFS)  # srcu, irq_srcu, irq_routing, buses, arch, mmio_ring, debugfs, file
    shown = words(parse(heap_svg(open_vm)))
    assert {"srcu", "buses", "file#kvm-vm", "fd 1", "mm 1", "pm 1"} <= set(shown)
    assert "files" in words(picture("29", obj="file#plane 1"))


def test_a_leak_stands_out_among_the_chips() -> None:
    trace = TRACES["09 poisoned"]
    leak = next(s for s in trace.steps if s.what == "leak" and s.obj == "virtualization")
    root = parse(heap_svg(leak.state, changed=marks(leak)))
    assert "virtualization leaked" in words(root)
    assert any("l w bad" in (rect.get("class") or "") for rect in root.iter(f"{NS}rect"))


def height(image: str) -> float:
    return float(parse(image).get("viewBox", "").split()[3])


def test_a_still_picture_has_no_room_for_what_is_not_there() -> None:
    bare, whole = step_of(TRACES["09"], what="get"), step_of(TRACES["09"], what="return")
    assert height(heap_svg(bare)) < 0.6 * height(heap_svg(whole))
    assert "Also acquired" not in words(parse(heap_svg(bare)))
    assert {"Also acquired", "Counted references"} <= set(words(parse(heap_svg(whole))))
    tagged = words(parse(heap_svg(bare, changed={"fd": "changed"})))
    assert "fd changed" in tagged


def test_names_alone_mean_changed() -> None:
    state = step_of(TRACES["09"], what="return")
    assert heap_svg(state, changed=["plane#0"]) == heap_svg(state, changed={"plane#0": "changed"})
    assert "changed" in words(parse(heap_svg(state, changed=["plane#0"])))
    assert "users_count = 1 (changed)" in words(parse(heap_svg(state, changed=["kvm#1->users_count"])))


def test_many_planes_stand_narrow_below_their_slots() -> None:
    state = TRACES["29 all"].steps[-30].state
    root = parse(heap_svg(state))
    centres: dict[str, list[float]] = {}
    for group in root.iter(f"{NS}g"):
        kind, *_ = group.get("class", "").split()
        if kind in ("slot", "plane"):
            number = next(text.text or "" for text in group.iter(f"{NS}text")).lstrip("#")
            middle = float(group[0].get("x", "")) + float(group[0].get("width", "")) / 2
            centres.setdefault(number, []).append(middle)
    both = [middles for middles in centres.values() if len(middles) == 2]
    assert len(both) > 5
    assert all(abs(a - b) < 1 for a, b in both)


@pytest.mark.parametrize("name", TRACES)
def test_the_strip_shows_the_same_slots(name: str) -> None:
    for at in range(0, len(TRACES[name].steps), 7):
        state = TRACES[name].steps[at].state
        found = classes(parse(slots_svg(state)))
        for kind in get_args(SlotState):
            assert found[f"slot {kind.replace(' ', '-')}"] == state.occupancy.count(kind)


def test_pictures_of_steps_name_the_version_and_the_step() -> None:
    view = heap_picture(TRACES["09"], 44)
    assert view.text.startswith("The heap, version 09, after step 44\nkvm#1->planes[0] is read")
    assert heap_picture(TRACES["09"]).text == heap_picture(TRACES["09"], len(TRACES["09"].steps) - 1).text
    assert slots_picture(TRACES["09"], 7).text.startswith("The sixteen slots, version 09, after step 7\n")
    assert "At this step: kvm#1->planes[0] changed." in slots_picture(TRACES["09"], 7).text


@pytest.mark.parametrize("draw", [heap_picture, slots_picture])
def test_a_step_that_is_not_there_is_refused(draw: object) -> None:
    last = len(TRACES["09"].steps) - 1
    for at in (last + 1, -last - 2):
        with pytest.raises(ValueError, match=f"steps 0..{last}"):
            draw(TRACES["09"], at)  # type: ignore[operator]


def test_the_same_state_gives_the_same_bytes_and_another_state_other_ids() -> None:
    trace = TRACES["29 dangling"]
    again = kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 1)", retry=True)
    drawn = [heap_svg(step.state, changed=marks(step)) for step in trace.steps]
    assert drawn == [heap_svg(step.state, changed=marks(step)) for step in again.steps]
    ids = [re.findall(r'id="(\w+)-', image)[0] for image in dict.fromkeys(drawn)]
    assert len(set(ids)) == len(ids)


def test_marks_say_what_a_step_did() -> None:
    told = {word for step in STEPS for word in marks(step).values()}
    assert told == {
        "changed", "read", "leaked", "read after free", "written after free", "freed twice", "out of bounds",
    }  # fmt: skip
    assert all(marks(step) == {} for step in STEPS if step.what in ("goto", "label", "return", "fail", "check"))


def test_one_word_is_above_neighbours_that_are_marked_alike() -> None:
    state = kp.run("09").steps[-1].state
    marked = {f"kvm#1->planes[{at}]": "read" for at in (0, 3, 4, 5, 15)} | {"kvm#1->planes[6]": "changed"}
    drawn = heap_svg(state, changed=marked)
    words = re.findall(r'<g class="tag">.*?<text[^>]* x="([\d.]+)"[^>]*>(\w+)</text>', drawn)
    assert [word for _, word in words] == ["read", "read", "changed", "read"]
    assert all(f"planes[{at}] read" in drawn for at in (0, 3, 4, 5, 15))
