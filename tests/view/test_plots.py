# SPDX-License-Identifier: GPL-2.0-only
"""The plots: their data against the traces, their artists against the data, their bytes against themselves."""

import base64
import html
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from itertools import combinations
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch

import kvmplanes as kp
from kvmplanes.explore import OUTCOMES
from kvmplanes.trace import Trace
from kvmplanes.view.plots import Plot, data, plot_lifetimes, plot_occupancy, plot_paths, plot_runs, words
from kvmplanes.view.plots.sheet import SHAPES
from kvmplanes.view.style import BAD, LIVE, PAPER, contrast

LATE = "anon_inode_getfile(plane 3)"


@cache
def dangling() -> Trace:
    return kp.run("29", planes=(1, 3, 7), fail=LATE)


@cache
def many(version: str, probability: int, runs: int = 12) -> list[Trace]:
    planes = (1, 3, 7) if version == "29" else ()
    slabs = (kp.Failslab(probability, times=-1, seed=seed) for seed in range(runs))
    return [kp.run(version, planes=planes, fail=slab) for slab in slabs]


def beyond() -> Trace:
    """A reader's own kvm_create_plane, which misses the array."""
    missed = """
def kvm_create_plane(k, kvm, plane_level):
    plane = k.kzalloc(struct_kvm_plane, plane_level)
    kvm.planes[plane_level + 20] = plane
    return plane
"""
    return kp.run(kp.VERSIONS["11"].replace(kvm_create_plane=missed), fail=None)


PLOTS: dict[str, Callable[[], Plot]] = {
    "09": lambda: plot_occupancy(kp.run("09")),
    "09 without a plane": lambda: plot_occupancy(kp.run("09", fail="kvm_create_plane")),
    "09 without a VM": lambda: plot_occupancy(kp.run("09", fail="get_unused_fd_flags")),
    "09 zeroed": lambda: plot_occupancy(kp.run("09", freed="zeroed")),
    "29": lambda: plot_occupancy(dangling()),
    "29 retried": lambda: plot_occupancy(kp.run("29", planes=(1, 3, 7), fail=LATE, retry=True)),
    "29 full": lambda: plot_occupancy(kp.run("29", planes=range(1, 16), fail="anon_inode_getfile(plane 9)")),
    "29 failslab": lambda: plot_occupancy(kp.run("29", planes=(1, 2, 3, 4), fail=kp.Failslab(5, times=-1, seed=3))),
    "09 poisoned": lambda: plot_occupancy(kp.run("09", freed="poisoned")),
    "two VMs": lambda: plot_occupancy(kp.run("09", ops=("KVM_CREATE_VM", "close(vm)", "KVM_CREATE_VM", "close(vm)"))),
    "29 beyond": lambda: plot_occupancy(beyond()),
    "lifetimes 09": lambda: plot_lifetimes(kp.run("09")),
    "lifetimes without objects": lambda: plot_lifetimes(kp.run("09", fail="get_unused_fd_flags"), references=True),
    "lifetimes 29": lambda: plot_lifetimes(dangling(), references=True),
    "lifetimes rfc": lambda: plot_lifetimes(kp.run("rfc")),
    "lifetimes Oops": lambda: plot_lifetimes(kp.run("09", freed="poisoned"), references=True),
    "lifetimes beyond": lambda: plot_lifetimes(beyond()),
    "runs": lambda: plot_runs(many("29", 5)),
    "groups": lambda: plot_runs({f"probability {p} %": many("09", p) for p in (2, 10, 30)}),
    "one run": lambda: plot_runs({"all": [kp.run("09")], "none": [kp.run("09", fail=1)]}),
    "paths": lambda: plot_paths([kp.certify(version) for version in kp.VERSIONS]),
    "one version": lambda: plot_paths([kp.certify("09")]),
    "many versions": lambda: plot_paths([kp.certify("29")] * 10),
}


@cache
def plot(name: str) -> Plot:
    return PLOTS[name]()


