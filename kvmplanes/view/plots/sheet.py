# SPDX-License-Identifier: GPL-2.0-only
"""One figure of named rows, laid out in points.

It is drawn by matplotlib; where that is missing, as in some browsers' Python, by SVG of our own,
and the plot says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kvmplanes.view.page.html import css, escape, scrolled
from kvmplanes.view.page.style import BAD, CHANGED, INK, PAPER
from kvmplanes.view.page.svg import data_uri
from kvmplanes.view.plots.canvas import LINE, LOOKS, PAD, SHAPES, SMALL, WIDTH, Canvas, Frame, Point, soft
from kvmplanes.view.plots.data import Mark

__all__ = ["LINE", "LOOKS", "PAD", "SHAPES", "SMALL", "WIDTH", "Plot", "Sheet", "house", "soft", "wide"]


def _canvas() -> type[Canvas]:
    """What draws here."""
    try:
        from kvmplanes.view.plots.figure import FigureCanvas
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("matplotlib", "numpy"):
            raise
        from kvmplanes.view.plots.plain import PlainCanvas

        return PlainCanvas
    return FigureCanvas


_CANVAS = _canvas()
house = _CANVAS.house
wide = _CANVAS.wide


@dataclass(frozen=True, eq=False, repr=False)
class Plot:
    """A figure, and the same in words.

    Attributes:
        canvas: what it is drawn with.
        text: what it shows, with its numbers: text/plain, and the picture's alternative text.
    """

    canvas: Canvas
    text: str

    @property
    def figure(self) -> Any:
        """The matplotlib figure; None where there is no matplotlib."""
        return self.canvas.figure

    @cached_property
    def svg(self) -> str:
        """The figure as an SVG document."""
        return self.canvas.svg()

    @property
    def html(self) -> str:
        """An <img>, which untrusted notebooks show; on a narrow page it scrolls."""
        width = self.canvas.frame.width * 96 / 72
        look = css(
            display="block",
            width="100%",
            min_width=f"{width * 0.85:.0f}px",
            max_width=f"{width * 1.15:.0f}px",
            height="auto",
            border_radius="8px",
        )
        alt = escape(self.text.replace("\n", " "))
        note = f"<p{css(margin='4px 0')}><small>{self.canvas.note}</small></p>" if self.canvas.note else ""
        return scrolled(f'<img{look} alt="{alt}" src="{data_uri(self.svg)}">') + note

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": str(self)}

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.text, self.canvas.note)))

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

    Attributes:
        rows: each row's top and bottom, by key.
        xlim: as given.
        point: how much of x one point holds.
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
        frame = Frame(width, below + foot, left, right, foot, xlim)
        self.xlim, self.point = xlim, frame.point
        self.rows: dict[str, tuple[float, float]] = {}
        for key, _, height in rows:
            self.rows[key] = (top, top + height)
            top += height
        self._canvas = _CANVAS(frame)
        self._canvas.labels({self.middle(key): label for key, label, _ in rows if label})
        if xlabel:
            self._canvas.axis(xlabel)
        corner = xlim[0] - (left - PAD) * self.point
        self.write(corner, 17, title, size=11, weight="bold")
        for n, line in enumerate(subtitle):
            self.write(corner, 30 + 12 * n, line)

    def middle(self, row: str) -> float:
        """A row's middle, in points from the top."""
        return sum(self.rows[row]) / 2

    def write(self, x: float, y: float, words: str, **look: Any) -> None:
        """Words with their baseline at `y`; see `Canvas.write` for the look."""
        self._canvas.write(x, y, words, **look)

    def boxes(self, word: str, places: Iterable[tuple[float, float, str]], **look: Any) -> None:
        """All the boxes that mean `word`, as one shape; a box is (first x, last x, row), both x within."""
        rows = ((first, last, *self.rows[row]) for first, last, row in places)
        boxes = [(first - 0.5, last + 0.5, top + 1, bottom - 1) for first, last, top, bottom in rows]
        if boxes:
            self._canvas.boxes(word, boxes, **LOOKS.get(word, {}) | look)

    def lines(
        self, word: str, lines: Sequence[Sequence[Point]], colour: str, width: float, dotted: bool = False
    ) -> None:
        """Lines that mean `word`, each through points (x, points from the top)."""
        if lines:
            self._canvas.lines(word, lines, colour, width, dotted)

    def points(
        self, word: str, places: Sequence[tuple[float, str]], marker: str, colour: str, edge: str = PAPER
    ) -> None:
        """Markers that mean `word`, at (x, row)."""
        if places:
            self._canvas.points(word, [(x, self.middle(row)) for x, row in places], marker, colour, edge)

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
        self._canvas.legend()
        return Plot(self._canvas, text)
