# SPDX-License-Identifier: GPL-2.0-only
"""The built site as its readers meet it: every page, wide and narrow, light and dark, by mouse and by keyboard."""

import gzip
import re
import tomllib
from collections.abc import Callable
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from notebooks.site.builder import layout
from tests.browser.web import SITE, expect

pytestmark = pytest.mark.browser

ROOT = layout.ROOT
PAGES = sorted(path.name for path in SITE.glob("*.html"))
CHAPTERS = [name for name in PAGES if name[:2].isdigit()]
OWN = {"five-questions.html", "to-the-kernel.html"}
SLIDES = sorted(f"slides/{path.name}" for path in (SITE / "slides").glob("*.html"))
# The theme makes what scrolls reachable by Tab, a moment after the window has changed.
STOPS = """() => [...document.querySelectorAll("pre, .pst-scrollable-table-container")]
    .every((box) => box.scrollWidth <= box.clientWidth || box.tabIndex === 0)"""
# What keeps a rule is left in the page: a description of every element takes longer than to check it.
VIOLATIONS = """async (rules) =>
    (await axe.run(document, { runOnly: rules, resultTypes: ["violations"] })).violations"""
DRAWN = 30_000  # milliseconds for the longest page to be drawn anew, on a busy machine
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # all other rules see no colour
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Each look and each width is asked about everything once. What is shown at one width alone, bars and menus, is the same
# on every page: some pages are asked about its colours in the other look, too.
EACH: tuple[tuple[str, int, object], ...] = (("light", 1280, RULES), ("dark", 360, RULES))
OTHERS: tuple[tuple[str, int, object], ...] = (("dark", 1280, COLOURS), ("light", 360, COLOURS))
FOUR_TIMES = ("index.html", "05-teardown.html", "glossary.html", "checked.html")