def shape(plotted: Plot, word: str) -> PathPatch:
    found = [patch for patch in plotted.figure.axes[0].patches if patch.get_label() == word]
    assert len(found) == 1, f"{len(found)} shapes say {word!r}"
    assert isinstance(found[0], PathPatch)
    return found[0]


def boxes(plotted: Plot, word: str) -> list[tuple[float, float, float, float]]:
    """(left, right, top, bottom) of every box of a meaning."""
    corners = shape(plotted, word).get_path().vertices.reshape(-1, 5, 2)
    return [(*box[:, 0][[0, 1]], *box[:, 1][[0, 2]]) for box in corners]


def points(plotted: Plot, word: str) -> list[tuple[float, float]]:
    lines = [line for line in plotted.figure.axes[0].lines if line.get_label() == word]
    return [(x, y) for line in lines for x, y in zip(*line.get_data(), strict=True)]


def row_labels(plotted: Plot) -> dict[str, float]:
    axis = plotted.figure.axes[0].yaxis
    return {label.get_text(): y for label, y in zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)}


def legend(plotted: Plot) -> list[str]:
    return [text.get_text() for text in plotted.figure.legends[0].get_texts()]


def written(plotted: Plot) -> list[str]:
    return [text.get_text() for text in plotted.figure.axes[0].texts]


# -- data ------------------------------------------------------------------------------------------------


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
    assert set(after[:2]) == {"kvm_create_plane(kvm, 0)", "kvm_create_vm_plane"}
    assert rows[-1] == data.NOTHING_FAILS


def test_paths_leave_out_what_a_version_lacks() -> None:
    certificates = [kp.certify(version) for version in ("08", "09", "29")]
    table = data.paths(certificates)
    assert [path is None for path in table["kvm_create_plane(kvm, 0)"]] == [True, False, False]
    assert [path is None for path in table["kvm_create_plane(kvm, 1)"]] == [True, True, False]
    for x, certificate in enumerate(certificates):
        assert {row[x] for row in table.values()} - {None} == set(certificate.paths)


# -- artists ---------------------------------------------------------------------------------------------


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


# -- every plot: readable, light, and the same bytes ---------------------------------------------------------


@pytest.mark.parametrize("name", PLOTS)
def test_words_are_inside_and_apart(name: str) -> None:
    figure = plot(name).figure
    figure.draw_without_rendering()
    axes = figure.axes[0]
    texts = [*axes.texts, *axes.get_yticklabels(), *axes.get_xticklabels(), axes.xaxis.label]
    texts += figure.legends[0].get_texts() if figure.legends else []
    shown = {text: text.get_window_extent() for text in texts if text.get_text()}
    low, high = axes.get_xlim()
    for label, x in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True):
        if not low <= x <= high:
            shown.pop(label, None)
    for text, box in shown.items():
        assert box.x0 >= -0.5, f"{text.get_text()} begins left of the figure"
        assert box.y0 >= -0.5, f"{text.get_text()} ends below the figure"
        assert box.x1 <= figure.bbox.width + 0.5, f"{text.get_text()} ends right of the figure"
        assert box.y1 <= figure.bbox.height + 0.5, f"{text.get_text()} begins above the figure"
    for (a, box), (b, other) in combinations(shown.items(), 2):
        wide = min(box.x1, other.x1) - max(box.x0, other.x0)
        high = min(box.y1, other.y1) - max(box.y0, other.y0)
        assert min(wide, high) < 2.5, f"{a.get_text()!r} and {b.get_text()!r} overlap"


@pytest.mark.parametrize("name", PLOTS)
def test_words_have_contrast(name: str) -> None:
    axes = plot(name).figure.axes[0]
    for text in [*axes.texts, *axes.get_yticklabels()]:
        assert contrast(to_hex(text.get_color()), PAPER) >= 4.5, text.get_text()


@pytest.mark.parametrize("name", PLOTS)
def test_svg_is_light_and_made_of_shapes_and_words(name: str) -> None:
    svg = plot(name).svg
    tree = ET.fromstring(svg)  # noqa: S314 - our own
    kinds = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert "text" in kinds
    assert "image" not in kinds
    assert len(svg) < 60_000
    assert not re.search(r"\b20\d\d-\d\d-\d\d", svg), "a date"


