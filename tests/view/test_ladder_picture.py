# SPDX-License-Identifier: GPL-2.0-only
"""The ladder as a picture: a sign for each rung and row, in words, the same bytes."""

import re
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest

import kvmplanes as kp
from kvmplanes.runs.shown import bundle
from kvmplanes.runs.unwinding import Ladder, ladder
from kvmplanes.view.describe import use_of
from kvmplanes.view.ladder import ladder_in_words, ladder_picture, ladder_svg
from kvmplanes.view.page.svg import STYLE
from kvmplanes.view.reached import NOWHERE, reached
from tests.helpers.markup import NS, classes, parse, words

DROPPED = kp.VERSIONS["09"].edit("09 dropped", "+52 left out", ("kvm_create_vm", "kvm_destroy_planes(kvm);", ""))


def of(which: str | kp.Version = "09", **how: object) -> Ladder:
    return ladder(kp.run(which, **how))  # type: ignore[arg-type]


def test_a_failing_call_has_its_signs() -> None:
    image = parse(ladder_svg(of(fail="init_srcu_struct(&kvm->irq_srcu)"), whole=True))
    count = classes(image)
    assert (count["rung undone"], count["rung failed"], count["rung unreached"]) == (5, 1, 12)
    assert (count["label reached"], count["label unreached"]) == (4, 7)
    assert (count["link done"], count["jump"]) == (5, 1)
    assert count["link other"] > 5
    assert "fails with ENOMEM" in words(image)


def test_the_close_of_09_has_a_crossed_link() -> None:
    image = parse(ladder_svg(of()))
    count = classes(image)
    assert (count["row wrong"], count["link wrong"], count["link done"]) == (1, 1, 17)
    assert count["label reached"] + count["label unreached"] == 0
    assert "16 reads and 1 write after free" in words(image)
    assert "Mismatch: kvm_destroy_planes(kvm): 16 reads and 1 write after free." in " ".join(words(image))


def test_what_is_lost_has_a_cross_on_its_rung() -> None:
    image = parse(ladder_svg(of(DROPPED, fail="kvm_init_irq_routing")))
    assert classes(image)["rung lost"] == classes(image)["link lost"] == 1
    assert "plane#0 never freed" in words(image)


@pytest.mark.parametrize("version", [*kp.VERSIONS.values(), DROPPED], ids=str)
def test_each_mismatch_is_crossed(version: kp.Version) -> None:
    for path in kp.certify(version).paths:
        shown = ladder(path.trace)
        count = classes(parse(ladder_svg(shown)))
        assert count["link lost"] == sum(bool(rung.left) for rung in shown.rungs)
        assert count["row wrong"] == sum(bool(row.wrong) for row in shown.rows)


def titles(shown: Ladder) -> dict[str, Element]:
    """What a reader is told who points at a part -> the part."""
    groups = parse(ladder_svg(shown, whole=True)).iter(f"{NS}g")
    return {title.text or "": group for group in groups if (title := group.find(f"{NS}title")) is not None}


@pytest.mark.parametrize("version", [*kp.VERSIONS.values(), DROPPED], ids=str)
def test_rungs_lead_to_their_steps_and_say_what_they_are_for(version: str | kp.Version) -> None:
    for path in kp.certify(version).paths:
        shown = ladder(path.trace)
        assert ladder_picture(shown).runs == (path.trace,)
        rungs = {told: group for told, group in titles(shown).items() if group.get("class", "").startswith("rung")}
        assert len(rungs) == len(shown.rungs)
        for rung, (told, group) in zip(shown.rungs, rungs.items(), strict=True):
            assert told.startswith(f"{rung.words}: {use_of(rung.words)}. In this run: ")
            assert use_of(rung.words)
            assert group.get("data-kvmplanes-step") == (None if rung.step is None else str(rung.step))
            if rung.step is None:
                assert told.endswith(" was not reached.")
                continue
            step = path.trace.steps[rung.step]
            assert (step.what == "fail", step.errno or "") == (bool(rung.failed), rung.failed)
            assert rung.site in [(frame.function, frame.lineno) for frame in step.stack]
            assert told.endswith(f" (step {rung.step}).")


