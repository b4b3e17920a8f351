# SPDX-License-Identifier: GPL-2.0-only
"""What each plot draws, against its data."""

import pytest
from matplotlib.colors import to_hex

import kvmplanes as kp
from kvmplanes.runs.certificate import OUTCOMES
from kvmplanes.view.page.style import BAD, LIVE
from kvmplanes.view.plots import data
from kvmplanes.view.plots.sheet import SHAPES
from tests.helpers.drawn import boxes, dangling, legend, many, plot, points, row_labels, shape, written


def test_occupancy_colours_and_hatch() -> None:
    plotted = plot("29")
    assert to_hex(shape(plotted, "live").get_facecolor()) == LIVE.fill.lower()
    assert to_hex(shape(plotted, "dangling").get_edgecolor()) == BAD.line.lower()
    assert shape(plotted, "dangling").get_hatch()
    assert not shape(plotted, "live").get_hatch()


@pytest.mark.parametrize("word", ["empty", "live", "dangling"])
def test_occupancy_boxes_are_the_spans(word: str) -> None:
    rows = data.slots(dangling())
    expected = [(s.first - 0.5, s.last + 0.5) for row in rows for s in row if s.word == word]
    assert [box[:2] for box in boxes(plot("29"), word)] == expected


def test_occupancy_has_16_rows_and_slot_0_on_top() -> None:
    assert len({box[2] for box in boxes(plot("29"), "empty")}) == 16
    labels = row_labels(plot("29"))
    assert list(labels) == [
        "struct kvm", "planes[0]", "planes[1]", "planes[2]", "planes[3]", "planes[4..6]", "planes[7]", "planes[8..15]",
    ]  # fmt: skip
    assert list(labels.values()) == sorted(labels.values())
    bottom, top = plot("29").figure.axes[0].get_ylim()
    assert bottom > top, "y runs down"


def test_rows_of_unused_slots_are_low() -> None:
    heights = {round(box[3] - box[2]) for box in boxes(plot("09"), "empty")}
    (live,) = boxes(plot("09"), "live")
    assert len(heights) == 2
    assert round(live[3] - live[2]) == max(heights) > 2 * min(heights)


def test_occupancy_marks_every_access_after_free() -> None:
    found = points(plot("09"), "use-after-free (17)")
    assert [x for x, _ in found] == [defect.step for defect in kp.run("09").defects]
    reads = [y for _, y in found[2:]]
    assert reads == sorted(set(reads)), "the loop over the slots walks down"


def test_occupancy_shows_calls_and_failures() -> None:
    (failed,) = (step.index for step in dangling().steps if step.what == "fail")
    assert [x for x, _ in points(plot("29"), "injected failure")] == [failed]
    assert {"KVM_CREATE_VM", "KVM_CREATE_PLANE 3: ENOMEM", "close(plane 1, 7)", "close(vm)"} <= set(written(plot("29")))


def test_occupancy_shades_the_time_without_a_vm() -> None:
    span = next(span for span in data.array(kp.run("09")) if span.word == "freed")
    assert {"absent", "allocated", "freed"} <= set(written(plot("09")))
    shades = [p for p in plot("09").figure.axes[0].patches if p.get_label() == "no struct kvm"]
    starts = {patch.get_path().vertices[:, 0].min() for patch in shades}
    assert span.first - 0.5 in starts
    assert len(shades) == 2


def test_a_slot_beyond_the_array_gets_a_row() -> None:
    labels = row_labels(plot("29 beyond"))
    assert list(labels)[-1] == "planes[20]"
    assert {y for _, y in points(plot("29 beyond"), "out-of-bounds (1)")} <= {labels["planes[20]"]}


def test_what_belongs_to_no_slot_stands_elsewhere() -> None:
    marks = data.marks(kp.run("09", freed="poisoned"))
    assert [mark.row for mark in marks] == ["planes[0]", "planes[0]", *["elsewhere"] * 4]
    assert list(row_labels(plot("09 poisoned")))[-1] == "elsewhere"
    assert "and elsewhere." in plot("09 poisoned").text


def test_legends_name_what_is_drawn() -> None:
    assert legend(plot("09")) == ["no struct kvm", "empty", "live", "dangling", "use-after-free (17)"]
    assert legend(plot("09 without a plane")) == ["injected failure", "no struct kvm", "empty"]
    assert legend(plot("lifetimes 09")) == ["live", "freed", "use-after-free (17)"]
    assert legend(plot("lifetimes rfc")) == ["live", "leaked object (1)"]
    assert legend(plot("one version")) == ["use-after-free (2)", "clean (16)"]


