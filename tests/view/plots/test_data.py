# SPDX-License-Identifier: GPL-2.0-only
"""What the plots show, against the traces."""

import pytest

import kvmplanes as kp
from kvmplanes.view.plots import data
from tests.helpers.drawn import LATE, beyond, dangling, many


def test_spans_put_equal_neighbours_together() -> None:
    found = [(span.first, span.last, span.word) for span in data.spans("aabccc")]
    assert found == [(0, 1, "a"), (2, 2, "b"), (3, 5, "c")]
    assert data.spans([]) == ()


@pytest.mark.parametrize(
    ("numbers", "told"), [([], ""), ([4], "4"), ([3, 1, 2], "1..3"), ([7, 1, 2, 2], "1..2, 7"), ([0, 2, 4], "0, 2, 4")]
)
def test_ranges(numbers: list[int], told: str) -> None:
    assert data.ranges(numbers) == told


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
    told = [(call.word, call.result) for call in data.folded(data.calls(dangling()))]
    assert told == [
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
        for slot, row in enumerate(data.slots(path.trace)):
            words_by_step = [span.word for span in row for _ in range(span.first, span.last + 1)]
            for step, (word, states) in enumerate(zip(words_by_step, path.trace.occupancy, strict=True)):
                gone = states[slot] == "empty" and array[step] != "allocated"
                assert word == ("absent" if gone else states[slot])


@pytest.mark.parametrize("version", kp.VERSIONS)
def test_every_defect_is_one_mark(version: str) -> None:
    for path in kp.certify(version).paths:
        marks = data.marks(path.trace)
        assert [(m.step, m.kind) for m in marks] == [(d.step, d.kind) for d in path.trace.defects]


def test_marks_stand_in_the_row_of_their_slot() -> None:
    nine = data.marks(kp.run("09"))
    assert [mark.row for mark in nine if mark.what == "read"] == [f"planes[{i}]" for i in range(16)]
    assert [mark.row for mark in nine if mark.what == "write"] == ["planes[0]"]
    assert {(mark.kind, mark.row) for mark in data.marks(dangling())} >= {("double-free", "planes[3]")}
    assert ("out-of-bounds", "planes[20]") in {(mark.kind, mark.row) for mark in data.marks(beyond())}
    (leak,) = (mark for mark in data.marks(kp.run("09", freed="zeroed")) if mark.kind == "leak")
    assert leak.row == "planes[0]", "no slot holds the plane any more; its level still names its row"


def test_lifetimes() -> None:
    trace = kp.run("09")
    lives = {life.name: life for life in data.lifetimes(trace)}
    assert list(lives) == [obj.name for obj in trace.steps[-1].state.objects]
    for life in lives.values():
        assert trace.steps[life.alloc].what == "alloc"
        assert trace.steps[life.free or 0].what == "free"
        assert not life.leaked
    assert len(lives["kvm#1"].defects) == 17
    assert min(mark.step for mark in lives["kvm#1"].defects) > (lives["kvm#1"].free or 0)
    assert not any(life.defects for name, life in lives.items() if name != "kvm#1")


def test_lifetimes_of_what_is_never_freed() -> None:
    leaked = [life for life in data.lifetimes(kp.run("rfc")) if life.leaked]
    assert [(life.name, life.free) for life in leaked] == [("plane#0", None)]


@pytest.mark.parametrize("version", kp.VERSIONS)
def test_references_are_those_of_the_states(version: str) -> None:
    trace = kp.run(version)
    counts = data.references(trace)
    for step in trace.steps:
        assert {name: n[step.index] for name, n in counts.items() if n[step.index]} == dict(step.state.refs)
    assert not any(numbers[-1] for numbers in counts.values())


def test_a_run_is_judged_when_creation_is_over() -> None:
    run = data.run_of(dangling())
    assert run.failed == (LATE,)
    assert run.live == 3
    assert [i for i, state in enumerate(run.slots) if state == "dangling"] == [3]
    assert data.run_of(kp.run("09", fail="kvm_create_plane")).live == 0
    assert data.run_of(kp.run("09", ops=())).slots == ("empty",) * 16


def test_runs_that_get_far_come_first() -> None:
    reached = [len(run.calls) for run in data.sorted_runs(many("09", 10))]
    assert reached == sorted(reached, reverse=True)
    assert len(set(reached)) > 3


def test_names_keep_their_order() -> None:
    assert data.in_order(["abd", "acd", "abcd", "xd"]) == ("x", "a", "c", "b", "d")
    rows = list(data.paths([kp.certify("rfc"), kp.certify("29")]))
    after = rows[rows.index("kvm_arch_alloc_vm") + 1 :]
    assert set(after[:2]) == {"kvm_create_plane(kvm, 0)", "kvm_create_vm_plane(kvm, 0)"}
    usual = rows.index(data.NOTHING_FAILS)
    assert not any("program" in row for row in rows[:usual])
    assert [row.rpartition("program ")[2] for row in rows[usual + 1 :]] == ["ids"] * 7 + ["exit"] * 4
    assert rows[-1] == f"{data.NOTHING_FAILS}, program exit"


def test_paths_leave_out_what_a_version_lacks() -> None:
    certificates = [kp.certify(version) for version in ("08", "09", "29")]
    table = data.paths(certificates)
    assert [path is None for path in table["kvm_create_plane(kvm, 0)"]] == [True, False, False]
    assert [path is None for path in table["kvm_create_plane(kvm, 1)"]] == [True, True, False]
    for x, certificate in enumerate(certificates):
        assert {row[x] for row in table.values()} - {None} == set(certificate.paths)
