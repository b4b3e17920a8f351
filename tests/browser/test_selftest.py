# SPDX-License-Identifier: GPL-2.0-only
"""The self-test in a real Chromium: kept without a word about right or wrong, compared in the end, never sent."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kvmplanes.learn import selftest, selftest_scores
from kvmplanes.learn.selftest.idea import IDEAS
from kvmplanes.learn.selftest.keys import FORMS, Form
from tests.browser.web import LOOKS, NARROW, Open, assert_fits_when_open, expect, html_page, saved, served, store

pytestmark = pytest.mark.browser

NOTHING = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no'); } })"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[str]:
    """Address of a folder with a page for each form and look."""
    for form in FORMS:
        for look in LOOKS:
            body = html_page(f"Self-test {form}", selftest(form).html, look)
            (tmp_path / f"{form}-{look}.html").write_text(body, encoding="utf-8")
    with served(tmp_path) as address:
        yield address


def right(form: Form) -> list[int]:
    """The place of the right answer to each question."""
    return [idea.forms[form].options.index(idea.forms[form].right()) for idea in IDEAS]


def choose(page: Any, places: list[int]) -> None:
    """Answer the questions one after the other, from the first that has no answer."""
    for number, place in enumerate(places):
        page.locator("fieldset").nth(number).get_by_role("radio").nth(place).check()
        expect(page.get_by_text(f"Question {number + 1} of 8")).to_be_visible()
        if number < 7:
            page.get_by_role("button", name="Next", exact=True).click()


def kept(page: Any) -> Any:
    return page.get_by_role("status").first


def test_before_and_after(page: Any, silent: None, pages: str) -> None:  # noqa: ARG001
    asked: list[str] = []
    page.goto(f"{pages}/before-light.html")
    page.on("request", lambda request: asked.append(request.url))
    expect(kept(page)).to_have_text("Kept in this browser: 0 of 8 answers.")
    choose(page, [*right("before")[:3], 4, 4, 4, 4, 4])
    expect(kept(page)).to_have_text("Kept in this browser: 8 of 8 answers.")
    for sign in ("✓", "✗"):
        expect(page.locator("body")).not_to_contain_text(sign)
    assert asked == []
    page.reload()
    expect(kept(page)).to_have_text("Kept in this browser: 8 of 8 answers.")

    page.goto(f"{pages}/after-light.html")
    compare = page.get_by_role("button", name="Compare with the first form")
    expect(compare).to_be_disabled()
    expect(page.get_by_text("Both forms side by side")).to_be_hidden()
    choose(page, [*right("after")[:7], 4])
    asked.clear()
    compare.click()
    expect(page.get_by_text("Before: 3 of 8 right. After: 7 of 8 right.")).to_be_visible()
    expect(page.get_by_text("What this does not prove")).to_be_visible()
    assert asked == []
    first, last = (page.locator("[data-of]").nth(place) for place in (0, 15))
    expect(first.get_by_role("listitem")).to_have_count(1)
    expect(first.get_by_role("listitem")).to_contain_text("Your answer: b) release ✓ right")
    expect(last.get_by_role("listitem").first).to_contain_text("Your answer: e) I do not know. ✗ not so")
    expect(last.get_by_role("listitem").last).to_contain_text("Right: c) The fix belongs in patch 3. ✓ right")
    expect(page.get_by_role("radio").first).to_be_disabled()

    page.reload()
    expect(page.get_by_text("Before: 3 of 8 right. After: 7 of 8 right.")).to_be_visible()
    line = page.get_by_role("textbox").input_value()
    assert selftest_scores(line).text.splitlines()[-1].split()[2:] == ["3", "of", "8", "7", "of", "8"]
    page.get_by_role("button", name="Copy my answers").click()
    expect(kept(page)).to_have_text(re.compile("Copied.|Selected: copy it with"))

    page.get_by_role("button", name="Forget the self-test").click()
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.get_by_text("Before: 3 of 8 right.")).to_be_visible()
    page.get_by_role("button", name="Forget the self-test").click()
    page.get_by_role("button", name="Yes, forget").click()
    expect(kept(page)).to_have_text("Kept in this browser: 0 of 8 answers.")
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    expect(page.get_by_role("radio").first).to_be_enabled()
    expect(page.get_by_text("Both forms side by side")).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


def test_without_a_first_form_there_is_no_sum_of_it(page: Any, silent: None, pages: str) -> None:  # noqa: ARG001
    page.goto(f"{pages}/after-dark.html")
    choose(page, right("after"))
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Before: 0 of 8 answered. After: 8 of 8 right.")).to_be_visible()
    expect(page.get_by_text("You did not answer.")).to_have_count(8)


def test_where_the_browser_stores_nothing_it_says_so_and_works(page: Any, silent: None, pages: str) -> None:  # noqa: ARG001
    page.add_init_script(NOTHING)
    page.goto(f"{pages}/after-light.html")
    expect(kept(page)).to_contain_text("until you leave this page: this browser stores nothing for it")
    choose(page, right("after"))
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("After: 8 of 8 right.")).to_be_visible()
    page.reload()
    expect(kept(page)).to_contain_text("0 of 8")


def test_by_keyboard(page: Any, silent: None, pages: str) -> None:  # noqa: ARG001
    page.goto(f"{pages}/before-light.html")
    page.evaluate("window.heard = []; addEventListener('keydown', (event) => heard.push(event.key))")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    expect(kept(page)).to_contain_text("1 of 8")
    assert page.evaluate("heard") in ([], ["Tab"])


@pytest.mark.parametrize("form", FORMS)
def test_it_fits_a_narrow_page(form: str, page: Any, silent: None, pages: str) -> None:  # noqa: ARG001
    page.set_viewport_size(NARROW)
    page.goto(f"{pages}/{form}-light.html")
    choose(page, [0] * 8)
    if form == "after":
        page.get_by_role("button", name="Compare").click()
    assert_fits_when_open(page, page)


def test_without_javascript_both_forms_read(scriptless: Any, pages: str) -> None:
    scriptless.goto(f"{pages}/after-light.html")
    expect(scriptless.get_by_text("write a letter for each question on paper")).to_be_visible()
    expect(scriptless.get_by_text("b) unclaim").first).to_be_visible()
    expect(scriptless.locator("input, button")).to_have_count(0)
    scriptless.get_by_text("Both forms side by side").click()
    expect(scriptless.get_by_text("c) drop ✓ right")).to_be_visible()


@pytest.mark.usefixtures("silent")
def test_in_jupyterlab_answers_come_back_with_the_notebook(lab: str, page: Any, open_notebook: Open) -> None:
    for form in FORMS:
        store(lab, f"selftest-{form}.ipynb", True, saved(selftest(form)))
    open_notebook("selftest-before.ipynb")
    choose(page, [4] * 8)
    page.keyboard.press("d")
    page.keyboard.press("d")  # JupyterLab would delete the cell
    open_notebook("selftest-after.ipynb", anew=True)
    choose(page, right("after"))
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Before: 0 of 8 right. After: 8 of 8 right.")).to_be_visible()
    open_notebook("selftest-before.ipynb")
    expect(page.locator(".kp-test").get_by_role("status")).to_have_text("Kept in this browser: 8 of 8 answers.")
