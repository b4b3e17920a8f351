# SPDX-License-Identifier: GPL-2.0-only
"""The player in JupyterLab, before anything is run and with a kernel; and in a converted page."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

import kvmplanes as kp
from kvmplanes.view.live.player import player
from tests.browser.players import PLANES, TEARDOWN, alive, step
from tests.browser.web import Open, change_theme, expect, saved, store

pytestmark = pytest.mark.browser


@pytest.mark.usefixtures("silent")
def test_a_trusted_notebook_has_it_alive_at_once(lab: str, open_notebook: Open) -> None:
    store(lab, "player-trusted.ipynb", True, saved(TEARDOWN), saved(PLANES))
    page = open_notebook("player-trusted.ipynb", anew=True)
    host = alive(page, 0)
    step(host, 0)
    expect(host.locator("a")).to_be_hidden()
    host.get_by_role("button", name="Next step").click()
    host.locator(".say").click()
    active = page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex")
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "j", "k", "a", "b", "d", "d", "m", "y", "Enter", "ArrowRight"):
        page.keyboard.press(key)
    step(host, 3)
    notebook = "jupyterapp.shell.currentWidget.content"
    assert page.evaluate(f"{notebook}.activeCellIndex") == active
    assert page.evaluate(f"{notebook}.widgets.map((cell) => cell.model.type)") == ["markdown", "code", "code"]
    assert page.evaluate(f"{notebook}.mode") == "command"
    page.keyboard.press("End")
    step(host, 65)
    step(alive(page, 1), 84, None)
    for theme, light in (("JupyterLab Dark", "false"), ("JupyterLab Light", "true")):
        change_theme(page, theme)
        expect(host).to_have_attribute("data-jp-theme-light", light)


@pytest.mark.usefixtures("silent")
def test_an_untrusted_notebook_shows_picture_and_sentences(lab: str, open_notebook: Open) -> None:
    # Not the players of the trusted notebook: trust goes by content.
    view = player(kp.run("09", fail="kvm_create_plane"), start=6, title="Not trusted")
    store(lab, "player-untrusted.ipynb", False, saved(view))
    page = open_notebook("player-untrusted.ipynb")
    output = page.locator(".jp-OutputArea-output")
    expect(output.locator("img")).to_be_visible()
    assert output.locator("img").evaluate("image => image.naturalWidth") > 100
    expect(output.locator("figcaption")).to_contain_text("Not trusted")
    expect(output.locator("script, input, button")).to_have_count(0)
    output.get_by_text("steps in words").click()
    expect(output.locator("li").nth(2)).to_be_visible()


@pytest.mark.usefixtures("silent")
def test_the_widget_and_python_move_each_other(lab: str, open_notebook: Open) -> None:
    sources = (
        "import kvmplanes as kp\nfrom kvmplanes.view.live.widgets import player_widget",
        'w = player_widget(kp.run("09"), start="defect")\nw',
        "w.value = 50",
        "print(w.value)",
        'w.show(kp.run("09", fail="kvm_create_plane"), start=5)',
    )
    store(lab, "player-widget.ipynb", True, *map(nbformat.v4.new_code_cell, sources))
    page = open_notebook("player-widget.ipynb")
    host = page.locator(".jp-OutputArea .player")

    def run(cell: int) -> Any:
        page.evaluate(f"jupyterapp.shell.currentWidget.content.activeCellIndex = {cell}")
        page.evaluate("void jupyterapp.commands.execute('notebook:run-cell')")
        ran = page.locator(".jp-Cell").nth(cell)
        expect(ran.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=30_000)
        return ran

    run(1)
    run(2)
    step(host, 44)
    run(3)
    step(host, 50)
    host.locator(".say").click()
    page.keyboard.press("ArrowRight")
    step(host, 51)
    expect(run(4).locator(".jp-OutputArea-output")).to_have_text("51")
    run(5)
    step(host, 5, len(kp.run("09", fail="kvm_create_plane").steps) - 1)


def test_nbconvert_keeps_it_alive(page: Any, tmp_path: Path) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[saved(TEARDOWN)]), tmp_path / "page.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--log-level=ERROR", "page.ipynb"]
    subprocess.run(command, cwd=tmp_path, check=True)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    page.route("**/page.html", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    page.goto("http://127.0.0.1:1/page.html")
    host = alive(page, 0)
    step(host, 0)
    host.get_by_role("button", name="Next step").click()
    step(host, 1)
