# SPDX-License-Identifier: GPL-2.0-only
"""JupyterLite on the built site: the notebooks run in a real Chromium that reaches nothing but the site."""

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kvmplanes.lab import SETTINGS
from notebooks.site.builder import layout
from tests.browser.web import BELOW, RUN_IS_OVER, SITE, expect, set_lite

pytestmark = pytest.mark.browser

NOTEBOOKS = sorted(path.name for path in layout.NOTEBOOKS.glob("*.ipynb"))
# Those whose outputs are compared: plots, players and exercises in 05, the review in 08. EVERY=1, once a week, compares
# them all, in minutes.
CHECKED = NOTEBOOKS if os.environ.get("EVERY") else [name for name in NOTEBOOKS if name[:2] in ("05", "08")]
NOTE = "Drawn without matplotlib, which this Python does not have."
# What JupyterLite asks the host itself for: whether its own service worker lives, and Chromium for a default icon.
HOST_PATHS = ("/api/service-worker-heartbeat", "/favicon.ico")
SECONDS = 120_000  # milliseconds, for a notebook on a slow machine

KERNEL_IS_READY = """() => {
    const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""


@pytest.fixture(scope="module")
def context(lite: str, chromium: Any) -> Iterator[Any]:
    """One reader's browser, which keeps what it has loaded; the application is within the tests' reach."""
    reader = chromium.new_context(viewport={"width": 1280, "height": 900})
    set_lite(reader, lite)
    yield reader
    reader.close()


@pytest.fixture
def page(lite: str, context: Any) -> Iterator[Any]:
    """A fresh page; it and all that it opens must ask the site alone, find what they ask for, and log no error."""
    trouble: list[str] = []
    host = lite.removesuffix(f"{BELOW}/lite")

    def requested(request: Any) -> None:
        inside = (f"{lite}/", "data:", "blob:", *(host + path for path in HOST_PATHS))
        if not request.url.startswith(inside):
            trouble.append(f"left the site: {request.url}")

    def answered(response: Any) -> None:
        if response.status >= 400 and not response.url.endswith(HOST_PATHS):
            trouble.append(f"{response.status}: {response.url}")

    def logged(message: Any) -> None:
        if message.type == "error" and not message.location.get("url", "").endswith(HOST_PATHS):
            trouble.append(message.text)

    def failed(error: Any) -> None:
        trouble.append(str(error.error))

    listeners = {"request": requested, "response": answered, "console": logged, "weberror": failed}
    for event, listener in listeners.items():
        context.on(event, listener)
    yield context.new_page()
    for event, listener in listeners.items():
        context.remove_listener(event, listener)
    for each in context.pages:
        each.close()
    assert trouble == []


@pytest.fixture
def open_notebook(lite: str, page: Any) -> Callable[[str], Any]:
    """Return a function that opens a notebook and waits until its kernel is idle."""

    def opened(name: str) -> Any:
        page.goto(f"{lite}/notebooks/index.html?path={name}")
        page.wait_for_function(KERNEL_IS_READY, timeout=SECONDS)
        return page

    return opened


def run_all(page: Any) -> list[dict[str, Any]]:
    """Run an open notebook from cleared outputs; its code cells afterwards."""
    page.evaluate("void jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(RUN_IS_OVER, timeout=SECONDS)
    cells = page.evaluate("jupyterapp.shell.currentWidget.model.toJSON().cells")
    return [cell for cell in cells if cell["cell_type"] == "code"]


def texts(cell: dict[str, Any]) -> list[str]:
    """What a cell shows, as plain text; a plot's note about itself left out."""
    shown = [output.get("text", output.get("data", {}).get("text/plain", "")) for output in cell["outputs"]]
    joined = (each if isinstance(each, str) else "".join(each) for each in shown)
    return [text.strip().removesuffix(f"\n{NOTE}") for text in joined]


def has_matplotlib() -> bool:
    lock = json.loads((SITE / "lite" / "static" / "pyodide" / "pyodide-lock.json").read_text())
    return "matplotlib" in lock["packages"]


@pytest.mark.usefixtures("lite")
def test_it_is_set_up_as_kvmplanes_lab_sets_up_jupyterlab() -> None:
    settings = json.loads((SITE / "lite" / "jupyter-lite.json").read_text(encoding="utf-8"))["jupyter-config-data"]
    of_lab = json.loads((SETTINGS / "labconfig" / "default_setting_overrides.json").read_text(encoding="utf-8"))
    assert settings["settingsOverrides"].items() >= of_lab.items()
    extensions = [extension["name"] for extension in settings["federated_extensions"]]
    assert {path.parent.name for path in SETTINGS.glob("labextensions/@kvmplanes/*/package.json")} == {
        name.partition("/")[2] for name in extensions if name.startswith("@kvmplanes/")
    }


def test_a_reader_goes_from_the_start_page_to_the_first_notebook_and_runs_it(
    lite: str, page: Any, open_notebook: Callable[[str], Any]
) -> None:
    page.goto(f"{lite}/")
    links = page.locator("main li a")
    targets = [link.get_attribute("href").rpartition("=")[2] for link in links.all()]
    assert targets == NOTEBOOKS
    note = page.get_by_text("Plots are drawn")
    assert ("without matplotlib" in note.inner_text()) != has_matplotlib()
    links.first.click()
    expect(page.get_by_role("heading", name="00 · Start here")).to_be_visible(timeout=SECONDS)
    page.wait_for_function(KERNEL_IS_READY, timeout=SECONDS)
    for first in ("import kvmplanes as kp", 'ask("nb00-last-reference")'):
        page.get_by_text(first).click()
        page.keyboard.press("Shift+Enter")
    fieldset = page.locator("fieldset")
    question = page.locator(".jp-OutputArea-output", has=fieldset, has_text="through two descriptors").first
    question.get_by_role("radio").nth(1).check(timeout=SECONDS)
    asked = question.inner_text()
    question.get_by_role("button", name="Check").click()
    expect(question).not_to_have_text(asked)

    run_all(page)
    page = open_notebook("03-when-kzalloc-says-no.ipynb")
    run_all(page)
    call = page.get_by_label("Failing call")
    call.scroll_into_view_if_needed()
    picker = page.locator(".jp-OutputArea-output", has=call)
    expect(picker).to_contain_text("kvm_create_plane(kvm, 0) fails with ENOMEM")
    call.select_option("init_srcu_struct(&kvm->srcu)")
    expect(picker).to_contain_text("init_srcu_struct(&kvm->srcu) fails with ENOMEM")

    page.evaluate("const all = jupyterapp.shell.currentWidget.content; all.scrollToItem(all.widgets.length - 1)")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="04 · Every failure").click()
    expect(opened.value.get_by_role("heading", name="04 · Every failure")).to_be_visible(timeout=SECONDS)


@pytest.mark.parametrize("name", CHECKED)
def test_a_notebook_gives_the_outputs_that_are_stored(name: str, open_notebook: Callable[[str], Any]) -> None:
    stored = json.loads((SITE / "lite" / "files" / name).read_text(encoding="utf-8"))["cells"]
    cells = run_all(open_notebook(name))
    assert [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"] == []
    expected = {cell["id"]: texts(cell) for cell in stored if cell["cell_type"] == "code"}
    assert {cell["id"]: texts(cell) for cell in cells} == expected
    for cell in cells:
        if re.match(r"plot_\w+\(", "".join(cell["source"])):
            shown = "".join(cell["outputs"][0]["data"]["text/html"])
            assert "data:image/svg+xml;base64," in shown
            assert (NOTE in shown) != has_matplotlib()
