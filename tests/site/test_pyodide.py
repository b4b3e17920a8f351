# SPDX-License-Identifier: GPL-2.0-only
"""The browser's Python gets what its packages need, in the pinned versions, and nothing else."""

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notebooks.site.builder import layout

if TYPE_CHECKING:
    from notebooks.site.builder.pyodide import Pyodide

pytestmark = pytest.mark.browser  # where pyodide-lock is, too

PLATFORM = "cp314-cp314-pyemscripten_2026_0_wasm32"


def wheel(folder: Path, name: str, *requires: str, tag: str = "py3-none-any") -> Path:
    """A wheel of version 1 with one empty module."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-1-{tag}.whl"
    needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{needs}")
        archive.writestr(f"{name}-1.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{name}-1.dist-info/RECORD", "")
    return path


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """The folder that pip sees, and nothing else."""
    return tmp_path / "links"


@pytest.fixture
def pyodide(links: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Pyodide":
    """A Pyodide whose lock file knows a plotting library with a compiled part, and traitlets."""
    from notebooks.site.builder.pyodide import Pyodide

    core = tmp_path / "core"
    core.mkdir()
    pins = {name: {"version": "1"} for name in ("matplotlib", "numpy", "cycler", "traitlets")}
    info = {"python": "3.14.2", "abi_version": "2026_0", "arch": "wasm32", "platform": "emscripten_5_0_3"}
    (core / "pyodide-lock.json").write_text(json.dumps({"info": info, "packages": pins}))
    (core / "package.json").write_text('{"version": "314.0.7"}')
    links.mkdir()
    monkeypatch.setattr(layout, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    return Pyodide(core)


def test_only_what_holds_in_the_browser_is_taken(pyodide: "Pyodide", links: Path) -> None:
    elsewhere = ('pexpect; sys_platform != "emscripten"', 'tomli; python_version < "3.11"', 'pytest; extra == "test"')
    sample = wheel(pyodide.cache, "sample", "Traitlets >=1", *elsewhere, "jupyterlab_widgets~=3.0")
    wheel(links, "traitlets")
    pyodide.collect([], own=[sample])
    assert {name: package.depends for name, package in pyodide.lock.packages.items()} == {
        "sample": ["traitlets"],
        "traitlets": [],
    }


def test_matplotlib_is_taken_where_pip_finds_it(pyodide: "Pyodide", links: Path) -> None:
    wheel(links, "matplotlib", "numpy", "cycler", tag=PLATFORM)
    wheel(links, "numpy", tag=PLATFORM)
    wheel(links, "cycler")
    assert pyodide.collect_plots()
    pyodide.collect([], own=[wheel(pyodide.cache, "sample", "matplotlib")])
    assert set(pyodide.lock.packages) == {"matplotlib", "numpy", "cycler", "sample"}
    assert pyodide.lock.packages["sample"].depends == ["matplotlib"]
    assert pyodide.lock.packages["matplotlib"].depends == ["numpy", "cycler"]
    assert pyodide.lock.packages["matplotlib"].imports == ["matplotlib"]


def test_matplotlib_is_left_out_where_a_part_is_missing(pyodide: "Pyodide", links: Path) -> None:
    wheel(links, "matplotlib", "numpy", "cycler", tag=PLATFORM)
    assert not pyodide.collect_plots()
    pyodide.collect([], own=[wheel(pyodide.cache, "sample", "matplotlib")])
    assert {name: package.depends for name, package in pyodide.lock.packages.items()} == {"sample": []}


def test_the_lock_names_each_wheel_with_its_checksum(pyodide: "Pyodide", links: Path, tmp_path: Path) -> None:
    wheel(links, "numpy", tag=PLATFORM)
    pyodide.collect(["numpy"])
    pyodide.lock.to_json(tmp_path / "lock.json")
    entry = json.loads((tmp_path / "lock.json").read_text())["packages"]["numpy"]
    (file,) = pyodide.wheels
    assert (entry["file_name"], entry["version"]) == (file.name, "1")
    assert len(entry["sha256"]) == 64


def test_what_nobody_pins_is_refused(pyodide: "Pyodide") -> None:
    with pytest.raises(SystemExit, match=r"left-pad is pinned neither by Pyodide nor in constraints\.txt"):
        pyodide.pin("left-pad")
    assert pyodide.pin("numpy") == "1"
    assert f"ipywidgets=={pyodide.pin('ipywidgets')}" in (layout.ROOT / "constraints.txt").read_text()


def test_the_browser_gets_the_c_and_the_stored_translations_but_no_notebooks(pyodide: "Pyodide") -> None:
    from notebooks.site.builder.pyodide import own_wheel

    with zipfile.ZipFile(own_wheel(pyodide.cache)) as archive:
        packed = set(archive.namelist())
        record = archive.read(next(name for name in packed if name.endswith("/RECORD"))).decode()
    model = layout.ROOT / "kvmplanes" / "model"
    files = [
        *(path for path in model.joinpath("c").rglob("*") if path.is_file()),
        model / "shim.h",
        model / "machine" / "stored.json",
    ]
    assert {path.suffix for path in files} == {".c", ".h", ".patch", ".json"}
    assert {path.relative_to(layout.ROOT).as_posix() for path in files} <= packed
    assert {line.partition(",")[0] for line in record.splitlines()} == packed
    assert not any(name.endswith(".ipynb") for name in packed)