def test_a_row_with_a_cross_leads_to_what_is_wrong() -> None:
    trace = kp.run("09")
    (told,) = [told for told in titles(ladder(trace)) if told.startswith("kvm_destroy_planes(kvm)")]
    assert titles(ladder(trace))[told].get("data-kvmplanes-step") == str(trace.defects[0].step)
    assert told.endswith("16 reads and 1 write after free (step 44).")


@pytest.mark.parametrize("version", kp.VERSIONS.values(), ids=str)
def test_neighbours_that_a_run_does_not_reach_are_counted_in_one_entry(version: kp.Version) -> None:
    for path in kp.certify(version).paths:
        whole = ladder(path.trace)
        short = reached(whole)
        calls = [int(rung.words.split()[0]) for rung in short.rungs if rung.site == NOWHERE]
        assert len(short.rungs) == len(whole.rungs) - sum(calls) + len(calls)
        assert [rung for rung in short.rungs if rung.keys or rung.failed] == [
            rung for rung in whole.rungs if rung.keys or rung.failed
        ]
        assert [row for row in short.rows if row.reached] == [row for row in whole.rows if row.reached]
        assert sum(link.done for link in short.links) == sum(link.done for link in whole.links)
        unreached = [rung.keys == [] and not rung.failed for rung in short.rungs]
        assert not any(both == (True, True) for both in pairwise(unreached)), "neighbours are together"
        assert reached(short) == short


def test_a_ladder_that_is_not_all_reached_is_short_and_whole_on_demand() -> None:
    shown = of(fail="kvm_create_plane")
    assert {"14 more calls, not reached", "8 more labels, not reached", "4\N{EN DASH}17"} <= set(
        words(parse(ladder_svg(shown)))
    )
    heights = [float(parse(ladder_svg(shown, whole=whole)).get("viewBox", "").split()[3]) for whole in (False, True)]
    assert heights[0] < heights[1] / 2
    picture = ladder_picture(shown)
    assert picture.html.count("<img ") == 2
    assert picture.html.count("<details><summary>The whole ladder</summary>") == 1
    assert ladder_in_words(shown) in picture.text, "the text tells the whole"
    assert "<details" not in ladder_picture(of()).html, "this run reaches all of it"


def test_no_text_is_small() -> None:
    """A ladder in its own size beside a heap has 11 pixels; the style sheet has no smaller size."""
    sizes = [float(size) for size in re.findall(r"font(?:-size)?:([\d.]+)px", STYLE)]
    assert len(sizes) > 2
    assert min(sizes) >= 11


def test_a_long_call_is_in_two_lines() -> None:
    image = parse(ladder_svg(of("08")))
    assert {"refcount_set(", "  &kvm->users_count, 1)", "mmu_notifier_unregister("} <= {
        text.text for text in image.iter(f"{NS}text")
    }


def test_an_empty_ladder_is_a_picture() -> None:
    assert parse(ladder_svg(of(ops=("KVM_CHECK_EXTENSION system",)))).get("role") == "img"


def test_the_description_tells_both_columns_and_the_verdict() -> None:
    for shown in (of(), of("29", planes=(1,), fail="anon_inode_getfile(plane 1)")):
        description = ladder_in_words(shown)
        assert ladder_picture(shown).text.endswith(description)
        for rung in shown.rungs:
            assert f"{rung.words} " in description
            assert all(key in description for key in rung.keys)
        assert all(row.words in description for row in shown.rows if row.kind != "heading")
        assert description.endswith(shown.verdict)


def test_a_ladder_shows_itself_as_its_picture() -> None:
    assert of(fail=4)._repr_mimebundle_() == bundle(ladder_picture(of(fail=4)))


def test_the_same_run_gives_the_same_bytes() -> None:
    assert ladder_svg(of(fail=4)) == ladder_svg(of(fail=4)) != ladder_svg(of(fail=5))


def test_nothing_leaves_the_paper() -> None:
    for shown in (of(), of(fail=16), of("29", planes=tuple(range(1, 16)))):
        root = parse(ladder_svg(shown))
        _, _, width, height = map(float, root.get("viewBox", "").split())
        for text in root.iter(f"{NS}text"):
            assert 0 <= float(text.get("x", "")) <= width
            assert 0 <= float(text.get("y", "")) <= height - 6
