# SPDX-License-Identifier: GPL-2.0-only
"""What a reader of `make lab` sees, in a real JupyterLab and a real Chromium."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.web import TOKEN, Open

pytestmark = pytest.mark.browser

NOTEBOOKS = sorted(path.name for path in (Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
TROUBLE = ("Error displaying widget", "Loading widget", "model not found", "Javascript Error")

RUN_IS_OVER = """() => {
    const cells = jupyterapp.shell.currentWidget.model.toJSON().cells;
    const code = cells.filter((cell) => cell.cell_type === "code" && [cell.source].flat().join("").trim());
    const failed = code.some((cell) => cell.outputs.some((output) => output.output_type === "error"));
    return failed || code.every((cell) => cell.execution_count !== null);
}"""


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
    page.wait_for_timeout(2000)  # a question would come late
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
