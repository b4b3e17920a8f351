# SPDX-License-Identifier: GPL-2.0-only
"""What the site fetches is what is pinned, and the browser's Python gets what its packages need."""

import importlib
import json
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / ".ci" / "site"
PLATFORM = "cp314-cp314-pyemscripten_2026_0_wasm32"


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    module = importlib.import_module("npm")
    monkeypatch.setattr(module, "CACHE", tmp_path / "npm")
    return module


@pytest.fixture
def dist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    module = importlib.import_module("pyodide_dist")
    monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    return module


def test_every_npm_package_is_pinned_exactly() -> None:
    pins = tomllib.loads((SCRIPTS / "npm.toml").read_text(encoding="utf-8"))
    assert "pyodide" in pins
    for name, pin in pins.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", pin["version"]), name
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", pin["integrity"]), name


def test_another_archive_than_the_pinned_one_is_refused(npm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def pack(_: str, folder: str) -> Path:
        archive = Path(folder) / "pyodide.tgz"
        archive.write_bytes(b"something else")
        return archive

    monkeypatch.setattr(npm, "_pack", pack)
    with pytest.raises(SystemExit, match="the registry gave sha512-"):
        npm.fetch("pyodide")
    assert list(npm.CACHE.iterdir()) == []


def test_a_package_without_a_pin_is_refused(npm: Any) -> None:
    with pytest.raises(SystemExit, match="'left-pad' has no pin; pinned are "):
        npm.fetch("left-pad")


def wheel(folder: Path, name: str, *requires: str, tag: str = "py3-none-any") -> Path:
    """A wheel of version 1 with one empty module."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1-{tag}.whl"
    needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{needs}")
        archive.writestr(f"{name}-1.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{name}-1.dist-info/RECORD", "")
    return path


@pytest.fixture
def wheels(dist: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A Pyodide whose lock file knows a plotting library with a compiled part; pip sees one folder and no index."""
    core = tmp_path / "core"
    core.mkdir()
    packages = {
        "matplotlib": {"version": "1", "file_name": f"matplotlib-1-{PLATFORM}.whl", "depends": ["numpy", "cycler"]},
        "numpy": {"version": "1", "file_name": f"numpy-1-{PLATFORM}.whl", "depends": []},
        "cycler": {"version": "1", "file_name": "cycler-1-py3-none-any.whl", "depends": []},
    }
    lock = {"info": {"python": "3.14.2", "abi_version": "2026_0"}, "packages": packages}
    (core / "pyodide-lock.json").write_text(json.dumps(lock))
    (tmp_path / "links").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    return dist.Wheels(core)


def test_only_what_holds_in_the_browser_is_needed(wheels: Any, tmp_path: Path) -> None:
    elsewhere = ('pexpect; sys_platform != "emscripten"', 'tomli; python_version < "3.11"', 'pytest; extra == "test"')
    requires = ("Traitlets >=5", *elsewhere, "jupyterlab_widgets~=3.0", "matplotlib~=3.11")
    assert wheels.needs(wheel(tmp_path / "links", "sample", *requires)) == ["traitlets"]


def test_matplotlib_is_taken_where_pip_finds_it(wheels: Any, tmp_path: Path) -> None:
    wheel(tmp_path / "links", "matplotlib", "numpy", "cycler", tag=PLATFORM)
    wheel(tmp_path / "links", "numpy", tag=PLATFORM)
    wheel(tmp_path / "links", "cycler")
    assert wheels.collect_plots()
    assert set(wheels.found) == {"matplotlib", "numpy", "cycler"}
    assert wheels.needs(wheel(tmp_path / "links", "sample", "matplotlib")) == ["matplotlib"]
    entry = wheels.entry("matplotlib")
    assert (entry["imports"], entry["depends"]) == (["matplotlib"], ["cycler", "numpy"])


def test_matplotlib_is_left_out_where_a_part_is_missing(wheels: Any, tmp_path: Path) -> None:
    wheel(tmp_path / "links", "matplotlib", "numpy", "cycler", tag=PLATFORM)
    assert not wheels.collect_plots()
    assert wheels.found == {}


def test_what_nobody_pins_is_refused(wheels: Any) -> None:
    with pytest.raises(SystemExit, match=r"left-pad is pinned neither by Pyodide nor in constraints\.txt"):
        wheels.version("left-pad")
    assert wheels.version("numpy") == "1"
    assert wheels.version("ipywidgets") == wheels.constraints["ipywidgets"]


def test_the_browser_gets_the_c_the_parser_and_the_stored_translations(dist: Any, wheels: Any) -> None:
    own = dist.own_wheel()
    assert "pycparser" in wheels.needs(own)
    with zipfile.ZipFile(own) as archive:
        packed = set(archive.namelist())
    model = ROOT / "kvmplanes" / "model"
    files = [
        *(path for path in model.joinpath("c").rglob("*") if path.is_file()),
        model / "shim.h",
        model / "machine" / "stored.json",
    ]
    assert {path.suffix for path in files} == {".c", ".h", ".patch", ".json"}
    assert {path.relative_to(ROOT).as_posix() for path in files} <= packed
