# SPDX-License-Identifier: GPL-2.0-only
"""What a reader of `make lab` sees, in a real JupyterLab and a real Chromium."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.browser.web import OPENED, RUN_IS_OVER, TOKEN, Open, expect, jupyterlab, top_of

pytestmark = pytest.mark.browser

NOTEBOOKS = sorted(path.name for path in (Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
TROUBLE = ("Error displaying widget", "Loading widget", "model not found", "Javascript Error")


def trouble(page: Any) -> list[str]:
    """Sentences by which JupyterLab admits that it cannot show an output."""
    shown = page.locator(".jp-Notebook").inner_text()
    return [sentence for sentence in TROUBLE if sentence in shown]


def code_cells(page: Any) -> list[dict[str, Any]]:
    """The open notebook's code cells as JupyterLab holds them."""
    cells = page.evaluate("jupyterapp.shell.currentWidget.model.toJSON().cells")
    return [cell for cell in cells if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]


def test_the_first_page_asks_nothing(lab: str, page: Any) -> None:
    page.goto(f"{lab}/?token={TOKEN}")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=60_000)
    page.evaluate("jupyterapp.allPluginsActivated")  # a question would come late, with what the server has answered
    page.wait_for_load_state("networkidle")
    assert page.url.endswith("/lab/tree/00-start-here.ipynb")
    assert page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts() == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_reads_well_before_and_after_it_is_run(name: str, open_notebook: Open) -> None:
    page = open_notebook(name)
    assert trouble(page) == []

    # Not awaited: a call that JupyterLab never answers would hold the test for ever; the wait below ends.
    page.evaluate("void jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(RUN_IS_OVER, timeout=120_000)
    cells = code_cells(page)
    assert [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"] == []
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert trouble(page) == []
    if page.locator(".jp-Notebook .jupyter-widgets").count():
        # As a reader does who comes back the next day.
        page.evaluate("jupyterapp.commands.execute('docmanager:save')")
        page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        open_notebook(name, anew=True)
        expect(page.locator(".jp-Notebook")).to_contain_text("Run this cell to ")
        assert trouble(page) == []


def test_whoever_runs_all_at_once_gets_all_outputs(lab: str, page: Any) -> None:
    page.goto(f"{lab}/lab/workspaces/early/tree/glossary.ipynb?reset&token={TOKEN}")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    page.evaluate("void jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.evaluate("void jupyterapp.commands.execute('runmenu:run-all')")
    page.wait_for_function(RUN_IS_OVER, timeout=60_000)
    assert all(cell["outputs"] for cell in code_cells(page)[1:])


# A link to another notebook opens it, and a link in the page finds its heading, at the first click.
LINKS = [("07-what-the-tools-see.ipynb", "UBSan"), ("04-every-failure.ipynb", "certificate")]


@pytest.mark.parametrize(("name", "word"), LINKS)
def test_a_link_to_the_glossary_lands_on_its_entry(name: str, word: str, open_notebook: Open) -> None:
    page = open_notebook(name)
    page.locator(f".jp-RenderedMarkdown a[href*='glossary.ipynb'][href$='#{word}']").first.click()
    assert top_of(page, word) <= 120


@pytest.mark.parametrize("name", ["00-start-here.ipynb", "05-teardown.ipynb"])
def test_a_link_of_the_title_lands_on_its_heading(name: str, open_notebook: Open) -> None:
    page = open_notebook(name)
    links = page.locator(".jp-Cell").first.locator("a[href^='#']:not(.jp-InternalAnchorLink)").all()
    assert links
    for link in links:
        heading = link.get_attribute("href").partition("#")[2]
        link.click()
        assert top_of(page, heading) <= 120


def test_what_fetches_a_question_is_hidden_until_it_is_asked_for(open_notebook: Open) -> None:
    page = open_notebook("03-when-kzalloc-says-no.ipynb")
    fetching = page.locator(".jp-CodeCell", has=page.locator("[data-kvmplanes-question]")).first
    source = fetching.locator(".jp-InputArea-editor")
    expect(source).to_be_hidden()
    expect(page.locator(".jp-CodeCell", has_text="VARIANTS[").first.locator(".jp-InputArea-editor")).to_be_visible()
    fetching.get_by_role("radio").first.check()
    expect(source).to_be_hidden()
    fetching.locator("legend").click()
    page.keyboard.press("Enter")
    expect(source).to_be_visible()
    expect(source).to_contain_text("ask(")


def test_printed_lines_break_between_words(open_notebook: Open) -> None:
    page = open_notebook("04-every-failure.ipynb")
    printed = page.locator(".jp-RenderedText pre", has_text="one CPU, one failure, one program").first
    expect(printed).to_have_css("word-break", "normal")


@pytest.mark.usefixtures("lab")  # it says what is missing
def test_the_terminal_shows_the_address_and_no_warning(chromium: Any, tmp_path: Path) -> None:
    """In a JupyterLab of its own: what other tests do to notebooks and kernels would be in its log."""
    with jupyterlab(tmp_path, [sys.executable, "-m", "kvmplanes", "lab", str(tmp_path / "copies")]) as address:
        page = chromium.new_page()
        page.goto(f"{address}/lab/tree/glossary.ipynb?token={TOKEN}")
        page.wait_for_function(OPENED, arg="glossary.ipynb", timeout=60_000)
        page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(RUN_IS_OVER, timeout=60_000)
        log = (tmp_path / "log").read_text(encoding="utf-8")
        page.close()
    assert log.startswith(f"The notebooks are in {(tmp_path / 'copies').resolve()}.\nJupyterLab starts. ")
    assert [line for line in log.splitlines() if re.match(r"\[W |.*(?:WARNING|Warning)", line)] == []
