# SPDX-License-Identifier: GPL-2.0-only
"""What the site's parts agree on: where things are, which notebooks there are, how an anchor is made."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
PAGES = NOTEBOOKS / "site"
BUILD = ROOT / "build"
SITE = BUILD / "site"
STAGE = BUILD / "stage"
REPOSITORY = "https://github.com/kvmplanes/kvmplanes"
NUMBERED = 9  # notebooks 00 to 08


def notebooks() -> list[str]:
    """Names of all notebooks without their suffix, the numbered ones first."""
    return sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


def anchor(text: str) -> str:
    """The anchor of a heading: as JupyterLab makes it, so that a link works in both.

    >>> anchor("Fix or make")
    'Fix-or-make'
    """
    return text.replace(" ", "-")


def version() -> str:
    """The project's version."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
