# SPDX-License-Identifier: GPL-2.0-only
"""One run over its steps: what each plot describes, against the run."""

from collections.abc import Callable
from typing import get_args

import pytest

import kvmplanes as kp
from kvmplanes.runs.trace import SlotState, Trace
from kvmplanes.view.plots import Plot, data, plot_lifetimes, plot_occupancy
from kvmplanes.view.plots.timeline import what_fails, what_is_wrong
from tests.helpers.drawn import dangling, labels, legend, marks, places, plot, signs, steps, written


@pytest.mark.parametrize("word", get_args(SlotState))
def test_occupancy_boxes_are_the_spans(word: str) -> None:
    rows = data.slot_spans(dangling())
    expected = [(span.first - 0.5, span.last + 0.5) for row in rows for span in row if span.word == word]
    assert steps(plot("29"), word) == expected


def test_occupancy_has_16_rows_and_slot_0_on_top() -> None:
    assert len({top for (_, top), _ in places(plot("29"), "empty")}) == 16
    rows = labels(plot("29"))
    assert list(rows) == [
        "struct kvm", "planes[0]", "planes[1]", "planes[2]", "planes[3]", "planes[4..6]", "planes[7]", "planes[8..15]",
    ]  # fmt: skip
    assert list(rows.values()) == sorted(rows.values())


def test_rows_of_unused_slots_are_low() -> None:
    heights = {round(bottom - top) for (_, top), (_, bottom) in places(plot("09"), "empty")}
    (((_, top), (_, bottom)),) = places(plot("09"), "live")
    assert len(heights) == 2
    assert round(bottom - top) == max(heights) > 2 * min(heights)


def test_slots_that_are_never_filled_share_a_row_that_says_so() -> None:
    empty = plot("09 without a plane")
    assert list(labels(empty)) == ["struct kvm", "planes[0..15]"]
    assert "no slot is ever filled" in written(empty)
    assert len({top for (_, top), _ in places(empty, "empty")}) == 1
    assert "no slot is ever filled" not in written(plot("09"))
    assert "absent" in written(plot("09"))
    long = plot_occupancy(kp.run("08"))
    assert "absent" not in written(long), "upright it has no room in one row; the legend says it"
    assert "no struct kvm" in legend(long)


def test_occupancy_marks_every_access_after_free() -> None:
    assert steps(plot("09"), "use-after-free (17)") == [(defect.step,) for defect in kp.run("09").defects]
    reads = [y for _, y in marks(plot("09"), "use-after-free (17)")[2:]]
    assert reads == sorted(set(reads)), "the loop over the slots walks down"


def test_occupancy_shows_calls_and_failures() -> None:
    failed = [(step.index,) for step in dangling().steps if step.what == "fail"]
    assert steps(plot("29"), "injected failure") == failed
    assert {"KVM_CREATE_VM", "KVM_CREATE_PLANE 3: ENOMEM", "close(plane 1, 7)", "close(vm)"} <= set(written(plot("29")))


def test_occupancy_shades_the_time_without_a_vm() -> None:
    freed = next(span for span in data.array(kp.run("09")) if span.word == "freed")
    assert {"absent", "allocated", "freed"} <= set(written(plot("09")))
    _, shade = steps(plot("09"), "no struct kvm")
    assert shade[0] == freed.first - 0.5


def test_what_is_in_no_slot_gets_a_row() -> None:
    rows = labels(plot("29 beyond"))
    assert list(rows)[-1] == "planes[20]"
    assert {y for _, y in marks(plot("29 beyond"), "out-of-bounds (1)")} == {rows["planes[20]"]}
    assert list(labels(plot("09 poisoned")))[-1] == "elsewhere"
    assert "and elsewhere." in plot("09 poisoned").figure.text


