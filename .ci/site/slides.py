# SPDX-License-Identifier: GPL-2.0-only
"""Each notebook as slides: a section under a heading of level 2 is a slide, shown one at a time, turned by keys."""

import html
import re
from pathlib import Path
from string import Template

import layout
import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

LOOK = Path(__file__).with_name("slides.html")


def write(folder: Path) -> None:
    """Write a page of slides for each notebook."""
    folder.mkdir(parents=True)
    exporter = page_maker()
    page = Template(LOOK.read_text(encoding="utf-8").partition("-->\n")[2])
    colours = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".highlight")
    for name in layout.notebooks():
        notebook = nbformat.read(layout.NOTEBOOKS / f"{name}.ipynb", as_version=4)
        parts = split(notebook)
        shown = "\n".join(section(exporter, cells, number) for number, cells in enumerate(parts, 1))
        title = re.sub(r"^#+ ", "", parts[0][0].source.splitlines()[0])
        values = {"title": html.escape(title), "name": name, "slides": shown, "colours": colours}
        (folder / f"{name}.html").write_text(page.substitute(values), encoding="utf-8")


def page_maker() -> HTMLExporter:
    """What makes HTML of cells; those of `%%c` are coloured as C."""
    config = Config({"HighlightMagicsPreprocessor": {"languages": {"%%c": "c"}}})
    return HTMLExporter(config, template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)


def split(notebook: NotebookNode) -> list[list[NotebookNode]]:
    """The cells of each slide: a heading of level 1 or 2 begins one."""
    parts: list[list[NotebookNode]] = []
    for cell in notebook.cells:
        if not parts or (cell.cell_type == "markdown" and re.match(r"##? ", cell.source)):
            parts.append([])
        parts[-1].append(cell)
    return parts


def section(exporter: HTMLExporter, cells: list[NotebookNode], number: int) -> str:
    """One slide; links to other notebooks lead to their pages."""
    body, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    body = re.sub(r'href="((?:\d\d-|glossary|limits|references)[\w-]*)\.ipynb(#[^"]*)?"', _page, body)
    body = re.sub(r'<a class="anchor-link"[^>]*>.*?</a>', "", body)
    return f'<section id="slide-{number}" class="slide" tabindex="-1" aria-label="Slide {number}">{body}</section>'


def _page(link: re.Match[str]) -> str:
    return f'href="../{link[1]}.html{(link[2] or "").lower()}"'
