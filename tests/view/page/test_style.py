# SPDX-License-Identifier: GPL-2.0-only
"""The palette keeps its promises in figures, and styling survives a notebook that is not trusted."""

import doctest
from itertools import combinations

import pytest

from kvmplanes.view.page import html, style
from kvmplanes.view.page.html import Html, badge, css
from kvmplanes.view.page.style import (
    BACK_POINTER,
    BAD,
    CHANGED,
    CLEAN,
    DARK,
    INK,
    LIGHT,
    LIVE,
    NAMES,
    NEVER_USED,
    PAPER,
    TINT,
    Role,
    Shade,
    contrast,
    over,
    rgb,
    theme,
    tint,
)

PAGES = (LIGHT, *DARK)
# What themes write with: JupyterLab light and dark, Sphinx, the browser's own black.
TEXT = {LIGHT: ("#212121", "#222832", "#000000"), DARK[0]: ("#ffffff",), DARK[1]: ("#e0e0e0", "#ced6dd")}

ROLES = (LIVE, BAD, CLEAN, CHANGED, BACK_POINTER, NEVER_USED)
every_role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.word)


def test_contrast_is_the_one_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == 21
    assert contrast("#123456", "#123456") == 1
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the known case just below 4.5
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)  # and just above


def test_the_fills_are_those_of_okabe_and_ito() -> None:
    assert [role.fill for role in ROLES] == [
        "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#767676",
    ]  # fmt: skip


@every_role
def test_lines_are_seen_on_every_page(role: Role) -> None:
    assert min(contrast(role.line, page) for page in (*PAGES, PAPER)) >= 3


@every_role
def test_words_are_readable(role: Role) -> None:
    assert contrast(role.on_light, LIGHT) >= 4.5
    assert contrast(role.on_light, PAPER) >= 4.5
    assert min(contrast(role.on_dark, page) for page in DARK) >= 4.5
    assert contrast(role.ink, role.fill) >= 4.5


@every_role
@pytest.mark.parametrize("alpha", [0.1, TINT, 0.24])
def test_a_tint_leaves_the_text_of_the_page_readable(role: Role, alpha: float) -> None:
    for page, colours in TEXT.items():
        assert min(contrast(text, over(role, page, alpha)) for text in colours) >= 4.5


def test_ink_on_paper() -> None:
    assert contrast(INK, PAPER) >= 7


def test_no_single_colour_would_do_for_words() -> None:
    """Why text in HTML inherits its colour: the best compromise between the pages stays below 4.5."""
    assert max(min(contrast(f"#{v:02x}{v:02x}{v:02x}", page) for page in PAGES) for v in range(256)) < 4.5


@pytest.mark.parametrize("part", ["fill", "line", "on_light", "on_dark", "sign", "marker", "word"])
def test_roles_differ_in_colour_shape_and_word(part: str) -> None:
    assert all(getattr(a, part) != getattr(b, part) for a, b in combinations(ROLES, 2))


def test_every_role_has_a_name_in_the_style_sheet() -> None:
    assert set(NAMES) == set(ROLES)
    assert [BAD.lines.css, BAD.words.css] == ["var(--bad)", "var(--bad-t)"]


def test_a_shade_is_what_its_css_says_in_both_themes() -> None:
    assert Shade("bad", 25).css == "color-mix(in srgb,var(--bad) 25%,var(--paper))"
    assert Shade("bad", 0).css == Shade("paper").css == "var(--paper)"
    for dark in (False, True):
        assert Shade("ink").on(dark=dark) == theme(dark=dark)["ink"]
        assert Shade("bad", 0).on(dark=dark) == theme(dark=dark)["paper"]
    assert Shade("bad", 25).on(dark=False) == over(BAD, PAPER, 0.25)


def test_tints() -> None:
    assert tint(LIVE) == "rgba(0,114,178,0.16)"
    assert over(LIVE, "#ffffff", 1) == "#0072b2"
    assert over(LIVE, "#111111", 0) == "#111111"


@pytest.mark.parametrize("colour", ["0072B2", "#07B", "blue", "#gggggg"])
def test_colours_have_one_form(colour: str) -> None:
    with pytest.raises(ValueError, match=colour.strip("#")):
        rgb(colour)


@pytest.mark.parametrize("value", ["var(--jp-ui-font-color1)", "currentColor", "inherit", "red; margin: 0", 'red"'])
def test_css_refuses_what_an_untrusted_notebook_drops(value: str) -> None:
    with pytest.raises(ValueError, match="plain values only"):
        css(color=value)


def test_css_of_nothing() -> None:
    assert css() == ""


def test_a_badge_says_its_word() -> None:
    assert ">✗\u00a0freed</b>" in badge(BAD)
    assert ">✗\u00a0a &lt; b</b>" in badge(BAD, "a < b")


def test_html_has_a_text_twin() -> None:
    view = Html("<b>one</b>", "one")
    assert str(view) == repr(view) == "one"
    assert view._repr_mimebundle_(include=None, exclude=None) == {"text/html": "<b>one</b>", "text/plain": "one"}


@pytest.mark.parametrize("module", [html, style])
def test_examples_run(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