def test_legends_name_what_is_drawn() -> None:
    assert legend(plot("09")) == ["no struct kvm", "empty", "live", "in freed memory", "use-after-free (17)"]
    assert legend(plot("09 without a plane")) == ["injected failure", "no struct kvm", "empty", "in freed memory"]
    assert legend(plot("lifetimes 09")) == ["live", "freed", "use-after-free (17)"]
    assert legend(plot("lifetimes rfc")) == ["live", "leaked object (1)"]
    assert legend(plot("one version")) == ["use-after-free (2)", "clean (16)"]


def test_lifetime_bars_are_the_lives() -> None:
    lives = data.lifetimes(kp.run("09"))
    assert steps(plot("lifetimes 09"), "live") == [(life.alloc - 0.5, (life.free or 0) - 0.5) for life in lives]
    middles = [(top + bottom) / 2 for (_, top), (_, bottom) in places(plot("lifetimes 09"), "live")]
    assert dict(zip([life.name for life in lives], middles, strict=True)) == labels(plot("lifetimes 09"))


def test_only_what_comes_after_the_free_is_dotted() -> None:
    life = data.lifetimes(kp.run("09"))[0]
    (dotted,) = (sign for sign in signs(plot("lifetimes 09")) if sign.look.shape == "dots" and sign.word != "_")
    assert {y for place in dotted.places for _, y in place} == {labels(plot("lifetimes 09"))["kvm#1"]}
    assert steps(plot("lifetimes 09"), "freed") == [((life.free or 0) - 0.5, life.defects[-1].index)]
    assert places(plot("lifetimes beyond"), "out-of-bounds (1)")
    assert not places(plot("lifetimes beyond"), "freed")


def test_what_leaks_runs_off_the_edge() -> None:
    ((x, y),) = marks(plot("lifetimes rfc"), "leaked object (1)")
    assert y == labels(plot("lifetimes rfc"))["plane#0"]
    ends = {(top + bottom) / 2: right for (_, top), (right, bottom) in places(plot("lifetimes rfc"), "live")}
    assert x - 5 < ends[y] == max(ends.values()) < x
    assert "leaked" in written(plot("lifetimes rfc"))


def test_occupancy_in_words() -> None:
    assert plot("09").figure.text.splitlines() == [
        "Plane occupancy, version 09: no call fails; 17 use-after-free; steps 0..65.",
        "System calls: KVM_CREATE_VM -> fd 4 (0..26), close(vm) (27..65).",
        "struct kvm: absent 0, allocated 1..42, freed 43..65.",
        "planes[0]: live 7..42.",
        "Never used: planes[1..15].",
        "planes[0..15]: in freed memory 43..65.",
        "use-after-free: 16 reads, 1 write at step 44, 46..61, in planes[0..15].",
    ]
    assert "double-free: 1 free at step" in plot("29").figure.text


def test_lifetimes_in_words() -> None:
    text = plot("lifetimes 09").figure.text
    assert "kvm#1: allocated at 1, freed at 43; 17 use-after-free (16 reads, 1 write)." in text
    assert "never freed; leaked." in plot("lifetimes rfc").figure.text


def test_more_than_two_failures_are_counted() -> None:
    slabs = (kp.Failslab(5, times=-1, seed=seed) for seed in range(40))
    traces = [kp.run("29", planes=range(1, 16), fail=slab) for slab in slabs]
    sentences = {len(trace.failed): what_fails(trace) for trace in traces}
    assert sentences[0] == "no call fails"
    assert sentences[1].endswith(" fails with ENOMEM")
    assert sentences[2].count(" fails with ENOMEM") == 2
    assert sentences[3] == "3 calls fail"


def test_an_oops_is_told() -> None:
    assert what_is_wrong(kp.run("09", freed="poisoned")).endswith(", Oops")
    assert "close(vm): Oops" in written(plot("lifetimes Oops"))


@pytest.mark.parametrize("draw", [plot_occupancy, plot_lifetimes])
def test_a_trace_without_steps(draw: Callable[[Trace], Plot]) -> None:
    with pytest.raises(ValueError, match="at least one step"):
        draw(kp.run("09", ops=()))
