# SPDX-License-Identifier: GPL-2.0-only
"""What a start of Python in a browser imports is compiled for that Python, and nothing else is changed."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from notebooks.site.builder import compiled, layout, live
from tests.browser.web import SITE

pytestmark = pytest.mark.browser  # where Pyodide is, too

SAMPLE = 'CHOICES = "of", "these"\n\n\ndef fails(name):\n    assert name in {"one", "two", "three", "four", "five"}\n'
FILES = {
    "sample/__init__.py": SAMPLE,
    "sample/unused.py": "",
    "sample/data.toml": "a = 1\n",
    "sample-1.dist-info/RECORD": "sample/__init__.py,,\nsample/unused.py,,\nsample/data.toml,,\n",
}
WHEEL = "sample-1-py3-none-any.whl"


def packed(path: Path, at: float = 2e9) -> Path:
    """An archive of the sample, as of a time."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(zipfile.ZipInfo(name, time.gmtime(at)[:6]), text)
    return path


def content(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def said(code: str, *paths: Path) -> str:
    """What a program says for which these are the places of modules."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    ).stderr


def test_a_wheel_has_bytecode_beside_the_sources_that_are_imported(tmp_path: Path) -> None:
    wheel = packed(tmp_path / WHEEL)
    compiled.rewrite(wheel, {"sample/__init__.py", "elsewhere.py"})
    files = content(wheel)
    (cached,) = files.keys() - FILES.keys()
    assert Path(cached).parent.as_posix() == "sample/__pycache__"
    record = "sample-1.dist-info/RECORD"
    checksum = base64.urlsafe_b64encode(hashlib.sha256(files[cached]).digest()).decode().rstrip("=")
    assert files[record].decode() == f"{FILES[record]}{cached},sha256={checksum},{len(files[cached])}\n"
    assert {name: files[name].decode() for name in FILES if name != record}.items() <= FILES.items()

    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")
    source = tmp_path / "unpacked" / "sample" / "__init__.py"
    source.write_text(SAMPLE.replace('"of"', "of"), encoding="utf-8")
    shown = said("import sample; sample.fails('six')", tmp_path / "unpacked")
    assert f'File "{source}", line 5, in fails\n    assert name in' in shown, "bytecode runs, a traceback has its line"


def test_bytecode_takes_the_place_of_a_source_that_is_imported_from_the_archive(tmp_path: Path) -> None:
    library = packed(tmp_path / "library.zip")
    compiled.rewrite(library, {"sample/__init__.py"}, inside=str(library))
    files = content(library)
    assert files.keys() ^ FILES.keys() == {"sample/__init__.py", "sample/__init__.pyc"}
    assert f'File "{library}/sample/__init__.py", line 5' in said("import sample; sample.fails('six')", library)


def test_the_same_sources_give_the_same_archive_at_another_time(tmp_path: Path) -> None:
    one, other = (packed(tmp_path / f"{at:.0f}-{WHEEL}", at) for at in (1e9, 2e9))
    assert one.read_bytes() != other.read_bytes()
    for wheel in (one, other):
        compiled.rewrite(wheel, {"sample/__init__.py"})
    assert one.read_bytes() == other.read_bytes()


def test_the_browsers_python_compiles_for_itself_and_twice_the_same(tmp_path: Path) -> None:
    from notebooks.site.builder.pyodide import CORE, LOCK, compile_start

    made = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        folder.mkdir()
        for name in CORE:
            shutil.copy(layout.npm("pyodide") / name, folder)
        wheel = packed(folder / WHEEL)
        compile_start(folder, ["sample"])
        made.append([wheel.read_bytes(), (folder / compiled.LIBRARY).read_bytes()])
    assert made[0] == made[1]
    info = json.loads((layout.npm("pyodide") / LOCK).read_text(encoding="utf-8"))["info"]
    tag = "".join(info["python"].split(".")[:2])
    (cached,) = content(wheel).keys() - FILES.keys()
    assert cached == f"sample/__pycache__/__init__.cpython-{tag}.pyc"
    given, library = content(layout.npm("pyodide") / compiled.LIBRARY), content(folder / compiled.LIBRARY)
    assert "json/__init__.pyc" in library, "every start imports it"
    assert {name.removesuffix("c") for name in library} == {name for name in given if not name.endswith("/")}
    assert "wave.py" in library, "no start imports it"

    sentence = r"What a start .* could not be compiled: ModuleNotFoundError: No module named 'nowhere'"
    with pytest.raises(SystemExit, match=rf"\A{sentence}\Z"):
        compile_start(folder, ["sample", "nowhere"])


def test_a_first_verdict_on_a_page_compiles_no_module(need: Callable[[object, str], None]) -> None:
    folder = SITE / "lite" / "static" / "pyodide"
    need(folder.is_dir(), "JupyterLite is not built: run `make site`.")
    wheels = [next(folder.glob(f"{name}-*.whl")) for name in live.PACKAGES]
    places = (Path(__file__).with_name("first_use.mjs"), folder, live.SOURCES / "cells.py", *wheels)
    ended = subprocess.run([layout.node(), *map(str, places)], capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout) == {"passed": True, "compiled": []}
