# SPDX-License-Identifier: GPL-2.0-only
"""Folds: what repeats is one line, nothing is lost, and what the line says is true of every step in it."""

import re
from itertools import pairwise

import pytest

import kvmplanes as kp
from kvmplanes.runs.folds import FEWEST, FILTERS, Stop, as_stops
from kvmplanes.runs.trace import Step, Trace

TRACES = {
    f"{name}, {path.call or 'nothing fails'}": path.trace
    for name in kp.VERSIONS for path in kp.certify(name).paths
} | {
    "29 with planes": kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 3)", retry=True),
    "zeroed": kp.run("09", freed="zeroed"),
    "poisoned": kp.run("09", freed="poisoned"),
}  # fmt: skip


def folds(trace: Trace) -> list[Stop]:
    return [stop for stop in as_stops(trace.steps) if stop.is_fold]


@pytest.fixture(params=TRACES)
def trace(request: pytest.FixtureRequest) -> Trace:
    return TRACES[request.param]


@pytest.mark.parametrize("only", [None, "planes"])
def test_nothing_is_lost(trace: Trace, only: str | None) -> None:
    steps = tuple(step for step in trace.steps if only is None or FILTERS[only](step))
    assert tuple(step for stop in as_stops(steps) for step in stop.steps) == steps


def test_what_is_folded_is_alike_and_what_the_line_says_is_so(trace: Trace) -> None:
    for stop in folds(trace):
        assert len(stop.steps) >= FEWEST
        assert {(step.what, step.value) for step in stop.steps} == {("read", "NULL")}
        for told in ("op", "obj", "stack", "defect"):
            assert len({getattr(step, told) for step in stop.steps}) == 1
        assert [later.index - step.index for step, later in pairwise(stop.steps)] == [1] * (len(stop.steps) - 1)
        slots = [step.slot or 0 for step in stop.steps]
        first, last, count = re.findall(r"\d+", stop.text.replace(stop.first.obj, ""))
        assert (int(first), int(last), int(count)) == (slots[0], slots[-1], len(slots))
        assert f"the loop in {stop.first.function}" in stop.text
        assert stop.text.endswith("it counts up." if slots[0] < slots[-1] else "it counts down.")
        assert ("already freed" in stop.text) is (stop.defect is not None)


def test_no_two_neighbours_are_alike_enough(trace: Trace) -> None:
    """A fold takes all it can: neither neighbour reads NULL in the same line, one slot on."""
    stops = as_stops(trace.steps)
    for stop, beside in pairwise(stops):
        if stop.is_fold or beside.is_fold:
            one, other = stop.last, beside.first
            in_line = one.stack == other.stack and one.value == other.value == "NULL" and one.defect == other.defect
            assert not (in_line and one.what == other.what == "read" and one.op == other.op)


def test_the_two_loops_of_11_are_told_apart() -> None:
    down, up = (stop.text for stop in folds(kp.run("11")))
    assert down == (
        "kvm#1->planes[15] to planes[1] are NULL (15 steps). "
        "This is the loop in kvm_destroy_vcpus, which frees the vCPUs of each plane; it counts down."
    )
    assert up == (
        "kvm#1->planes[1] to planes[15] are NULL (15 steps). "
        "This is the loop in kvm_destroy_planes, which frees the planes; it counts up."
    )


def test_the_teardown_as_posted_is_one_line_with_its_numbers() -> None:
    (stop,) = folds(kp.run("09"))
    assert (stop.number, stop.defect) == ("47 to 61", "use-after-free")
    assert stop.text.startswith(
        "kvm#1->planes[1] to planes[15] are read, but kvm#1 is already freed; the bytes there say NULL (15 steps)."
    )


def test_two_steps_are_no_fold_and_a_gap_ends_one() -> None:
    steps = [step for step in kp.run("09").steps if step.slot is not None and step.defect and step.value == "NULL"]
    reads = [step for step in steps if step.what == "read"]
    assert [len(stop.steps) for stop in as_stops(reads[:2])] == [1, 1]
    assert [len(stop.steps) for stop in as_stops([*reads[:3], *reads[4:]])] == [3, 11]


def test_a_readers_own_loop_is_named_and_no_more() -> None:
    own = """
static void kvm_destroy_planes(struct kvm *kvm)
{
    int i;

    for (i = 0; i < KVM_MAX_PLANES; ++i)
        kfree(kvm->planes[i]);
}
"""
    trace = kp.run(kp.VERSIONS["11"].replace(own))
    assert any("the loop in kvm_destroy_planes" in stop.text for stop in folds(trace))
    alone: list[Step] = [*trace.steps[:3]]
    assert [stop.steps for stop in as_stops(alone)] == [(step,) for step in alone]
