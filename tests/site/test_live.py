# SPDX-License-Identifier: GPL-2.0-only
"""Exercises and cells that run in the pages of the built site, in a Python that the page loads at first use."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.web import SITE, expect
from tests.site.test_site import violations

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
LOADED = 120_000  # milliseconds for the first run, on a busy machine
WRONG = "kvm_destroy_planes(kvm);\nmmdrop(mm);\nkvm_arch_free_vm(kvm);"
RIGHT = "kvm_destroy_planes(kvm);\nkvm_arch_free_vm(kvm);"
AT_FIRST_USE = ("/_static/live/editor-", "/_static/live/worker.js", "/lite/")


@pytest.fixture(autouse=True)
def built(need: Callable[[object, str], None]) -> None:
    """These parts are left out together with JupyterLite."""
    need((SITE / "_static" / "live" / "page.js").is_file(), "JupyterLite is not built: run `make site`.")


@pytest.fixture
def asked(browser_page: Any) -> Iterator[list[str]]:
    """The paths that the page asks the site for."""
    paths: list[str] = []

    def heard(request: Any) -> None:
        paths.append(urlsplit(request.url).path)

    browser_page.on("request", heard)
    yield paths
    browser_page.remove_listener("request", heard)


class Task:
    """The cells of a page that run with the one that holds a text."""

    def __init__(self, page: Any, text: str) -> None:
        # By its place, for its text will change.
        found = "(all, text) => all.findIndex((one) => one.querySelector('.cell_input')?.textContent.includes(text))"
        cells = page.locator(".cell")
        self.cell = cells.nth(cells.evaluate_all(found, text))
        self.bar = self.cell.locator(".kp-try")
        self.status = self.bar.get_by_role("status")
        self.output = self.cell.locator(".cell_output")
        self.editor = self.cell.get_by_role("textbox")
        self.page = page

    def write(self, text: str, editor: Any = None) -> None:
        """Type a text in place of another."""
        (editor or self.editor).press("Control+a")
        self.page.keyboard.insert_text(text)

    def run(self, said: str, button: str = "Run") -> None:
        """Press the button, and wait for what is said then."""
        self.bar.get_by_role("button", name=button, exact=True).click()
        expect(self.status).to_contain_text(said, timeout=LOADED)


def exercise(page: Any) -> tuple[Task, Any]:
    """The first exercise of 05, opened, and the editor for its C."""
    page.locator(".kp-try").get_by_role("button", name="Answer here").first.click()
    task = Task(page, 'check("teardown-order"')
    expect(task.editor).to_be_visible()
    return task, page.get_by_role("textbox", name="Your C").first


def opened(page: Any, text: str) -> Task:
    """A cell that is no exercise, opened."""
    task = Task(page, text)
    task.cell.get_by_role("button", name="Edit and run").click()
    expect(task.editor).to_be_focused()
    return task


def test_an_exercise_is_failed_and_solved_in_the_page(open_page: Open, site: str, asked: list[str]) -> None:
    page = open_page("05-teardown.html")
    assert [path for path in asked if any(part in path for part in AT_FIRST_USE)] == []
    door = page.locator(".kp-try", has=page.get_by_role("button", name="Answer here")).first
    megabytes = re.findall(r"(\d+) MB", door.inner_text())
    task, c = exercise(page)
    assert not any("/lite/" in path for path in asked), "the editor alone is loaded"
    task.write(WRONG, c)
    task.run("Not yet", "Check")
    python = {path for path in asked if path.startswith("/lite/static/pyodide/")}
    size = sum((SITE / path.removeprefix("/")).stat().st_size for path in python)
    assert megabytes == [f"{size / 1e6:.0f}"], "what is said before is what is loaded"
    expect(task.output).to_contain_text("1 reference put too often")
    player = task.output.locator("[data-kvmplanes-player]")
    before = player.locator(".count").text_content()
    player.get_by_role("button", name="Previous step").click()
    expect(player.locator(".count")).not_to_have_text(before)
    mark = page.locator('[data-kvmplanes-exercise="teardown-order"] .kp-done')
    assert not mark.count()
    task.write(RIGHT, c)
    task.run("Right", "Check")
    expect(task.output).to_contain_text("18 paths, 18 clean")
    expect(mark).to_have_text("✓ done")
    assert page.evaluate("localStorage.getItem('kvmplanes:exercise:teardown-order')") == '"done"'

    asked.clear()
    page = open_page("05-teardown.html")
    expect(mark).to_have_text("✓ done")
    expect(c).to_have_text(RIGHT.replace("\n", ""))
    expect(task.status).to_contain_text("Your last answer")
    assert not any("/lite/" in path for path in asked)
    task.bar.get_by_role("button", name="Begin again").click()
    expect(c).to_have_text("kvm_arch_free_vm(kvm);kvm_destroy_planes(kvm);")
    expect(mark).to_have_text("✓ done")
    page = open_page("05-teardown.html")
    expect(page.locator(".kp-try").get_by_role("button", name="Answer here").first).to_be_visible()
    page.evaluate("localStorage.clear()")
    assert site


def test_a_run_is_changed_and_a_cell_below_uses_it(open_page: Open) -> None:
    page = open_page("03-when-kzalloc-says-no.html")
    task = opened(page, "KVM_CREATE_VM returns")
    task.write('t = kp.run("09", fail="init_srcu_struct")\nprint(t.failed[0])')
    task.run("It has run")
    expect(task.output).to_have_text("('init_srcu_struct(&kvm->srcu)', 'ENOMEM')")
    below = opened(page, 'step.subgoal == "release"')
    expect(below.output).not_to_contain_text("plane#0 is freed")
    below.run("It has run")
    expect(below.output).to_contain_text("plane#0 is freed")
    below.write("nowhere")
    below.run("error")
    expect(below.output).to_have_text("NameError: name 'nowhere' is not defined (line 1 of this cell)")
    below.bar.get_by_role("button", name="Begin again").click()
    expect(below.output).to_contain_text("kvm#1 is freed")
    expect(below.output).not_to_contain_text("plane#0 is freed")
    expect(below.editor).to_contain_text("step.subgoal")


def test_a_folded_player_is_given_another_start(open_page: Open) -> None:
    page = open_page("05-teardown.html")
    page.locator("details.kp-fold", has_text="player(t,").locator("summary").click()
    task = opened(page, "player(t,")
    expect(task.output.locator(".count")).not_to_have_text(re.compile("^step 0 "))
    task.write("player(t)")
    task.run("It has run")
    expect(task.output.locator(".count")).to_have_text(re.compile("^step 0 "))
    expect(task.output.get_by_role("slider")).to_be_enabled()


def test_a_run_that_does_not_end_is_ended(open_page: Open) -> None:
    page = open_page("05-teardown.html")
    page.clock.install()
    task = opened(page, "accesses.count")
    task.write("while True:\n    pass")
    task.bar.get_by_role("button", name="Run").click()
    expect(task.status).to_have_text("Running …", timeout=LOADED)
    task.bar.get_by_role("button", name="Stop").click()
    expect(task.status).to_have_text("Stopped. The next run starts Python anew.")
    expect(task.bar.get_by_role("button", name="Run")).to_be_focused()
    task.bar.get_by_role("button", name="Run").click()
    expect(task.status).to_have_text("Running …", timeout=LOADED)
    page.clock.fast_forward(59_000)
    expect(task.status).to_have_text("Running …")
    page.clock.fast_forward(2_000)
    expect(task.status).to_contain_text("did not end within 60 seconds and was stopped")
    expect(task.output).to_contain_text("reads and 1 write")
    task.write("print(t.errno)")
    task.run("It has run")
    expect(task.output).to_have_text("None")


def test_an_exercise_is_solved_by_keys_alone(open_page: Open) -> None:
    page = open_page("05-teardown.html")
    page.locator(".kp-try").get_by_role("button", name="Answer here").first.focus()
    page.keyboard.press("Enter")
    c = page.get_by_role("textbox", name="Your C").first
    expect(c).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("kvm_destroy_planes(kvm);\n")
    page.keyboard.press("Tab")
    page.keyboard.type("kvm_arch_free_vm(kvm);")
    expect(c).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    task = Task(page, 'check("teardown-order"')
    expect(task.editor).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(task.bar.get_by_role("button", name="Check")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+Enter")
    expect(task.status).to_contain_text("Right", timeout=LOADED)
    page.evaluate("localStorage.clear()")


@pytest.mark.parametrize(("look", "width"), [("light", 1280), ("dark", 1000), ("light", 360), ("dark", 360)])
def test_an_open_exercise_is_accessible_and_fits(look: str, width: int, open_page: Open, axe: str) -> None:
    page = open_page("05-teardown.html", width, look)
    exercise(page)
    opened(page, "accesses.count")
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heights = page.locator(".kp-try button:visible").evaluate_all("all => all.map((one) => one.offsetHeight)")
    assert min(heights) >= 24


def test_without_its_python_a_page_stays_as_it_is(open_page: Open, browser_page: Any) -> None:
    nothing = {"body": "throw new Error()", "content_type": "text/javascript"}
    browser_page.route("**/pyodide.mjs", lambda route: route.fulfill(**nothing))
    page = open_page("05-teardown.html")
    task, _ = exercise(page)
    task.run("Python could not be loaded here", "Check")
    expect(task.output).to_contain_text("As given")
    browser_page.unroute("**/pyodide.mjs")
    task.run("Not yet", "Check")


def test_without_javascript_there_is_nothing_to_press(chromium: Any, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}05-teardown.html")
    assert page.get_by_text("As given").first.is_visible()
    assert not page.get_by_role("button", name=re.compile("Answer here|Edit and run")).count()
    context.close()


def test_what_a_page_loads_at_once_is_small() -> None:
    folder = Path(SITE / "_static" / "live")
    at_once = [*folder.glob("page.js"), *folder.glob("chunk-*.js"), SITE / "_static" / "live.css"]
    assert sum(path.stat().st_size for path in at_once) < 20_000