def violations(page: Any, axe: str, only: object = RULES) -> list[str]:
    """What breaks WCAG 2.2 AA on a page, each rule with its first place."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    rules = page.evaluate(VIOLATIONS, only)
    return [f"{rule['id']} ({len(rule['nodes'])}): {rule['nodes'][0]['html'][:160]}" for rule in rules]


def test_every_part_of_the_site_is_there() -> None:
    notebooks = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert len(CHAPTERS) == layout.NUMBERED
    assert {f"{name}.html" for name in notebooks} <= set(PAGES)
    assert {
        "index.html",
        "api.html",
        "checked.html",
        "changelog.html",
        "cite.html",
        "places.html",
        "search.html",
    } | OWN <= set(PAGES)
    assert [f"slides/{name}.html" for name in notebooks] == SLIDES
    for name in notebooks:
        assert (SITE / "downloads" / f"{name}.ipynb").read_bytes() == (
            ROOT / "notebooks" / f"{name}.ipynb"
        ).read_bytes()
        compile((SITE / "downloads" / f"{name}.py").read_text(encoding="utf-8"), name, "exec")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(name: str) -> None:
    page = (SITE / name).read_bytes()
    assert re.findall(rb'<img\b[^>]* src="(?!data:|_static/)', page) == [], "its pictures are in it"
    assert len(gzip.compress(page)) < 300_000


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_is_accessible_and_fits(name: str, open_page: Callable[..., Any], axe: str) -> None:
    page = open_page(name)
    for look, width, rules in EACH + (OTHERS if name in FOUR_TIMES else ()):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=look)
        expect(page.locator("html")).to_have_attribute("data-theme", look, timeout=DRAWN)
        page.wait_for_function(STOPS, timeout=DRAWN)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page, axe, rules) == [], f"{look}, {width} pixels wide"


@pytest.mark.parametrize("name", SLIDES)
def test_slides_are_turned_by_keys_and_are_accessible(name: str, open_page: Callable[..., Any], axe: str) -> None:
    page = open_page(name)
    number = page.locator(".slide-number")
    total = page.evaluate("Reveal.getTotalSlides()")
    expect(number).to_have_text(f"1 / {total}")
    assert violations(page, axe) == []
    page.keyboard.press("ArrowRight")
    expect(number).to_have_text(f"2 / {total}")
    page.keyboard.press("End")
    expect(number).to_have_text(f"{total} / {total}")
    page.get_by_role("button", name="Previous slide").click()
    expect(number).to_have_text(f"{total - 1} / {total}")
    assert page.locator(".slides section section:visible").count() == 1
    page.get_by_role("link", name="the page").click()
    expect(page.locator("html")).to_have_attribute("data-content_root", "./")


def test_a_player_in_slides_keeps_its_arrow_keys(open_page: Callable[..., Any]) -> None:
    page = open_page("slides/05-teardown.html")
    host = page.locator("[data-kvmplanes-player]").first
    slide = host.evaluate("element => Reveal.getIndices(element.closest('section')).h")
    page.evaluate(f"Reveal.slide({slide})")
    host.get_by_role("slider").focus()
    before = host.locator(".count").text_content()
    page.keyboard.press("ArrowRight")
    expect(host.locator(".count")).not_to_have_text(before)
    assert page.evaluate("Reveal.getIndices().h") == slide


def test_the_player_is_alive_on_a_page_and_a_link_restores_its_step(open_page: Callable[..., Any], site: str) -> None:
    page = open_page("05-teardown.html")
    host = page.locator("[data-kvmplanes-player]").first
    count = host.locator(".count")
    before = count.text_content()
    host.get_by_role("button", name="Next step").click()
    expect(count).not_to_have_text(before)
    host.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    now = count.text_content()
    address = host.get_by_role("link", name="link to this step").get_attribute("href")
    page = open_page(f"05-teardown.html{address}")
    expect(page.locator("[data-kvmplanes-player] .count").first).to_have_text(now)
    assert site


def test_a_question_is_answered_on_a_page_by_keys(open_page: Callable[..., Any]) -> None:
    page = open_page("05-teardown.html")
    question = page.locator(".kp-live").first
    question.locator("input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(question.get_by_role("status")).to_contain_text(re.compile("right|not so"))


def test_the_failure_picker_answers_without_a_kernel_and_a_link_restores_it(open_page: Callable[..., Any]) -> None:
    page = open_page("03-when-kzalloc-says-no.html")
    picker = page.locator(".kp-choices")
    expect(picker.get_by_role("status")).to_contain_text("KVM_CREATE_VM returns ENOMEM")
    picker.get_by_label("What fails").select_option("nothing")
    expect(picker.get_by_role("status")).to_contain_text("use-after-free")
    expect(picker).to_contain_text("BUG: KASAN")
    picker.get_by_label("Version").focus()
    page.keyboard.press("ArrowDown")
    expect(picker.locator(".kp-shown")).to_have_attribute("data-key", "09-fixed")
    picker.get_by_label("Version").select_option(label="29-fixed: our repair of 29, not posted")
    picker.get_by_label("Planes").select_option("1, 3")
    expect(picker.locator(".kp-shown")).to_have_attribute("data-key", "29-fixed-p1.3")
    address = picker.get_by_role("link", name="link to this choice").get_attribute("href")
    picker = open_page(f"03-when-kzalloc-says-no.html{address}").locator(".kp-choices")
    expect(picker.get_by_label("Planes")).to_have_value("1, 3")
    expect(picker.locator(".kp-shown")).to_have_attribute("data-key", "29-fixed-p1.3")


def test_the_instrument_picker_answers_without_a_kernel(open_page: Callable[..., Any]) -> None:
    page = open_page("07-what-the-tools-see.html")
    picker = page.locator(".kp-choices").first
    picker.get_by_label("Instrument").select_option("UBSan")
    expect(picker.locator(".kp-shown")).to_contain_text("Instrument: UBSan")


def test_the_order_editor_answers_and_a_link_restores_an_order(open_page: Callable[..., Any]) -> None:
    page = open_page("06-fix-it.html")
    editor = page.locator(".kp-order-live").first
    expect(editor).to_contain_text("16 of 18 paths clean")
    editor.get_by_role("button", name="Move up: kvm_destroy_planes(kvm);").click()
    expect(editor).to_contain_text("18 of 18 paths clean")
    address = editor.get_by_role("link", name="link to this order").get_attribute("href")
    page = open_page(f"06-fix-it.html{address}")
    expect(page.locator(".kp-order-live").first).to_contain_text("18 of 18 paths clean")


def test_the_search_finds_a_word(open_page: Callable[..., Any]) -> None:
    page = open_page("search.html?q=dangling")
    expect(page.locator("#search-results")).to_contain_text("08 · Review it", timeout=20_000)


def test_the_reader_chooses_the_theme(open_page: Callable[..., Any]) -> None:
    page = open_page("05-teardown.html")
    page.get_by_role("button", name="Color mode").first.click()
    page.get_by_text("Dark", exact=True).first.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("[data-kvmplanes-player] .player").first).to_have_attribute("data-jp-theme-light", "false")
    page.evaluate("localStorage.clear()")


def test_without_javascript_a_chapter_reads(chromium: Any, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(site + "05-teardown.html")
    expect(page.locator("h1")).to_be_visible()
    assert page.locator("[data-kvmplanes-player] img").first.is_visible()
    page.goto(site + "06-fix-it.html")
    expect(page.get_by_text("16 of 18 paths clean").first).to_be_visible()
    context.close()


# -- links, from the files ----------------------------------------------------------------------------


@cache
def ids(name: str) -> set[str]:
    """What a link to a page may end in."""
    return set(re.findall(r'\bid="([^"]+)"', (SITE / name).read_text(encoding="utf-8")))


def hrefs(name: str) -> list[str]:
    """What a page links to, the player's and editor's own data left out."""
    text = re.sub(r"<script.*?</script>", "", (SITE / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    return [unescape(address) for address in re.findall(r'<a\b[^>]*\bhref="([^"]*)"', text)]


@pytest.mark.parametrize("name", [*PAGES, *SLIDES])
def test_every_link_inside_leads_somewhere(name: str) -> None:
    for href in hrefs(name):
        parts = urlsplit(href)
        if parts.scheme or not href or href == "#":
            continue
        target = unquote(urlsplit(urljoin(f"/{name}", href)).path).lstrip("/") or "index.html"
        assert (SITE / target).is_file(), f"{name}: {href}"
        if parts.fragment and target.endswith(".html") and not target.startswith("lite/"):
            wanted = {parts.fragment, unquote(parts.fragment)}  # as browsers look for it
            assert wanted & ids(target), f"{name}: {href}"


def test_every_address_outside_is_listed_and_every_listed_one_is_used() -> None:
    table = tomllib.loads(Path(__file__).with_name("links.toml").read_text(encoding="utf-8"))
    listed = {address for part in table.values() for address in part.get("addresses", ())}
    prefixes = tuple(prefix for part in table.values() for prefix in part.get("prefixes", ()))
    used = {href for name in [*PAGES, *SLIDES] for href in hrefs(name) if urlsplit(href).scheme in ("http", "https")}
    own = {href for href in used if href.startswith(prefixes)}
    assert used - own - listed == set()
    assert listed - used == set()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\]\((https?://[^)\s]+)\)", readme))
    assert {address for address in named if not address.startswith(prefixes)} <= listed
