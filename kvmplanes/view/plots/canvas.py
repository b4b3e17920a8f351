# SPDX-License-Identifier: GPL-2.0-only
"""What a plot is drawn with: places in points, and how each meaning looks. Matplotlib draws, or our own SVG."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from kvmplanes.view.page.style import BAD, CLEAN, LIVE, NEVER_USED, PAPER, Role, over

WIDTH: Final = 612.0  # points: 816 px, about a notebook's column
PAD: Final = 10.0  # points around everything
SMALL: Final = 8.0  # points: the smallest words
LINE: Final = 11.0  # points from one line of them to the next
FONTS: Final = ("DejaVu Sans", "Helvetica", "Arial")  # words are laid out for the first; the others are narrower

Box = tuple[float, float, float, float]  # left and right in x, top and bottom in points from the top
Point = tuple[float, float]  # x, points from the top


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


@dataclass(frozen=True, slots=True)
class Frame:
    """A figure and, inside, the field of its rows, in points; and the x that the field's two ends hold."""

    width: float
    height: float
    left: float
    right: float
    foot: float
    xlim: tuple[float, float]

    @property
    def point(self) -> float:
        """How much of x one point holds."""
        return (self.xlim[1] - self.xlim[0]) / (self.width - self.left - self.right)


class Canvas(ABC):
    """Draws one figure; x is the rows' own, y counts points from the top.

    A `look` is spelled as matplotlib spells it. A word that begins with "_" stays out of the legend.

    Attributes:
        frame: the figure's measures.
        note: a sentence about the drawing that the reader must get; "" for none.
        figure: the matplotlib figure; None where there is no matplotlib.
    """

    frame: Frame
    note: ClassVar[str] = ""
    figure: Any = None

    @abstractmethod
    def __init__(self, frame: Frame) -> None: ...

    @staticmethod
    @abstractmethod
    def house() -> AbstractContextManager[None]:
        """Settings for as long as a figure is drawn."""

    @staticmethod
    @abstractmethod
    def wide(words: str) -> float:
        """The width of small words, in points."""

    @abstractmethod
    def labels(self, places: Mapping[float, str]) -> None:
        """Name rows: y of each row's middle, and its name."""

    @abstractmethod
    def axis(self, label: str) -> None:
        """Number whole x below the rows, and say what they count."""

    @abstractmethod
    def write(self, x: float, y: float, words: str, **look: Any) -> None:
        """Put words with their baseline at `y`; look: size, weight, color, ha, va, rotation, rotation_mode, bbox."""

    @abstractmethod
    def boxes(self, word: str, boxes: Sequence[Box], **look: Any) -> None:
        """Fill boxes that mean `word`; look: facecolor, edgecolor, linewidth, hatch."""

    @abstractmethod
    def points(self, word: str, points: Sequence[Point], marker: str, colour: str, edge: str) -> None:
        """Put markers that mean `word`."""

    @abstractmethod
    def lines(self, word: str, lines: Sequence[Sequence[Point]], colour: str, width: float, dotted: bool) -> None:
        """Draw straight lines that mean `word`, each through its points."""

    @abstractmethod
    def legend(self) -> None:
        """Name, below everything, each word that was drawn."""

    @abstractmethod
    def svg(self) -> str:
        """The figure as an SVG document."""
