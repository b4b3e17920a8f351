# SPDX-License-Identifier: GPL-2.0-only
"""A reader with a keyboard and no mouse works through notebooks 05, 06 and 08 in a real JupyterLab."""

from typing import Any

import pytest

from kvmplanes.learn import questions_for
from kvmplanes.learn.questions import Question
from tests.browser.web import RUN_IS_OVER, Open, expect

pytestmark = pytest.mark.browser


def answer(page: Any, question: Question, host: Any) -> None:
    """Choose or type the right answer and check it, by keys alone."""
    host.locator("input").first.focus()
    if question.control == "radio":
        page.keyboard.press("Space")
        for _ in range(question.options.index(question.right())):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
    else:
        page.keyboard.type(str(question.right().value))
    page.keyboard.press("Enter")
    expect(host.get_by_role("status")).to_contain_text("✓ right")


@pytest.mark.parametrize("name", ["05-teardown.ipynb", "08-review-it.ipynb"])
def test_every_question_is_answered_by_keys(name: str, open_notebook: Open) -> None:
    page = open_notebook(name)
    questions = questions_for(name[:2])
    for question in questions:
        prompt = question.prompt.replace("`", "")[:40]
        host = page.locator(".kp-live", has_text=prompt)
        page.evaluate("(id) => document.querySelector('.jp-WindowedPanel-outer').focus()", question.id)
        host.first.scroll_into_view_if_needed()
        answer(page, question, host.first)
    assert page.locator(".kp-live", has_text="✓ right").count() >= len(questions)


def test_a_repair_is_found_by_keys_and_the_player_follows_keys(open_notebook: Open) -> None:
    page = open_notebook("06-fix-it.ipynb")
    editor = page.locator(".kp-order-live").first
    expect(editor).to_contain_text("16 of 18 paths clean")
    editor.get_by_role("button", name="Move up: kvm_destroy_planes(kvm);").focus()
    page.keyboard.press("Enter")
    expect(editor).to_contain_text("18 of 18 paths clean")
    player = open_notebook("05-teardown.ipynb").locator("[data-kvmplanes-player] .player").first
    player.get_by_role("slider").focus()
    before = player.locator(".count").text_content()
    page.keyboard.press("ArrowRight")
    expect(player.locator(".count")).not_to_have_text(before)


def test_a_review_is_written_by_keys(open_notebook: Open) -> None:
    page = open_notebook("08-review-it.ipynb")
    page.evaluate("void jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(RUN_IS_OVER, timeout=120_000)  # till then the kernel does not answer
    comment = page.locator(".jupyter-widgets textarea")
    comment.wait_for()
    comment.focus()
    page.keyboard.type("Freed before: kvm is gone here.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    desk = page.locator(".jp-OutputArea-output", has=comment)
    expect(desk).to_contain_text("Comment 1, on +01")
    expect(comment).to_have_value("")
    expect(desk).to_contain_text("Freed before: kvm is gone here.")
    before = desk.get_by_text("ways out taken").first.text_content()
    page.get_by_label("Let fail").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(desk.get_by_text("ways out taken").first).not_to_have_text(before)
