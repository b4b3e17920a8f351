# SPDX-License-Identifier: GPL-2.0-only
"""Every plot: readable, light, the same bytes, and its words."""

import base64
import html
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from matplotlib.colors import to_hex

import kvmplanes as kp
from kvmplanes.runs.trace import Trace
from kvmplanes.view.page.style import PAPER, contrast
from kvmplanes.view.plots import Plot, describe, plot_lifetimes, plot_occupancy, plot_paths, plot_runs
from tests.helpers.drawn import LATE, PLOTS, plot, written


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
    at = "anon_inode_getfile(plane"
    told = "".join(
        f"; {at} {row}: double-free" for row in ("1)", "1), program ids", "15), program ids", "1), program exit")
    )
    assert f"on 11, as posted{told}." in plot("paths").text


def test_more_than_two_failures_are_counted() -> None:
    slabs = (kp.Failslab(5, times=-1, seed=seed) for seed in range(40))
    traces = [kp.run("29", planes=range(1, 16), fail=slab) for slab in slabs]
    told = {len(trace.failed): describe.failures(trace) for trace in traces}
    assert told[0] == "no call fails"
    assert told[1].endswith(" fails with ENOMEM")
    assert told[2].count(" fails with ENOMEM") == 2
    assert told[3] == "3 calls fail"


def test_an_oops_is_told() -> None:
    trace = kp.run("09", freed="poisoned")
    assert describe.verdict(trace).endswith(", Oops")
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
