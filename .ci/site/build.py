# SPDX-License-Identifier: GPL-2.0-only
"""Build the documentation site into build/site, from the notebooks as they are committed.

Usage: build.py [--no-lite]
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from string import Template

import figures
import layout
import nbformat
import picture
import slides
import weights
from nbconvert import ScriptExporter

import kvmplanes as kp
from kvmplanes.oracle.instruments.table import instrument_table
from kvmplanes.view.live.offline import failure_choices, instrument_choices

# The reference, room by room.
ROOMS = {
    "The public face": ["kvmplanes"],
    "Runs and proofs": ["explore", "programs", "scenario", "trace", "orders", "kills", "limits", "cost"],
    "The model": [f"model.{name}" for name in ("heap", "faults", "floor", "version", "series")],
    "The patch": ["patch.document"],
    "What the reader does": [f"learn.{name}" for name in ("questions", "exercises", "exercise", "review", "repairs")],
    "Pictures and widgets": [
        f"view.{name}"
        for name in ("heap", "ladder", "report", "diff", "player", "widgets", "order", "plots.steps", "plots.tables",
                     "plots.crowd", "plots.kills", "choices")
    ],
    "The oracle": ["oracle.results", "oracle.kernel"],
}  # fmt: skip


def main(arguments: list[str]) -> None:
    """Build everything, or everything but JupyterLite; print what pages weigh."""
    for folder in (layout.STAGE, layout.SITE):
        shutil.rmtree(folder, ignore_errors=True)
    layout.STAGE.mkdir(parents=True)
    pages()
    choices(layout.STAGE / "static" / "choices")
    sphinx()
    downloads(layout.SITE / "downloads")
    slides.write(layout.SITE / "slides")
    if "--no-lite" not in arguments:
        import lite

        lite.main(layout.SITE)
    too_heavy = weights.report(layout.SITE)
    if too_heavy:
        sys.exit(f"Heavier than {weights.MOST} kB: {', '.join(too_heavy)}")
    print(f"The site is in {layout.SITE.relative_to(layout.ROOT)}; `make serve` shows it.")


def pages() -> None:
    """Lay out the sources: notebooks, pages with their figures, style."""
    for notebook in layout.NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(notebook, layout.STAGE)
    shutil.copytree(layout.PAGES / "static", layout.STAGE / "static")
    numbered = [name for name in layout.notebooks() if name[:2].isdigit()]
    if len(numbered) != layout.NUMBERED:
        sys.exit(f"{layout.NUMBERED} numbered notebooks are expected, and there are {len(numbered)}")
    values = {
        **figures.figures(),
        "picture": picture.picture(),
        "citation": (layout.ROOT / "CITATION.cff").read_text(encoding="utf-8").partition("\n")[2].strip(),
        "subject": kp.PATCH.subject,
        "authors": " and ".join(author.partition(" <")[0] for author in kp.PATCH.authors),
        "message_id": kp.PATCH.message_id,
        "repository": layout.REPOSITORY,
        "changelog": (layout.ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("-->\n")[2],
    }
    for page in layout.PAGES.glob("*.md"):
        own = {"notebooks": "\n".join(numbered)} if page.name == "index.md" else {}
        text = Template(page.read_text(encoding="utf-8")).substitute(values | own)
        (layout.STAGE / page.name).write_text(text, encoding="utf-8")
    (layout.STAGE / "api.md").write_text(api(), encoding="utf-8")


def api() -> str:
    """The page of the reference: a section for each room, the modules by their docstrings."""
    parts = ["# Reference\n\nGenerated from the docstrings. `import kvmplanes as kp` is what the notebooks write."]
    for room, modules in ROOMS.items():
        parts.append(f"## {room}")
        for module in modules:
            name = module if module == "kvmplanes" else f"kvmplanes.{module}"
            more = "\n   :imported-members:" if module == "kvmplanes" else ""
            title = "" if module == "kvmplanes" else f"### {name}\n\n"
            parts.append(f"{title}```{{eval-rst}}\n.. automodule:: {name}{more}\n```")
    return "\n\n".join(parts) + "\n"


def choices(folder: Path) -> None:
    """What the pickers show, for every choice, beside the script that fetches it."""
    size = sum(one.write(folder) for one in (failure_choices(), instrument_choices(instrument_table())))
    script = Path(kp.__file__).parent / "view" / "choices.js"
    shutil.copy(script, folder)
    print(f"Pickers: {sum(1 for _ in folder.rglob('*.json'))} files, {size / 1e6:.1f} MB")


def sphinx() -> None:
    """Run Sphinx; a warning is an error."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-j", "2"]
    command += ["-d", str(layout.BUILD / "cache" / "doctrees"), "-c", str(layout.PAGES)]
    done = subprocess.run([*command, str(layout.STAGE), str(layout.SITE)], check=False)
    if done.returncode:
        sys.exit("Sphinx has something to say about the pages; see above.")
    for left in (".buildinfo", "objects.inv"):
        (layout.SITE / left).unlink(missing_ok=True)
    (layout.SITE / ".nojekyll").touch()  # GitHub Pages would leave out _static


def downloads(folder: Path) -> None:
    """Each notebook, and the same as a script, in which a cell of C is a text."""
    folder.mkdir(parents=True)
    exporter = ScriptExporter()
    for name in layout.notebooks():
        source = layout.NOTEBOOKS / f"{name}.ipynb"
        shutil.copy(source, folder)
        notebook = nbformat.read(source, as_version=4)
        for cell in notebook.cells:
            cell.source = re.sub(r"\A%%c (\w+)\n([\s\S]*)", r'\1 = r"""\n\2\n"""', cell.source)
        (folder / f"{name}.py").write_text(exporter.from_notebook_node(notebook)[0], encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
