# SPDX-License-Identifier: GPL-2.0-only
"""The ladder as a picture: step by step, in words, the same bytes."""

import re

import pytest

import kvmplanes as kp
from kvmplanes.runs.unwinding.match import ladder
from kvmplanes.view.ladder import describe, ladder_picture, ladder_svg, verdict
from tests.helpers.markup import NS, classes, parse


@pytest.mark.parametrize("fail", [None, "kvm_init_irq_routing", "anon_inode_getfile"])
def test_step_by_step_things_are_only_ever_added_and_nothing_moves(fail: str | None) -> None:
    trace = kp.run("09", fail=fail)
    places = []
    before: tuple[int, ...] = (0, 0, 0, 0)
    for step in range(0, len(trace.steps), 3):
        shown, image = ladder(trace, step), ladder_svg(trace, step)
        now = (
            sum(len(rung.keys) for rung in shown.rungs),
            sum(len(rung.undone) for rung in shown.rungs),
            sum(row.reached for row in shown.rows),
            sum(len(row.wrong) for row in shown.rows),
        )
        assert all(a <= b for a, b in zip(before, now, strict=True))
        before = now
        places.append((parse(image).get("viewBox"), re.findall(r'class="m [^"]*">', image)[0]))
    assert len({box for box, _ in places}) == 1
    assert ladder_svg(trace, len(trace.steps) - 1) == ladder_svg(trace)


def test_halfway_things_are_held_and_there_is_no_verdict_yet() -> None:
    trace = kp.run("09", fail="kvm_init_irq_routing")
    halfway = next(step.index for step in trace.steps if step.what == "goto")
    found = classes(parse(ladder_svg(trace, halfway)))
    assert (found["rung held"], found["rung undone"], found["rung failed"]) == (6, 0, 1)
    assert verdict(ladder(trace, halfway)) == ""
    assert "held" in describe(ladder(trace, halfway))


@pytest.mark.parametrize("step", [-1, 1000])
def test_a_step_that_is_not_there_is_refused(step: int) -> None:
    trace = kp.run("09")
    with pytest.raises(ValueError, match=f"steps 0..{len(trace.steps) - 1}"):
        ladder_svg(trace, step)


def test_the_description_tells_both_columns_and_the_verdict() -> None:
    for trace in (kp.run("09"), kp.run("29", planes=(1,), fail="anon_inode_getfile(plane 1)")):
        shown, view = ladder(trace), ladder_picture(trace)
        told = describe(shown)
        assert view.text.endswith(told)
        for rung in shown.rungs:
            assert f"{rung.words} " in told
            assert all(key in told for key in rung.keys)
        assert all(row.words in told for row in shown.rows if row.kind != "heading")
        assert told.endswith(verdict(shown))


def test_the_same_run_gives_the_same_bytes() -> None:
    assert ladder_svg(kp.run("09", fail=4)) == ladder_svg(kp.run("09", fail=4)) != ladder_svg(kp.run("09", fail=5))


def test_nothing_leaves_the_paper() -> None:
    for trace in (kp.run("09"), kp.run("09", fail=16), kp.run("29", planes=tuple(range(1, 16)))):
        root = parse(ladder_svg(trace))
        _, _, width, height = map(float, root.get("viewBox", "").split())
        for text in root.iter(f"{NS}text"):
            assert 0 <= float(text.get("x", "")) <= width
            assert 0 <= float(text.get("y", "")) <= height - 6
