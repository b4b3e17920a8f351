# SPDX-License-Identifier: GPL-2.0-only
"""The field for a reader's own findings in a real Chromium: written, compared, kept here, and there without scripts."""

from typing import Any

import pytest

from kvmplanes.learn import findings_field
from tests.browser.web import LOOKS, NARROW, expect, html_page

pytestmark = pytest.mark.browser

FIELD = findings_field("29")


@pytest.fixture
def field(page: Any, silent: None) -> Any:  # noqa: ARG001
    """The field on a page, alive."""
    page.set_content(html_page("Findings", FIELD.html, "light"))
    return page.locator(".kp-field")


def test_a_reader_writes_first_and_compares_then(field: Any) -> None:
    known = field.get_by_text("11 findings on this code are known here")
    expect(known).to_be_hidden()
    show = field.get_by_role("button", name="Show")
    show.click()
    expect(field.get_by_role("status")).to_contain_text("Nothing is written yet")
    expect(known).to_be_hidden()
    field.get_by_label("Your findings").fill("L33..L34: which order is this?\nL05: unused?")
    show.click()
    expect(known).to_be_visible()
    expect(field.get_by_role("status")).to_contain_text("Your lines meet 3 of 11 known findings")
    expect(field.get_by_role("status")).to_contain_text("For L05 nothing is known here")
    marked = field.get_by_text("You named L33, L34.")
    expect(marked).to_have_count(5)
    field.get_by_label("Your findings").fill("L17")
    show.click()
    expect(marked).to_have_count(0)


def test_who_wants_to_see_it_at_once_presses_twice(field: Any) -> None:
    show = field.get_by_role("button", name="Show")
    show.click()
    show.click()
    expect(field.get_by_text("11 findings on this code are known here")).to_be_visible()
    expect(field.get_by_role("status")).to_contain_text("You have named no line")


def test_keys_stay_in_the_box(field: Any) -> None:
    box = field.get_by_label("Your findings")
    box.click()
    box.press_sequentially("L16 dd")
    expect(box).to_have_value("L16 dd")


@pytest.mark.parametrize("look", LOOKS)
def test_it_fits_a_narrow_page(page: Any, look: str) -> None:
    page.set_viewport_size(NARROW)
    page.set_content(html_page("Findings", FIELD.html, look))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_javascript_it_is_a_fold(scriptless: Any) -> None:
    scriptless.set_content(html_page("Findings", FIELD.html, "light"))
    known = scriptless.get_by_text("11 findings on this code are known here")
    expect(known).to_be_hidden()
    scriptless.get_by_text("What is known: write your own findings down first").click()
    expect(known).to_be_visible()
    expect(scriptless.get_by_role("textbox")).to_have_count(0)
