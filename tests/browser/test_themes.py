# SPDX-License-Identifier: GPL-2.0-only
"""Plots and pictures follow the theme of their page, whatever the reader's system says, and are light on paper."""

import io
from typing import Any

import pytest
from matplotlib.image import imread

import kvmplanes as kp
from kvmplanes.view.heap import heap_picture
from kvmplanes.view.plots import plot_cost, plot_occupancy

pytestmark = pytest.mark.browser

RUN = kp.run("09")
SHOWN = {
    "matplotlib": plot_cost().html,
    "svg": plot_occupancy(RUN).painted("svg").html,
    "picture": heap_picture(RUN).html,
}
LIGHT, DARK = [255, 255, 255], [30, 30, 30]
# What a page says -> the ground of its pictures.
PAGES = {
    'data-jp-theme-light="true"': LIGHT,
    'data-jp-theme-light="false"': DARK,
    'data-theme="light"': LIGHT,
    'data-theme="dark"': DARK,
}


def ground(page: Any) -> list[int]:
    """The colour of an image at its left edge, half way down."""
    pixels = imread(io.BytesIO(page.locator("img").screenshot()))
    return [round(255 * float(part)) for part in pixels[pixels.shape[0] // 2, 3][:3]]


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("says", PAGES)
@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_picture_follows_its_page_and_is_light_on_paper(page: Any, name: str, says: str, system: str) -> None:
    page.emulate_media(color_scheme=system)
    page.set_content(f"<!doctype html><body {says}>{SHOWN[name]}</body>")
    assert ground(page) == PAGES[says]
    page.emulate_media(media="print")
    assert ground(page) == LIGHT


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_picture_follows_the_system_where_its_page_has_no_theme(page: Any, name: str, system: str) -> None:
    page.emulate_media(color_scheme=system)
    page.set_content(f"<!doctype html><body>{SHOWN[name]}</body>")
    assert ground(page) == {"light": LIGHT, "dark": DARK}[system]


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_scrolls_on_a_narrow_screen_and_fits_a_sheet_of_paper(page: Any, name: str) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.set_content(f"<!doctype html><body>{SHOWN[name]}</body>")
    scrolls = "img => img.parentElement.scrollWidth > img.parentElement.clientWidth"
    assert page.locator("img").evaluate(scrolls)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.emulate_media(media="print")
    assert not page.locator("img").evaluate(scrolls)
