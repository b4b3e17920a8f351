# SPDX-License-Identifier: GPL-2.0-only
"""The small parts of the site's builder: anchors, npm's lock, the last run's totals, slides, the colours of C."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from notebooks.site.builder import layout

C = "static int i;  // it's C"
COLOURED = '<span class="k">static</span><span class="w"> </span><span class="kt">int</span>'


def test_an_anchor_is_what_jupyterlab_makes() -> None:
    texts = ("Fix or make", "use-after-free", "As posted")
    assert list(map(layout.anchor, texts)) == ["Fix-or-make", "use-after-free", "As-posted"]


def test_a_section_of_a_page_ends_at_the_next_heading() -> None:
    page = "# Page\n\n## One\n\nword\n\n### Below\n\nmore\n\n## Two\n\nother\n"
    assert layout.section(page, "One") == "word\n\n### Below\n\nmore"
    assert layout.section(page, "Two") == "other"
    with pytest.raises(ValueError, match="no heading 'Three'"):
        layout.section(page, "Three")


def test_every_npm_package_is_pinned_by_version_and_checksum_and_by_no_address() -> None:
    asked = json.loads((layout.PAGES / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((layout.PAGES / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, version in (asked["dependencies"] | asked["devDependencies"]).items():
        assert locked[f"node_modules/{name}"]["version"] == version, name
    assert locked.pop("")["dependencies"] == asked["dependencies"]
    for path, package in locked.items():
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package["integrity"]), path
        assert "resolved" not in package, path


def test_an_npm_package_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "BUILD", tmp_path)
    with pytest.raises(SystemExit, match="pyodide is not installed: run `make build/npm/installed`"):
        layout.npm("pyodide")


def test_a_second_build_at_the_same_time_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "BUILD", tmp_path / "build")
    with (
        layout.alone(),
        pytest.raises(SystemExit, match="Another `make site` is at work in this clone"),
        layout.alone(),
    ):
        pass
    with layout.alone():
        pass


def test_the_last_run_is_read_and_what_was_not_run_is_said(tmp_path: Path) -> None:
    from notebooks.site.builder import figures

    suites = '<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>'
    (tmp_path / "unit.xml").write_text(suites)
    table = figures.runs(tmp_path).splitlines()
    assert table[2] == "| Unit tests (`make unit`) | 5 | 2 | 2 |"
    assert table[3].endswith("| not run here | | |")


@pytest.mark.browser  # where nbconvert is, too
def test_a_slide_begins_with_a_heading_and_c_is_coloured_as_c() -> None:
    from notebooks.site.builder import slides

    texts = (
        "# One",
        C,
        "## Two",
        "### [Three](05-teardown.ipynb#A-b) [Five](appendix.ipynb)",
        "## Four",
        f"%%c mine\n{C}",
    )
    cells = [nbformat.v4.new_markdown_cell(text) for text in texts]
    for place in (1, 5):
        cells[place] = nbformat.v4.new_code_cell(texts[place])
    notebook = slides.marked(nbformat.v4.new_notebook(cells=cells))
    text = slides.page(slides.exporter(), notebook, "00-start-here")
    one, two, four = re.findall(r"<section\s*><section\s*>(.*?)</section></section>", text, re.DOTALL)
    assert '<h1 id="One">One<' in one
    assert COLOURED not in one
    assert '<h2 id="Two">Two<' in two
    assert 'href="../05-teardown.html#A-b"' in two
    assert 'href="../appendix.html"' in two
    assert COLOURED in four
    assert "<title>One slides</title>" in text
    assert re.findall(r"https?://[^\"' ]+", text) == []


@pytest.mark.browser  # where Sphinx is, too
def test_pages_colour_c_as_c(tmp_path: Path) -> None:
    from sphinx.application import Sphinx

    from notebooks.site import conf

    cells = [nbformat.v4.new_code_cell(text) for text in (f"%%c mine\n{C}", "static = 1")]
    language = {"language_info": {"name": "python"}}
    for name, cell in zip(("in_c", "in_python"), cells, strict=True):
        title = nbformat.v4.new_markdown_cell("# Title")
        nbformat.write(nbformat.v4.new_notebook(cells=[title, cell], metadata=language), tmp_path / f"{name}.ipynb")
    settings = {
        "extensions": ["myst_nb"],
        "nb_execution_mode": "off",
        "master_doc": "in_c",
        "suppress_warnings": ["toc"],
    }
    out = tmp_path / "out"
    app = Sphinx(tmp_path, None, out, tmp_path / "trees", "html", settings, status=None, warningiserror=True)
    conf.setup(app)
    app.build()
    in_c, in_python = ((out / f"{name}.html").read_text() for name in ("in_c", "in_python"))
    assert COLOURED in in_c
    assert '<span class="n">static</span>' in in_python
