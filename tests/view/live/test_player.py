# SPDX-License-Identifier: GPL-2.0-only
"""The player's output: whole, small, the same every time, and readable without its script."""

import base64
import json
import os
import re
import subprocess
import sys
from functools import cache, reduce
from html.parser import HTMLParser
from operator import or_
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.runs.folds import Stop, as_stops
from kvmplanes.view.describe import marks
from kvmplanes.view.heap import heap_room, heap_svg
from kvmplanes.view.live.player import BESIDE, player, player_data
from tests.helpers.markup import pictures, stored_in

VOID = {"img", "br"}
TRACES = {
    "teardown": kp.run("09"),
    "unwinding": kp.run("09", fail="kvm_create_plane"),
    "planes": kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 1)", retry=True),
    "before": kp.run("08"),
    "leak": kp.run("09", freed="zeroed"),
    "oops": kp.run("09", freed="poisoned"),
}


class Page(HTMLParser):
    """Reads a piece of HTML, and minds that every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.text.setdefault(tag, []).append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self.open:
            self.text[tag][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def stops(trace: kp.Trace) -> list[Stop]:
    """Each stop, and behind each fold the steps in it, as they are stored."""
    return [
        told
        for stop in as_stops(trace.steps)
        for told in (stop, *(Stop((step,)) for step in stop.steps if stop.is_fold))
    ]


@cache
def whole(name: str) -> str:
    return player(TRACES[name]).html


@pytest.fixture(params=TRACES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def trace(name: str) -> kp.Trace:
    return TRACES[name]


@pytest.fixture
def html(name: str) -> str:
    return whole(name)


def test_the_bundle_is_html_and_a_short_text() -> None:
    bundle = player(TRACES["teardown"], start=44)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"].splitlines() == [
        "version 09: KVM_CREATE_VM, close(vm)",
        f"66 steps, 17 defects; step 44 of 65, close(vm), use: {TRACES['teardown'].steps[44].text}",
    ]


def test_nothing_is_fetched_from_elsewhere(html: str) -> None:
    assert set(re.findall(r"\w+://[^\"'\s]*", html)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<link|\bimport\b|\bfetch\b|url\((?!#)", html)


def test_every_step_is_there(trace: kp.Trace, html: str) -> None:
    data = stored_in(html)
    single = [(step["n"], step["text"]) for step in data["steps"] if "to" not in step]
    assert single == [(s.index, s.text) for s in trace.steps]
    assert [int(item["value"] or -1) for item in Page(html).all("li") if "value" in item] == [
        s.index for s in trace.steps
    ]
    assert data["last"] == len(trace.steps) - 1
    for stop, text in zip(stops(trace), Page(html).text["li"], strict=True):
        assert stop.text in text
        assert (stop.defect or "") in text


def test_what_a_loop_repeats_is_one_stop_before_its_steps(trace: kp.Trace, html: str) -> None:
    told = [(step["n"], step.get("to", step["n"]), step["text"]) for step in stored_in(html)["steps"]]
    assert told == [(stop.first.index, stop.last.index, stop.text) for stop in stops(trace)]
    folds = [stop for stop in stops(trace) if stop.is_fold]
    bad = [f"✗\N{NO-BREAK SPACE}{stop.defect} " if stop.defect else "" for stop in folds]
    wanted = [f"{stop.number}. {word}{stop.text}" for stop, word in zip(folds, bad, strict=True)]
    assert Page(html).text["summary"][1:] == wanted


def test_a_start_at_a_fold_shows_it_and_one_inside_it_the_step() -> None:
    posted = TRACES["teardown"]
    for start, words in ((47, "steps 47 to 61 of 65, close(vm), use: kvm#1->planes[1] to planes[15]"),
                         (50, "step 50 of 65, close(vm), use: kvm#1->planes[4] is read")):  # fmt: skip
        view = player(posted, start=start)
        assert words in view.text
        assert words.partition(", ")[0].capitalize() in Page(view.html).text["figcaption"][0]
        assert stored_in(view.html)["start"] == start


def test_left_out_steps_are_owned_up_to() -> None:
    page = Page(player(TRACES["teardown"], only="planes").html)
    assert page.text["summary"][0] == "25 of 66 steps in words"
    assert "These are the steps that matter to planes; the numbers of the others are missing." in page.text["p"]
    assert page.text["p"] != Page(whole("teardown")).text["p"]


def test_every_picture_survives_its_packing(trace: kp.Trace, html: str) -> None:
    moments = [
        (stop.last.state, {place: mark for step in stop.steps for place, mark in marks(step).items()})
        for stop in stops(trace)
    ]
    room = reduce(or_, (heap_room(state, changed=touched, width=BESIDE) for state, touched in moments))
    swap = str.maketrans("\"'", "'\"")
    for (state, touched), drawn in zip(moments, pictures(stored_in(html)), strict=True):
        wanted = heap_svg(state, changed=touched, title="Heap after this step", room=room, width=BESIDE)
        bare = re.sub(r"<style>.*?</style>", "", wanted)  # the script has it once
        assert drawn.translate(swap) == re.sub(r"\bk[0-9a-f]{8}-", "k-", bare)


def test_without_its_script_it_shows_the_first_picture_and_all_sentences(trace: kp.Trace) -> None:
    step = trace.steps[4]
    page = Page(player(trace, start=4).html)
    (image,) = page.all("img")
    kind, _, code = (image["src"] or "").partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert "<svg" in base64.b64decode(code).decode()
    assert step.text in (image["alt"] or "")
    (caption,) = page.text["figcaption"]
    assert f"Step 4 of {len(trace.steps) - 1}, {step.op}, {step.subgoal}" in caption
    frame = next(frame for frame in step.stack if frame.function in ("kvm_create_plane", "kvm_create_vm"))
    assert f"{frame.file}:{frame.lineno} {frame.function}: {frame.line}" in caption
    assert step.text in caption
    assert page.text["summary"][:1] == [f"All {len(trace.steps)} steps in words"]


def test_a_notebook_with_three_stays_small() -> None:
    sizes = [len(json.dumps(whole(name).splitlines(keepends=True))) for name in ("teardown", "planes", "leak")]
    assert sizes[0] < 120_000
    assert sum(sizes) < 400_000


def test_the_bytes_are_the_same_in_every_process() -> None:
    script = (
        "import hashlib, kvmplanes as kp; from kvmplanes.view.live.player import player;"
        "print(hashlib.sha256(player(kp.run('09'), only='planes').html.encode()).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1]


def test_players_differ_in_their_ids() -> None:
    made = [*map(whole, TRACES), player(TRACES["planes"], only="planes").html]
    ids = [Page(html).all("div")[0]["id"] for html in made]
    assert len(set(ids)) == len(ids)
    assert ids == [stored_in(html)["id"] for html in made]


def test_only_planes_keeps_what_matters_to_planes() -> None:
    data = stored_in(player(TRACES["teardown"], only="planes").html)
    kept = [step["n"] for step in data["steps"] if "aside" not in step]
    assert kept == [1, 4, 5, 6, 7, 26, *range(43, 48), *range(47, 62)]
    assert data["last"] == 65


def test_only_planes_has_the_other_steps_aside(trace: kp.Trace, html: str) -> None:
    data = stored_in(player(trace, only="planes").html)
    assert pictures(data) == pictures(stored_in(html))
    assert [step["text"] for step in data["steps"]] == [step["text"] for step in stored_in(html)["steps"]]
    kept = [step for step in data["steps"] if "aside" not in step]
    shown = player_data(trace, only="planes")
    assert [step["text"] for step in kept] == [step["text"] for step in shown["steps"]]
    assert not any("aside" in step for step in shown["steps"])


def test_only_planes_loses_no_defect_and_no_failure(trace: kp.Trace) -> None:
    told = stored_in(player(trace, only="planes").html)["steps"]
    kept = {step["n"] for step in told if "aside" not in step}
    assert {defect.step for defect in trace.defects} <= kept
    for step in trace.steps:
        if step.what in ("fail", "goto", "label", "return", "oops") or "plane" in step.field:
            assert step.index in kept
        if step.what == "alloc" and step.obj.startswith(("srcu", "bus", "arch", "file")):
            assert step.index not in kept


def test_it_starts_where_it_is_told() -> None:
    teardown = TRACES["teardown"]
    assert stored_in(player(teardown, start=65).html)["start"] == 65
    assert stored_in(player(teardown, start="defect").html)["start"] == teardown.defects[0].step == 44
    assert stored_in(player(teardown, start=8, only="planes").html)["start"] == 26  # the next one that is shown
    assert stored_in(player(teardown, start=62, only="planes").html)["start"] == 61  # or the last


@pytest.mark.parametrize("start", [-1, 66, 1.5, True, "44", None])
def test_a_bad_start_names_what_is_allowed(start: Any) -> None:
    with pytest.raises(ValueError, match="start must be a step 0 to 65 or 'defect', not"):
        player(TRACES["teardown"], start=start)


def test_a_clean_run_has_no_defect_to_start_at() -> None:
    with pytest.raises(ValueError, match="this run has no defect; start must be a step 0 to"):
        player(TRACES["unwinding"], start="defect")


def test_a_bad_filter_names_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="only must be None or one of planes, not 'plane'"):
        player(TRACES["teardown"], only="plane")


def test_what_a_title_says_is_text() -> None:
    title = "</script><!-- & <b>bold"
    html = player(TRACES["unwinding"], title=title).html
    assert html.count("</script>") == 2
    assert "<!-- &" not in html
    assert stored_in(html)["title"] == title
    assert Page(html).text["figcaption"][0].startswith(title)


def test_a_readers_own_function_is_listed() -> None:
    own = "static void kvm_destroy_planes(struct kvm *kvm)\n{\n    (void)kvm;\n}\n"
    trace = kp.run(kp.VERSIONS["11"].replace(own))
    data = stored_in(player(trace, start="defect").html)
    assert [step["bad"] for step in data["steps"] if step["n"] == data["start"]] == ["leak"]
    assert data["title"].startswith("version 11+:")
