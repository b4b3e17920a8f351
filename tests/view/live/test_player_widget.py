# SPDX-License-Identifier: GPL-2.0-only
"""The player as a widget: the same as on a page, and moved from Python."""

import json

import pytest

import kvmplanes as kp
from kvmplanes.view.live.player import player
from kvmplanes.view.live.widgets import player_widget
from tests.helpers.markup import stored_in

TEARDOWN = kp.run("09")
UNWINDING = kp.run("09", fail="kvm_create_plane")
PLANES = kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 1)", retry=True)


def test_the_widget_is_a_widget_alone() -> None:
    bundle = player_widget(UNWINDING)._repr_mimebundle_()
    kinds = bundle[0] if isinstance(bundle, tuple) else bundle
    assert kinds is not None
    assert set(kinds) == {"application/vnd.jupyter.widget-view+json", "text/plain"}


def test_the_widget_and_the_page_show_the_same() -> None:
    html = player(PLANES, start="defect").html
    widget = player_widget(PLANES, start="defect")
    assert json.loads(json.dumps(widget.data)) == stored_in(html)
    bundle, _, _ = str(widget._esm).rpartition("export default")
    assert bundle in html


def test_the_widget_is_moved_from_python() -> None:
    widget = player_widget(TEARDOWN, start="defect")
    seen: list[int] = []
    widget.observe(lambda change: seen.append(change["new"]), names="value")
    assert widget.value == 44
    widget.value = 45
    widget.value = 0
    assert seen == [45, 0]


def test_the_widget_stays_on_what_it_shows() -> None:
    widget = player_widget(TEARDOWN, only="planes")
    assert widget.value == 1
    widget.value = 8
    assert widget.value == 26
    with pytest.raises(ValueError, match="value 66: the run has steps 0 to 65"):
        widget.value = 66
    assert widget.value == 26


def test_the_widget_takes_another_run() -> None:
    widget = player_widget(TEARDOWN, start="defect")
    widget.show(UNWINDING, only="planes")
    assert widget.value == widget.data["steps"][0]["n"]
    assert widget.data["last"] == len(UNWINDING.steps) - 1
    widget.show(PLANES, start=len(PLANES.steps) - 1)
    assert widget.value == len(PLANES.steps) - 1
