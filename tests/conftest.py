# SPDX-License-Identifier: GPL-2.0-only
"""What every test may use."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

# What these assert says both sides when it fails, as in a test.
pytest.register_assert_rewrite("tests.helpers.markup", "tests.browser.web")

# nbformat imports jsonschema, and that, where this is installed, two seconds of grammars for addresses in schemas.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent

# The same examples in every run: `make test` either passes or fails, for everybody.
# `pytest --hypothesis-profile=default` looks for new ones.
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("repeatable")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without the browser's tests their folder is left out: what its files draw for them takes seconds."""
    return True if config.option.markexpr == "not browser" and collection_path == ROOT / "tests" / "browser" else None


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: the collector of garbage looks at them no more, and rarely at all.

    Not under Pyodide, where hypothesis then takes its own sources of chance for dead.
    """
    if sys.platform == "emscripten":
        return
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def need() -> Callable[[object, str], None]:
    """Return a function that skips where something is missing, and fails with CI=true."""

    def check(present: object, sentence: str) -> None:
        if not present:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(sentence)

    return check


@pytest.fixture(scope="session")
def project_files(need: Callable[[object, str], None]) -> list[Path]:
    """Every file that is or would be committed, relative to the project's folder."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout.split("\0")  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        listed = []
    need(listed, "This check reads the list of files from git, and this is no git checkout.")
    return sorted(Path(name) for name in set(listed) if name and (ROOT / name).is_file())
