# SPDX-License-Identifier: GPL-2.0-only
"""What a reader has set up for matplotlib, or cannot write, changes no plot; without matplotlib all are drawn too."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from notebooks.site.live.cells import needed
from tests.helpers.drawn import painted, plot
from tests.helpers.minutes import cells_of

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"
SENTENCE = "Drawn without matplotlib, which this Python does not have."

PLOT = 'import kvmplanes as kp\nfrom kvmplanes.view import plot_lifetimes\nprint(plot_lifetimes(kp.run("09")).html)'


def plotted(**environment: str) -> tuple[str, str]:
    """A plot, drawn in a Python of its own, and what that Python says beside it."""
    done = subprocess.run(
        [sys.executable, "-c", PLOT], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout, done.stderr


@pytest.mark.parametrize("case", ["matplotlibrc", "no home"])
def test_surroundings_change_no_plot(case: str, tmp_path: Path) -> None:
    settings = tmp_path / "matplotlibrc"
    settings.write_text(
        "font.family: serif\nfont.size: 20\nsvg.fonttype: path\naxes.grid: True\nsavefig.bbox: tight\n"
        "lines.dash_capstyle: round\nsavefig.facecolor: red\nbackend: tkagg\n"
    )
    (tmp_path / "file").write_text("")
    environment = {
        "matplotlibrc": {"MATPLOTLIBRC": str(settings)},
        "no home": {"HOME": str(tmp_path / "file"), "MPLCONFIGDIR": "", "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": ""},
    }[case]
    changed, said = plotted(**environment)
    assert changed == f"{plot('lifetimes 09').html}\n"
    assert said == ""


# Runs cells of notebooks in a Python that finds neither library; prints what each plot would store.
WITHOUT = """
import ast, json, sys

class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("matplotlib", "numpy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Gone())
from kvmplanes.view.plots import Plot
out, sys.stdout = sys.stdout, sys.stderr

def plots_of(sources):
    space = {}
    for source in sources:
        first, _, below = source.partition("\\n")
        if first.startswith("%%c "):
            space[first.split()[1]] = below
        else:
            body = ast.parse(source).body
            value = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None
            exec(compile(ast.Module(body, []), "cell", "exec"), space)
            shown = eval(compile(value, "cell", "eval"), space) if value else None
            if isinstance(shown, Plot):
                yield {**shown._repr_mimebundle_(), "image/svg+xml": shown.svg}

bundles = {name: [*plots_of(sources)] for name, sources in json.load(sys.stdin).items()}
assert not {"matplotlib", "numpy"} & set(sys.modules)
json.dump(bundles, out)
"""


def plots(source: str) -> bool:
    """Whether a cell ends in a call of plot_*()."""
    body = [] if source.startswith("%%c ") else ast.parse(source).body
    return bool(body) and bool(re.match(r"plot_\w+\(", ast.unparse(body[-1])))


def plotting(notebook: Path) -> list[str]:
    """The cells that plot, and those that they need, in their order."""
    sources = ["".join(cell["source"]) for cell in cells_of(notebook) if cell["cell_type"] == "code"]
    places = {place for at, source in enumerate(sources) if plots(source) for place in needed(sources[: at + 1])}
    return [sources[place] for place in sorted(places)]


PLOTTING = {path.stem: sources for path in sorted(NOTEBOOKS.glob("*.ipynb")) if (sources := plotting(path))}


def test_some_notebooks_plot() -> None:
    assert "02-one-plane-one-slot" in PLOTTING


@pytest.fixture(scope="module")
def without() -> dict[str, list[dict[str, str]]]:
    """Notebook -> what each of its plots shows in a Python without matplotlib."""
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT], input=json.dumps(PLOTTING), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return cast("dict[str, list[dict[str, str]]]", json.loads(run.stdout))


@pytest.mark.parametrize("name", PLOTTING)
def test_a_notebook_plots_without_matplotlib_and_says_so(name: str, without: dict[str, list[dict[str, str]]]) -> None:
    assert len(without[name]) == sum(map(plots, PLOTTING[name]))
    for bundle in without[name]:
        assert bundle["text/plain"].endswith(SENTENCE)
        assert SENTENCE in re.sub("<img.*?>", "", bundle["text/html"])
        assert painted(bundle["image/svg+xml"])
