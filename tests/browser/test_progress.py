# SPDX-License-Identifier: GPL-2.0-only
"""What a reader has done, in a real Chromium: counted, marked, there again after a reload, dropped when they ask."""

from collections.abc import Iterator
from typing import Any

import nbformat
import pytest

from kvmplanes.learn import QUESTIONS, ask, check, exercise, progress
from kvmplanes.learn.progress.pages import overview
from tests.browser.web import LOOKS, NARROW, Open, assert_fits_when_open, expect, html_page, served, store, top_of

pytestmark = pytest.mark.browser

QUESTION = next(question for question in QUESTIONS if question.id == "nb03-falls")
RIGHT = check("nth-plane", 3)._repr_mimebundle_()["text/html"]
CHAPTER = f"""<article><h1>03 · When kzalloc says no</h1>
<h2>Two questions to warm up</h2>{ask(QUESTION.id).html}
<h2>A failing call has a name</h2>{exercise("nth-plane").html}
<div id="below"></div>{progress("03").html}</article>"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a chapter before and after its exercise is solved, and of the page that lists all chapters."""
    folder = tmp_path_factory.mktemp("site")
    pages = {"chapter": CHAPTER, "solved": CHAPTER.replace('<div id="below"></div>', RIGHT)}
    pages["all"] = f"<details><summary>How far</summary>{overview('.html').html}</details>"
    pages["03-when-kzalloc-says-no"] = CHAPTER
    for name, body in pages.items():
        (folder / f"{name}.html").write_text(html_page(name, body), encoding="utf-8")
    with served(folder) as address:
        yield address


def answered(page: Any, site: str) -> None:
    """Answer the question of the chapter."""
    page.goto(f"{site}/chapter.html")
    page.get_by_role("radio").nth(QUESTION.options.index(QUESTION.right())).check()
    page.get_by_role("button", name="Check").click()


@pytest.mark.usefixtures("silent")
def test_an_answer_and_a_solution_are_counted_and_come_back(page: Any, site: str) -> None:
    answered(page, site)
    expect(page.get_by_text("On this page: 1 of 6 questions answered, 0 of 3 exercises done.")).to_be_visible()
    expect(page.get_by_text("✓ done")).to_have_count(0)
    page.goto(f"{site}/solved.html")
    expect(page.locator("[data-kvmplanes-exercise]").get_by_text("✓ done")).to_be_visible()
    assert page.evaluate("localStorage.getItem('kvmplanes:exercise:nth-plane')") == '"done"'
    page.goto(f"{site}/chapter.html")
    expect(page.get_by_text("✓ done")).to_be_visible()
    expect(page.get_by_text("On this page: 1 of 6 questions answered, 1 of 3 exercises done.")).to_be_visible()


@pytest.mark.usefixtures("silent")
def test_all_pages_say_how_far_and_lead_back(page: Any, site: str) -> None:
    page.goto(f"{site}/all.html")
    expect(page.get_by_role("table")).to_be_hidden()
    answered(page, site)
    page.goto(f"{site}/all.html")
    expect(page.get_by_role("row", name="03 · When kzalloc says no")).to_contain_text("1 of 60 of 3")
    expect(page.get_by_text("You were last at 03 · When kzalloc says no, “Two questions to warm up”.")).to_be_visible()
    page.get_by_role("button", name="Go on there").click()
    page.wait_for_url("**/03-when-kzalloc-says-no.html#Two-questions-to-warm-up")
    page.get_by_role("radio").nth(1).check()
    page.go_back()
    expect(page.get_by_role("row").last).to_contain_text("1 of 92")


@pytest.mark.usefixtures("silent")
def test_to_begin_again_is_asked_first(page: Any, site: str) -> None:
    answered(page, site)
    page.goto(f"{site}/all.html")
    page.get_by_role("button", name="Begin again").click()
    expect(page.get_by_text("What you wrote into cells stays.")).to_be_visible()
    page.keyboard.press("Enter")  # No has the focus
    expect(page.get_by_text("What you wrote into cells stays.")).to_be_hidden()
    expect(page.get_by_role("row").last).to_contain_text("1 of 92")
    page.get_by_role("button", name="Begin again").click()
    page.get_by_role("button", name="Yes, forget").click()
    expect(page.get_by_role("row").last).to_contain_text("0 of 92")
    expect(page.get_by_text("You were last at")).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("look", LOOKS)
def test_it_fits_a_narrow_page(page: Any, look: str) -> None:
    page.set_viewport_size(NARROW)
    page.set_content(html_page("All", f"{progress().html}{progress('03').html}", look))
    assert_fits_when_open(page, page)


def test_without_javascript_the_counts_are_there(scriptless: Any, site: str) -> None:
    scriptless.goto(f"{site}/solved.html")
    expect(scriptless.get_by_text("On this page: 6 questions, 3 exercises.")).to_be_visible()
    expect(scriptless.get_by_text("✓ done")).to_have_count(0)


def test_a_solved_exercise_stays_done_in_jupyterlab(lab: str, open_notebook: Open) -> None:
    sources = ["from kvmplanes.learn import check, exercise, progress", 'exercise("nth-plane")',
               'check("nth-plane", 3)', 'progress("03")']  # fmt: skip
    store(lab, "done.ipynb", True, *map(nbformat.v4.new_code_cell, sources))
    page = open_notebook("done.ipynb")
    for _ in range(2):
        page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
        expect(page.locator("[data-kvmplanes-exercise]").get_by_text("✓ done")).to_be_visible(timeout=60_000)
        expect(page.get_by_text("1 of 3 exercises done")).to_be_visible()
    page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    store(lab, "later.ipynb", True, *map(nbformat.v4.new_code_cell, [sources[0], *sources[1::2]]))
    page = open_notebook("later.ipynb", anew=True)
    page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    expect(page.locator("[data-kvmplanes-exercise]").get_by_text("✓ done")).to_be_visible(timeout=60_000)


def test_in_jupyterlab_the_way_back_opens_the_page_at_its_heading(open_notebook: Open) -> None:
    page = open_notebook("03-when-kzalloc-says-no.ipynb")
    host = page.locator(".kp-live").nth(1)
    host.get_by_role("radio").first.check()
    host.get_by_role("button", name="Check").click()
    open_notebook("00-start-here.ipynb", anew=True)
    expect(page.get_by_text("You were last at 03 · When kzalloc says no, “Two questions to warm up”.")).to_be_visible()
    page.get_by_role("button", name="Go on there").click()
    page.wait_for_function("jupyterapp.shell.currentWidget?.context?.path === '03-when-kzalloc-says-no.ipynb'")
    assert 0 <= top_of(page, "Two-questions-to-warm-up") <= 120
