# SPDX-License-Identifier: GPL-2.0-only
"""Questions in a real Chromium: by mouse, by keyboard, without JavaScript, and in JupyterLab before anything is run."""

from collections.abc import Callable
from typing import Any

import pytest

from kvmplanes.learn.questions import QUESTIONS, ask
from kvmplanes.view.page.html import Html
from tests.browser.web import LOOKS, Open, expect, html_page, saved, store

pytestmark = pytest.mark.browser

ORDER, READS, BACK = ask("nb05-order"), ask("nb05-reads"), ask("nb02-back-pointer")


def html(*views: Html, look: str = "light") -> str:
    return html_page("Questions", "".join(view.html for view in views), look)


@pytest.fixture
def shown(page: Any, silent: None) -> Callable[..., Any]:  # noqa: ARG001
    """Return a function that shows questions on a page and returns them, alive."""

    def show(*views: Html, look: str = "light") -> Any:
        page.set_content(html(*views, look=look))
        live = page.locator(".kp-live")
        expect(live).to_have_count(len(views))
        return live

    return show


def first_answer(host: Any) -> Any:
    return host.get_by_role("status").locator("p").first


def test_by_mouse(shown: Callable[..., Any]) -> None:
    host = shown(ORDER).first
    replies = host.get_by_text("Reply to each answer")
    expect(host.get_by_role("group")).to_have_accessible_name(ORDER.text.splitlines()[0].replace("`", ""))
    expect(replies).to_be_hidden()
    host.get_by_role("button", name="Check").click()
    expect(host.get_by_role("status")).to_have_text("Choose an answer first.")
    expect(replies).to_be_hidden()

    host.get_by_text("a) First kvm_arch_free_vm").click()
    host.get_by_role("button", name="Check").click()
    expect(host.get_by_role("status")).to_contain_text("a) ✗ not so kvm_destroy_planes finds the planes through")
    expect(host.get_by_role("status")).not_to_contain_text("Last in, first out")
    expect(replies).to_be_visible()

    host.get_by_role("radio", name="b) First kvm_destroy_planes").check()
    host.get_by_role("button", name="Check").click()
    expect(host.get_by_role("status")).to_contain_text("b) ✓ right struct kvm holds the only pointers")
    expect(host.get_by_role("status")).to_contain_text("Last in, first out")
    expect(first_answer(host)).to_contain_text("Your first answer (✗ not so): a) First kvm_arch_free_vm")

    expect(host.get_by_text("c) ✗ not so They are separate")).to_be_hidden()
    replies.click()
    expect(host.get_by_text("c) ✗ not so They are separate")).to_be_visible()


