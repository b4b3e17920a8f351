# SPDX-License-Identifier: GPL-2.0-only
"""What a reader sees, in order, as pictures in build/film: JupyterLab from the first start on, an exercise of the site.

Usage: film.py; the built site must be there.
"""

import sys
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.browser.web import RUN_IS_OVER, SITE, TOKEN, html_page, jupyterlab, served
from tests.helpers.drawn import PLOTS
from tests.site.test_lite import KERNEL_IS_READY, SECONDS
from tests.site.test_live import RIGHT, WRONG, exercise

FILM = Path(__file__).resolve().parents[1] / "build" / "film"
CHAPTER = "03-when-kzalloc-says-no.ipynb"
NUMBERS = count(1)


def shoot(page: Any, name: str, **options: Any) -> None:
    """Keep what a page shows now, once it has come to rest."""
    page.wait_for_timeout(1500)
    page.screenshot(path=FILM / f"{next(NUMBERS):02}-{name}.png", **options)


def in_jupyterlab(browser: Any) -> None:
    """The first start, a chapter before and after Run All, the picker, and the same after save, close and reopen."""
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder), [sys.executable, "-m", "kvmplanes", "lab", f"{folder}/copies"]) as lab,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{lab}/?token={TOKEN}")
        page.locator(".jp-Notebook, .jp-Launcher").first.wait_for(timeout=SECONDS)
        shoot(page, "first-start")
        page.goto(f"{lab}/lab/tree/{CHAPTER}?reset")
        page.wait_for_function(KERNEL_IS_READY, timeout=SECONDS)
        shoot(page, "a-chapter")
        page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(RUN_IS_OVER, timeout=SECONDS)
        show_picker(page)
        shoot(page, "run-all-and-its-picker")
        page.evaluate("jupyterapp.commands.execute('docmanager:save')")
        page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        page.evaluate("jupyterapp.commands.execute('application:close')")
        page.locator(".jp-Notebook").wait_for(state="detached")
        shoot(page, "closed")
        page.goto(f"{lab}/lab/tree/{CHAPTER}")
        page.wait_for_function(KERNEL_IS_READY, timeout=SECONDS)
        show_picker(page)
        shoot(page, "reopened-its-picker")
        page.evaluate("jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
        shoot(page, "reopened-dark")
        page.close()


def show_picker(page: Any) -> None:
    """Scroll to the failure picker: its controls in sight while it lives, else its first frame."""
    lives = page.locator(".jp-OutputArea-output:has(select)")
    picker = lives.or_(page.locator(".jp-OutputArea-output", has_text="Run this cell to choose what fails")).first
    picker.wait_for()
    picker.evaluate("(output) => output.scrollIntoView({ block: 'start' })")


def in_the_site(browser: Any) -> None:
    """An exercise of 05, failed and solved on the page."""
    with served(SITE) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/05-teardown.html")
        task, c = exercise(page)
        for answer, verdict, name in ((WRONG, "Not yet", "failed"), (RIGHT, "Right", "solved")):
            task.write(answer, c)
            task.run(verdict, "Check")
            c.scroll_into_view_if_needed()
            c.evaluate("(editor) => scrollTo(0, editor.getBoundingClientRect().top + scrollY - 160)")
            shoot(page, f"exercise-{name}")
        page.close()


def plots(browser: Any) -> None:
    """Every plot on a dark page."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
    shown = "".join(f"<h2>{name}</h2>{draw().html}" for name, draw in PLOTS.items())
    page.set_content(html_page("Plots", shown, "dark"))
    shoot(page, "plots-dark", full_page=True)
    page.close()


def main() -> None:
    """Shoot them all."""
    if not (SITE / "index.html").is_file():
        sys.exit("There is no site yet: run make site.")
    FILM.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for part in (in_jupyterlab, in_the_site, plots):
            part(browser)
    print(f"The pictures are in {FILM}.")


if __name__ == "__main__":
    main()
