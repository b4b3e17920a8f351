# SPDX-License-Identifier: GPL-2.0-only
"""What the site's parts agree on: where things are, which notebooks there are, how they are read."""

import fcntl
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = ROOT / "notebooks"
PAGES = NOTEBOOKS / "site"
BUILD = ROOT / "build"
CACHE = BUILD / "cache"
SITE = BUILD / "site"
STAGE = BUILD / "stage"
REPOSITORY = "https://github.com/kvmplanes/kvmplanes"
NUMBERED = 10  # notebooks 00 to 09
OLDEST_NODE = 20


@contextmanager
def alone() -> Iterator[None]:
    """While it lasts, a second build of this clone is refused: both would write the same files."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit("Another `make site` is at work in this clone: wait until it has ended.")
        yield


def notebooks() -> list[str]:
    """Names of all notebooks without their suffix, the numbered ones first."""
    return sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


def numbered() -> list[str]:
    """Names of those that are chapters: 00 to 09."""
    return [name for name in notebooks() if name[:2].isdigit()]


def read(name: str) -> NotebookNode:
    """A notebook as it is committed."""
    notebook: NotebookNode = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    return notebook


def title(notebook: NotebookNode) -> str:
    """Its heading, "05 · Teardown"."""
    return str(notebook.cells[0].source.partition("\n")[0].removeprefix("# "))


def anchor(text: str) -> str:
    """The anchor of a heading: as JupyterLab makes it, so that a link works in both.

    >>> anchor("Fix or make")
    'Fix-or-make'
    """
    return text.replace(" ", "-")


def to_pages(html: str, up: str = "") -> str:
    """HTML of notebooks, whose links to notebooks lead to their pages; `up` is the way to the pages' folder.

    >>> to_pages('<a href="05-teardown.ipynb#Next">', "../")
    '<a href="../05-teardown.html#Next">'
    """
    return re.sub(r'href="([\w-]+)\.ipynb', rf'href="{up}\1.html', html)


def section(page: str, heading: str) -> str:
    r"""What stands below a heading of a page, up to the next one; ValueError without that heading.

    >>> section("## One\n\nword\n\n## Two\n", "One")
    'word'
    """
    _, found, rest = page.partition(f"## {heading}\n")
    if not found:
        raise ValueError(f"no heading {heading!r}")
    return rest.partition("\n## ")[0].strip()


def filled(page: str, values: Mapping[str, str]) -> str:
    """A page with its figures: `$five` is one, and `$PWD` of a command is none.

    Raises:
        KeyError: a name that has no figure.
    """
    return re.sub(r"\$([a-z][a-z_0-9]*)", lambda name: values[name[1]], page)


def rows(head: list[str], lines: Iterable[list[str]]) -> str:
    """A table, as Markdown.

    >>> print(rows(["a", "b"], [["1", "2"]]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


def project() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def npm(name: str) -> Path:
    """The folder of an npm package, which `npm ci` installs from package-lock.json.

    Raises:
        SystemExit: it is not installed.
    """
    folder = BUILD / "npm" / "node_modules" / name
    if not folder.is_dir():
        sys.exit(f"The npm package {name} is not installed: run `make build/npm/installed`.")
    return folder


def node() -> str:
    """Node.js, which runs Python as browsers do.

    Raises:
        SystemExit: there is none, or it is too old.
    """
    path = shutil.which("node")
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout if path else "v0"
    if path is None or int(re.findall(r"\d+", version)[0]) < OLDEST_NODE:
        sys.exit(f"Node.js {OLDEST_NODE} or newer is needed to run Python outside a browser; found: {path or 'none'}")
    return path
