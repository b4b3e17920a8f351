# SPDX-License-Identifier: GPL-2.0-only
"""A real Chromium for the built site, which reaches this machine only."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from notebooks.site.builder import layout
from tests.browser.chromium import ARGUMENTS, CHROMIUM, launched
from tests.browser.web import BELOW, SITE, Below, served


@pytest.fixture(scope="session")
def chromium(need: Callable[[object, str], None]) -> Iterator[Any]:
    """The distribution's Chromium; a playwright Browser."""
    with launched(need) as browser:
        yield browser


@pytest.fixture
def denying(chromium: Any, tmp_path: Path) -> Callable[[dict[str, Any]], AbstractContextManager[Any]]:
    """Return a function that gives a page of a Chromium with these settings in its profile."""

    @contextmanager
    def opened(settings: dict[str, Any]) -> Iterator[Any]:
        preferences = tmp_path / "profile" / "Default" / "Preferences"
        preferences.parent.mkdir(parents=True)
        preferences.write_text(json.dumps({"profile": settings}), encoding="utf-8")
        browser = chromium.browser_type.launch_persistent_context(
            tmp_path / "profile", executable_path=CHROMIUM, args=ARGUMENTS, viewport={"width": 1280, "height": 900}
        )
        yield browser.new_page()
        browser.close()

    return opened


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker's script."""
    return (layout.npm("axe-core") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(need: Callable[[object, str], None]) -> Iterator[str]:
    """Address of the built site."""
    need((SITE / "index.html").is_file(), "The site is not built: run `make site`.")
    with served(SITE) as address:
        yield f"{address}/"


@pytest.fixture(scope="module")
def lite(need: Callable[[object, str], None]) -> Iterator[str]:
    """Address of JupyterLite's folder."""
    need((SITE / "lite" / "index.html").is_file(), "JupyterLite is not built: run `make site`.")
    with served(SITE, Below) as address:
        yield f"{address}{BELOW}/lite"


@pytest.fixture(scope="module")
def browser_page(chromium: Any) -> Iterator[Any]:
    """One page for all tests: what it has loaded it keeps."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def open_page(site: str, browser_page: Any) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a page; what it opens must ask the site alone, and log no error or warning."""
    page, trouble = browser_page, []

    def requested(request: Any) -> None:
        if not request.url.startswith((site, "data:", "blob:")):
            trouble.append(f"left the site: {request.url}")

    def answered(response: Any) -> None:
        if response.status >= 400:
            trouble.append(f"{response.status}: {response.url}")

    def logged(message: Any) -> None:
        if message.type in ("error", "warning"):
            trouble.append(message.text)

    def failed(error: Any) -> None:
        trouble.append(str(error))

    listeners = {"request": requested, "response": answered, "console": logged, "pageerror": failed}
    for event, listener in listeners.items():
        page.on(event, listener)

    def opened(name: str, width: int = 1280, look: str = "light") -> Any:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media="screen", color_scheme=look)
        page.goto("about:blank")  # so that an address with another # is loaded anew
        page.goto(site + name)
        page.add_style_tag(content="* { transition: none !important; }")  # no colour is judged half-way
        if not name.startswith("slides/") and page.locator("[data-kvmplanes-choices]").count():  # its lists are fetched
            page.locator(".kp-choices .kp-shown").first.wait_for()
        return page

    yield opened
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    assert trouble == []
