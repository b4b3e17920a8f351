# SPDX-License-Identifier: GPL-2.0-only
"""The small parts of the site's build: anchors, weights, slides, the last run's totals."""

import gzip
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

C = "static int i;  // it's C"
COLOURED = '<span class="k">static</span><span class="w"> </span><span class="kt">int</span>'
PARTS = Path(__file__).resolve().parents[2] / ".ci" / "site"


def part(name: str, monkeypatch: pytest.MonkeyPatch, folder: Path = PARTS) -> ModuleType:
    """One of the build's scripts, as a module."""
    monkeypatch.syspath_prepend(str(PARTS))
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def test_an_anchor_is_what_jupyterlab_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    anchor = part("layout", monkeypatch).anchor
    assert [anchor(text) for text in ("Fix or make", "use-after-free", "As posted")] == [
        "Fix-or-make",
        "use-after-free",
        "As-posted",
    ]


def test_a_pages_weight_is_its_own_and_the_shared_part_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = part("weights", monkeypatch)
    (tmp_path / "all.css").write_text("a" * 5000)
    (tmp_path / "own.js").write_bytes(bytes(range(256)) * 20)
    for name, more in (("00-a", ""), ("01-b", '<script src="own.js?v=1"></script>')):
        (tmp_path / f"{name}.html").write_text(f'<link rel="stylesheet" href="all.css">{more}<a href="x.css">')
    assert weights.needs(tmp_path / "01-b.html") == {tmp_path / "all.css", tmp_path / "own.js"}
    assert weights.packed(tmp_path / "all.css") == len(gzip.compress(b"a" * 5000, 6, mtime=0))
    assert weights.report(tmp_path) == []
    assert "shared by all pages" in capsys.readouterr().out
    monkeypatch.setattr(weights, "MOST", 0.1)
    assert weights.report(tmp_path) == ["01-b"]


@pytest.mark.browser  # where nbconvert is, too
def test_a_slide_begins_with_a_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    slides = part("slides", monkeypatch)
    texts = ("# One", "text", "## Two", "### Three", "## Four")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text) for text in texts])
    notebook.cells.insert(1, nbformat.v4.new_code_cell("# no heading"))
    assert [[cell.source for cell in cells] for cells in slides.split(notebook)] == [
        ["# One", "# no heading", "text"],
        ["## Two", "### Three"],
        ["## Four"],
    ]


@pytest.mark.browser
def test_slides_colour_c_as_c(monkeypatch: pytest.MonkeyPatch) -> None:
    slides = part("slides", monkeypatch)
    cells = [nbformat.v4.new_code_cell(text) for text in (f"%%c mine\n{C}", C)]
    in_c, in_python = (slides.section(slides.page_maker(), [cell], 1) for cell in cells)
    assert COLOURED in in_c
    assert COLOURED not in in_python


@pytest.mark.browser  # where Sphinx is, too
def test_pages_colour_c_as_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sphinx.application import Sphinx

    conf = part("conf", monkeypatch, PARTS.parents[1] / "notebooks" / "site")
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
    folders = [str(tmp_path / name) for name in ("out", "trees")]
    app = Sphinx(tmp_path, None, *folders, "html", settings, status=None, warningiserror=True)
    conf.setup(app)
    app.build()
    in_c, in_python = ((tmp_path / "out" / f"{name}.html").read_text() for name in ("in_c", "in_python"))
    assert COLOURED in in_c
    assert '<span class="n">static</span>' in in_python


def test_the_last_run_is_read_and_what_was_not_run_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = part("figures", monkeypatch)
    suites = '<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>'
    (tmp_path / "unit.xml").write_text(suites)
    table = figures.runs(tmp_path).splitlines()
    assert table[2] == "| Unit tests (`make unit`) | 5 | 2 | 2 |"
    assert table[3].endswith("| not run here | | |")
