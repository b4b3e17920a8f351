# SPDX-License-Identifier: GPL-2.0-only
"""Marks lead to the steps that they name, and what is packed for the player is what the player would have alone."""

import base64
import json
import re
import zlib
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.runs.shown import bundle
from kvmplanes.runs.trace import Trace
from kvmplanes.view.live.jump import Leading, compressed, mark, steps_marked
from kvmplanes.view.live.player import player_data
from kvmplanes.view.page.html import Html
from kvmplanes.view.page.script import quoted
from tests.helpers.markup import pictures

RUNS: dict[str, tuple[Trace, ...]] = {
    "one": (kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 3)", retry=True),),
    "paths": tuple(path.trace for path in kp.certify("09").paths),
    "versions": (kp.run("09"), kp.run("rfc"), kp.run("09", freed="poisoned")),
}


def unpacked(text: str) -> list[dict[str, Any]]:
    """As jump.js does it."""
    data = json.loads(zlib.decompress(base64.b64decode(text)))
    runs, parts = data.pop("runs"), data.pop("parts")
    return [{**run, "parts": parts, **{name: [data[name][at] for at in run[name]] for name in data}} for run in runs]


@pytest.mark.parametrize("runs", RUNS.values(), ids=RUNS)
def test_a_player_has_of_packed_runs_what_it_has_of_one(runs: tuple[Trace, ...]) -> None:
    for trace, data in zip(runs, unpacked(compressed(runs)), strict=True):
        alone = json.loads(quoted(player_data(trace)))
        assert pictures(data) == pictures(alone)
        for name in ("title", "last", "start", "size", "functions", "stacks"):
            assert data[name] == alone[name]
        bare = [
            [{key: value for key, value in step.items() if key != "changes"} for step in told["steps"]]
            for told in (data, alone)
        ]
        assert bare[0] == bare[1]


def test_paths_that_are_alike_share_what_they_have() -> None:
    """The 18 paths of 09, for a notebook that stays below 500 kB."""
    alone = [compressed([trace]) for trace in RUNS["paths"]]
    together = compressed(RUNS["paths"])
    assert together == compressed(RUNS["paths"])
    assert len(together) < sum(map(len, alone)) / 4
    assert len(together) < 45_000


def test_a_mark_is_nothing_but_an_attribute() -> None:
    assert mark(44, "<b>read</b>") == '<span data-kvmplanes-step="44"><b>read</b></span>'
    assert mark(3, "a", 2, 'the "run"') == (
        '<span data-kvmplanes-step="3" data-kvmplanes-run="2" title="the &quot;run&quot;">a</span>'
    )
    assert steps_marked("<at step 7>") == '&lt;at <span data-kvmplanes-step="7">step 7</span>&gt;'


def test_a_view_shows_itself_with_its_runs_and_reads_as_before_without_scripts() -> None:
    view = Leading(f"<p>{mark(44, 'read')}</p>", "read", (kp.run("09"),))
    shown = bundle(view)
    assert shown["text/plain"] == "read"
    assert shown["text/html"].count("data-kvmplanes-runs=") == 1
    bare = re.sub(r"<script>.*</script>|</?div[^>]*>|</?span[^>]*>", "", shown["text/html"], flags=re.DOTALL)
    assert bare == "<p>read</p>"
    assert bundle(Leading("<p>read</p>", "read", ())) == bundle(Html("<p>read</p>", "read"))


@pytest.mark.parametrize("fail", [None, "kvm_create_plane"])
def test_a_run_shows_its_verdict_and_leads_to_its_first_defect(fail: str | None) -> None:
    trace = kp.run("09", fail=fail)
    shown = trace._repr_mimebundle_()
    assert shown["text/plain"] == repr(trace)
    marks = re.findall(r'data-kvmplanes-step="(\d+)"', shown["text/html"].partition("<script>")[0])
    assert marks == [str(defect.step) for defect in trace.defects[:1]]
    told = "✗\u00a0use-after-free" if trace.defects else "✓\u00a0clean"
    assert told in shown["text/html"]
    assert trace.scenario in shown["text/html"]
