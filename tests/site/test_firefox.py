# SPDX-License-Identifier: GPL-2.0-only
"""A page of the built site in a real Firefox; what is tried is in firefox_site.mjs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.web import in_firefox

pytestmark = pytest.mark.browser


def test_in_firefox(site: str, need: Callable[[object, str], None]) -> None:
    assert in_firefox(Path(__file__).with_name("firefox_site.mjs"), f"{site}05-teardown.html", need) == 4