def test_lifetime_bars_are_the_lives() -> None:
    lives = data.lifetimes(kp.run("09"))
    bars = boxes(plot("lifetimes 09"), "live")
    assert [bar[:2] for bar in bars] == [(x.alloc - 0.5, (x.free or 0) - 0.5) for x in lives]
    labels = row_labels(plot("lifetimes 09"))
    assert list(labels) == [life.name for life in lives]
    middles = [(bar[2] + bar[3]) / 2 for bar in bars]
    assert middles == list(labels.values())


def test_only_what_comes_after_the_free_is_dotted() -> None:
    life = data.lifetimes(kp.run("09"))[0]
    (start, y), (end, _), _ = points(plot("lifetimes 09"), "freed")
    assert (start, end) == ((life.free or 0) - 0.5, life.defects[-1].step)
    assert y == row_labels(plot("lifetimes 09"))["kvm#1"]
    assert points(plot("lifetimes beyond"), "out-of-bounds (1)")
    assert not points(plot("lifetimes beyond"), "freed")


def test_what_leaks_runs_off_the_edge() -> None:
    plotted = plot("lifetimes rfc")
    edge = plotted.figure.axes[0].get_xlim()[1]
    (arrow,) = points(plotted, "leaked object (1)")
    assert arrow[0] > edge
    assert arrow[1] == row_labels(plotted)["plane#0"]
    assert max(bar[1] for bar in boxes(plotted, "live")) == edge
    assert "leaked" in written(plotted)


def test_references_are_as_high_as_their_count() -> None:
    counts = data.references(dangling())["fd"]
    y = row_labels(plot("lifetimes 29"))["fd"]
    bars = [box for box in boxes(plot("lifetimes 29"), "references") if box[2] < y + 7 and box[3] > y]
    heights = [round(bar[3] - bar[2] + 2, 6) for bar in bars]
    held = [int(span.word) for span in data.spans(map(str, counts)) if span.word != "0"]
    assert [height / max(heights) for height in heights] == pytest.approx([n / max(counts) for n in held])
    assert "up to 3" in written(plot("lifetimes 29"))


def test_runs_show_how_far_each_got() -> None:
    traces = many("29", 5)
    runs = data.sorted_runs(traces)
    failed = [call for run in runs for call in run.failed]
    assert len(points(plot("runs"), "injected failure")) == len(failed)
    for outcome in {run.outcome for run in runs}:
        n = sum(run.outcome == outcome for run in runs)
        assert len(points(plot("runs"), f"{outcome} ({n})")) == n
    live = sum(box[1] - box[0] for box in boxes(plot("runs"), "live"))
    assert live == sum(run.live for run in runs)


def test_runs_are_counted_by_call_and_slot() -> None:
    traces = many("29", 5)
    columns = {round(t.get_position()[0]): t for t in plot("runs").figure.axes[0].texts if t.get_rotation() == 90}
    below = [t for t in plot("runs").figure.axes[0].texts if t.get_text().isdigit() and t.get_va() == "center"]
    for text in below:
        x = text.get_position()[0]
        if x in columns:
            call = columns[int(x)].get_text()
            assert int(text.get_text()) == sum(call in dict(trace.failed) for trace in traces)
    slots = [int(text.get_text()) for text in below if text.get_position()[0] not in columns]
    assert sum(slots) == sum(data.run_of(trace).live for trace in traces)
    assert any(text.get_position()[0] in columns for text in below)


def test_groups_of_runs_are_named_and_counted() -> None:
    told = written(plot("groups"))
    for probability in (2, 10, 30):
        assert f"probability {probability} %" in told
        late = sum(bool(trace.defects) for trace in many("09", probability))
        assert not late or f"{late} use-after-free" in told


def test_paths_show_every_outcome() -> None:
    certificates = [kp.certify(version) for version in kp.VERSIONS]
    for outcome in OUTCOMES:
        n = sum(certificate.counts.get(outcome, 0) for certificate in certificates)
        assert len(points(plot("paths"), f"{outcome} ({n})")) == n
    cells = len(data.paths(certificates)) * len(certificates)
    lacking = cells - sum(len(certificate.paths) for certificate in certificates)
    assert len(boxes(plot("paths"), "no such call")) == lacking > 0
    assert shape(plot("paths"), "no such call").get_hatch()
    assert {"09", "29-fixed", "2 of 18 bad", "18 clean", "after free"} <= set(written(plot("paths")))


@pytest.mark.parametrize(("name", "word"), [("paths", "_clean"), ("runs", "_clean")])
def test_headings_stand_above_the_rows(name: str, word: str) -> None:
    top = min(box[2] for box in boxes(plot(name), word))
    headings = [t for t in plot(name).figure.axes[0].texts if t.get_va() == "baseline" and t.get_ha() == "center"]
    assert headings
    assert max(text.get_position()[1] for text in headings) + 3 < top


def test_every_outcome_has_a_shape_of_its_own() -> None:
    assert set(SHAPES) == set(OUTCOMES)
    assert len(set(SHAPES.values())) == len(OUTCOMES)
