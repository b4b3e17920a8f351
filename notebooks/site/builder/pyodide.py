# SPDX-License-Identifier: GPL-2.0-only
"""A Pyodide that asks nobody: its core, the wheels that are needed, and a lock file that names exactly these.

The core is the pinned npm package. Wheels come from the index that pip is configured for, in the versions of Pyodide's
own lock file, which belong together; what it lacks is pinned by constraints.txt. matplotlib and numpy have compiled
parts: they are taken where pip can get them, for instance from an unpacked Pyodide release that PIP_FIND_LINKS names,
and left out where it cannot. pyodide-lock reads what a wheel needs in the browser and writes the lock file.
"""

import contextlib
import hashlib
import importlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version
from pyodide_lock import PyodideLockSpec
from pyodide_lock.spec import InfoSpec
from pyodide_lock.utils import add_wheels_to_spec

from notebooks.site.builder import compiled, layout

LOCK = "pyodide-lock.json"
CORE = ("pyodide.mjs", "pyodide.js", "pyodide.asm.mjs", "pyodide.asm.wasm", compiled.LIBRARY, LOCK)
PLOTS = "matplotlib"
KERNEL_NEEDS = ("micropip", "ipython", "comm")  # what JupyterLite's kernel imports, besides what it brings
# What that kernel's start, a page's first verdict and the first picker of a notebook import.
START = (
    "IPython", "anywidget", "comm", "ipywidgets", "jedi", "kvmplanes.learn", "kvmplanes.view", "micropip", "symtable",
    "unittest.mock",
)  # fmt: skip

# Asked for by what we install, and no part of a Python in the browser: JavaScript that the page has already.
NOT_PYTHON = ("jupyterlab-widgets", "widgetsnbextension")

# The reader's own copies of the notebooks, which the site shows anyway.
NOT_ON_THE_SITE = "kvmplanes/notebooks/"


class Pyodide:
    """One Pyodide and the wheels that are collected for it.

    Args:
        core: folder of the npm package.

    Attributes:
        wheels: the collected wheels.
        lock: the lock file that names them.
        absent: packages that are left out although others ask for them.
    """

    def __init__(self, core: Path) -> None:
        self.core = core
        upstream: dict[str, Any] = json.loads((core / LOCK).read_text(encoding="utf-8"))
        self.version = str(json.loads((core / "package.json").read_text(encoding="utf-8"))["version"])
        self.upstream: dict[str, Any] = {
            canonicalize_name(name): package for name, package in upstream["packages"].items()
        }
        self.info = InfoSpec(version=self.version, **upstream["info"])
        self.python = self.info.python.rpartition(".")[0]
        self.cache = layout.CACHE / "wheels" / self.python
        self.absent = set(NOT_PYTHON)
        self.clear()

    def clear(self) -> None:
        """Forget the wheels that were collected."""
        self.wheels: list[Path] = []
        self.lock = PyodideLockSpec(info=self.info, packages={})

    def pin(self, name: str) -> str:
        """The pinned version of a package; SystemExit if nobody pins it."""
        if name in self.upstream:
            return str(self.upstream[name]["version"])
        browser = {"sys_platform": "emscripten", "python_version": self.python, "python_full_version": self.info.python}
        for line in (layout.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
            if text := line.partition("#")[0].strip():
                pin = Requirement(text)
                if canonicalize_name(pin.name) == name and (not pin.marker or pin.marker.evaluate(browser)):
                    return str(pin.specifier).removeprefix("==")
        sys.exit(f"{name} is pinned neither by Pyodide nor in constraints.txt: run `make lock`")

    def collect(self, names: Iterable[str], own: Iterable[Path] = ()) -> None:
        """Take packages, and all that they need; each round asks the index once.

        Args:
            names: packages to fetch.
            own: wheels that lie in the cache already.

        Raises:
            subprocess.CalledProcessError: pip cannot get what is pinned.
        """
        wheels = [*own, *self.fetched(map(canonicalize_name, names))]
        while wheels:
            self.wheels += wheels
            empty = PyodideLockSpec(info=self.info, packages={})
            self.lock = add_wheels_to_spec(empty, self.wheels, ignore_missing_dependencies=True)
            packages = self.lock.packages.values()
            for package in packages:
                package.depends = [need for need in package.depends if need not in self.absent]
            wheels = self.fetched(need for package in packages for need in package.depends)

    def collect_plots(self) -> bool:
        """Take matplotlib and all that it needs, if pip can get its compiled wheels; say whether it could."""
        try:
            self.collect([PLOTS])
        except subprocess.CalledProcessError:
            self.clear()
            self.absent.add(PLOTS)
        return PLOTS not in self.absent

    def fetched(self, names: Iterable[str]) -> list[Path]:
        """The wheels of those packages that are not collected yet, from the cache or from the index."""
        self.cache.mkdir(parents=True, exist_ok=True)
        wanted = sorted(set(names).difference(self.lock.packages))
        abi = f"cp{self.python.replace('.', '')}"
        platform = f"pyemscripten_{self.info.abi_version}_wasm32"  # pip takes pure wheels as well
        if missing := [name for name in wanted if not self._cached(name)]:
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps",
                 "--only-binary=:all:", "--python-version", self.python, "--implementation", "cp",
                 "--abi", abi, "--platform", platform, "-d", str(self.cache),
                 *(f"{name}=={self.pin(name)}" for name in missing)],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
        for wheel in self.cache.glob(f"*-{platform}.whl"):
            # pyodide-lock 0.1 knows the platform of a compiled wheel by its older name only.
            wheel.rename(str(wheel).replace(platform, f"{self.info.platform}_{self.info.arch}"))
        return [wheel for name in wanted for wheel in self._cached(name)]

    def _cached(self, name: str) -> list[Path]:
        wanted = (name, Version(self.pin(name)))
        return [wheel for wheel in self.cache.glob("*.whl") if parse_wheel_filename(wheel.name)[:2] == wanted]


