# SPDX-License-Identifier: GPL-2.0-only
"""Which moment the failure picker shows, and what of it a saved notebook holds."""

from collections.abc import Callable

import pytest

import kvmplanes as kp
from kvmplanes.view.live.failures import moment, picker


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
    html = picker("09").saved().html
    assert html.count("<img ") == html.count(' alt="') == html.count("data:image/svg+xml") == 2
    for dropped in ("<script", "<svg", "<style", "class=", "jupyter", "widget"):
        assert dropped not in html.lower()


def test_the_first_frame_is_the_same_every_time() -> None:
    again = [picker("29", planes=(1, 3), fail=n).saved() for n in (22, 22)]
    assert again[0] == again[1]
