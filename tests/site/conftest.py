# SPDX-License-Identifier: GPL-2.0-only
"""A real Chromium for the built site, which reaches this machine only."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def chromium(need: Callable[[object, str], None]) -> Iterator[Any]:
    """The distribution's Chromium, for which no host but this one exists; a playwright Browser."""
    need(importlib.util.find_spec("playwright"), "The site's tests need playwright: run `make test-site`.")
    need(CHROMIUM, "The site's tests need the distribution's Chromium (Debian, Ubuntu: apt install chromium).")
    arguments = ["--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*arguments, *root])
        yield browser
        browser.close()