def own_wheel(folder: Path) -> Path:
    """Build the project's wheel, without network and without its copies of the notebooks."""
    backend = importlib.import_module(layout.project()["build-system"]["build-backend"])
    whole = layout.CACHE / "own"
    for each in (whole, folder):
        each.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(layout.ROOT):
        wheel = whole / str(backend.build_wheel(str(whole)))
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(folder / wheel.name, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if not name.startswith(NOT_ON_THE_SITE):
                lines = source.read(name).splitlines(keepends=True)
                own = [line for line in lines if not line.startswith(NOT_ON_THE_SITE.encode())]
                target.writestr(name, b"".join(own if name.endswith("/RECORD") else lines))
    return folder / wheel.name


def assemble(out: Path, *more: str, plots: bool = False, start: Iterable[str] = ()) -> Pyodide:
    """Put a whole Pyodide with the project's package into a folder.

    Args:
        out: the folder, made anew.
        more: packages besides the project, and all that they need.
        plots: whether to take matplotlib where it can be had.
        start: modules; these and all that they import are compiled.

    Raises:
        SystemExit: npm or pip cannot get what is pinned, or it cannot be compiled.
    """
    pyodide = Pyodide(layout.npm("pyodide"))
    note = ""
    if plots:
        note = ", with matplotlib" if pyodide.collect_plots() else ", without matplotlib, which pip could not get"
    else:
        pyodide.absent.add(PLOTS)
    try:
        pyodide.collect(more, own=[own_wheel(pyodide.cache)])
    except subprocess.CalledProcessError as failed:
        sys.exit(f"pip could not fetch a wheel for the Python in the browser: {failed.stderr.strip().splitlines()[-1]}")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for file in (*(pyodide.core / name for name in CORE), *pyodide.wheels):
        shutil.copy(file, out)
    if start:
        compile_start(out, start)
    for package in pyodide.lock.packages.values():
        package.sha256 = hashlib.sha256((out / package.file_name).read_bytes()).hexdigest()
    pyodide.lock.to_json(out / LOCK, indent=1)  # in place of npm's
    size = sum(file.stat().st_size for file in out.iterdir()) / 1e6
    print(f"Pyodide {pyodide.version}: {len(pyodide.lock.packages)} packages, {size:.1f} MB{note}")
    return pyodide


def compile_start(folder: Path, modules: Iterable[str]) -> None:
    """Compile modules, and all that they import, in a folder with Pyodide and wheels.

    Raises:
        SystemExit: Node.js is missing or too old, or a module cannot be imported or compiled.
    """
    script = Path(compiled.__file__).with_suffix(".mjs")
    ended = subprocess.run([layout.node(), script, folder, *modules], capture_output=True, text=True, check=False)
    if ended.returncode:
        why = ended.stderr.strip().rpartition("\n")[2] or f"Node.js ended with {ended.returncode}"
        sys.exit(f"What a start of Python in a browser imports could not be compiled: {why}")
