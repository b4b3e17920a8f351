# SPDX-License-Identifier: GPL-2.0-only
"""How the failure picker is laid out, which moment it shows, and what of it a saved notebook holds."""

import html
from collections.abc import Callable

import pytest

import kvmplanes as kp
from kvmplanes.runs import unwinding
from kvmplanes.view.heap import NARROW
from kvmplanes.view.ladder import ACROSS, ladder_svg
from kvmplanes.view.live.failures import picker
from kvmplanes.view.live.pictures import GAP, NO_REPORT, NOT_FILLED, moment
from kvmplanes.view.page.svg import FOLLOWING


@pytest.mark.parametrize(
    ("run", "what"),
    [
        (lambda: kp.run("09"), "read"),
        (lambda: kp.run("rfc"), "leak"),
        (lambda: kp.run("09", fail=4), "fail"),
        (lambda: kp.run("09", fail="anon_inode_getfile"), "read"),
        (lambda: kp.run("11"), "return"),
        (lambda: kp.run("29", planes=(1, 3)), "return"),
    ],
    ids=["09", "rfc", "unwound", "torn down", "clean", "planes"],
)
def test_the_heap_is_shown_where_it_matters(run: Callable[[], kp.Trace], what: str) -> None:
    trace = run()
    step = trace.steps[moment(trace)]
    assert step.what == what
    assert bool(step.defect) == bool(trace.defects)
    if what == "return":
        assert trace.steps[step.index + 1].op.startswith("close")


def test_beside_the_widget_stands_what_a_file_shows() -> None:
    shown = picker("09", fail="kvm_create_plane")
    bundle = shown._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert bundle["text/html"].startswith(
        '<div data-kvmplanes-choices="failures" data-key="09-n3"><p><em>Failure picker.'
    )
    assert shown.still().html in bundle["text/html"]
    assert bundle["text/plain"].startswith("Failure picker. Run this cell")
    assert "KVM_CREATE_VM returns ENOMEM" in bundle["text/plain"]


def test_the_first_frame_needs_no_script_and_no_svg_element() -> None:
    """What an untrusted notebook and a code host leave of it: images, words, plain styles."""
    still = picker("09").saved().html.replace(FOLLOWING, "")  # without it, images follow the system's theme
    assert still.count("<img ") == still.count(' alt="') == still.count("data:image/svg+xml") == 2
    for dropped in ("<script", "<svg", "<style", "class=", "jupyter", "widget"):
        assert dropped not in still.lower()


def test_the_first_frame_is_the_same_every_time() -> None:
    again = [picker("29", planes=(1, 3), fail=n).saved() for n in (22, 22)]
    assert again[0] == again[1]


def test_every_control_says_what_it_does() -> None:
    fields = [field for box in picker("09").children[1:3] for field in box.children]
    words = [field.children[1].value for field in fields]
    assert len(set(words)) == len(fields) == 7, "all but the two that every choice has"
    assert all(10 < len(word) < 70 and word.endswith(".") for word in words)
    assert [field.children[0].tooltip for field in fields] == [html.unescape(word) for word in words]


def test_slots_and_report_are_shown_on_demand_and_stay() -> None:
    shown = picker("09")
    hidden = (shown.occupancy, shown.report)
    assert [view.layout.display for view in hidden] == ["none", "none"]
    assert [view.value for view in hidden] == ["", ""], "what is hidden is not drawn"
    shown.slots.value = shown.reports.value = True
    shown.version.value = "08"
    assert [view.layout.display for view in hidden] == [None, None]
    assert NOT_FILLED in shown.occupancy.value
    assert NO_REPORT in shown.report.value
    shown.slots.value = False
    assert [view.layout.display for view in hidden] == ["none", None]


def test_pictures_are_beside_each_other_where_a_page_of_the_site_has_752_pixels() -> None:
    shown = picker("09")
    least = [int(view.layout.flex.split()[-1].removesuffix("px")) for view in (shown.ladder, shown.heap)]
    assert least == [ACROSS, NARROW], "their own size, in which no text is small"
    assert sum(least) + GAP == 752


def test_the_whole_ladder_is_shown_on_demand_and_stays() -> None:
    shown = picker("09", fail="kvm_create_plane")
    assert "14 more calls, not reached" in shown.ladder.value
    shown.whole.value = True
    shown.call.value = "kvm_arch_alloc_vm"
    assert ladder_svg(unwinding.ladder(shown.trace), whole=True) in shown.ladder.value
    shown.whole.value = False
    assert "16 more calls, not reached" in shown.ladder.value
