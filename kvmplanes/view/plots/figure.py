# SPDX-License-Identifier: GPL-2.0-only
"""One plot, described: words, and signs that mean one. Painters draw them; nothing here does.

Places, widths and sizes are points; x counts from the left, y from the top.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any, Final, Literal

from kvmplanes.runs.certificate import Outcome
from kvmplanes.view.page.style import BAD, CHANGED, CLEAN, LIVE, NEVER_USED, Role, Shade, outcome_role
from kvmplanes.view.page.svg import Point
from kvmplanes.view.plots.measure import SMALL, wide

COLUMN: Final = 545.0  # points: what a notebook's column has room for when its small words are 11 px high
PAD: Final = 10.0  # points around everything
LINE: Final = 11.0  # points from one line of small words to the next
_SIGN: Final = 1.4 * SMALL  # points: the width of a sign in the legend
_WORD: Final = _SIGN + 0.8 * SMALL  # points: from its left edge to its word
FONTS: Final = ("DejaVu Sans", "Helvetica", "Arial")  # words are laid out for the first; the others are narrower


@dataclass(frozen=True, slots=True)
class Look:
    """How a sign is drawn: a line, or an outline with an inside."""

    shape: str  # "box", "line", "dots" or "dashes" for a broken line, or a marker as matplotlib names it
    edge: Shade  # of the line or outline
    width: float = 0.6  # of the line or outline
    fill: Shade | None = None  # of the inside
    slants: int = 0  # how dense the slanted lines in a box are
    crossed: int = 0  # how dense the crossed lines in a box are


def soft(role: Role, alpha: float, width: float = 0, slants: int = 0, crossed: int = 0) -> Look:
    """A box of a role: its fill mixed with the paper, an outline in full."""
    return Look("box", role.lines, width, Shade(role.lines.name, round(100 * alpha)), slants, crossed)


INK_SHADE: Final = Shade("ink")
PAPER_SHADE: Final = Shade("paper")
BOXES: Final = {
    "empty": soft(NEVER_USED, 0, width=0.4),
    "live": soft(LIVE, 1, width=0.6),
    "dangling": soft(BAD, 0.2, width=0.6, slants=5),
    "in freed memory": soft(NEVER_USED, 0.16, width=0.6, crossed=3),
    "no struct kvm": soft(NEVER_USED, 0.16, width=0.4),
    "no such call": soft(NEVER_USED, 0, slants=4),
}
# The marker of each outcome, and its word where there is little room.
MARKERS: Final[dict[Outcome, tuple[str, str]]] = {
    "use-after-free": ("X", "after free"), "double-free": ("s", "twice"), "leak": (">", "leak"),
    "out-of-bounds": ("^", "beyond"), "null-dereference": ("v", "NULL"), "wrong errno": ("d", "errno"),
    "wrong state": ("P", "state"), "clean": (CLEAN.marker, ""),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sign:
    """What means `word`: boxes by two corners each, lines by their points, markers by one."""

    word: str
    places: tuple[tuple[Point, ...], ...]
    look: Look


@dataclass(frozen=True, slots=True)
class Words:
    """Words whose side or middle `across` is at x, and whose edge, middle or baseline `down` is at y.

    Upright words are turned about this place and run upwards. A ground of their own hides what is below.
    """

    x: float
    y: float
    words: str
    size: float = SMALL
    bold: bool = False
    colour: Shade = INK_SHADE
    across: Literal["left", "center", "right"] = "left"
    down: Literal["baseline", "center", "center_baseline", "top"] = "baseline"
    upright: bool = False
    ground: bool = False


@dataclass(frozen=True)
class Figure:
    """What a painter paints, piece by piece; `text` says the same in words."""

    title: str
    text: str
    width: float
    height: float
    pieces: tuple[Sign | Words, ...]


def _height(piece: Sign | Words) -> int:
    """Lines cover boxes, words cover lines, and markers cover them all."""
    return 2 if isinstance(piece, Words) else {"box": 0, "line": 1, "dots": 1, "dashes": 1}.get(piece.look.shape, 3)


class Sheet:
    """Lays a figure out: named rows, what is put into them, an axis and a legend.

    `rows` are (key, label, height) from the top; `ends` is what their two ends count: steps, calls, versions.
    `left` is room for labels, `top` for title (to 17), subtitle (12 a line) and headings.
    """

    def __init__(
        self, title: str, subtitle: Sequence[str], rows: Sequence[tuple[str, str, float]], ends: tuple[float, float], *,
        left: float, top: float, right: float = PAD, width: float = COLUMN,
    ) -> None:  # fmt: skip
        self.ends, self._title, self._left, self._width = ends, title, left, width
        self.unit = (width - left - right) / (ends[1] - ends[0])  # points
        self._pieces: list[Sign | Words] = []
        self.rows: dict[str, tuple[float, float]] = {}  # top and bottom
        for key, label, height in rows:
            self.rows[key] = (top, top + height)
            self.write(left - 3, self.middle(key), label, across="right", down="center_baseline")
            top += height
        self._bottom = top
        self.write(PAD, 17, title, size=11, bold=True)
        for n, line in enumerate(subtitle):
            self.write(PAD, 30 + 12 * n, line, size=9)

    def at(self, count: float) -> float:
        """The x of a count."""
        return self._left + (count - self.ends[0]) * self.unit

    def middle(self, row: str) -> float:
        """The y of a row's middle."""
        return sum(self.rows[row]) / 2

    def write(self, x: float, y: float, words: str, **look: Any) -> None:
        """Put `Words`, with the rest of their fields; "" is nothing."""
        if words:
            self._pieces.append(Words(x, y, words, **look))

    def put(self, word: str, places: Iterable[Sequence[Point]], look: Look) -> None:
        """Put a `Sign`; without a place it is nothing."""
        if places := tuple(map(tuple, places)):
            self._pieces.append(Sign(word, places, look))

    def boxes(self, word: str, places: Iterable[tuple[float, float, str]], look: Look | None = None) -> None:
        """Put all the boxes that mean `word`, each from a count to a count, both within, in a row."""
        ends = [(self.at(first - 0.5), self.at(last + 0.5), *self.rows[row]) for first, last, row in places]
        corners = [((left, top + 1), (right, bottom - 1)) for left, right, top, bottom in ends]
        self.put(word, corners, look or BOXES[word])

    def failures(self, places: Iterable[tuple[float, str]]) -> None:
        """Mark injected failures, each at a count in a row."""
        points = [[(self.at(count), self.middle(row))] for count, row in places]
        self.put("injected failure", points, Look(CHANGED.marker, INK_SHADE, fill=CHANGED.lines))

    def outcomes(
        self, outcome: Outcome, places: Iterable[tuple[float, str]], word: str = "", aside: float = 0, number: int = 0
    ) -> None:
        """Mark an outcome, or what `word` calls it, at or beside a count in each row; the legend has their `number`.

        Without one, each place is one.
        """
        colour = outcome_role(outcome).words
        edge = colour if outcome == "clean" else PAPER_SHADE  # a tick needs no edge
        points = [[(self.at(count) + aside, self.middle(row))] for count, row in places]
        self.put(f"{word or outcome} ({number or len(points)})", points, Look(MARKERS[outcome][0], edge, fill=colour))

    def figure(self, text: str, axis: str = "") -> Figure:
        """The finished figure, with a legend and, if `axis` says what the ends count, numbers below the rows."""
        if axis:
            low, high = self.ends
            steps = (k * 10**power for power in range(9) for k in (1, 2, 5))
            step = next(step for step in steps if step * 12 >= high - low)  # at most twelve parts
            for tick in range(ceil(low / step) * step, floor(high) + 1, step):
                self.write(self.at(tick), self._bottom + 3, str(tick), across="center", down="top")
            self.write(self.at((low + high) / 2), self._bottom + 12, axis, across="center", down="top")
        height = self._legend(self._bottom + (37.08 if axis else 17.08)) + 8.92
        return Figure(self._title, text, self._width, height, tuple(sorted(self._pieces, key=_height)))

    def _legend(self, y: float) -> float:
        """Every sign whose word does not begin with "_", in lines from y; gives the last line's y."""
        x = PAD
        for sign in [piece for piece in self._pieces if isinstance(piece, Sign) and not piece.word.startswith("_")]:
            if x + _WORD + wide(sign.word) > self._width - PAD:
                x, y = PAD, y + LINE
            self._pieces.append(_sample(sign, x, y))
            self.write(x + _WORD, y, sign.word)
            x += _WORD + wide(sign.word) + 2 * SMALL
        return y


def _sample(sign: Sign, x: float, y: float) -> Sign:
    """A sign once, to the right of x, on the baseline y."""
    corners = ((x, y - 5.6), (x + _SIGN, y))
    middles = [(x + part * _SIGN, y - 2.8) for part in (0, 0.5, 1)]
    place = {0: corners, 1: (middles[0], middles[2]), 3: (middles[1],)}[_height(sign)]
    return replace(sign, word="_", places=(place,))
