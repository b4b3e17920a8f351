# SPDX-License-Identifier: GPL-2.0-only
"""Plots where Python has no matplotlib: SVG of our own, which says so."""

import ast
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import kvmplanes as kp
from kvmplanes.view.page.style import ROLES
from kvmplanes.view.plots.canvas import SHAPES, SMALL, Frame
from kvmplanes.view.plots.figure import FigureCanvas
from kvmplanes.view.plots.plain import _MARKERS, PlainCanvas, _slants

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"
SENTENCE = "Drawn without matplotlib, which this Python does not have."

# Runs a notebook's cells in a Python that finds neither library; prints what each plot would store.
WITHOUT = """
import ast, json, sys

class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("matplotlib", "numpy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Gone())
from kvmplanes.view.plots import Plot
out, sys.stdout = sys.stdout, sys.stderr
space, found = {}, []
for cell in json.load(open(sys.argv[1]))["cells"]:
    first, _, below = "".join(cell["source"]).partition("\\n")
    if first.startswith("%%c "):
        space[first.split()[1]] = below
    elif cell["cell_type"] == "code":
        body = ast.parse(f"{first}\\n{below}").body
        value = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), "cell", "exec"), space)
        shown = eval(compile(value, "cell", "eval"), space) if value else None
        if isinstance(shown, Plot):
            found.append({**shown._repr_mimebundle_(), "image/svg+xml": shown.svg})
assert not {"matplotlib", "numpy"} & set(sys.modules)
json.dump(found, out)
"""


def plots_in(notebook: Path) -> int:
    """How many cells end in a call of plot_*()."""
    cells = json.loads(notebook.read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    bodies = [ast.parse(source).body for source in sources if not source.startswith("%%c ")]
    return sum(bool(re.match(r"plot_\w+\(", ast.unparse(body[-1]))) for body in bodies if body)


PLOTTING = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb")) if plots_in(path)}


def test_some_notebooks_plot() -> None:
    assert "02-one-plane-one-slot" in PLOTTING


@pytest.mark.parametrize("name", PLOTTING)
def test_a_notebook_plots_without_matplotlib_and_says_so(name: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(PLOTTING[name])], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert len(found) == plots_in(PLOTTING[name])
    for bundle in found:
        assert bundle["text/plain"].endswith(SENTENCE)
        assert SENTENCE in re.sub("<img.*?>", "", bundle["text/html"])
        assert drawn(bundle["image/svg+xml"])


def drawn(svg: str) -> list[str]:
    """The words of a picture, all of which begin inside it."""
    tree = ET.fromstring(svg)  # noqa: S314 - our own
    _, _, width, height = map(float, tree.attrib["viewBox"].split())
    words = []
    for element in tree.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 <= float(element.attrib["x"]) <= width, element.text
        assert 0 <= float(element.attrib["y"]) <= height, element.text
        words.append(element.text or "")
    return words


def test_with_matplotlib_nothing_is_said() -> None:
    from kvmplanes.view.plots import plot_occupancy

    bundle = plot_occupancy(kp.run("09"))._repr_mimebundle_()
    assert "Drawn without" not in "".join(bundle.values())


def test_widths_are_near_those_of_matplotlib() -> None:
    names = {call for version in kp.VERSIONS for call in kp.run(version).calls} | {"planes[1..15]", "struct kvm"}
    for name in names:
        assert PlainCanvas.wide(name) == pytest.approx(FigureCanvas.wide(name), rel=0.1), name


def test_every_marker_has_an_outline() -> None:
    assert {*SHAPES.values(), *(role.marker for role in ROLES.values())} <= set(_MARKERS)


@pytest.mark.parametrize("end", [0, 1, 7, 65, 240, 5000])
def test_numbers_below_the_rows_are_whole_even_and_few(end: int) -> None:
    canvas = PlainCanvas(Frame(612, 100, 50, 10, 46, (-0.5, end + 0.5)))
    canvas.axis("step")
    *numbers, label = drawn(canvas.svg())
    assert label == "step"
    assert numbers[0] == "0"
    assert 1 <= len(numbers) <= 12
    assert len({int(b) - int(a) for a, b in pairwise(numbers)}) <= 1


def test_slanted_lines_end_at_the_box() -> None:
    ends = [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", _slants(10, 31, 40, 52))]
    assert len(ends) >= 2 * 4
    assert all(10 <= x <= 31 and 40 <= y <= 52 for x, y in ends)


def test_the_legend_takes_as_many_lines_as_it_needs() -> None:
    canvas = PlainCanvas(Frame(150, 100, 50, 10, 26, (0, 1)))
    for word in ("first", "second", "third", "_silent"):
        canvas.boxes(word, [(0, 1, 10, 20)])
    canvas.legend()
    svg = canvas.svg()
    assert [word for word in drawn(svg) if word] == ["third", "first", "second"]
    assert f'font-size="{SMALL:g}"' in svg
    assert len(set(re.findall(r"translate\(0 ([\d.]+)\)", svg))) == 2


def test_words_are_escaped() -> None:
    canvas = PlainCanvas(Frame(150, 100, 50, 10, 26, (0, 1)))
    canvas.write(0, 10, "a < b & c")
    assert drawn(canvas.svg()) == ["a < b & c"]
