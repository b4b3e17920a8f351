# SPDX-License-Identifier: GPL-2.0-only
"""A picker's cell is run again in JupyterLab: the picker of its last run is closed, and the new one answers."""

from typing import Any

import nbformat
import pytest

from tests.browser.web import Open, expect, store

pytestmark = pytest.mark.browser

COUNT = """
from ipywidgets.widgets.widget import _instances
runs = globals().get("runs", 0) + 1
print(f"run {runs} leaves {len(_instances)} models")
"""


@pytest.mark.usefixtures("silent")
def test_a_cell_that_is_run_again_leaves_one_picker(lab: str, open_notebook: Open) -> None:
    cells = map(nbformat.v4.new_code_cell, ("from kvmplanes.view import picker\npicker()", COUNT))
    store(lab, "closing.ipynb", True, *cells)
    page: Any = open_notebook("closing.ipynb")
    said = set[str]()
    for number in (1, 2, 3):
        page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
        told = page.get_by_text(f"run {number} leaves").last
        expect(told).to_be_visible(timeout=60_000)
        said.add(told.inner_text().partition(" leaves ")[2])
    assert len(said) == 1
    shown = page.locator(".jp-OutputArea-output:has(select)")
    expect(shown).to_have_count(1)
    shown.get_by_label("Version").select_option(index=0)
    expect(shown.locator(".kp-verdict")).to_contain_text("rfc")
