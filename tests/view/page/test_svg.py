# SPDX-License-Identifier: GPL-2.0-only
"""The pieces that pictures are made of: readable in both themes, escaped, and the same every time."""

import base64
import re
import subprocess
import sys
from itertools import accumulate

import pytest

from kvmplanes.view.page import svg
from kvmplanes.view.page.style import contrast, theme
from tests.helpers.markup import NS, parse

THEMES = {dark: theme(dark=dark) for dark in (False, True)}
ROLES = ("live", "bad", "clean", "now", "back", "mute")


def drawn(*body: str, title: str = "A title", desc: str = "Some words.") -> str:
    return svg.picture(body, 100, key="k1", title=title, desc=desc)


@pytest.mark.parametrize("dark", THEMES)
@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_seen_and_read_on_the_paper(role: str, dark: bool) -> None:
    theme = THEMES[dark]
    assert contrast(theme[role], theme["paper"]) >= 3
    assert contrast(theme[f"{role}-t"], theme["paper"]) >= 4.5


@pytest.mark.parametrize("dark", THEMES)
@pytest.mark.parametrize("role", ROLES)
def test_words_are_read_on_soft_areas(role: str, dark: bool) -> None:
    theme = THEMES[dark]
    assert contrast(theme["ink"], theme[f"{role}-f"]) >= 7
    assert contrast(theme[f"{role}-t"], theme[f"{role}-f"]) >= 4.5


@pytest.mark.parametrize("dark", THEMES)
@pytest.mark.parametrize("role", ["mute", "now", "bad"])
def test_words_inside_a_live_object_are_read(role: str, dark: bool) -> None:
    assert contrast(THEMES[dark][f"{role}-t"], THEMES[dark]["live-f"]) >= 4.5


def test_the_style_sheet_defines_every_variable_that_it_uses_and_asks_nobody() -> None:
    used, given = set(re.findall(r"var\(--([\w-]+)\)", svg.STYLE)), set(THEMES[False])
    assert used <= given == set(THEMES[True])
    assert not re.search(r"url\(|@import|@font-face", svg.STYLE)


def rules(css: str, media: str = "") -> list[tuple[str, str, str]]:
    """(media, selector, declarations) of each rule."""
    found = []
    while css:
        head, _, css = css.partition("{")
        depths = accumulate({"{": 1, "}": -1}.get(char, 0) for char in css)
        end = next(at for at, depth in enumerate(depths) if depth < 0)
        body, css = css[:end], css[end + 1 :]
        found += rules(body, head) if head.startswith("@") else [(media, head, body)]
    return found


def test_light_and_dark_come_from_the_page_else_from_the_system_and_paper_is_light() -> None:
    given = [
        (media, selector, dict(re.findall(r"--([\w-]+):(#\w+)", body))) for media, selector, body in rules(svg.PALETTE)
    ]
    assert svg.STYLE.startswith(svg.PALETTE)
    assert given == [
        ("", ".kp", THEMES[False]),
        ("@media screen and (prefers-color-scheme:dark)", ".kp", THEMES[True]),
        ("@media screen", '[data-jp-theme-light="true"] .kp,[data-theme="light"] .kp', THEMES[False]),
        ("@media screen", '[data-jp-theme-light="false"] .kp,[data-theme="dark"] .kp', THEMES[True]),
    ]


def test_an_image_is_told_the_theme_of_its_page() -> None:
    image = 'img[src^="data:image/svg"]'
    css = svg.FOLLOWING.removeprefix("<style><!--").removesuffix("--></style>")
    assert rules(css) == [
        ("", f'[data-jp-theme-light="true"] {image},[data-theme="light"] {image}', "color-scheme:light"),
        ("", f'[data-jp-theme-light="false"] {image},[data-theme="dark"] {image}', "color-scheme:dark"),
        ("@media print", f":root {image}", "color-scheme:light;min-width:0!important"),
    ]


def test_a_picture_names_and_describes_itself() -> None:
    root = parse(drawn(svg.text(1, 2, "word")))
    title, desc = root.find(f"{NS}title"), root.find(f"{NS}desc")
    assert root.get("role") == "img"
    assert root.get("viewBox") == f"0 0 {svg.WIDTH} 100"
    assert title is not None
    assert desc is not None
    assert (title.text, desc.text) == ("A title", "Some words.")
    assert root.get("aria-labelledby") == title.get("id")
    assert root.get("aria-describedby") == desc.get("id")


