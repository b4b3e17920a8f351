# SPDX-License-Identifier: GPL-2.0-only
"""How the player looks in a real Chromium: what stands where on a wide, a narrow and a printed page."""

from typing import Any

import pytest

from tests.browser.players import TEARDOWN, step
from tests.browser.web import expect, html_page

pytestmark = pytest.mark.browser


@pytest.fixture
def live(page: Any) -> Any:
    """A player on a light page."""
    page.set_content(html_page("A player", TEARDOWN.html))
    return page.locator(".player")


def test_nothing_moves_from_step_to_step(live: Any, page: Any) -> None:
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


@pytest.mark.parametrize("width", [360, 720, 900, 1280, 1600])
def test_no_page_scrolls_sideways(width: int, live: Any, page: Any) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    live.get_by_role("button", name="next defect (17)").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    source, heap = (live.locator(pane).bounding_box() for pane in (".source", ".heap"))
    assert (source["y"] == heap["y"]) is (width >= 1000)  # side by side, or stacked


def test_ticks_stand_where_the_thumb_stops(live: Any) -> None:
    track, tick = live.get_by_role("slider").bounding_box(), live.locator(".marks i").first.bounding_box()
    thumb = track["x"] + 8 + (track["width"] - 16) * 44 / 51
    assert abs(tick["x"] + tick["width"] / 2 - thumb) < 1
