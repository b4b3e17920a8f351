# SPDX-License-Identifier: GPL-2.0-only
"""A Pyodide that asks nobody: its core, the wheels that are needed, and a lock file that names exactly these.

The core is the pinned npm package. Wheels come from the index that pip is configured for, in the versions of Pyodide's
own lock file, which belong together; what it lacks is pinned by constraints.txt. matplotlib and numpy have compiled
parts: they are taken where pip can get them, for instance from an unpacked Pyodide release that PIP_FIND_LINKS names,
and left out where it cannot.
"""

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

import npm
from flit_core import buildapi
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "cache"
CORE = ("pyodide.mjs", "pyodide.js", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
PLOTS = "matplotlib"
KERNEL = ("micropip", "ipython", "comm")  # what JupyterLite's kernel imports, besides what it brings

# Asked for by what we install, and no part of a Python in the browser: JavaScript that the page has already.
NOT_PYTHON = {"jupyterlab-widgets", "widgetsnbextension"}


@dataclass
class Wheels:
    """The wheels for one Pyodide, by canonical name.

    Attributes:
        core: folder of the npm package.
        found: wheel of each package that was collected.
        depends: what each of them needs of the others.
    """

    core: Path
    found: dict[str, Path] = field(default_factory=dict)
    depends: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def lock(self) -> dict[str, Any]:
        """Pyodide's own lock file."""
        return json.loads((self.core / "pyodide-lock.json").read_text(encoding="utf-8"))

    @cached_property
    def environment(self) -> dict[str, str]:
        """What this Python answers to a requirement's condition."""
        full = self.lock["info"]["python"]
        return {
            "sys_platform": "emscripten", "platform_system": "Emscripten", "platform_machine": "wasm32",
            "os_name": "posix", "implementation_name": "cpython", "platform_python_implementation": "CPython",
            "python_version": self.python, "python_full_version": full, "implementation_version": full, "extra": "",
        }  # fmt: skip

    @cached_property
    def python(self) -> str:
        """Its minor version, such as 3.14."""
        return self.lock["info"]["python"].rpartition(".")[0]

    @cached_property
    def constraints(self) -> dict[str, str]:
        """The project's own pins, as far as they hold for this Python."""
        texts = (line.partition("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines())
        pins = [Requirement(text) for text in texts if text]
        there = [pin for pin in pins if not pin.marker or pin.marker.evaluate(self.environment)]
        return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in there}

    def upstream(self, name: str) -> dict[str, Any]:
        """A package's entry in Pyodide's own lock file; empty if it has none."""
        packages = self.lock["packages"]
        return packages.get(name) or packages.get(name.replace("-", "_")) or {}

    def compiled(self, name: str) -> bool:
        """Whether Pyodide has a package in compiled form."""
        return not self.upstream(name).get("file_name", "none-any.whl").endswith("none-any.whl")

    def version(self, name: str) -> str:
        """The pinned version of a package; SystemExit if nobody pins it."""
        pin = self.upstream(name).get("version") or self.constraints.get(name)
        return pin or sys.exit(f"{name} is pinned neither by Pyodide nor in constraints.txt: run `make lock`")

    def collect(self, names: Iterable[str]) -> None:
        """Take packages, and all that they need; each round asks the index once."""
        todo = {canonicalize_name(name) for name in names}
        while todo := todo - set(self.found):
            self.found |= self.fetched(sorted(todo))
            for name in todo:
                self.depends[name] = self.needs(self.found[name])
            todo = {need for name in todo for need in self.depends[name]}

    def collect_plots(self) -> bool:
        """Take matplotlib and all that it needs, if pip can get its compiled wheels; say whether it could."""
        names, todo = set(), {PLOTS}
        while todo:
            names |= todo
            todo = {need for name in todo for need in self.upstream(name)["depends"]} - names
        try:
            self.fetched(sorted(filter(self.compiled, names)))
        except subprocess.CalledProcessError:
            return False
        self.collect([PLOTS])
        return True

    def needs(self, wheel: Path) -> list[str]:
        """What a wheel requires of this Python."""
        with zipfile.ZipFile(wheel) as archive:
            (info,) = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name}
            requires = PathDistribution(zipfile.Path(archive, f"{info}/")).requires or []
        wanted = (one for one in map(Requirement, requires) if not one.marker or one.marker.evaluate(self.environment))
        absent = NOT_PYTHON | ({PLOTS} - set(self.found))
        return sorted({canonicalize_name(one.name) for one in wanted} - absent)

    def fetched(self, names: list[str]) -> dict[str, Path]:
        """The wheels of packages, from the cache or from the index."""
        folder = CACHE / "wheels" / self.python
        folder.mkdir(parents=True, exist_ok=True)
        if missing := [name for name in names if not self._cached(folder, name)]:
            abi = f"cp{self.python.replace('.', '')}"
            platform = f"pyemscripten_{self.lock['info']['abi_version']}_wasm32"  # pip takes pure wheels as well
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps",
                 "--only-binary=:all:", "--python-version", self.python, "--implementation", "cp",
                 "--abi", abi, "--platform", platform, "-d", str(folder),
                 *(f"{name}=={self.version(name)}" for name in missing)],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
        return {name: self._cached(folder, name) for name in names}

    def _cached(self, folder: Path, name: str) -> Path | None:
        parsed = {parse_wheel_filename(wheel.name)[:2]: wheel for wheel in folder.glob("*.whl")}
        return next((wheel for (n, v), wheel in parsed.items() if (n, str(v)) == (name, self.version(name))), None)

    def entry(self, name: str) -> dict[str, Any]:
        """A package's entry in our lock file."""
        wheel = self.found[name]
        _, version, _, _ = parse_wheel_filename(wheel.name)
        return {
            "name": name, "version": str(version), "file_name": wheel.name, "install_dir": "site",
            "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(), "package_type": "package",
            "imports": sorted(_imports(wheel)), "depends": self.depends[name], "unvendored_tests": False,
        }  # fmt: skip


