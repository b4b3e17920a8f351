# SPDX-License-Identifier: GPL-2.0-only
"""A real JupyterLab on copies of the notebooks, and a real Chromium that reaches nothing else."""

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import launched
from tests.browser.web import OPENED, TOKEN, Open, jupyterlab

# JupyterLab's own, when cells scroll out of its window while they load: github.com/jupyterlab/jupyterlab/issues/15415
WINDOWING = "detachWidget"
CLOSING = "create_child_view"  # of ipywidgets, where a notebook is closed while its widgets are still being drawn
# JupyterLab says so of plugins of its own where the machine is busy.
SLOW = re.compile(r"^Plugin .+ (is taking too long|took [\d.]+ms) to activate")
WINDOW = {"width": 1280, "height": 900}
# Notebooks are closed unsaved, as when their page is closed. JupyterLab fails to close one whose session only begins,
# and shows its launcher some moments after the last.
EMPTY = """() => {
    const shell = window.jupyterapp?.shell;
    shell?.expandLeft();
    const panels = [...(shell?.widgets("main") ?? [])].filter((panel) => panel.context);
    for (const panel of panels) if (panel.sessionContext?.isReady !== false) panel.dispose();
    return !shell || (panels.length === 0 && !shell.isEmpty("main"));
}"""
KEPT = "cookies,local_storage,indexeddb,cache_storage,service_workers"  # what a page may keep in a browser


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What belongs to the JupyterLab of the tests: the copies, and `log`, all that its terminal shows."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def lab(lab_folder: Path, need: Callable[[object, str], None]) -> Iterator[str]:
    """Address of the JupyterLab that `kvmplanes lab` starts."""
    need(importlib.util.find_spec("jupyterlab"), "The browser tests need JupyterLab: run `make test-browser`.")
    command = [sys.executable, "-m", "kvmplanes", "lab", str(lab_folder / "copies")]
    with jupyterlab(lab_folder, command) as address:
        yield address


@pytest.fixture(scope="session")
def chromium(need: Callable[[object, str], None]) -> Iterator[Any]:
    """The distribution's Chromium; a playwright Browser."""
    with launched(need) as browser:
        yield browser


@pytest.fixture(scope="session")
def reader(chromium: Any) -> Iterator[Any]:
    """One reader's browser for all that is opened in JupyterLab, whose page is loaded once and stays."""
    context = chromium.new_context(viewport=WINDOW)
    yield context
    context.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Any]:
    """A page that reaches this machine only; an uncaught JavaScript error fails the test.

    It is fresh, or it is JupyterLab's of the tests before, with no notebook open and nothing kept in the browser.
    """
    in_lab = "lab" in request.fixturenames
    context = request.getfixturevalue("reader") if in_lab else chromium.new_context(viewport=WINDOW)
    page = context.pages[0] if context.pages else context.new_page()
    if in_lab:
        page.set_viewport_size(WINDOW)
        session = context.new_cdp_session(page)
        session.send("Storage.clearDataForOrigin", {"origin": request.getfixturevalue("lab"), "storageTypes": KEPT})
        session.detach()
    errors: list[str] = []

    def failed(error: Any) -> None:
        if WINDOWING not in str(error.stack) and CLOSING not in str(error.stack):
            errors.append(str(error.stack) or str(error))

    page.on("pageerror", failed)
    failures = request.session.testsfailed
    yield page
    if not in_lab:
        context.close()
    elif request.session.testsfailed > failures:  # nobody knows what such a test leaves behind
        page.close()
    else:
        context.clear_permissions()
        for other in context.pages[1:]:
            other.close()
        page.wait_for_function(EMPTY)
        page.remove_listener("pageerror", failed)
    assert errors == []


@pytest.fixture
def scriptless(chromium: Any) -> Iterator[Any]:
    """A fresh page on which no script runs."""
    context = chromium.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def silent(page: Any) -> Iterator[None]:
    """The page's console stays silent, or the test fails."""
    said: list[str] = []

    def logged(message: Any) -> None:
        is_icon = message.location["url"].endswith("/favicon.ico")  # the small pages of tests have none
        if message.type in ("error", "warning") and not is_icon and not SLOW.search(message.text):
            said.append(message.text)

    page.on("console", logged)
    yield
    page.remove_listener("console", logged)
    assert said == []


@pytest.fixture
def open_notebook(lab: str, page: Any) -> Open:
    """Return a function that opens NAME alone in JupyterLab and waits until its kernel is connected and idle.

    With `anew=True` JupyterLab is loaded for it, so that no script of another notebook has run in the page.
    """

    def opened(name: str, *, anew: bool = False) -> Any:
        if anew or not page.evaluate("'jupyterapp' in window"):  # the first, or after a test that failed
            page.goto(f"{lab}/lab/workspaces/{name.partition('.')[0]}/tree/{name}?reset&token={TOKEN}")
        else:
            page.wait_for_function(EMPTY)
            page.evaluate("(path) => void jupyterapp.commands.execute('docmanager:open', { path })", name)
        page.wait_for_function(OPENED, arg=name, timeout=60_000)
        return page

    return opened
