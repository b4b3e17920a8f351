# SPDX-License-Identifier: GPL-2.0-only
"""Questions in JupyterLab, before anything is run."""

from typing import Any

import pytest

from kvmplanes.learn.questions import ask
from tests.browser.web import Open, expect, saved, store

pytestmark = pytest.mark.browser


@pytest.mark.usefixtures("silent")
def test_a_trusted_notebook_takes_answers_at_once(lab: str, page: Any, open_notebook: Open) -> None:
    store(lab, "questions-trusted.ipynb", True, saved(ask("nb05-zeroed")), saved(ask("nb02-back-pointer")))
    open_notebook("questions-trusted.ipynb", anew=True)
    live = page.locator(".kp-live")
    expect(live).to_have_count(2)
    live.nth(0).get_by_role("radio").nth(1).check()
    for key in ("Enter", "a", "b", "d", "d", "j", "m", "ArrowUp", "Enter"):  # shortcuts of JupyterLab, all of them
        page.keyboard.press(key)
    expect(live.nth(0).get_by_role("status")).to_contain_text("a) ✗ not so")
    expect(live.nth(0).get_by_role("status").locator("p").first).to_contain_text("(✓ right): b)")
    live.nth(1).get_by_role("textbox").click()
    page.keyboard.type("kvm->planes[0]->kvm")
    page.keyboard.press("Enter")
    expect(live.nth(1).get_by_role("status")).to_contain_text("✓ right")
    notebook = "jupyterapp.shell.currentWidget.content"
    assert page.evaluate(f"{notebook}.widgets.map((cell) => cell.model.type)") == ["markdown", "code", "code"]


@pytest.mark.usefixtures("silent")
def test_an_untrusted_notebook_shows_options_and_replies(lab: str, page: Any, open_notebook: Open) -> None:
    # Not a question of the trusted notebook: trust goes by content.
    store(lab, "questions-untrusted.ipynb", False, saved(ask("nb05-plain")))
    open_notebook("questions-untrusted.ipynb")
    output = page.locator(".jp-OutputArea-output")
    expect(output.get_by_text("b) NULL: a free empties the memory.")).to_be_visible()
    expect(output.locator("script, style, input, button")).to_have_count(0)
    right = output.get_by_text("c) ✓ right")
    expect(right).to_be_hidden()
    output.get_by_text("Reply to each answer").click()
    expect(right).to_be_visible()