@pytest.mark.parametrize("name", PLOTS)
def test_html_is_an_image_with_words(name: str) -> None:
    bundle = plot(name)._repr_mimebundle_(include=None, exclude=None)
    assert list(bundle) == ["text/html", "text/plain"]
    source = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', bundle["text/html"])
    alt = re.search(r'alt="([^"]+)"', bundle["text/html"])
    assert source
    assert base64.b64decode(source[1]).decode() == plot(name).svg
    assert alt
    assert html.unescape(alt[1]) == bundle["text/plain"].replace("\n", " ")


def test_occupancy_in_words() -> None:
    assert plot("09").text.splitlines() == [
        "Plane occupancy, version 09: no call fails; 17 use-after-free; steps 0..65.",
        "System calls: KVM_CREATE_VM -> fd 4 (0..26), close(vm) (27..65).",
        "struct kvm: absent 0, allocated 1..42, freed 43..65.",
        "planes[0]: live 7..42, dangling 43..45.",
        "Never used: planes[1..15].",
        "use-after-free: 16 reads, 1 write at step 44, 46..61, in planes[0..15].",
    ]
    assert "double-free: 1 free at step" in plot("29").text


def test_lifetimes_in_words() -> None:
    assert "kvm#1: allocated at 1, freed at 43; 17 use-after-free (16 reads, 1 write)." in plot("lifetimes 09").text
    assert "never freed; leaked." in plot("lifetimes rfc").text
    assert "fd: at most 3, 0 at the end." in plot("lifetimes 29").text


def test_runs_and_paths_in_words() -> None:
    assert plot("runs").text.startswith("All runs: 12 runs, ")
    assert plot("groups").text.count("First failing call") == 3
    assert len(plot("paths").text.splitlines()) == len(kp.VERSIONS)
    assert "anon_inode_getfile(plane 1): double-free." in plot("paths").text


def test_more_than_two_failures_are_counted() -> None:
    slabs = (kp.Failslab(5, times=-1, seed=seed) for seed in range(40))
    traces = [kp.run("29", planes=range(1, 16), fail=slab) for slab in slabs]
    told = {len(trace.failed): words.failures(trace) for trace in traces}
    assert told[0] == "no call fails"
    assert told[1].endswith(" fails with ENOMEM")
    assert told[2].count(" fails with ENOMEM") == 2
    assert told[3] == "3 calls fail"


def test_an_oops_is_told() -> None:
    trace = kp.run("09", freed="poisoned")
    assert words.verdict(trace).endswith(", Oops")
    assert "close(vm): Oops" in written(plot("lifetimes Oops"))


def test_same_bytes_whatever_the_reader_has_set() -> None:
    again = PLOTS["29"]()
    before = dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 20, "svg.fonttype": "path", "lines.linewidth": 5, "axes.grid": True}):
        assert PLOTS["29"]().svg == again.svg == plot("29").svg
    assert dict(mpl.rcParams) == before


def test_same_bytes_in_another_process_and_no_pyplot() -> None:
    script = (
        "import sys, kvmplanes as kp; from kvmplanes.view.plots import plot_occupancy\n"
        f"print(plot_occupancy(kp.run('29', planes=(1, 3, 7), fail={LATE!r})).svg, end='')\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == plot("29").svg
    assert result.stderr == ""


@pytest.mark.parametrize("draw", [plot_occupancy, plot_lifetimes])
def test_a_trace_without_steps(draw: Callable[[Trace], Plot]) -> None:
    with pytest.raises(ValueError, match="at least one step"):
        draw(kp.run("09", ops=()))


@pytest.mark.parametrize("traces", [[], {}, {"probability 5 %": []}, {"a": [kp.run("09")], "b": []}])
def test_no_runs(traces: list[Trace] | dict[str, list[Trace]]) -> None:
    with pytest.raises(ValueError, match="at least one trace"):
        plot_runs(traces)


def test_no_certificates() -> None:
    with pytest.raises(ValueError, match="at least one certificate"):
        plot_paths([])
