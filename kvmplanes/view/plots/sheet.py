# SPDX-License-Identifier: GPL-2.0-only
"""One figure of named rows, laid out in points, as SVG.

Figures are made without pyplot: no backend is chosen and nothing global changes. All boxes of one
meaning are one shape, so the SVG is small. With one minor version of matplotlib it is the same
bytes on every machine.
"""

import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from matplotlib.ticker import MaxNLocator

from kvmplanes.view.html import css, escape, scrolled
from kvmplanes.view.plots.data import Mark
from kvmplanes.view.style import BAD, CHANGED, CLEAN, INK, LIVE, NEVER_USED, PAPER, Role, over
from kvmplanes.view.svg import data_uri

# A cold font cache is announced on stderr after five seconds; a notebook must not hold that.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

WIDTH: Final = 612.0  # points: 816 px, about a notebook's column
PAD: Final = 10.0  # points around everything
SMALL: Final = 8.0  # points: the smallest words
LINE: Final = 11.0  # points from one line of them to the next
_STYLE: Final[Any] = {
    "svg.hashsalt": "kvmplanes",
    "svg.fonttype": "none",
    # Words are laid out for DejaVu Sans, which matplotlib brings along; the others are narrower.
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Helvetica", "Arial"],
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


def soft(role: Role, alpha: float, **look: Any) -> dict[str, Any]:
    """How a box of a role is drawn: its fill mixed with the paper, an outline in full."""
    return {"facecolor": over(role, PAPER, alpha), "edgecolor": role.line, "linewidth": 0.6} | look


LOOKS: Final[dict[str, dict[str, Any]]] = {
    "empty": soft(NEVER_USED, 0, linewidth=0.4),
    "live": soft(LIVE, 1),
    "dangling": soft(BAD, 0.2, hatch="/////"),
    "no struct kvm": soft(NEVER_USED, 0.16, linewidth=0),
    "references": soft(LIVE, 0.3),
    "no such call": soft(NEVER_USED, 0, linewidth=0, hatch="////"),
}
SHAPES: Final = {
    "use-after-free": "X",
    "double-free": "s",
    "leak": ">",
    "out-of-bounds": "^",
    "null-dereference": "v",
    "wrong errno": "d",
    "wrong state": "P",
    "clean": CLEAN.marker,
}


@contextmanager
def house() -> Iterator[None]:
    """Matplotlib's settings for as long as a figure is drawn."""
    with mpl.rc_context():
        mpl.rcdefaults()  # a reader's matplotlibrc must not change a compared output
        mpl.rcParams.update(_STYLE)
        yield


@dataclass(frozen=True, eq=False, repr=False)
class Plot:
    """A figure, and the same in words.

    Attributes:
        figure: the matplotlib figure.
        text: what it shows, with its numbers: text/plain, and the picture's alternative text.
    """

    figure: Figure
    text: str

    @cached_property
    def svg(self) -> str:
        """The figure as an SVG document."""
        out = io.StringIO()
        with house():
            self.figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
        return out.getvalue()

    @property
    def html(self) -> str:
        """An <img>, which untrusted notebooks show; on a narrow page it scrolls."""
        width = self.figure.get_figwidth() * 96
        look = css(
            display="block",
            width="100%",
            min_width=f"{width * 0.85:.0f}px",
            max_width=f"{width * 1.15:.0f}px",
            height="auto",
            border_radius="8px",
        )
        alt = escape(self.text.replace("\n", " "))
        return scrolled(f'<img{look} alt="{alt}" src="{data_uri(self.svg)}">')

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


class Sheet:
    """A figure of named rows; y counts points from the top, x what the rows hold.

    Args:
        title: what is seen.
        subtitle: in which case, in lines.
        rows: (key, label, height in points), from the top.
        xlim: the ends of x.
        left: points beside the rows, for their labels.
        right: points beside the rows.
        top: points above them, for title (17), subtitle (12 a line) and headings.
        width: of the figure, in points.
        xlabel: what x counts; without it there is no axis.
    """

    def __init__(
        self,
        title: str,
        subtitle: Sequence[str],
        rows: Sequence[tuple[str, str, float]],
        xlim: tuple[float, float],
        *,
        left: float,
        top: float,
        right: float = PAD,
        width: float = WIDTH,
        xlabel: str = "",
    ) -> None:
        foot = 46.0 if xlabel else 26.0
        below = top + sum(height for _, _, height in rows)
        self.width, self.height = width, below + foot
        self.figure = Figure((width / 72, self.height / 72))
        frame = (left / width, foot / self.height, 1 - (left + right) / width, 1 - foot / self.height)
        self.axes = self.figure.add_axes(frame, xlim=xlim, ylim=(below, 0), xticks=[])
        self.axes.spines[:].set_visible(False)
        self.rows: dict[str, tuple[float, float]] = {}
        for key, _, height in rows:
            self.rows[key] = (top, top + height)
            top += height
        ticks = {self.middle(key): label for key, label, _ in rows if label}
        self.axes.set_yticks(list(ticks), list(ticks.values()))
        if xlabel:
            self.axes.xaxis.set_major_locator(MaxNLocator(nbins=12, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
            self.axes.set_xlabel(xlabel, size=SMALL, labelpad=1)
        self.axes.tick_params(length=0, labelsize=SMALL, pad=3)
        self.point = (xlim[1] - xlim[0]) / (width - left - right)
        corner = xlim[0] - (left - PAD) * self.point
        self.write(corner, 17, title, size=11, weight="bold")
        for n, line in enumerate(subtitle):
            self.write(corner, 30 + 12 * n, line)

    def middle(self, row: str) -> float:
        """A row's middle, in points from the top."""
        return sum(self.rows[row]) / 2

    def write(self, x: float, y: float, words: str, **look: Any) -> None:
        """Words with their baseline at `y`."""
        self.axes.text(x, y, words, parse_math=False, **look)

    def boxes(self, word: str, places: Iterable[tuple[float, float, str]], **look: Any) -> None:
        """All the boxes that mean `word`, as one shape; a box is (first x, last x, row), both x within."""
        shapes = []
        for first, last, row in places:
            (x0, x1), (y0, y1) = (first - 0.5, last + 0.5), self.rows[row]
            corners = [(x0, y0 + 1), (x1, y0 + 1), (x1, y1 - 1), (x0, y1 - 1), (x0, y0 + 1)]
            shapes.append(Path(corners, closed=True))
        if shapes:
            shape = Path.make_compound_path(*shapes)
            self.axes.add_patch(PathPatch(shape, label=word, **LOOKS.get(word, {}) | look))

    def points(
        self, word: str, places: Sequence[tuple[float, str]], marker: str, colour: str, edge: str = PAPER
    ) -> None:
        """Markers that mean `word`, at (x, row)."""
        if places:
            self.axes.plot(
                [x for x, _ in places], [self.middle(row) for _, row in places], label=word, color=colour,
                linestyle="none", marker=marker, markersize=6.5, markeredgewidth=0.6, clip_on=False, zorder=5,
                markeredgecolor=colour if "$" in marker else edge,
            )  # fmt: skip

    def failures(self, places: Sequence[tuple[float, str]]) -> None:
        """Where a failure is injected."""
        self.points("injected failure", places, CHANGED.marker, CHANGED.fill, edge=INK)

    def marks(self, marks: Sequence[Mark]) -> None:
        """Defects, a shape for each kind."""
        for kind in dict.fromkeys(mark.kind for mark in marks):
            found = [(mark.step, mark.row) for mark in marks if mark.kind == kind]
            self.points(f"{kind} ({len(found)})", found, SHAPES[kind], BAD.on_light)

    def plot(self, text: str) -> Plot:
        """The finished plot, with its legend; `text` says the same in words."""
        handles, words = self.axes.get_legend_handles_labels()
        shown = dict(zip(words, handles, strict=True))
        lines = ceil(sum(wide(word) + 34 for word in shown) / (self.width - 2 * PAD))
        self.figure.legend(
            list(shown.values()), list(shown), loc="lower left", borderaxespad=0, borderpad=0,
            ncols=max(1, ceil(len(shown) / max(1, lines))), bbox_to_anchor=(PAD / self.width, 7 / self.height),
        )  # fmt: skip
        return Plot(self.figure, text)


def wide(words: str) -> float:
    """The width of small words, in points."""
    return float(text_to_path.get_text_width_height_descent(words, FontProperties(size=SMALL), False)[0])
