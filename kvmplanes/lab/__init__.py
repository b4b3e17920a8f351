# SPDX-License-Identifier: GPL-2.0-only
"""The notebooks on a reader's machine: working copies in a folder of the reader's, and JupyterLab there.

Nothing that the reader wrote is lost. A hidden file in the folder records what was laid there. A copy counts as changed
when its cells are others than those that were laid: their order, their kinds or their sources. Outputs do not count, so
that a notebook which was only run still gets its next edition.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

WIDGET: Final = "application/vnd.jupyter.widget-view+json"
RECORD: Final = ".kvmplanes.json"
PACKAGE: Final = Path(__file__).resolve().parents[1]
SETTINGS: Final = Path(__file__).resolve().parent / "jupyter"  # a folder for JUPYTER_CONFIG_PATH


@dataclass(frozen=True, slots=True)
class Laid:
    """What became of the copies in a folder.

    Attributes:
        folder: where they are.
        written: names of the copies that were laid now, for the first time or again.
        kept: names of the copies that the reader has changed, and that therefore stay as they are.
        moved: copies that a reset moved aside: old name -> new name.
    """

    folder: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]
    moved: dict[str, str]

    def __str__(self) -> str:
        sentences = [f"The notebooks are in {self.folder}."]
        if self.kept:
            sentences.append(f"You have changed these, and they stay as they are: {', '.join(self.kept)}.")
            again = f"kvmplanes lab --reset {_short(self.kept[0])}"
            sentences.append(f"`{again}` lays that notebook again and moves yours aside.")
        sentences += [f"Your copy of {old} is now {new}." for old, new in self.moved.items()]
        return "\n".join(sentences)


def shipped() -> Path:
    """The folder of the notebooks, in the installed package or in the clone; ValueError when there is none."""
    for folder in (PACKAGE / "notebooks", PACKAGE.parent / "notebooks"):
        if (folder / "00-start-here.ipynb").is_file():
            return folder
    raise ValueError(f"this installation of kvmplanes has no notebooks; they should be in {PACKAGE / 'notebooks'}")


def lay(folder: Path, reset: Sequence[str] = ()) -> Laid:
    """Lay copies of the notebooks into a folder, and bring older ones up to date that the reader has not changed.

    Args:
        folder: where; it is made if it is not there.
        reset: notebooks to lay again although the reader has changed them, such as "05" or "glossary"; the reader's
            copy is moved aside.

    Raises:
        ValueError: the folder is a file, or belongs to the project itself; or no notebook has such a name.
        OSError: the folder cannot be written to.
    """
    folder, source = folder.expanduser().resolve(), shipped()
    if folder.is_relative_to(source):
        raise ValueError(f"{folder} holds the project's own notebooks; name another folder for your copies")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; name a folder for the notebooks")
    originals = {path.name: path for path in sorted(source.glob("*.ipynb"))}
    again = {_named(name, list(originals)) for name in reset}
    folder.mkdir(parents=True, exist_ok=True)
    record = _read(folder / RECORD)
    written, kept, moved = list[str](), list[str](), dict[str, str]()
    for name, original in originals.items():
        copy, edition = folder / name, _digest(original.read_bytes())
        changed = copy.exists() and cells(copy) not in (record.get(name, {}).get("cells"), cells(original))
        if changed and name in again:
            moved[name] = _aside(copy).name
        elif changed:
            kept.append(name)
            continue
        if name in again or not copy.exists() or record.get(name, {}).get("edition") != edition:
            _write(copy, original.read_bytes())
            record[name] = {"edition": edition, "cells": cells(original)}
            written.append(name)
    _write(folder / RECORD, json.dumps(record, indent=1).encode())
    return Laid(folder, tuple(written), tuple(kept), moved)


def cells(notebook: Path) -> str:
    """A digest of what a reader writes into a notebook: its cells' kinds, ids, sources and attachments, in order."""
    try:
        parts = [
            [cell["cell_type"], cell.get("id"), "".join(cell["source"]), cell.get("attachments") or {}]
            for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        ]
    except (ValueError, LookupError, TypeError):  # not a notebook any more: whatever it is, it is the reader's
        return _digest(notebook.read_bytes())
    return _digest(json.dumps(parts, sort_keys=True).encode())


def installed() -> bool:
    """Whether JupyterLab is there."""
    return importlib.util.find_spec("jupyterlab") is not None


def trust(folder: Path) -> None:
    """Sign the copies that are as shipped, byte by byte, so that their players work at once.

    A notebook that is not as shipped may come from anybody; JupyterLab itself signs what its user has run there.
    """
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for original in shipped().glob("*.ipynb"):
        content = original.read_bytes()
        copy = folder / original.name
        if copy.is_file() and copy.read_bytes() == content:
            notary.sign(nbformat.reads(content.decode("utf-8"), as_version=4))


def serve(folder: Path, *, port: int, browser: bool) -> None:
    """Run JupyterLab in a folder until it is stopped.

    Args:
        folder: what JupyterLab shows.
        port: where it listens; if somebody listens there already, it takes another one and prints it.
        browser: whether it opens a browser.
    """
    from jupyterlab.labapp import LabApp

    paths = [str(SETTINGS), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(paths)
    first = "--LabApp.default_url=/lab/tree/00-start-here.ipynb"
    chosen = [f"--ServerApp.root_dir={folder}", f"--port={port}", "--log-level=WARN", first]
    LabApp.launch_instance(chosen if browser else [*chosen, "--no-browser"])


def saved(model: dict[str, Any], **_: object) -> None:
    """Take what only lives as long as its kernel out of a notebook that JupyterLab is about to save.

    A widget's output holds its first picture as well. Opened again, JupyterLab would prefer the widget, find no kernel
    that knows it, and show an error in its place.

    Args:
        model: what Jupyter is about to save; its outputs are changed.
    """
    if model["type"] != "notebook" or model["content"] is None:
        return
    for cell in model["content"]["cells"]:
        for output in cell.get("outputs", ()):
            if "text/html" in output.get("data", ()):
                output["data"].pop(WIDGET, None)


def _named(name: str, names: Sequence[str]) -> str:
    """The notebook that is called by its number, such as "05", or by its name, with or without suffix."""
    for candidate in names:
        if name in (candidate, candidate.removesuffix(".ipynb"), _short(candidate)):
            return candidate
    raise ValueError(f"there is no notebook {name!r}; there are {', '.join(map(_short, names))}")


def _short(name: str) -> str:
    """What a notebook is called on the command line: its number, or its name without suffix."""
    return name[:2] if name[:2].isdigit() else name.removesuffix(".ipynb")


def _aside(copy: Path) -> Path:
    """Give a reader's copy another name, such as 05-teardown.yours.ipynb, and return it."""
    number, target = 1, copy.with_suffix(".yours.ipynb")
    while target.exists():
        number += 1
        target = copy.with_suffix(f".yours-{number}.ipynb")
    return copy.rename(target)


def _read(record: Path) -> dict[str, dict[str, str]]:
    """What was laid: notebook -> digests; nothing where the record is absent or broken, so all copies are kept."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
