# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx's settings. The sources are what the builder lays out: the notebooks as committed, and the pages here.

Nothing is executed, and nothing on the pages comes from another site.
"""

from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from notebooks.site.builder import layout

project = "kvmplanes"
author = "The kvmplanes authors"
copyright = author  # noqa: A001 - Sphinx's name
release = layout.project()["project"]["version"]

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.doctest"]
source_suffix = {".ipynb": "myst-nb", ".md": "myst-nb"}
exclude_patterns = ["static"]
suppress_warnings = ["ref.python"]  # attributes of one name in two classes are no mistake
templates_path = [str(Path(__file__).parent / "templates")]

nb_execution_mode = "off"  # the pages show exactly the outputs that nbval has compared
nb_ipywidgets_js: dict[str, str] = {}  # no stored output is a widget
myst_enable_extensions = ["attrs_inline"]
myst_heading_anchors = 3
myst_heading_slug_func = "notebooks.site.builder.layout.anchor"

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True  # VARIANTS, and not all that it holds
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "undoc-members": False, "show-inheritance": True}
napoleon_google_docstring = True
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
html_title = "kvmplanes"
html_static_path = [str(layout.STAGE / "static")]
html_css_files = ["site.css", "live.css"]
html_js_files = [("choices/choices.js", {"defer": "defer"}), ("print.js", {"defer": "defer"})]
if (layout.STAGE / "static" / "live").is_dir():  # the builder makes it together with JupyterLite, whose Python it runs
    html_js_files.append(("live/page.js", {"type": "module"}))
html_favicon = str(layout.STAGE / "static" / "favicon.svg")
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_permalinks_icon = "#"
html_context = {
    "github_url": "https://github.com",
    "github_user": "kvmplanes",
    "github_repo": "kvmplanes",
    "github_version": "main",
    "doc_path": "notebooks",
    "repository": layout.REPOSITORY,
    "notebooks": layout.notebooks(),
    "default_mode": "auto",
}
html_theme_options = {
    "github_url": layout.REPOSITORY,
    "navbar_center": [],  # the side bar has the pages
    "navigation_with_keys": False,  # the arrow keys are the player's
    "article_header_end": ["notebook-links"],
    "footer_start": ["footer"],
    "footer_end": [],
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "show_toc_level": 2,
    "show_prev_next": True,
    "search_bar_text": "Search",
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars: dict[str, list[str]] = {"**": ["chapters"]}


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("doctree-read", colour_c)
    app.add_node(HideCodeCellNode, override=True, html=(open_fold, close_fold))


def colour_c(_: Sphinx, page: nodes.document) -> None:
    """Have cells that hold C, or a diff of it, coloured so: myst-nb knows one language for a whole notebook."""
    for block in page.findall(nodes.literal_block):
        if block.astext().startswith("%%c "):
            block["language"] = "diff" if "\n@@ " in block.astext() else "c"


def open_fold(page: HTML5Translator, node: HideCodeCellNode) -> None:
    """Write a fold of code. Its name is what it shows, which speech control needs; myst-nb's own one has another."""
    page.body.append(f'<details class="kp-fold"><summary>{page.encode(node["prompt_show"])}</summary>\n')


def close_fold(page: HTML5Translator, _: HideCodeCellNode) -> None:
    """Close it."""
    page.body.append("</details>\n")
