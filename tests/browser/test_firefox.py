# SPDX-License-Identifier: GPL-2.0-only
"""A player, a question, a picker and an exercise in JupyterLab in a real Firefox: firefox_lab.mjs."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from tests.browser.web import TOKEN, in_firefox, store

pytestmark = pytest.mark.browser

CELLS = (
    """import kvmplanes as kp
from kvmplanes.learn import ask, check
from kvmplanes.view import picker, player""",
    'player(kp.run("09"))',
    'ask("nb05-zeroed")',
    'picker("09", fail="kvm_create_plane")',
    'check("teardown-order", "kvm_arch_free_vm(kvm);kvm_destroy_planes(kvm);")',
)


def test_in_firefox(lab: str, need: Callable[[object, str], None]) -> None:
    store(lab, "firefox.ipynb", True, *map(nbformat.v4.new_code_cell, CELLS))
    address = f"{lab}/lab/workspaces/firefox/tree/firefox.ipynb?reset&token={TOKEN}"
    assert in_firefox(Path(__file__).with_name("firefox_lab.mjs"), address, need) == 5
