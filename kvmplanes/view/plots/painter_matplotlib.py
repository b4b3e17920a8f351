# SPDX-License-Identifier: GPL-2.0-only
"""Paints a figure with matplotlib, without pyplot: no backend is chosen and nothing global changes.

All boxes of one meaning are one shape, so the SVG is small. With one minor version of matplotlib it is the same
bytes on every machine.
"""

import io
import logging
from math import nan
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from kvmplanes.view.page.style import PAPER
from kvmplanes.view.plots.figure import FONTS, Figure, Sign, Words

# A cold font cache is announced on stderr after five seconds; a notebook must not hold that.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

RC_PARAMS: Final[Any] = {
    "svg.hashsalt": "kvmplanes", "svg.fonttype": "none", "font.family": "sans-serif", "font.sans-serif": list(FONTS),
    "figure.facecolor": PAPER, "hatch.linewidth": 0.8, "lines.solid_capstyle": "butt",
}  # fmt: skip


def paint_matplotlib(figure: Figure) -> str:
    """A figure as an SVG document."""
    out = io.StringIO()
    with mpl.rc_context():
        mpl.rcdefaults()  # a reader's matplotlibrc must not change a compared output
        mpl.rcParams.update(RC_PARAMS)
        drawing(figure).savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return out.getvalue()


def drawing(figure: Figure) -> Drawing:
    """Matplotlib's own figure of it; it is made, and saved, under `RC_PARAMS`."""
    drawn = Drawing((figure.width / 72, figure.height / 72))
    axes = drawn.add_axes((0, 0, 1, 1), xlim=(0, figure.width), ylim=(figure.height, 0))
    axes.set_axis_off()
    for piece in figure.pieces:
        _put(axes, piece)
    return drawn


def _put(axes: Axes, piece: Sign | Words) -> None:
    if isinstance(piece, Words):
        axes.text(
            piece.x, piece.y, piece.words, parse_math=False, size=piece.size, color=piece.colour,
            ha=piece.across, va=piece.down, weight="bold" if piece.bold else "normal",
            rotation=90 if piece.upright else 0, rotation_mode="anchor",
            bbox={"fc": PAPER, "ec": "none", "pad": 0.8} if piece.ground else None,
        )  # fmt: skip
        return
    look, points = piece.look, [point for place in piece.places for point in (*place, (nan, nan))]
    if look.shape == "box":
        corners = ([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)] for (x0, y0), (x1, y1) in piece.places)
        shape = Path.make_compound_path(*(Path(corner, closed=True) for corner in corners))
        hatch = "/" * look.slants or None
        axes.add_patch(PathPatch(shape, facecolor=look.fill, edgecolor=look.edge, linewidth=look.width, hatch=hatch))
    elif look.shape in ("line", "dots"):
        style = ":" if look.shape == "dots" else "-"
        axes.plot(*zip(*points, strict=True), style, color=look.edge, linewidth=look.width)
    else:
        axes.plot(
            *zip(*points, strict=True), linestyle="none", marker=look.shape, color=look.fill,
            markersize=6.5, markeredgewidth=look.width, markeredgecolor=look.edge, zorder=5,
        )  # fmt: skip
