# SPDX-License-Identifier: GPL-2.0-only
"""The notebooks with a Python that runs in the browser: JupyterLite, whole, in the site's folder `lite`."""

import hashlib
import html
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from kvmplanes import lab
from notebooks.site.builder import layout
from notebooks.site.builder.pyodide import KERNEL_NEEDS, PLOTS, START, assemble

SETTINGS = Path(__file__).resolve().parent / "lite"
KERNEL = "jupyterlite-pyodide-kernel"
EXTENSION = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension"
APPS = ("lab", "notebooks", "tree")
SAVED = "saved.js"
STORAGE = "kvmplanes notebooks"
LEFT_OVER = ("package.json", "rspack.config.*", "doc")  # of JupyterLite's own build


def main(out: Path) -> None:
    """Build JupyterLite into `out`/lite and say what it weighs.

    Args:
        out: the site's folder; the rest of it is not touched.

    Raises:
        SystemExit: something that is pinned could not be fetched, or JupyterLite's build failed.
    """
    start = time.monotonic()
    stage, site = layout.CACHE / "lite", out.resolve() / "lite"
    for folder in (stage, site):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SETTINGS, stage)
    storage = f"{STORAGE} {edition()}"
    settings = stage / "jupyter-lite.json"
    settings.write_text(layout.filled(settings.read_text(encoding="utf-8"), {"storage": storage}), encoding="utf-8")
    overrides = stage / "overrides.json"
    looks = lab.SETTINGS / "labconfig" / "default_setting_overrides.json"
    merged = {**json.loads(overrides.read_text(encoding="utf-8")), **json.loads(looks.read_text(encoding="utf-8"))}
    overrides.write_text(json.dumps(merged, indent=2), encoding="utf-8")
    pyodide = assemble(stage / "static" / "pyodide", *KERNEL_NEEDS, plots=True, start=START)
    (stage / "notebooks").mkdir()
    for notebook in layout.NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(notebook, stage / "notebooks")
    build(stage, site, kernel(pyodide.pin(KERNEL)))
    for pattern in LEFT_OVER:
        for path in site.glob(pattern):
            (shutil.rmtree if path.is_dir() else Path.unlink)(path)
    start_page(site, storage, plots=PLOTS in pyodide.lock.packages)
    shutil.copy(SETTINGS / SAVED, site)
    for app in APPS:
        tell(site / app / "index.html", storage)
    sizes = {part: weight(site / part) for part in ("", "build", "static/pyodide", "extensions", "files")}
    print("JupyterLite: " + ", ".join(f"{part or 'in all'} {size:.1f} MB" for part, size in sizes.items()), end="; ")
    print(f"built in {time.monotonic() - start:.0f} s")


def kernel(version: str) -> Path:
    """Install JupyterLite's kernel into a folder of its own, which JupyterLab does not search; give the folder."""
    folder = layout.CACHE / f"{KERNEL}-{version}"
    if not (folder / EXTENSION).is_dir():
        command = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, f"--target={folder}", f"{KERNEL}=={version}"], check=True)
    return folder


def build(stage: Path, site: Path, kernel: Path) -> None:
    """Run JupyterLite's build on a folder of settings, Pyodide and notebooks; SystemExit if it fails."""
    options = {
        "lite_dir": str(stage),
        "output_dir": str(site),
        "cache_dir": str(layout.CACHE / "jupyterlite"),
        "contents": [str(stage / "notebooks")],
        "federated_extensions": [
            str(kernel / EXTENSION),
            str(lab.SETTINGS / "labextensions" / "@kvmplanes" / "reading"),
        ],
        "apps": [*APPS],
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
    }
    config = stage / "jupyter_lite_config.json"
    config.write_text(json.dumps({"LiteBuildConfig": options}), encoding="utf-8")
    command = [sys.executable, "-m", "jupyterlite_core", "build", f"--config={config}"]
    environment = {**os.environ, "PYTHONPATH": str(kernel)}
    build_run = subprocess.run(command, cwd=stage, env=environment, capture_output=True, text=True, check=False)
    if build_run.returncode:
        sys.exit(f"JupyterLite's build failed:\n{build_run.stdout}{build_run.stderr}")


def edition() -> str:
    """A name for the notebooks as they are now: what a reader saves of them does not hide those of a later edition."""
    digest = hashlib.sha256()
    for name in layout.notebooks():
        digest.update((layout.NOTEBOOKS / f"{name}.ipynb").read_bytes())
    return digest.hexdigest()[:8]


def tell(page: Path, storage: str) -> None:
    """Bring into a page of JupyterLite the script that says what is saved, and where nothing is."""
    text = page.read_text(encoding="utf-8")
    script = f'<script src="../{SAVED}" data-storage="{storage}" defer></script>'
    page.write_text(text.replace("</head>", f"{script}\n</head>", 1), encoding="utf-8")


def start_page(site: Path, storage: str, plots: bool) -> None:
    """Write the page that leads to the notebooks; `plots` says whether matplotlib is there."""
    rows = []
    for name in layout.notebooks():
        title = html.escape(layout.title(layout.read(name)))
        rows.append(f'<li><a href="notebooks/index.html?path={name}.ipynb">{title}</a></li>')
    sentence = f"Plots are drawn {'by matplotlib, in whole.' if plots else 'without matplotlib; each says so.'}"
    page = (SETTINGS / "index.html").read_text(encoding="utf-8")
    words = {
        "notebooks": "\n".join(rows),
        "plots": sentence,
        "megabytes": f"{weight(site / 'static'):.0f}",
        "storage": storage,
    }
    (site / "index.html").write_text(layout.filled(page, words), encoding="utf-8")


def weight(path: Path) -> float:
    """What all the files below a folder weigh, in MB."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6
