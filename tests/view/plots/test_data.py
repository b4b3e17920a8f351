# SPDX-License-Identifier: GPL-2.0-only
"""What the plots of one run show, against the traces."""

import pytest

import kvmplanes as kp
from kvmplanes.view.plots import data
from tests.helpers.drawn import LATE, beyond, dangling


def test_spans_put_equal_neighbours_together() -> None:
    ends = [(span.first, span.last, span.word) for span in data.spans("aabccc")]
    assert ends == [(0, 1, "a"), (2, 2, "b"), (3, 5, "c")]
    assert data.spans([]) == ()


@pytest.mark.parametrize(
    ("numbers", "words"), [([], ""), ([4], "4"), ([3, 1, 2], "1..3"), ([7, 1, 2, 2], "1..2, 7"), ([0, 2, 4], "0, 2, 4")]
)
def test_ranges(numbers: list[int], words: str) -> None:
    assert data.ranges(numbers) == words


def test_calls_cover_every_step_once() -> None:
    trace = kp.run("29", planes=(1, 3, 7), fail=LATE, retry=True)
    calls = data.calls(trace)
    steps = [step for call in calls for step in range(call.first, call.last + 1)]
    assert steps == list(range(len(trace.steps)))
    assert [(call.word, call.result) for call in calls] == [
        *trace.results, ("close(plane 1)", ""), ("close(plane 7)", ""), ("close(vm)", ""),
    ]  # fmt: skip
    assert data.calls(kp.run("09", freed="poisoned"))[1].result == "Oops"


def test_calls_that_differ_by_a_number_are_told_together() -> None:
    calls = [(call.word, call.result if call.failed else "") for call in data.alike(data.calls(dangling()))]
    assert calls == [
        ("KVM_CREATE_VM", ""),
        ("KVM_CREATE_PLANE 1", ""),
        ("KVM_CREATE_PLANE 3", "ENOMEM"),
        ("KVM_CREATE_PLANE 7", ""),
        ("close(plane 1, 7)", ""),
        ("close(vm)", ""),
    ]


@pytest.mark.parametrize("version", kp.VERSIONS)
def test_slots_say_what_the_trace_says(version: str) -> None:
    for path in kp.certify(version).paths:
        array = {step: span.word for span in data.array(path.trace) for step in range(span.first, span.last + 1)}
        for slot, row in enumerate(data.slot_spans(path.trace)):
            words_by_step = [span.word for span in row for _ in range(span.first, span.last + 1)]
            for step, (word, states) in enumerate(zip(words_by_step, path.trace.occupancy, strict=True)):
                gone = states[slot] == "empty" and array[step] != "allocated"
                assert word == ("absent" if gone else states[slot])
                assert (word == data.GONE) == (array[step] == "freed" and version != "08")


def slots(trace: kp.Trace, what: str) -> list[int | None]:
    """The slot of each defect in which something is done."""
    return [data.slot_of_defect(step) for step in trace.steps if step.defect and step.what == what]


def test_a_defect_belongs_to_its_slot() -> None:
    assert slots(kp.run("09"), "read") == list(range(16))
    assert slots(kp.run("09"), "write") == [0]
    assert slots(dangling(), "free") == [3]
    assert 20 in slots(beyond(), "write")
    poisoned = [data.slot_of_defect(step) for step in kp.run("09", freed="poisoned").steps if step.defect]
    assert poisoned == [0, 0, *[None] * 4]
    assert slots(kp.run("09", freed="zeroed"), "leak") == [0], "no slot holds the plane; its level still names its row"


def test_lifetimes() -> None:
    trace = kp.run("09")
    lives = {life.name: life for life in data.lifetimes(trace)}
    assert list(lives) == [obj.name for obj in trace.steps[-1].state.objects]
    for life in lives.values():
        assert trace.steps[life.alloc].what == "alloc"
        assert trace.steps[life.free or 0].what == "free"
        assert not life.leaked
    assert len(lives["kvm#1"].defects) == 17
    assert min(step.index for step in lives["kvm#1"].defects) > (lives["kvm#1"].free or 0)
    assert not any(life.defects for name, life in lives.items() if name != "kvm#1")


def test_lifetimes_of_what_is_never_freed() -> None:
    leaked = [life for life in data.lifetimes(kp.run("rfc")) if life.leaked]
    assert [(life.name, life.free) for life in leaked] == [("plane#0", None)]
