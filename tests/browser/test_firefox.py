# SPDX-License-Identifier: GPL-2.0-only
"""A player, a question, a picker and an exercise in JupyterLab in a real Firefox; what is tried is in firefox.mjs."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from tests.browser.web import TOKEN, store

pytestmark = pytest.mark.browser

FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
TESTS = 5
CELLS = (
    """import kvmplanes as kp
from kvmplanes.learn import ask, check
from kvmplanes.view import picker, player""",
    'player(kp.run("09"))',
    'ask("nb05-zeroed")',
    'picker("09", fail="kvm_create_plane")',
    'check("teardown-order", "kvm_arch_free_vm(kvm);kvm_destroy_planes(kvm);")',
)


def test_in_firefox(lab: str, root: Path, need: Callable[[object, str], None]) -> None:
    need(FIREFOX, "This test needs the distribution's Firefox (Debian: apt install firefox-esr).")
    installed = (root / "build" / "npm" / "node_modules" / "puppeteer-core").is_dir()
    need(installed and shutil.which("node"), "This test needs Node.js and npm: run `make test-browser`.")
    store(lab, "firefox.ipynb", True, *map(nbformat.v4.new_code_cell, CELLS))
    address = f"{lab}/lab/workspaces/firefox/tree/firefox.ipynb?reset&token={TOKEN}"
    command = ["node", "--no-warnings", "--test", str(root / "tests" / "browser" / "firefox.mjs")]
    environment = {**os.environ, "LAB": address, "FIREFOX": str(FIREFOX)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert re.search(rf"^# pass {TESTS}$", result.stdout, flags=re.MULTILINE)
