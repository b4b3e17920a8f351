# SPDX-License-Identifier: GPL-2.0-only
"""What a reader has set up for matplotlib, or cannot write, changes no plot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLOT = 'import kvmplanes as kp\nfrom kvmplanes.view import plot_lifetimes\nprint(plot_lifetimes(kp.run("09")).html)'


def plotted(**environment: str) -> tuple[str, str]:
    """A plot, drawn in a Python of its own, and what that Python says beside it."""
    done = subprocess.run(
        [sys.executable, "-c", PLOT], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def usual() -> str:
    plot, _ = plotted()
    assert "data:image/svg+xml" in plot
    return plot


@pytest.mark.parametrize("case", ["matplotlibrc", "no home"])
def test_surroundings_change_no_plot(case: str, usual: str, tmp_path: Path) -> None:
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
    assert changed == usual
    assert said == ""