def test_by_keyboard(shown: Callable[..., Any], page: Any) -> None:
    questions = shown(ORDER, READS)
    for key in ("Tab", "Space", "Enter"):
        page.keyboard.press(key)
    expect(questions.nth(0).get_by_role("status")).to_contain_text("a) ✗ not so")
    for key in ("ArrowDown", "Tab", "Enter"):  # the next option, the button, and press it
        page.keyboard.press(key)
    expect(questions.nth(0).get_by_role("status")).to_contain_text("b) ✓ right")
    expect(first_answer(questions.nth(0))).to_contain_text("(✗ not so): a)")

    page.keyboard.press("Tab")  # the replies
    page.keyboard.press("Enter")
    expect(questions.nth(0).get_by_text("c) ✗ not so")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("17")
    page.keyboard.press("Enter")
    expect(questions.nth(1).get_by_role("status")).to_contain_text("17: ✗ not so")
    page.keyboard.press("Control+A")
    page.keyboard.type("16")
    page.keyboard.press("Enter")
    expect(questions.nth(1).get_by_role("status")).to_contain_text("16: ✓ right")
    expect(first_answer(questions.nth(1))).to_have_text("Your first answer (✗ not so): 17")


def test_typed_answers_are_read_kindly(shown: Callable[..., Any]) -> None:
    reads, back = (shown(READS, BACK).nth(i) for i in (0, 1))
    number, text = reads.get_by_role("spinbutton"), back.get_by_role("textbox")
    for typed, reply in (("", "Write a number first."), ("16.0", "16: ✓ right"), ("12", "Anything else: ✗ not so")):
        number.fill(typed)
        number.press("Enter")
        expect(reads.get_by_role("status")).to_contain_text(reply)
    for typed, reply in (("  ", "Write an answer first."), (" kvm -> planes[0]->kvm; ", "✓ right"), ("x", "Anything")):
        text.fill(typed)
        text.press("Enter")
        expect(back.get_by_role("status")).to_contain_text(reply)


# All answers at once: what the script says to the n-th answer, for each question.
GIVE = """answers => [...document.querySelectorAll(".kp-live")].map((ask, place) => answers[place].map((value, n) => {
    const [form, inputs] = [ask.querySelector("form"), ask.querySelectorAll("input")];
    if (inputs[0].type === "radio") inputs[n].checked = true; else inputs[0].value = value;
    form.requestSubmit();
    return form.querySelector("[role=status]").innerText;
}))"""


def test_every_answer_to_every_question_is_judged_as_python_judges_it(shown: Callable[..., Any], page: Any) -> None:
    shown(*(ask(question.id) for question in QUESTIONS))
    replies = page.evaluate(GIVE, [[str(option.value) for option in question.options] for question in QUESTIONS])
    for question, said in zip(QUESTIONS, replies, strict=True):
        for option, text in zip(question.options, said, strict=True):
            right = option == question.right()
            reply = f"{'✓ right' if right else '✗ not so'} {option.reply}".replace("`", "")
            assert reply in text.replace("\xa0", " "), question.id
            assert (question.reason.replace("`", "") in text) is right


def test_the_same_question_twice_and_its_script_again(shown: Callable[..., Any], page: Any) -> None:
    live = shown(ORDER, ORDER)
    scripts = "for (const old of document.querySelectorAll('script')) {"
    page.evaluate(
        scripts + "const s = document.createElement('script'); s.textContent = old.textContent; old.after(s)}"
    )
    live.nth(0).get_by_role("radio").nth(1).check()
    live.nth(1).get_by_role("radio").nth(2).check()
    expect(live.nth(0).get_by_role("radio").nth(1)).to_be_checked()
    live.nth(0).get_by_role("button").click()
    expect(live.nth(0).get_by_role("status")).to_contain_text("b) ✓ right")
    expect(live.nth(1).get_by_role("status")).to_be_empty()
    expect(page.get_by_role("button")).to_have_count(2)


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_scrolls_sideways(look: str, shown: Callable[..., Any], page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    live = shown(*(ask(question.id) for question in QUESTIONS), look=look)
    page.evaluate(GIVE, [[str(question.options[0].value)] for question in QUESTIONS])
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    heights = live.locator("label, button").evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")
    assert min(heights) >= 24  # WCAG 2.2, target size


def test_keys_stay_inside(shown: Callable[..., Any], page: Any) -> None:
    host = shown(BACK).first
    page.evaluate("window.heard = []; addEventListener('keydown', (event) => heard.push(event.key))")
    host.get_by_role("textbox").press("d")
    host.get_by_role("button").press("ArrowDown")
    assert page.evaluate("heard") == []


def test_without_javascript_it_reads(chromium: Any) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.set_content(html(ORDER, READS))
    expect(page.get_by_text("b) First kvm_destroy_planes")).to_be_visible()
    expect(page.locator("input, button")).to_have_count(0)
    right = page.get_by_text("struct kvm holds the only pointers")
    expect(right).to_be_hidden()
    page.get_by_text("Reply to each answer").first.click()
    expect(right).to_be_visible()
    expect(page.get_by_text("c) ✗ not so")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


# -- JupyterLab, before anything is run --------------------------------------------------------------


@pytest.mark.usefixtures("silent")
def test_a_trusted_notebook_takes_answers_at_once(lab: str, page: Any, open_notebook: Open) -> None:
    store(lab, "questions-trusted.ipynb", True, saved(ORDER), saved(BACK))
    open_notebook("questions-trusted.ipynb")
    live = page.locator(".kp-live")
    expect(live).to_have_count(2)
    live.nth(0).get_by_role("radio").nth(1).check()
    for key in ("Enter", "a", "b", "d", "d", "j", "m", "ArrowUp", "Enter"):  # shortcuts of JupyterLab, all of them
        page.keyboard.press(key)
    expect(live.nth(0).get_by_role("status")).to_contain_text("a) ✗ not so")
    expect(first_answer(live.nth(0))).to_contain_text("(✓ right): b)")
    live.nth(1).get_by_role("textbox").click()
    page.keyboard.type("kvm->planes[0]->kvm")
    page.keyboard.press("Enter")
    expect(live.nth(1).get_by_role("status")).to_contain_text("✓ right")
    notebook = "jupyterapp.shell.currentWidget.content"
    assert page.evaluate(f"{notebook}.widgets.map((cell) => cell.model.type)") == ["markdown", "code", "code"]


@pytest.mark.usefixtures("silent")
def test_an_untrusted_notebook_shows_options_and_replies(lab: str, page: Any, open_notebook: Open) -> None:
    # Not a question of the trusted notebook: trust goes by content.
    store(lab, "questions-untrusted.ipynb", False, saved(ask("nb05-zeroed")))
    open_notebook("questions-untrusted.ipynb")
    output = page.locator(".jp-OutputArea-output")
    expect(output.get_by_text("b) Plane 0 leaks.")).to_be_visible()
    expect(output.locator("script, style, input, button")).to_have_count(0)
    right = output.get_by_text("b) ✓ right")
    expect(right).to_be_hidden()
    output.get_by_text("Reply to each answer").click()
    expect(right).to_be_visible()
