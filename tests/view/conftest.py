# SPDX-License-Identifier: GPL-2.0-only
"""What tests of views share."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An IPython of this process, which ipywidgets brings, without colours."""
    monkeypatch.setenv("NO_COLOR", "1")
    made = import_module("IPython.core.interactiveshell").InteractiveShell
    yield made.instance(colors="nocolor")
    made.clear_instance()
