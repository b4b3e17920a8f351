# SPDX-License-Identifier: GPL-2.0-only
"""The distribution's Chromium, for which no host but this one exists."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def _found(*programs: str) -> str | None:
    return next(filter(None, map(shutil.which, programs)), None)


CHROMIUM = _found("chromium", "chromium-browser", "google-chrome")
# The same without the parts around a page, which take half of the processor time; it keeps no settings in a profile.
HEADLESS = _found("chromium-headless-shell", "chrome-headless-shell") or CHROMIUM
ARGUMENTS = [
    "--disable-gpu",
    # Not by a route, for which playwright would turn off the browser's cache.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]


@contextmanager
def launched(need: Callable[[object, str], None]) -> Iterator[Any]:
    """A playwright Browser without a window; `need` says what is missing."""
    need(importlib.util.find_spec("playwright"), "The browser tests need playwright: run `make everything`.")
    need(CHROMIUM, "The browser tests need the distribution's Chromium (Debian, Ubuntu: apt install chromium).")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=HEADLESS, args=ARGUMENTS)
        yield browser
        browser.close()
