# SPDX-License-Identifier: GPL-2.0-only
"""The site as a book: what opens it, what is folded away, what paper shows, and the moving picture of README.md."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import nbformat
import pytest

import kvmplanes as kp
from kvmplanes.view.sketch.frames import moments
from notebooks.site.builder import book, landing, layout, picture

CHAPTERS = layout.numbered()
SOME = ("00-start-here", "05-teardown", "07-what-the-tools-see", "08-review-it")
# What sticks out of the paper is cut.
CUT = """() => [...document.querySelectorAll("article :is(pre, table, img, svg)")]
    .filter((box) => box.getBoundingClientRect().right > innerWidth + 1)
    .map((box) => (box.innerText ?? box.outerHTML).slice(0, 80))"""


# -- the builder's parts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "mark"),
    [
        ('ask("nb05-order")', book.REMOVED),
        ("import kvmplanes as kp\nfrom kvmplanes.view import player", book.FOLDED),
        ('player(kp.run("09"), only="planes")', book.FOLDED),
        ('desk = player("09")\ndesk', book.FOLDED),
        ('print(NINE["used"].core)', book.FOLDED),
        ('check("guard", guard)', ""),
        ('t = kp.run("09")\nplayer(t)', ""),
        ('kp.certify("09")', ""),
        ("%%c mine\nkfree(plane);", ""),
        ("proof", ""),
    ],
)
def test_machinery_is_folded_and_code_that_matters_is_shown(source: str, mark: str) -> None:
    assert book.mark_of(source, frozenset({"ask", "check", "player", "NINE"})) == mark


def test_a_chapter_keeps_all_that_its_notebook_has() -> None:
    notebook = layout.read(CHAPTERS[5])
    before = [(cell.source, cell.get("outputs")) for cell in notebook.cells]
    assert [(cell.source, cell.get("outputs")) for cell in book.chapter(notebook).cells] == before
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    assert [book.FOLDED] in tags
    assert [book.REMOVED] in tags
    nbformat.validate(notebook)


def test_a_link_of_an_output_leads_to_a_page_of_the_site() -> None:
    notebook = layout.read(CHAPTERS[0])
    shown = nbformat.v4.new_output("display_data", {"text/html": '<a href="05-teardown.ipynb#Next">05</a>'})
    notebook.cells.append(nbformat.v4.new_code_cell("progress()", outputs=[shown]))
    assert '<a href="05-teardown.html#Next">05</a>' in book.chapter(notebook).cells[-1].outputs[0].data["text/html"]


def test_the_landing_page_says_how_far_a_reader_is() -> None:
    links = re.findall(r'href="([^"]+)"', landing.values()["overview"])
    assert links == [f"{name}.html" for name in [*CHAPTERS, "appendix"]]


def test_the_landing_page_counts_the_minutes_of_the_title_cells() -> None:
    values = landing.values()
    minutes = {name: landing.chapter(name).minutes for name in CHAPTERS}
    assert values["course_minutes"] == str(sum(minutes.values()) - minutes[CHAPTERS[-1]])
    assert int(values["course_minutes"]) <= 60 * int(values["course_hours"])
    for name, anchor in re.findall(r'href="([^"]+)\.html#([^"]+)"', values["route"]):
        headings = re.findall(r"^#+ (.+)$", _prose(name), re.MULTILINE)
        assert unescape(anchor) in map(layout.anchor, headings), name
    assert len(re.findall("<li>", values["route"])) >= 7


def _prose(name: str) -> str:
    return "\n".join(cell.source for cell in layout.read(name).cells if cell.cell_type == "markdown")


def test_a_notebook_without_minutes_is_no_chapter() -> None:
    with pytest.raises(ValueError, match="glossary does not say how many minutes"):
        landing.chapter("glossary")


def test_the_moving_picture_has_the_moments_of_the_run_and_says_them() -> None:
    drawn = picture.moving()
    found, _ = moments(kp.run("09"))
    for at, moment in enumerate(found):
        assert drawn.count(f'class="moment m{at}"') == 2, "a marked line and a frame"
        assert f"@keyframes m{at}" in drawn
        assert moment.caption in drawn
    assert f".kp .m{len(found) - 1}{{visibility:visible}}" in drawn, "without motion the last one is shown"
    assert "infinite" not in drawn, "it comes to rest"
    assert set(re.findall(r"url\(#([^)]+)\)", drawn)) == set(re.findall(r'<pattern id="([^"]+)"', drawn))


# -- the built site -----------------------------------------------------------------------------------


@pytest.mark.browser
def test_the_landing_page_shows_the_moment_and_three_doors(open_page: Callable[..., Any]) -> None:
    page = open_page("index.html")
    host = page.locator("[data-kvmplanes-player]")
    assert "use-after-free" in host.locator(".facts").inner_text()
    assert host.locator(".code [aria-current]").inner_text().split()[1].startswith("+")
    doors = page.locator(".kp-start > section").all()
    assert [door.locator("li").count() for door in doors] == [
        len(CHAPTERS) - 1,
        landing.values()["route"].count("<li>"),
        4,
    ]
    assert "No released kernel has the defect." in page.locator("article").inner_text()


@pytest.mark.browser
@pytest.mark.parametrize("name", SOME)
def test_a_page_reads_as_a_chapter(name: str, open_page: Callable[..., Any]) -> None:
    page = open_page(f"{name}.html")
    side = page.get_by_role("navigation", name="Chapters")
    assert side.is_visible()
    assert side.locator("a").filter(has_text=re.compile(r"^\d\d · ")).count() == len(CHAPTERS)
    shown = [text for text in page.locator(".cell_input").all_inner_texts() if text.strip()]
    assert [text for text in shown if re.match(r"ask\(|exercise\(|import |from ", text)] == []
    size = "selector => parseFloat(getComputedStyle(document.querySelector(selector)).fontSize)"
    assert page.evaluate(size, "article h1") >= 1.4 * page.evaluate(size, "article h2")
    fold = page.locator("details.kp-fold").first
    fold.locator("summary").click()
    assert "import" in fold.locator(".cell_input").inner_text()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 1000, 360])
def test_the_columns_of_an_excerpt_do_not_touch(width: int, open_page: Callable[..., Any]) -> None:
    page = open_page("05-teardown.html", width)
    rows = page.locator('table[style*="table-layout:fixed"] tr:has(th[scope=row])').all()
    assert rows
    for row in rows:
        ends = row.evaluate("""(row) => [...row.cells].slice(0, 2).map((cell) => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            const { left, right } = range.getBoundingClientRect();
            return [left, right, getComputedStyle(cell).fontFamily];
        })""")
        assert ends[0][1] + 3 <= ends[1][0], row.inner_text()
        assert all("mono" in font for *_, font in ends)


@pytest.mark.browser
@pytest.mark.parametrize("name", SOME)
def test_paper_is_light_and_whole(name: str, open_page: Callable[..., Any]) -> None:
    page = open_page(f"{name}.html", 794, "dark")  # A4
    folds = page.locator("article details:not(.kp-fold, .player *)")
    opened = folds.evaluate_all("(folds) => folds.filter((fold) => fold.open).length")
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'light'")
    assert folds.evaluate_all("(folds) => folds.every((fold) => fold.open)")
    assert page.evaluate(CUT) == []
    for part in (".bd-header", ".bd-sidebar-primary", ".bd-sidebar-secondary", ".kp-links"):
        assert not page.locator(part).first.is_visible(), part
    broken = "(hosts) => hosts.filter((host) => getComputedStyle(host).breakInside !== 'avoid').length"
    assert page.locator("[data-kvmplanes-player]").evaluate_all(broken) == 0
    page.emulate_media(media="screen", color_scheme="dark")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    assert folds.evaluate_all("(folds) => folds.filter((fold) => fold.open).length") == opened
