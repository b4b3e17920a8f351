# SPDX-License-Identifier: GPL-2.0-only
"""How the player looks in a real Chromium: what stands where on a wide, a narrow and a printed page."""

from typing import Any

import pytest

import kvmplanes as kp
from tests.browser.players import TEARDOWN, step
from tests.browser.web import NARROW, expect, html_page

pytestmark = pytest.mark.browser


@pytest.fixture
def live(page: Any) -> Any:
    """A player on a light page."""
    page.set_content(html_page("A player", TEARDOWN.html))
    return page.locator(".player")


@pytest.mark.parametrize("width", [1280, 564, 360])
def test_nothing_moves_from_step_to_step(width: int, live: Any, page: Any) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    places = set()
    for number in range(52):
        live.get_by_role("slider").fill(str(number))
        box = live.locator(".controls").bounding_box()
        places.add((box["y"] + page.evaluate("scrollY"), box["height"]))
    assert len(places) == 1


def test_what_does_not_change_stays(live: Any) -> None:
    slots, chips = live.locator(".heap .slot"), live.locator(".heap .chip")
    live.get_by_role("slider").fill("12")
    drawn = chips.evaluate_all("all => all.map((chip) => chip.outerHTML)")
    for parts in (slots, chips):
        parts.evaluate_all("all => all.forEach((part) => { part.seen = true; })")
    live.get_by_role("button", name="Next step").click()
    step(live, 13)
    assert slots.evaluate_all("all => all.every((part) => part.seen)")
    assert chips.evaluate_all("all => all.map((chip) => chip.outerHTML)") != drawn
    live.get_by_role("slider").fill("44")
    assert not slots.evaluate_all("all => all.some((part) => part.seen)")  # struct kvm was freed


def test_on_paper_it_is_one_frame(live: Any, page: Any) -> None:
    live.get_by_role("slider").fill("44")
    live.locator("summary").click()
    page.emulate_media(media="print", color_scheme="dark")
    for part in ("button >> nth=0", "input", "ol", "a"):
        expect(live.locator(part)).to_be_hidden()
    for part in (".title b", ".count", ".say .text", ".code [aria-current]", ".heap svg", "summary"):
        expect(live.locator(part)).to_be_visible()
    host = page.locator("[data-kvmplanes-player]")
    assert host.evaluate("node => getComputedStyle(node).breakInside") == "avoid"
    assert live.locator(".paper").first.evaluate("node => getComputedStyle(node).fill") == "rgb(255, 255, 255)"


# An output's width in JupyterLab with its file browser open, in a window of 1280 and of 1000 pixels; more; a phone.
@pytest.mark.parametrize("width", [828, 548, 1500, 360])
def test_words_in_pictures_can_be_read(width: int, live: Any, page: Any) -> None:
    page.set_viewport_size({"width": width + 16, "height": 786})
    live.get_by_role("button", name="next defect (17)").click()
    sizes = live.evaluate("""player => {
        const svg = player.querySelector(".heap svg");
        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
        const size = (node) => parseFloat(getComputedStyle(node).fontSize);
        const words = [...player.querySelectorAll(".code span, .say .text, .head .text, .calls button")].map(size);
        return [...words, ...[...svg.querySelectorAll("text")].map((text) => scale * size(text))];
    }""")
    assert min(sizes) >= (11 if width > 400 else 10)
    assert page.evaluate("document.documentElement.scrollWidth") <= width + 16
    source, heap = (live.locator(pane).bounding_box() for pane in (".source", ".heap"))
    assert (source["y"] == heap["y"]) is (width >= 800)  # side by side, or stacked


@pytest.mark.parametrize("size", [(828, 786), (548, 786)])
def test_what_moves_the_picture_is_in_sight_with_it(size: tuple[int, int], live: Any, page: Any) -> None:
    page.set_viewport_size({"width": size[0] + 16, "height": size[1]})
    live.get_by_role("button", name="next defect (17)").click()
    live.locator(".heap").evaluate("pane => pane.scrollIntoView({ block: 'end' })")
    for part in (".heap svg", ".say", ".controls"):
        expect(live.locator(part)).to_be_in_viewport(ratio=1)
    live.locator(".source").evaluate("pane => pane.scrollIntoView({ block: 'start' })")
    for part in (".source", ".say", ".controls"):
        expect(live.locator(part)).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("look", [{}, {"has_touch": True}])
def test_buttons_are_large_enough_for_a_finger(look: dict[str, bool], chromium: Any) -> None:
    context = chromium.new_context(viewport=NARROW, **look)
    page = context.new_page()
    page.set_content(html_page("A player", TEARDOWN.html))
    heights = page.locator(".controls button:visible, input").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().height)"
    )
    assert len(heights) >= 7
    assert min(heights) >= 32
    context.close()


def test_ticks_stand_where_the_thumb_stops(live: Any) -> None:
    track, tick = live.get_by_role("slider").bounding_box(), live.locator(".marks i").first.bounding_box()
    thumb = track["x"] + 8 + (track["width"] - 16) * 44 / 51
    assert abs(tick["x"] + tick["width"] / 2 - thumb) < 1


def test_each_system_call_has_a_button_with_its_whole_name(live: Any) -> None:
    calls = live.get_by_role("group", name="System calls").get_by_role("button")
    expect(calls).to_have_text([str(op) for op in dict.fromkeys(step.op for step in kp.run("09").steps)])
    for call in calls.all():
        call.click()
        at = int(live.get_by_role("slider").input_value())
        assert str(kp.run("09").steps[at].op) == call.inner_text()
        assert call.get_attribute("aria-current") == "true"
        assert call.evaluate("(button) => button.scrollWidth <= button.clientWidth")
