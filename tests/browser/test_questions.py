# SPDX-License-Identifier: GPL-2.0-only
"""Questions in a real Chromium: by mouse, by keyboard and without JavaScript."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from kvmplanes.learn import progress
from kvmplanes.learn.questions import QUESTIONS, ask, judge
from kvmplanes.view.page.html import Html, marked
from tests.browser.web import LOOKS, NARROW, assert_fits_when_open, expect, html_page, served

pytestmark = pytest.mark.browser

ZEROED, READS, BACK = ask("nb05-zeroed"), ask("nb05-reads"), ask("nb02-back-pointer")


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


def bare(text: str) -> str:
    """A text without its marks."""
    return unescape(re.sub(r"<[^>]+>", "", marked(text)))


def first_answer(host: Any) -> Any:
    return host.get_by_role("status").locator("p").first


def test_by_mouse(shown: Callable[..., Any]) -> None:
    host = shown(ZEROED).first
    replies = host.get_by_text("Reply to each answer")
    expect(host.get_by_role("group")).to_have_accessible_name(ZEROED.text.splitlines()[0].replace("`", ""))
    expect(replies).to_be_hidden()
    host.get_by_role("button", name="Check").click()
    expect(host.get_by_role("status")).to_have_text("Choose an answer first.")
    expect(replies).to_be_hidden()

    host.get_by_text("a) Nothing: the slots read as NULL").click()
    host.get_by_role("button", name="Check").click()
    expect(host.get_by_role("status")).to_contain_text("a) ✗ not so It is harmless for the loop")
    expect(host.get_by_role("status")).not_to_contain_text("Hardening changes the symptom")
    expect(replies).to_be_visible()

    host.get_by_role("radio", name="b) Plane 0 leaks").check()
    host.get_by_role("button", name="Check").click()
    expect(host.get_by_role("status")).to_contain_text("b) ✓ right Every slot reads as NULL")
    expect(host.get_by_role("status")).to_contain_text("Hardening changes the symptom")
    expect(first_answer(host)).to_contain_text("Your first answer (✗ not so): a) Nothing")

    expect(host.get_by_text("c) ✗ not so The loop tests for NULL")).to_be_hidden()
    replies.click()
    expect(host.get_by_text("c) ✗ not so The loop tests for NULL")).to_be_visible()


def test_by_keyboard(shown: Callable[..., Any], page: Any) -> None:
    questions = shown(ZEROED, READS)
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
    page.keyboard.type("19")
    page.keyboard.press("Enter")
    expect(questions.nth(1).get_by_role("status")).to_contain_text("19: ✓ right")
    expect(first_answer(questions.nth(1))).to_have_text("Your first answer (✗ not so): 17")


def test_typed_answers_are_read_kindly(shown: Callable[..., Any]) -> None:
    reads, back = (shown(READS, BACK).nth(i) for i in (0, 1))
    number, text = reads.get_by_role("spinbutton"), back.get_by_role("textbox")
    for typed, reply in (("", "Write a number first."), ("19.0", "19: ✓ right"), ("12", "Anything else: ✗ not so")):
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
            word = "● kept" if question.is_kept else "✓ right" if right else "✗ not so"
            assert f"{word} {bare(option.reply)}" in text.replace("\xa0", " "), question.id
            assert (bare(question.reason) in text) is (right or question.is_kept)


def test_the_same_question_twice_and_its_script_again(shown: Callable[..., Any], page: Any) -> None:
    live = shown(ZEROED, ZEROED)
    scripts = "for (const old of document.querySelectorAll('script')) {"
    page.evaluate(
        scripts + "const s = document.createElement('script'); s.textContent = old.textContent; old.after(s)}"
    )
    live.nth(0).get_by_role("radio").nth(1).check()
    live.nth(1).get_by_role("radio").nth(2).check()
    expect(live.nth(0).get_by_role("radio").nth(1)).to_be_checked()
    live.nth(0).get_by_role("button", name="Check").click()
    expect(live.nth(0).get_by_role("status")).to_contain_text("b) ✓ right")
    expect(live.nth(1).get_by_role("status")).to_be_empty()
    expect(page.get_by_role("button", name="Check")).to_have_count(2)


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_scrolls_sideways(look: str, shown: Callable[..., Any], page: Any) -> None:
    page.set_viewport_size(NARROW)
    live = shown(*(ask(question.id) for question in QUESTIONS), look=look)
    page.evaluate(GIVE, [[str(question.options[0].value)] for question in QUESTIONS])
    assert_fits_when_open(page, live)


def test_keys_stay_inside(shown: Callable[..., Any], page: Any) -> None:
    host = shown(BACK).first
    page.evaluate("window.heard = []; addEventListener('keydown', (event) => heard.push(event.key))")
    host.get_by_role("textbox").press("d")
    host.get_by_role("button", name="Check").press("ArrowDown")
    assert page.evaluate("heard") == []


def answer(host: Any, place: int) -> None:
    host.get_by_role("radio").nth(place).check()
    host.get_by_role("button", name="Check").click()


def test_answers_are_there_again_and_can_be_forgotten(page: Any, silent: None, tmp_path: Path) -> None:  # noqa: ARG001
    changed = ZEROED.html.replace('keeps="nb05-zeroed-', 'keeps="nb05-zeroed-0')
    for name, body in (("one", html(ZEROED, READS, progress())), ("two", changed)):
        (tmp_path / f"{name}.html").write_text(body, encoding="utf-8")
    with served(tmp_path) as address:
        page.goto(f"{address}/one.html")
        host, reads = page.locator(".kp-live").nth(0), page.locator(".kp-live").nth(1)
        answer(host, 0)
        answer(host, 1)
        reads.get_by_role("spinbutton").fill("12")
        reads.get_by_role("spinbutton").press("Enter")
        host.get_by_role("radio").nth(2).check()  # chosen, and not checked: not an answer yet
        page.reload()
        expect(host.get_by_role("radio").nth(1)).to_be_checked()
        expect(host.get_by_role("status")).to_contain_text("b) ✓ right")
        expect(first_answer(host)).to_contain_text("(✗ not so): a) Nothing")
        expect(reads.get_by_role("status")).to_contain_text("Anything else: ✗ not so")
        expect(reads.get_by_role("spinbutton")).to_have_value("12")

        page.goto(f"{address}/two.html")  # the question says something else now
        expect(page.locator(".kp-live").get_by_role("status")).to_be_empty()

        page.goto(f"{address}/one.html")
        page.get_by_role("button", name="Begin again").click()
        page.get_by_role("button", name="Yes, forget").click()
        for question in (host, reads):
            expect(question.get_by_role("status")).to_be_empty()
        expect(host.get_by_role("radio", checked=True)).to_have_count(0)
        expect(host.get_by_text("Reply to each answer")).to_be_hidden()
        answer(host, 2)
        expect(first_answer(host)).to_contain_text("(✗ not so): c)")
        assert page.evaluate("Object.keys(localStorage)") == [f"kvmplanes:{name_of(ZEROED)}"]


def name_of(view: Html) -> str:
    """The name under which a question's answer is kept."""
    return view.html.partition('keeps="')[2].partition('"')[0]