def test_a_picture_paints_paper_beneath_everything() -> None:
    shapes = [child for child in parse(drawn(svg.disc(1, 1, 1, "f live"))) if child.tag.endswith(("rect", "circle"))]
    assert shapes[0].get("class") == "paper"


def test_words_are_escaped_everywhere() -> None:
    nasty = 'a<b & "c"->d'
    root = parse(drawn(svg.text(0, 0, nasty), svg.tag(9, 9, nasty, "bad"), title=nasty, desc=nasty))
    assert sum(nasty in (element.text or "") for element in root.iter()) == 4


def test_attributes_leave_out_what_is_empty_and_round_what_is_not() -> None:
    assert svg.attrs(x=1.04, y=2.06, cls="", anchor=None, text_anchor="end") == ' x="1" y="2.1" text-anchor="end"'


def test_keys_follow_the_content() -> None:
    assert svg.key_of("a", 1) == svg.key_of("a", 1) != svg.key_of("a", 2)
    assert re.fullmatch(r"k[0-9a-f]{8}", svg.key_of())


def test_an_arrow_ends_at_its_tip_and_a_broken_one_has_a_gap_and_a_cross() -> None:
    whole = parse(svg.pointer((0, 0), (50, 100), "live"))
    assert len(whole) == 2
    assert (whole[1].get("d") or "").startswith("M50 100L")
    broken = parse(svg.pointer((0, 0), (50, 100), "live", broken=0.5, words="dangling"))
    assert broken.get("class") == "pointer live broken"
    assert [element.get("class") for element in broken] == ["l bad ", "l bad ", "f bad", "l bad w", "s b bad halo"]
    first, second = ([float(x) for x in re.findall(r"-?[\d.]+", element.get("d") or "")] for element in broken[:2])
    assert first[:2] == [0, 0]
    assert second[:2] == [50, 94]  # the second part runs back from the head
    assert second[-1] - first[-1] > 20


def test_a_word_near_the_right_edge_stands_left_of_its_cross() -> None:
    far = svg.pointer((svg.WIDTH - 20, 0), (svg.WIDTH - 20, 80), "live", broken=0.5, words="dangling")
    assert 'text-anchor="end"' in far
    assert "text-anchor" not in svg.pointer((20, 0), (20, 80), "live", broken=0.5, words="dangling")


def test_a_tag_stays_within_its_bounds() -> None:
    for x in (0, 300, 560):
        ground = parse(svg.tag(x, 20, "read after free", "bad", within=(10, 550)))[0]
        left, width = float(ground.get("x", "")), float(ground.get("width", ""))
        assert left >= 10
        assert left + width <= 550


def test_long_words_are_cut() -> None:
    assert svg.short("kfree(plane)", 200) == "kfree(plane)"
    cut = svg.short("x" * 100, 200)
    assert cut.endswith("x…")
    assert len(cut) * svg.MONO <= 200


def test_a_view_is_an_image_that_needs_no_trust() -> None:
    image = drawn(svg.disc(1, 1, 1, "f live"))
    view = svg.as_html(image, title="The heap", desc='planes[0] "dangles"')
    untrusted = view.html.removeprefix(svg.FOLLOWING)  # a sanitizer drops it: then the system's theme holds
    assert not re.search("<svg|<style|<script", untrusted)
    uri = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', view.html)
    assert uri
    assert base64.b64decode(uri[1]).decode() == image
    root = parse(untrusted.replace("src=", "/>").split("/>")[0] + "/></div>")
    assert root[0].get("alt") == 'The heap. planes[0] "dangles"'
    assert view.text == 'The heap\nplanes[0] "dangles"'


def test_pictures_need_neither_matplotlib_nor_widgets() -> None:
    heavy = "matplotlib", "ipywidgets", "anywidget", "numpy"
    light = "from kvmplanes.view import heap, ladder, report, tables"
    code = f"import sys; {light}; print({{*{heavy}}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
