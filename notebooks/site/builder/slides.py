# SPDX-License-Identifier: GPL-2.0-only
"""Each notebook as slides, by nbconvert and reveal.js: a heading of level 1 or 2 begins a slide."""

import re
import shutil
from pathlib import Path

from nbconvert import SlidesExporter
from nbformat import NotebookNode
from traitlets.config import Config

from notebooks.site.builder import layout

TEMPLATE = Path(__file__).with_name("slides.html.j2")
# The only light theme of reveal.js that loads no font from another site.
REVEAL = ("reveal.js", "reveal.css", "theme/serif.css")


def write(folder: Path) -> None:
    """Write a page of slides for each notebook, and what these pages load."""
    for part in REVEAL:
        target = folder / "reveal" / "dist" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(layout.npm("reveal.js") / "dist" / part, target)
    maker = exporter()
    for name in layout.notebooks():
        notebook = marked(layout.read(name))
        (folder / f"{name}.html").write_text(page(maker, notebook, name), encoding="utf-8")


def exporter() -> SlidesExporter:
    """What makes slides of a notebook; cells of `%%c` are coloured as C."""
    config = Config({
        "HighlightMagicsPreprocessor": {"languages": {"%%c": "c"}},
        "CSSHTMLHeaderPreprocessor": {"style": "a11y-high-contrast-light"},
    })  # fmt: skip
    return SlidesExporter(
        config, template_file=str(TEMPLATE), reveal_url_prefix="reveal", reveal_theme="serif",
        exclude_input_prompt=True, exclude_output_prompt=True,
    )  # fmt: skip


def marked(notebook: NotebookNode) -> NotebookNode:
    """The notebook with its title, and with a mark at each cell that begins a slide."""
    notebook.metadata.title = layout.title(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and re.match(r"##? ", cell.source):
            cell.metadata.slideshow = {"slide_type": "slide"}
    return notebook


def page(maker: SlidesExporter, notebook: NotebookNode, name: str) -> str:
    """The slides of a marked notebook as HTML; links to other notebooks lead to their pages."""
    text, _ = maker.from_notebook_node(notebook, {"metadata": {"name": name}})
    return layout.to_pages(text, "../")
