# SPDX-License-Identifier: GPL-2.0-only
"""Plots drawn as SVG of our own, for a Python without matplotlib: the same places and meanings, fewer niceties."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import ceil, floor
from typing import Any, ClassVar, Final

from kvmplanes.view.page.html import escape
from kvmplanes.view.page.style import INK, PAPER
from kvmplanes.view.page.svg import attrs, n
from kvmplanes.view.plots.canvas import FONTS, LINE, PAD, SMALL, Box, Canvas, Frame, Point

_WORDS: Final = 9.0  # points: words of no other size
_MARK: Final = 3.25  # points: half a marker
_TICKS: Final = 12  # numbers below the rows, at most

# How wide a character of DejaVu Sans is, in parts of its size; what is not here is 0.7.
_WIDE: Final = {
    char: wide
    for wide, chars in {
        0.3: " ',.IJijl",
        0.37: '-/:;\\f|!()[]rt"',
        0.54: "*_`sz?Lc",
        0.62: "FPTYaekovxy0123456789$ESbdghnpqu{}",
        0.82: "&OQw#+<=>M^~DGHNU",
        0.97: "%m@W",
    }.items()
    for char in chars
}

# A marker's outline around 0 0, two wide and two high.
_MARKERS: Final = {
    "o": "M-1 0A1 1 0 1 1 1 0A1 1 0 1 1-1 0Z",
    ".": "M-.5 0A.5.5 0 1 1 .5 0A.5.5 0 1 1-.5 0Z",
    "s": "M-1-1H1V1H-1Z",
    "D": "M0-1.3L1.3 0L0 1.3L-1.3 0Z",
    "d": "M0-1.4L.8 0L0 1.4L-.8 0Z",
    "^": "M0-1.1L1.1 1H-1.1Z",
    "v": "M0 1.1L1.1-1H-1.1Z",
    ">": "M1.1 0L-1 1.1V-1.1Z",
    "<": "M-1.1 0L1 1.1V-1.1Z",
    "X": "M-1-.4L-.4-1L0-.6L.4-1L1-.4L.6 0L1 .4L.4 1L0 .6L-.4 1L-1 .4L-.6 0Z",
    "P": "M-.4-1H.4V-.4H1V.4H.4V1H-.4V.4H-1V-.4H-.4Z",
    "$\u2713$": "M-1 .1L-.6-.3L-.2.2L.7-1L1-.6L-.2 1Z",
}

# From a word's place to its baseline, in parts of its size.
_DOWN: Final = {"baseline": 0, "bottom": 0, "center": 0.36, "center_baseline": 0.36, "top": 0.8}
_ANCHORS: Final = {"left": "start", "center": "middle", "right": "end"}
_UPRIGHT: Final = {"top": "end", "center": "middle", "bottom": "start", "baseline": "start"}


class PlainCanvas(Canvas):
    """One figure, kept as pieces of SVG; each has a height, so that markers cover words and words cover boxes."""

    note: ClassVar[str] = "Drawn without matplotlib, which this Python does not have."

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self._pieces: list[tuple[int, str]] = []
        self._legend: dict[str, str] = {}

    @staticmethod
    def house() -> AbstractContextManager[None]:
        """See `Canvas`."""
        return nullcontext()

    @staticmethod
    def wide(words: str) -> float:
        """The width of small words, in points, within a tenth."""
        return SMALL * sum(_WIDE.get(char, 0.7) for char in words)

    def labels(self, places: Mapping[float, str]) -> None:
        """See `Canvas`."""
        for y, label in places.items():
            self._put(3, _words(self.frame.left - 3, y, label, size=SMALL, ha="right", va="center"))

    def axis(self, label: str) -> None:
        """See `Canvas`."""
        low, high = self.frame.xlim
        steps = (k * 10**power for power in range(9) for k in (1, 2, 5))
        step = next(step for step in steps if floor(high / step) - ceil(low / step) < _TICKS)
        below = self.frame.height - self.frame.foot
        for x in range(ceil(low / step) * step, floor(high) + 1, step):
            self.write(x, below + 3, str(x), size=SMALL, ha="center", va="top")
        self.write((low + high) / 2, below + 14, label, size=SMALL, ha="center", va="top")

    def write(self, x: float, y: float, words: str, **look: Any) -> None:
        """See `Canvas`."""
        self._put(3, _words(self._x(x), y, words, **look))

    def boxes(self, word: str, boxes: Sequence[Box], **look: Any) -> None:
        """See `Canvas`."""
        places = [(self._x(x0), self._x(x1), top, bottom) for x0, x1, top, bottom in boxes]
        self._put(1, _boxes(places, **look))
        self._legend[word] = _boxes([(0, 1.4 * SMALL, -6, 0)], **look)

    def points(self, word: str, points: Sequence[Point], marker: str, colour: str, edge: str) -> None:
        """See `Canvas`."""
        for x, y in points:
            self._put(5, _marker(self._x(x), y, marker, colour, edge))
        self._legend[word] = _marker(0.7 * SMALL, -3, marker, colour, edge)

    def lines(self, word: str, lines: Sequence[Sequence[Point]], colour: str, width: float, dotted: bool) -> None:
        """See `Canvas`."""
        look = attrs(fill="none", stroke=colour, stroke_width=width, stroke_dasharray="2 2" if dotted else None)
        for line in lines:
            self._put(2, f'<path{look} d="M{"L".join(f"{n(self._x(x))} {n(y)}" for x, y in line)}"/>')
        self._legend[word] = f'<path{look} d="M0-3H{n(1.4 * SMALL)}"/>'

    def legend(self) -> None:
        """See `Canvas`."""
        x, lines = PAD, [""]
        for word, sign in self._legend.items():
            if word.startswith("_"):
                continue
            step = self.wide(word) + 34
            if x + step > self.frame.width and lines[-1]:
                x, lines = PAD, [*lines, ""]
            lines[-1] += f'<g transform="translate({n(x)} 0)">{sign}{_words(18, 0, word, size=SMALL)}</g>'
            x += step
        for up, line in enumerate(reversed(lines)):
            self._put(3, f'<g transform="translate(0 {n(self.frame.height - 9 - LINE * up)})">{line}</g>')

    def svg(self) -> str:
        """See `Canvas`."""
        width, height = n(self.frame.width), n(self.frame.height)
        pieces = "".join(piece for _, piece in sorted(self._pieces, key=lambda piece: piece[0]))
        fonts = ", ".join(FONTS)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}pt"'
            f' height="{height}pt" font-family="{fonts}, sans-serif"><rect width="{width}" height="{height}"'
            f' fill="{PAPER}"/>{pieces}</svg>'
        )

    def _x(self, x: float) -> float:
        """Points from the figure's left edge."""
        return self.frame.left + (x - self.frame.xlim[0]) / self.frame.point

    def _put(self, height: int, piece: str) -> None:
        self._pieces.append((height, piece))


