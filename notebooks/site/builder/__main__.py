# SPDX-License-Identifier: GPL-2.0-only
"""Build the documentation site into build/site, from the notebooks as they are committed."""

import argparse
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbconvert import ScriptExporter

import kvmplanes as kp
from kvmplanes.oracle.instruments.cases import ABOUT_09
from kvmplanes.oracle.instruments.picker import instrument_choices
from kvmplanes.oracle.instruments.table import instrument_table
from kvmplanes.view.live.offline import failure_choices, write_script
from notebooks.site.builder import book, figures, five, landing, layout, lite, live, policy, slides, teachers

# The reference: what notebooks import from, and the rooms below, module by module.
FACES = {
    "The public face": "kvmplanes",
    "Pictures, plots and widgets": "kvmplanes.view",
    "What the reader does": "kvmplanes.learn",
    "The oracle": "kvmplanes.oracle",
}
ROOMS = {"Runs and proofs": "kvmplanes.runs", "The model": "kvmplanes.model", "The patch": "kvmplanes.patch"}


def main() -> None:
    """Build everything, or everything but JupyterLite."""
    parser = argparse.ArgumentParser(prog="python -m notebooks.site.builder", description=__doc__)
    parser.add_argument("--no-lite", action="store_true", help="leave out JupyterLite, and all that runs its Python")
    options = parser.parse_args()
    with layout.alone():
        build(with_lite=not options.no_lite)
    print(f"The site is in {layout.SITE.relative_to(layout.ROOT)}; `make serve` shows it.")


def build(*, with_lite: bool) -> None:
    """Build from nothing."""
    for folder in (layout.STAGE, layout.SITE):
        shutil.rmtree(folder, ignore_errors=True)
    layout.STAGE.mkdir(parents=True)
    pages()
    choices(layout.STAGE / "static" / "choices")
    if with_lite:
        lite.main(layout.SITE)
        live.write(layout.STAGE / "static" / "live", layout.SITE / "lite" / "static" / "pyodide")
    sphinx()
    policy.write(layout.SITE)
    downloads(layout.SITE / "downloads")
    slides.write(layout.SITE / "slides")


def pages() -> None:
    """Lay out the sources: notebooks, pages with their figures, style."""
    for name in layout.notebooks():
        nbformat.write(book.chapter(layout.read(name)), layout.STAGE / f"{name}.ipynb")
    shutil.copytree(layout.PAGES / "static", layout.STAGE / "static")
    chapters = layout.numbered()
    if len(chapters) != layout.NUMBERED:
        sys.exit(f"{layout.NUMBERED} numbered notebooks are expected, and there are {len(chapters)}")
    values = {
        **figures.figures(),
        **landing.values(),
        "chapters": "\n".join(chapters),
        "five": five.table(),
        **teachers.values(),
        "citation": (layout.ROOT / "CITATION.cff").read_text(encoding="utf-8").partition("\n")[2].strip(),
        "places": layout.section((layout.ROOT / "README.md").read_text(encoding="utf-8"), "Where it can be read"),
        "subject": kp.PATCH.subject,
        "authors": " and ".join(author.partition(" <")[0] for author in kp.PATCH.authors),
        "message_id": kp.PATCH.message_id,
        "repository": layout.REPOSITORY,
        "changelog": (layout.ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("-->\n")[2],
    }
    for page in layout.PAGES.glob("*.md"):
        text = layout.filled(page.read_text(encoding="utf-8"), values)
        (layout.STAGE / page.name).write_text(text, encoding="utf-8")
    (layout.STAGE / "api.md").write_text(api(), encoding="utf-8")


def api() -> str:
    """The page of the reference, from docstrings: all that a face exports, and every module of a room."""
    parts = ["# Reference\n\nGenerated from the docstrings. `import kvmplanes as kp` is what the notebooks write."]
    for title, face in FACES.items():
        parts += [f"## {title}", automodule(face, "imported-members")]
    for title, room in ROOMS.items():
        parts.append(f"## {title}")
        for module in pkgutil.iter_modules(importlib.import_module(room).__path__, f"{room}."):
            if not module.ispkg:
                parts += [f"### {module.name}", automodule(module.name, "ignore-module-all")]
    return "\n\n".join(parts) + "\n"


def automodule(name: str, option: str) -> str:
    """Sphinx's directive for a module."""
    return f"```{{eval-rst}}\n.. automodule:: {name}\n   :{option}:\n```"


def choices(folder: Path) -> None:
    """What the pickers show, for every choice, beside the script that fetches it."""
    size = sum(
        picker.write(folder) for picker in (failure_choices(), instrument_choices(instrument_table(cases=ABOUT_09)))
    )
    write_script(folder / "choices.js")
    print(f"Pickers: {sum(1 for _ in folder.rglob('*.json'))} files, {size / 1e6:.1f} MB")


def sphinx() -> None:
    """Run Sphinx; a warning is an error."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-j", "2"]
    command += ["-d", str(layout.BUILD / "cache" / "doctrees"), "-c", str(layout.PAGES)]
    build = subprocess.run([*command, str(layout.STAGE), str(layout.SITE)], cwd=layout.ROOT, check=False)
    if build.returncode:
        sys.exit("Sphinx has something to say about the pages; see above.")
    for leftover in (".buildinfo", "objects.inv"):
        (layout.SITE / leftover).unlink(missing_ok=True)
    (layout.SITE / ".nojekyll").touch()  # GitHub Pages would leave out _static


def downloads(folder: Path) -> None:
    """Each notebook, and the same as a script, in which a cell of C is a text."""
    folder.mkdir(parents=True)
    exporter = ScriptExporter()
    for name in layout.notebooks():
        shutil.copy(layout.NOTEBOOKS / f"{name}.ipynb", folder)
        notebook = layout.read(name)
        for cell in notebook.cells:
            cell.source = re.sub(r"\A%%c (\w+)\n([\s\S]*)", r'\1 = r"""\n\2\n"""', cell.source)
        (folder / f"{name}.py").write_text(exporter.from_notebook_node(notebook)[0], encoding="utf-8")


if __name__ == "__main__":
    main()