def _imports(wheel: Path) -> Iterator[str]:
    """The names by which a wheel's modules are imported."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist() if name.endswith((".py", ".so"))}
    for top in tops:
        if not top.endswith((".dist-info", ".data", ".libs")):
            yield top.partition(".")[0]


def own_wheel() -> Path:
    """Build the project's wheel, without network."""
    folder = CACHE / "own"
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(ROOT):
        return folder / buildapi.build_wheel(str(folder))


def assemble(out: Path, *more: str, plots: bool = False) -> Wheels:
    """Put a whole Pyodide with the project's package into a folder.

    Args:
        out: the folder, made anew.
        more: packages besides the project, and all that they need.
        plots: whether to take matplotlib where it can be had.

    Raises:
        SystemExit: npm or pip cannot get what is pinned.
    """
    wheels = Wheels(npm.fetch("pyodide"))
    told = ""
    if plots:
        told = ", with matplotlib" if wheels.collect_plots() else ", without matplotlib, which pip could not get"
    own = own_wheel()
    wheels.found["kvmplanes"] = own
    wheels.depends["kvmplanes"] = wheels.needs(own)
    try:
        wheels.collect([*wheels.depends["kvmplanes"], *more])
    except subprocess.CalledProcessError as failed:
        sys.exit(f"pip could not fetch a wheel for the Python in the browser: {failed.stderr.strip().splitlines()[-1]}")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for file in (*(wheels.core / name for name in CORE), *wheels.found.values()):
        shutil.copy(file, out)
    lock = {**wheels.lock, "packages": {name: wheels.entry(name) for name in sorted(wheels.found)}}
    (out / "pyodide-lock.json").write_text(json.dumps(lock, indent=1), encoding="utf-8")
    size = sum(file.stat().st_size for file in out.iterdir()) / 1e6
    print(f"Pyodide {wheels.core.name.rpartition('-')[2]}: {len(wheels.found)} packages, {size:.1f} MB{told}")
    return wheels