def test_an_answer_for_a_later_page_is_kept_there_and_judged_here(page: Any, silent: None, tmp_path: Path) -> None:  # noqa: ARG001
    line = next(question.id for question in QUESTIONS if question.is_kept)
    for name, view in (("ask", ask(line)), ("judge", judge(line))):
        (tmp_path / f"{name}.html").write_text(html(view), encoding="utf-8")
    with served(tmp_path) as address:
        page.goto(f"{address}/judge.html")
        expect(page.get_by_text("This browser has no answer of yours.")).to_be_visible()
        page.goto(f"{address}/ask.html")
        page.get_by_role("radio").nth(3).check()
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_role("status")).to_contain_text("● kept")
        expect(page.locator("body")).not_to_contain_text("✗")
        page.goto(f"{address}/judge.html")
        expect(page.get_by_text("Your answer: d)")).to_contain_text("✗ not so")
        expect(page.get_by_text("✓ right")).to_be_hidden()


# What is below a question on a page: cells of JupyterLab, and of the site; what an output is in, and words.
CELLS = {
    "lab": (
        '<div class="jp-Cell jp-CodeCell"><div class="jp-OutputArea"><div class="jp-OutputArea-child">',
        '<div class="jp-Cell jp-MarkdownCell">{}</div>',
    ),
    "site": ('<div class="cell"><div class="cell_output"><div class="output">', "{}"),
}


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("how", ["Check", "Show the result without an answer"])
def test_the_output_below_a_prediction_waits_for_the_answer(how: str, kind: str, page: Any, silent: None) -> None:  # noqa: ARG001
    output, words = CELLS[kind]
    first, below, last = (
        f"{output}{inside}</div></div></div>" for inside in (ZEROED.html, "<p>it is so</p>", BACK.html)
    )
    told, section = words.format("<p>and that is why</p>"), words.format("<h2>What comes next</h2><p>another thing</p>")
    page.set_content(html_page("Cells", first + below + told + section + last))
    result, why = (page.get_by_text(text, exact=True) for text in ("it is so", "and that is why"))
    expect(result).to_be_hidden()
    expect(why).to_be_hidden()
    expect(page.get_by_text("another thing")).to_be_visible()
    first, last = (page.locator(".kp-live").nth(n) for n in (0, 1))
    expect(last.get_by_role("textbox")).to_be_visible()
    expect(last.get_by_role("button", name="Show the result")).to_have_count(0)  # nothing is below it
    first.get_by_role("radio").nth(2).check()
    page.emulate_media(media="print")
    expect(result).to_be_visible()
    page.emulate_media(media="screen")
    first.get_by_role("button", name=how).click()
    expect(result).to_be_visible()
    expect(why).to_be_visible()
    expect(first.get_by_role("button", name="Show the result")).to_have_count(0)


def test_without_javascript_it_reads(scriptless: Any) -> None:
    scriptless.set_viewport_size(NARROW)
    scriptless.set_content(html(ZEROED, READS))
    expect(scriptless.get_by_text("b) Plane 0 leaks.")).to_be_visible()
    expect(scriptless.locator("input, button")).to_have_count(0)
    right = scriptless.get_by_text("Every slot reads as NULL")
    expect(right).to_be_hidden()
    scriptless.get_by_text("Reply to each answer").first.click()
    expect(right).to_be_visible()
    expect(scriptless.get_by_text("c) ✗ not so")).to_be_visible()
    assert scriptless.evaluate("document.documentElement.scrollWidth") <= 360
