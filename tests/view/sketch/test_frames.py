# SPDX-License-Identifier: GPL-2.0-only
"""The three frames show what the run holds after each of the two lines, and say it."""

import re

import pytest

import kvmplanes as kp
from kvmplanes.runs.trace import Trace
from kvmplanes.view.sketch.frames import moment_picture, moments
from tests.helpers.markup import NS, assert_told_and_on_its_paper, classes, parse, svg_in, words

FREED_FIRST = kp.VERSIONS["09"].edit(
    "09, earlier",
    "planes before the architecture's part",
    ("kvm_destroy_vm", "kvm_destroy_planes(kvm);", ""),
    ("kvm_destroy_vm", "kvm_arch_destroy_vm(kvm);", "kvm_destroy_planes(kvm);\nkvm_arch_destroy_vm(kvm);"),
)
TWICE = kp.VERSIONS["09"].edit(
    "09, in both places",
    "the call before the free as well",
    ("kvm_destroy_vm", "kvm_arch_free_vm(kvm);", "kvm_destroy_planes(kvm);\nkvm_arch_free_vm(kvm);"),
)
TRACES: dict[str, Trace] = {
    "posted": kp.run("09"),
    "no file": kp.run("09", fail="anon_inode_getfile"),
    "repaired": kp.run("09-fixed"),
    "10": kp.run("10"),
    "11": kp.run("11"),
    "earlier": kp.run(FREED_FIRST),
}
each = pytest.mark.parametrize("name", TRACES)


@each
def test_a_frame_shows_the_objects_as_they_are_after_its_line(name: str) -> None:
    trace = TRACES[name]
    found, after = moments(trace)
    root = parse(svg_in(moment_picture(trace).html))
    frames = [group for group in root.iter(f"{NS}g") if group.get("class") == "frame"]
    assert len(found) == len(frames) == 3
    for moment, frame in zip(found, frames, strict=True):
        last = max(
            step.index
            for step in trace.steps
            if any(line.lineno == moment.line.lineno for line in step.stack if line.function == "kvm_destroy_vm")
        )
        state = trace.steps[last].state
        kvm, plane = state.find("kvm#1"), state.find("plane#0")
        assert (kvm, plane) == (moment.kvm, moment.plane)
        assert kvm
        assert plane
        shown = classes(frame)
        assert (
            shown[f"kvm {'live' if kvm.live else 'freed'}"] == shown[f"plane {'live' if plane.live else 'freed'}"] == 1
        )
        assert f"slot 0: {state.slots[0]}" in words(frame)
        so_far = [defect.access for defect in trace.defects if defect.step <= last]
        assert (moment.reads, moment.writes) == (so_far.count("read"), so_far.count("write"))
        arrow = state.slots[0] == "plane#0"
        good = arrow and kvm.live and plane.live
        assert (shown["pointer live"], shown["pointer live broken"]) == (good, arrow and not good)
        back = plane.live
        assert (shown["pointer back"], shown["pointer back broken"]) == (back and kvm.live, back and not kvm.live)
    assert after


def test_as_posted_the_plane_is_found_through_freed_memory() -> None:
    found, after = moments(TRACES["posted"])
    assert [moment.line.line for moment in found] == [
        "cleanup_srcu_struct(&kvm->srcu);",
        "kvm_arch_free_vm(kvm);",
        "kvm_destroy_planes(kvm);",
    ]
    assert [moment.line.ids for moment in found] == [(), (), ("+54",)]
    assert [(moment.kvm.live, moment.plane.live) for moment in found] == [(True, True), (False, True), (False, False)]
    assert [(moment.reads, moment.writes, moment.written) for moment in found] == [
        (0, 0, False), (0, 0, False), (16, 1, True)
    ]  # fmt: skip
    assert after
    assert after.line == "preempt_notifier_dec();"
    assert [moment.caption for moment in found] == [
        "Both are live. Only slot 0 leads to plane#0.",
        "struct kvm is freed. Only slot 0, in freed memory, leads to plane#0.",
        "Found through freed memory, plane#0 is freed. Then slot 0 was overwritten.",
    ]
    assert "written after free" in words(parse(svg_in(moment_picture(TRACES["posted"]).html)))


def test_repaired_nothing_freed_is_used() -> None:
    found, _ = moments(TRACES["repaired"])
    assert [(moment.kvm.live, moment.plane.live) for moment in found] == [(True, True), (True, False), (False, False)]
    assert {moment.count for moment in found} == {"Freed memory was used so far: 0 reads, 0 writes."}
    assert found[1].caption == "plane#0 is freed while struct kvm is live, and slot 0 is empty."
    assert found[2].caption == "Both are freed, struct kvm last."


@pytest.mark.parametrize(
    "trace",
    [
        kp.run("08"),
        kp.run("rfc"),
        kp.run("09", freed="zeroed"),
        kp.run("09", freed="poisoned"),
        kp.run("09", fail="init_srcu_struct"),
        kp.run("29-fixed", planes=(1,)),
    ],
    ids=["no plane", "nothing frees it", "not found", "Oops", "by labels", "two planes"],
)
def test_another_end_is_refused(trace: Trace) -> None:
    with pytest.raises(ValueError, match="does not free one struct kvm and one plane by two lines of kvm_destroy_vm"):
        moment_picture(trace)


def test_a_second_call_is_of_a_line_that_frees_nothing() -> None:
    found, _ = moments(kp.run(TWICE))
    assert [moment.line.line for moment in found[1:]] == ["kvm_destroy_planes(kvm);", "kvm_arch_free_vm(kvm);"]
    assert found[-1].reads == 0  # the second call comes below the picture


@each
def test_it_names_itself_stays_on_its_paper_and_has_the_same_words_twice(name: str) -> None:
    view = moment_picture(TRACES[name])
    root = parse(svg_in(view.html))
    title = root.find(f"{NS}title")
    assert title is not None
    assert title.text == view.text.splitlines()[0]
    assert_told_and_on_its_paper(root, view.text.splitlines()[1:-1])
    assert view == moment_picture(TRACES[name])
    longest = max(words(root), key=len)
    assert len(longest) <= 78  # 520 units at 12 px
    assert not re.findall(r"\b0x", view.html)
