# SPDX-License-Identifier: GPL-2.0-only
"""A real JupyterLab on copies of the notebooks, and a real Chromium that reaches nothing else."""

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.web import TOKEN, jupyterlab

# JupyterLab's own, when cells scroll out of its window while they load: github.com/jupyterlab/jupyterlab/issues/15415
WINDOWING = "detachWidget"
CLOSING = "create_child_view"  # of ipywidgets, where a notebook is closed while its widgets are still being drawn
# JupyterLab says so of plugins of its own where the machine is busy.
SLOW = re.compile(r"^Plugin .+ (is taking too long|took [\d.]+ms) to activate")
WINDOW = {"width": 1280, "height": 900}
KEPT = "cookies,local_storage,indexeddb,cache_storage,service_workers"  # what a page may keep in a browser
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


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
    """The distribution's Chromium, without a window, for which no host but this one exists; a playwright Browser."""
    need(importlib.util.find_spec("playwright"), "The browser tests need playwright: run `make test-browser`.")
    need(CHROMIUM, "The browser tests need the distribution's Chromium (Debian, Ubuntu: apt install chromium).")
    # Not by a route, for which playwright would turn off the browser's cache.
    nowhere = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    arguments = ["--disable-gpu", nowhere, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def reader(chromium: Any) -> Iterator[Any]:
    """One reader's browser for all that is opened in JupyterLab, whose scripts are fetched and compiled once."""
    context = chromium.new_context(viewport=WINDOW)
    yield context
    context.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Any]:
    """A fresh page that reaches this machine only; an uncaught JavaScript error fails the test."""
    in_lab = "lab" in request.fixturenames
    context = request.getfixturevalue("reader") if in_lab else chromium.new_context(viewport=WINDOW)
    page = context.new_page()
    if in_lab:  # the cache stays, and nothing else
        session = context.new_cdp_session(page)
        session.send("Storage.clearDataForOrigin", {"origin": request.getfixturevalue("lab"), "storageTypes": KEPT})
        session.detach()
    errors: list[str] = []

    def failed(error: Any) -> None:
        if WINDOWING not in str(error.stack) and CLOSING not in str(error.stack):
            errors.append(str(error.stack))

    page.on("pageerror", failed)
    yield page
    if in_lab:
        context.clear_permissions()
        for each in context.pages:
            each.close()
    else:
        context.close()
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
    assert said == []


@pytest.fixture
def open_notebook(lab: str, page: Any) -> Callable[[str], Any]:
    """Return a function that opens NAME in JupyterLab and waits until its kernel is connected and idle."""

    def opened(name: str) -> Any:
        page.goto(f"{lab}/lab/workspaces/{name.partition('.')[0]}/tree/{name}?reset&token={TOKEN}")
        page.wait_for_function(
            """() => {
                const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
                return kernel?.connectionStatus === "connected" && kernel.status === "idle";
            }""",
            timeout=60_000,
        )
        return page

    return opened
