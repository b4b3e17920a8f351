# SPDX-License-Identifier: GPL-2.0-only
"""The scripts that make the cells of the pages run, bundled."""

import json
import os
import subprocess
from pathlib import Path

from notebooks.site.builder import layout

SOURCES = layout.PAGES / "live"
# What the page's Python loads of JupyterLite's: modules, and what their `fetch` asks for. With the wheels alone that
# the package imports without a widget and without matplotlib.
MODULES = ("pyodide.mjs", "pyodide.asm.mjs")
FETCHED = ("pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
OPTIONS = (
    "--log-level=warning", "--bundle", "--splitting", "--minify", "--charset=utf8", "--target=es2022", "--format=esm",
    "--loader:.py=text", "--chunk-names=[name]-[hash]", "--banner:js=// SPDX-License-Identifier: GPL-2.0-only",
)  # fmt: skip
PACKAGES = ("kvmplanes", "pycparser", "unidiff")


def write(folder: Path, pyodide: Path) -> None:
    """Bundle the scripts into a folder, and say what a reader loads at first use.

    Args:
        folder: the scripts' place in the site.
        pyodide: the folder of the built site with Pyodide and the wheels.

    Raises:
        subprocess.CalledProcessError: esbuild could not bundle them.
    """
    wheels = [next(pyodide.glob(f"{name}-*.whl")) for name in PACKAGES]
    fetched = sum(path.stat().st_size for path in (*wheels, *(pyodide / name for name in FETCHED)))
    loaded = fetched + sum((pyodide / name).stat().st_size for name in MODULES)
    megabytes = f"{loaded / 1e6:.0f}"
    values = {"WHEELS": [wheel.name for wheel in wheels], "BYTES": fetched, "MEGABYTES": megabytes}
    command = [
        str(layout.npm("esbuild") / "bin" / "esbuild"),
        *(str(SOURCES / name) for name in ("page.js", "worker.js")),
        *OPTIONS,
        *(f"--define:{name}={json.dumps(value)}" for name, value in values.items()),
        f"--outdir={folder}",
    ]
    environment = {**os.environ, "NODE_PATH": str(layout.npm("esbuild").parent)}
    subprocess.run(command, check=True, env=environment)
    size = sum(path.stat().st_size for path in folder.glob("*.js")) / 1e6
    print(f"Cells in the page: Python {megabytes} MB, editor and scripts {size:.1f} MB")
