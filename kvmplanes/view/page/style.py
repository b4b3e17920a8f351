# SPDX-License-Identifier: GPL-2.0-only
"""The one palette of every picture, table and widget.

A state is shown by a colour, a shape and a word, never by colour alone. The
fills are the colour-blind safe set of Okabe and Ito, plus one grey.

No single colour is readable (4.5:1) both on white and on JupyterLab's dark
#111111, and a notebook does not know its reader's theme. So text in HTML
inherits its colour and roles show as tints, borders and badges; a picture
with coloured words of its own paints `PAPER` beneath them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

LIGHT = "#ffffff"  # page of the light themes
DARK = ("#111111", "#1e1e1e")  # page of JupyterLab's dark theme, of most other dark ones
PAPER = "#ffffff"  # ground of a picture that has colours of its own
INK = "#1f1f1f"  # lines and words on PAPER
CODE_FONT = "Menlo, Consolas, 'DejaVu Sans Mono', monospace"  # JupyterLab's own choice for code
TINT = 0.16  # how much of a fill shows in a tinted row


@dataclass(frozen=True, slots=True)
class Role:
    """What a colour means, and how it is drawn where.

    fill: areas; give them an outline in `line`, which alone keeps 3:1 on every page.
    line: strokes and borders, at least 3:1 on LIGHT and on DARK.
    on_light, on_dark: words, at least 4.5:1 where the page is known to be so.
    sign: one character for text; none of them turns into an emoji.
    marker: the same shape for matplotlib.
    word: what to write beside the sign when nothing better fits.
    """

    fill: str
    line: str
    on_light: str
    on_dark: str
    sign: str
    marker: str
    word: str

    @property
    def ink(self) -> str:
        """Black or white, whichever reads better on `fill`."""
        return max("#000000", "#ffffff", key=lambda ink: contrast(ink, self.fill))

    @property
    def lines(self) -> "Shade":
        """For lines, borders and signs of a picture."""
        return Shade(NAMES[self])

    @property
    def words(self) -> "Shade":
        """For words of a picture."""
        return Shade(f"{NAMES[self]}-t")


LIVE = Role("#0072B2", "#0072B2", "#0072B2", "#4DA6E0", "●", "o", "live")
BAD = Role("#D55E00", "#D55E00", "#A34700", "#FF8A3D", "✗", "X", "freed")
CLEAN = Role("#009E73", "#009E73", "#00734F", "#2BC49A", "✓", "$\u2713$", "clean")
CHANGED = Role("#E69F00", "#A86F00", "#8A5C00", "#FFB733", "◆", "D", "changed now")
BACK_POINTER = Role("#56B4E9", "#3A94CC", "#1F6FA3", "#A6DAF7", "←", "<", "back-pointer")
NEVER_USED = Role("#767676", "#767676", "#666666", "#9A9A9A", "○", ".", "never used")

# What the pictures' style sheet calls the roles: `--bad` for lines, `--bad-t` for words, `--bad-f` for soft areas.
NAMES: Final[Mapping[Role, str]] = MappingProxyType(
    {LIVE: "live", BAD: "bad", CLEAN: "clean", CHANGED: "now", BACK_POINTER: "back", NEVER_USED: "mute"}
)


def outcome_role(outcome: str) -> Role:
    """How the outcome of a path is shown: good or bad."""
    return CLEAN if outcome == "clean" else BAD


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue (0 to 255) of "#rrggbb"; ValueError for any other form."""
    if not re.fullmatch("#[0-9A-Fa-f]{6}", colour):
        raise ValueError(f'colour {colour!r}: write it as "#rrggbb"')
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, "relative luminance")."""

    def luminance(colour: str) -> float:
        parts = (value / 255 for value in rgb(colour))
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def variables(name: str, role: Role, *, dark: bool, soft: str) -> str:
    """CSS variables of a role on a light or a dark page: `--bad` for lines, `-t` for words, `-f` for areas."""
    return ";".join(f"--{key}:{colour}" for key, colour in _colours(name, role, dark=dark, soft=soft).items())


def _colours(name: str, role: Role, *, dark: bool, soft: str) -> dict[str, str]:
    line, word = (role.on_dark, role.on_dark) if dark else (role.line, role.on_light)
    return {name: line, f"{name}-t": word, f"{name}-f": soft}


def theme(*, dark: bool) -> dict[str, str]:
    """All colours of a picture by their names in the style sheet: paper, ink and the roles."""
    paper, ink, alpha = (DARK[1], "#eeeeee", 0.2) if dark else (PAPER, INK, 0.08)
    colours = {"paper": paper, "ink": ink}
    for role, name in NAMES.items():
        colours |= _colours(name, role, dark=dark, soft=over(role, paper, alpha))
    return colours


@dataclass(frozen=True, slots=True)
class Shade:
    """A colour of a picture that follows the page's theme, in whole or mixed with the paper.

    Attributes:
        name: as `theme` has it.
        share: percent of it; the rest is paper.
    """

    name: str
    share: int = 100

    @property
    def css(self) -> str:
        """As a style sheet says it."""
        if self.share in (0, 100):
            return f"var(--{self.name if self.share else 'paper'})"
        return f"color-mix(in srgb,var(--{self.name}) {self.share}%,var(--paper))"

    def on(self, *, dark: bool) -> str:
        """What it is in a theme, as "#rrggbb"."""
        colours = theme(dark=dark)
        return _mixed(colours[self.name], colours["paper"], self.share / 100)


def tint(role: Role, alpha: float = TINT) -> str:
    """The role's fill as a see-through CSS colour, which works on any page."""
    red, green, blue = rgb(role.fill)
    return f"rgba({red},{green},{blue},{alpha:g})"


def over(role: Role, page: str, alpha: float = TINT) -> str:
    """The opaque colour that `tint` has on a page."""
    return _mixed(role.fill, page, alpha)


def _mixed(colour: str, below: str, alpha: float) -> str:
    mixed = (round(alpha * above + (1 - alpha) * under) for above, under in zip(rgb(colour), rgb(below), strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)