def _words(x: float, y: float, words: str, **look: Any) -> str:
    """Words at a place, or upright through it; see `Canvas.write`."""
    size, ha, va = look.get("size", _WORDS), look.get("ha", "left"), look.get("va", "baseline")
    if turned := look.get("rotation") == 90:
        x += size * {"left": 0.8, "center": 0.36, "right": 0}[ha] * (look.get("rotation_mode") != "anchor")
    else:
        y += size * _DOWN[va]
    place = attrs(
        x=x, y=y, fill=look.get("color", INK), font_size=size,
        font_weight="bold" if look.get("weight") == "bold" else None,
        text_anchor=_UPRIGHT[va] if turned else _ANCHORS[ha],
        transform=f"rotate(-90 {n(x)} {n(y)})" if turned else None,
        paint_order="stroke" if "bbox" in look else None,
        stroke=PAPER if "bbox" in look else None, stroke_width=3 if "bbox" in look else None,
    )  # fmt: skip
    return f"<text{place}>{escape(words, quote=False)}</text>"


def _boxes(places: Sequence[Box], **look: Any) -> str:
    """Boxes as one shape; slanted lines over it stand for any hatch."""
    line = look.get("linewidth", 1)
    edge = look.get("edgecolor", INK) if line else None
    d = "".join(f"M{n(x0)} {n(y0)}H{n(x1)}V{n(y1)}H{n(x0)}Z" for x0, x1, y0, y1 in places)
    shape = f'<path{attrs(fill=look.get("facecolor", PAPER), stroke=edge, stroke_width=line or None)} d="{d}"/>'
    if look.get("hatch"):
        slants = "".join(_slants(*place) for place in places)
        shape += f'<path{attrs(fill="none", stroke=look.get("edgecolor", INK), stroke_width=0.8)} d="{slants}"/>'
    return shape


def _slants(x0: float, x1: float, y0: float, y1: float, apart: float = 5) -> str:
    """Rising lines through a box, cut at its edges."""
    found = []
    for k in range(ceil((x0 + y0) / apart), ceil((x1 + y1) / apart)):
        left, right = max(x0, k * apart - y1), min(x1, k * apart - y0)
        if left < right:
            found.append(f"M{n(left)} {n(k * apart - left)}L{n(right)} {n(k * apart - right)}")
    return "".join(found)


def _marker(x: float, y: float, marker: str, colour: str, edge: str) -> str:
    edge = colour if "$" in marker else edge
    look = attrs(fill=colour, stroke=edge, transform=f"translate({n(x)} {n(y)}) scale({_MARK})")
    return f'<path{look} stroke-width=".2" d="{_MARKERS[marker]}"/>'
