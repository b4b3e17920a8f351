# SPDX-License-Identifier: GPL-2.0-only
"""The button beside a mail in a real Chromium: it copies, or selects where copying is forbidden."""

from typing import Any

import pytest

from kvmplanes.view import copied
from tests.browser.web import NARROW, assert_fits_when_open, expect, html_page, served

pytestmark = pytest.mark.browser
MAIL = "Subject: Re: [PATCH]\n\n> +\tkvm_destroy_planes(kvm);\n\nWhy here? " + "A long line. " * 20


@pytest.fixture
def address(tmp_path: Any) -> Any:
    (tmp_path / "mail.html").write_text(html_page("Mail", copied(MAIL).html), encoding="utf-8")
    with served(tmp_path) as site:
        yield f"{site}/mail.html"


@pytest.mark.usefixtures("silent")
def test_the_whole_text_is_copied(page: Any, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == MAIL


@pytest.mark.usefixtures("silent")
def test_where_copying_is_forbidden_it_is_selected(page: Any, address: str) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.set_viewport_size(NARROW)
    page.goto(address)
    assert_fits_when_open(page, page)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_have_text("Selected: copy it with Ctrl+C.")
    assert page.evaluate("getSelection().toString()").strip() == MAIL.strip()
