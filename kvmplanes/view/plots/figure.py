# SPDX-License-Identifier: GPL-2.0-only
"""Plots drawn by matplotlib.

Figures are made without pyplot: no backend is chosen and nothing global changes. All boxes of one
meaning are one shape, so the SVG is small. With one minor version of matplotlib it is the same
bytes on every machine.
"""

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil, nan
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from matplotlib.ticker import MaxNLocator

from kvmplanes.view.page.style import INK, PAPER
from kvmplanes.view.plots.canvas import FONTS, PAD, SMALL, Box, Canvas, Frame, Point

# A cold font cache is announced on stderr after five seconds; a notebook must not hold that.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

_STYLE: Final[Any] = {
    "svg.hashsalt": "kvmplanes",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": list(FONTS),
    "font.size": 9,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.labelcolor": INK,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "legend.handlelength": 1.4,
    "lines.solid_capstyle": "butt",
}


class FigureCanvas(Canvas):
    """One figure with one pair of axes."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.figure = Figure((frame.width / 72, frame.height / 72))
        left, foot = frame.left / frame.width, frame.foot / frame.height
        place = (left, foot, 1 - (frame.left + frame.right) / frame.width, 1 - foot)
        below = frame.height - frame.foot
        self.axes = self.figure.add_axes(place, xlim=frame.xlim, ylim=(below, 0), xticks=[])
        self.axes.spines[:].set_visible(False)
        self.axes.tick_params(length=0, labelsize=SMALL, pad=3)

    @staticmethod
    @contextmanager
    def house() -> Iterator[None]:
        """Matplotlib's settings for as long as a figure is drawn."""
        with mpl.rc_context():
            mpl.rcdefaults()  # a reader's matplotlibrc must not change a compared output
            mpl.rcParams.update(_STYLE)
            yield

    @staticmethod
    def wide(words: str) -> float:
        """The width of small words, in points."""
        return float(text_to_path.get_text_width_height_descent(words, FontProperties(size=SMALL), False)[0])

    def labels(self, places: Mapping[float, str]) -> None:
        """See `Canvas`."""
        self.axes.set_yticks(list(places), list(places.values()))

    def axis(self, label: str) -> None:
        """See `Canvas`."""
        self.axes.xaxis.set_major_locator(MaxNLocator(nbins=12, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
        self.axes.set_xlabel(label, size=SMALL, labelpad=1)

    def write(self, x: float, y: float, words: str, **look: Any) -> None:
        """See `Canvas`."""
        self.axes.text(x, y, words, parse_math=False, **look)

    def boxes(self, word: str, boxes: Sequence[Box], **look: Any) -> None:
        """See `Canvas`."""
        corners = ([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)] for x0, x1, y0, y1 in boxes)
        shape = Path.make_compound_path(*(Path(each, closed=True) for each in corners))
        self.axes.add_patch(PathPatch(shape, label=word, **look))

    def points(self, word: str, points: Sequence[Point], marker: str, colour: str, edge: str) -> None:
        """See `Canvas`."""
        self.axes.plot(
            [x for x, _ in points], [y for _, y in points], label=word, color=colour,
            linestyle="none", marker=marker, markersize=6.5, markeredgewidth=0.6, clip_on=False, zorder=5,
            markeredgecolor=colour if "$" in marker else edge,
        )  # fmt: skip

    def lines(self, word: str, lines: Sequence[Sequence[Point]], colour: str, width: float, dotted: bool) -> None:
        """See `Canvas`."""
        ends = [point for line in lines for point in (*line, (nan, line[-1][1]))]
        xs, ys = [x for x, _ in ends], [y for _, y in ends]
        self.axes.plot(xs, ys, ":" if dotted else "-", color=colour, linewidth=width, label=word)

    def legend(self) -> None:
        """See `Canvas`."""
        handles, words = self.axes.get_legend_handles_labels()
        shown = dict(zip(words, handles, strict=True))
        lines = ceil(sum(self.wide(word) + 34 for word in shown) / (self.frame.width - 2 * PAD))
        self.figure.legend(
            list(shown.values()), list(shown), loc="lower left", borderaxespad=0, borderpad=0,
            ncols=max(1, ceil(len(shown) / max(1, lines))),
            bbox_to_anchor=(PAD / self.frame.width, 7 / self.frame.height),
        )  # fmt: skip

    def svg(self) -> str:
        """See `Canvas`."""
        out = io.StringIO()
        with self.house():
            self.figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
        return out.getvalue()
