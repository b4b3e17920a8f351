# SPDX-License-Identifier: GPL-2.0-only
"""Paints a figure with matplotlib, without pyplot: no backend is chosen and nothing global changes.

All boxes of one meaning are one shape, so the SVG is small. With one minor version of matplotlib it is the same
bytes on every machine. Matplotlib knows no colours that follow a theme: it is given numbers, which then make way for
the names that they stand for.
"""

import io
import re
from collections.abc import Mapping
from math import nan
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from kvmplanes.view.page.style import Shade
from kvmplanes.view.page.svg import PALETTE, key_of
from kvmplanes.view.plots.figure import FONTS, PAPER_SHADE, Figure, Sign, Words

RC_PARAMS: Final[Any] = {
    "svg.hashsalt": "kvmplanes", "svg.fonttype": "none", "font.family": "sans-serif", "font.sans-serif": list(FONTS),
    "hatch.linewidth": 0.8, "lines.solid_capstyle": "butt",
}  # fmt: skip
_STYLES: Final = {"line": "-", "dots": ":", "dashes": "--"}
_COLOUR: Final = re.compile(r'((?:fill|stroke)(?:: |="))(#[0-9a-f]{6})\b')


def paint_matplotlib(figure: Figure) -> str:
    """A figure as an SVG document."""
    out = io.StringIO()
    with mpl.rc_context():
        mpl.rcdefaults()  # a reader's matplotlibrc must not change a compared output
        mpl.rcParams.update(RC_PARAMS)
        drawing(figure).savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    shades = {number: shade for shade, number in numbered(figure).items()}
    return _short(_COLOUR.sub(lambda found: found[1] + shades[found[2]].css, out.getvalue()))


def _short(svg: str) -> str:
    """Matplotlib's SVG with each style once, as a class that is named by what it says, below the palette."""
    svg = re.sub(r"<!--.*?-->| transform=\"rotate\(-0 [^)]*\)\"", "", svg)
    svg = re.sub(r"\s*\n\s*", " ", re.sub(r">\s+<", "><", svg))
    svg = re.sub(r'<g id="text_\d+">(<text [^>]*>[^<]*</text>)</g>', r"\1", svg)
    styles = dict.fromkeys(re.findall(r' style="([^"]*)"', svg))
    svg = re.sub(r' style="([^"]*)"', lambda found: f' class="{key_of(found[1])}"', svg)
    rules = PALETTE + "".join(f".{key_of(style)}{{{style}}}" for style in styles)
    return svg.replace("<svg ", '<svg class="kp" ', 1).replace("</style>", f"{rules}</style>", 1)


def numbered(figure: Figure) -> dict[Shade, str]:
    """A number for each shade of a figure, written as a colour; 0 is matplotlib's black, which it leaves out."""
    shades = {PAPER_SHADE: None}
    for piece in figure.pieces:
        used = (piece.colour,) if isinstance(piece, Words) else (piece.look.edge, piece.look.fill)
        shades |= {shade: None for shade in used if shade}
    return {shade: f"#{number:06x}" for number, shade in enumerate(shades, 1)}


def drawing(figure: Figure) -> Drawing:
    """Matplotlib's own figure of it; it is made, and saved, under `RC_PARAMS`."""
    numbers = numbered(figure)
    drawn = Drawing((figure.width / 72, figure.height / 72), facecolor=numbers[PAPER_SHADE])
    axes = drawn.add_axes((0, 0, 1, 1), xlim=(0, figure.width), ylim=(figure.height, 0))
    axes.set_axis_off()
    for piece in figure.pieces:
        _put(axes, piece, numbers)
    return drawn


def _put(axes: Axes, piece: Sign | Words, numbers: Mapping[Shade, str]) -> None:
    if isinstance(piece, Words):
        axes.text(
            piece.x, piece.y, piece.words, parse_math=False, size=piece.size, color=numbers[piece.colour],
            ha=piece.across, va=piece.down, weight="bold" if piece.bold else "normal",
            rotation=90 if piece.upright else 0, rotation_mode="anchor",
            bbox={"fc": numbers[PAPER_SHADE], "ec": "none", "pad": 0.8} if piece.ground else None,
        )  # fmt: skip
        return
    edge, fill = numbers[piece.look.edge], numbers[piece.look.fill] if piece.look.fill else "none"
    look, points = piece.look, [point for place in piece.places for point in (*place, (nan, nan))]
    if look.shape == "box":
        corners = ([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)] for (x0, y0), (x1, y1) in piece.places)
        shape = Path.make_compound_path(*(Path(corner, closed=True) for corner in corners))
        hatch = "/" * look.slants + "x" * look.crossed or None
        axes.add_patch(PathPatch(shape, facecolor=fill, edgecolor=edge, linewidth=look.width, hatch=hatch))
    elif look.shape in _STYLES:
        axes.plot(*zip(*points, strict=True), _STYLES[look.shape], color=edge, linewidth=look.width)
    else:
        axes.plot(
            *zip(*points, strict=True), linestyle="none", marker=look.shape, color=fill,
            markersize=6.5, markeredgewidth=look.width, markeredgecolor=edge, zorder=5,
        )  # fmt: skip
