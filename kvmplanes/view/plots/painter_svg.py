# SPDX-License-Identifier: GPL-2.0-only
"""Paints a figure as SVG of our own: for live pictures, and for a Python without matplotlib."""

from typing import Final

from kvmplanes.view.page.html import escape
from kvmplanes.view.page.style import Shade
from kvmplanes.view.page.svg import PALETTE, attrs, key_of, n
from kvmplanes.view.plots.figure import FONTS, PAPER_SHADE, Figure, Look, Sign, Words

_MARK: Final = 3.25  # points: half a marker

# A marker's outline around 0 0, two wide and two high.
OUTLINES: Final = {
    "s": "M-1-1H1V1H-1Z",
    "D": "M0-1.3L1.3 0L0 1.3L-1.3 0Z",
    "d": "M0-1.4L.8 0L0 1.4L-.8 0Z",
    "^": "M0-1.1L1.1 1H-1.1Z",
    "v": "M0 1.1L1.1-1H-1.1Z",
    ">": "M1.1 0L-1 1.1V-1.1Z",
    "X": "M-1-.4L-.4-1L0-.6L.4-1L1-.4L.6 0L1 .4L.4 1L0 .6L-.4 1L-1 .4L-.6 0Z",
    "P": "M-.4-1H.4V-.4H1V.4H.4V1H-.4V.4H-1V-.4H-.4Z",
    "$\u2713$": "M-1 .1L-.6-.3L-.2.2L.7-1L1-.6L-.2 1Z",
}
_DOWN: Final = {"baseline": 0, "center": 0.36, "center_baseline": 0.36, "top": 0.8}  # to the baseline, in sizes
_DASHES: Final = {"line": None, "dots": (1, 1.65), "dashes": (3.7, 1.6)}  # in widths, as matplotlib has them
_ANCHORS: Final = {"left": "start", "center": "middle", "right": "end"}


def paint_svg(figure: Figure) -> str:
    """A figure as an SVG document, with its title and description."""
    key, width, height, fonts = key_of(figure), n(figure.width), n(figure.height), ", ".join(FONTS)
    names = {_pattern(piece.look) for piece in figure.pieces if isinstance(piece, Sign)} - {""}
    patterns = "".join(
        f'<pattern id="{key}-{name}" width="5" height="5" patternUnits="userSpaceOnUse">{_inside(name)}</pattern>'
        for name in sorted(names)
    )
    body = "".join(_words(piece) if isinstance(piece, Words) else _sign(piece, key) for piece in figure.pieces)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="kp" viewBox="0 0 {width} {height}" role="img"'
        f' width="{width}pt" height="{height}pt" style="font-family:{fonts},sans-serif"'
        f' aria-labelledby="{key}-t" aria-describedby="{key}-d">'
        f'<title id="{key}-t">{escape(figure.title)}</title><desc id="{key}-d">{escape(figure.text)}</desc>'
        f'<style>{PALETTE}</style><rect width="{width}" height="{height}"{_paint(fill=PAPER_SHADE)}/>'
        f"{patterns}{body}</svg>"
    )


def _words(words: Words) -> str:
    place = attrs(x=words.x, y=words.y + words.size * _DOWN[words.down], text_anchor=_ANCHORS[words.across])
    turn = attrs(transform=f"rotate(-90 {n(words.x)} {n(words.y)})" if words.upright else None)
    font = attrs(font_size=words.size, font_weight="bold" if words.bold else None)
    ground = attrs(paint_order="stroke", stroke_width=3) if words.ground else ""
    paint = _paint(fill=words.colour, stroke=PAPER_SHADE if words.ground else None)
    return f"<text{place}{turn}{font}{ground}{paint}>{escape(words.words, quote=False)}</text>"


def _sign(sign: Sign, key: str) -> str:
    look = sign.look
    if look.shape == "box":
        path = "".join(f"M{n(x0)} {n(y0)}H{n(x1)}V{n(y1)}H{n(x0)}Z" for (x0, y0), (x1, y1) in sign.places)
        outline = _paint(fill=look.fill, stroke=look.edge if look.width else None) + attrs(
            stroke_width=look.width or None
        )
        inside = f'<path fill="url(#{key}-{_pattern(look)})" d="{path}"/>' if _pattern(look) else ""
        return f'<path{outline} d="{path}"/>{inside}'
    if look.shape in _DASHES:
        path = "".join("M" + "L".join(f"{n(x)} {n(y)}" for x, y in place) for place in sign.places)
        dashes = " ".join(n(part * look.width) for part in _DASHES[look.shape] or ())
        drawn = attrs(stroke_width=look.width, stroke_dasharray=dashes)
        return f'<path{_paint(fill=None, stroke=look.edge)}{drawn} d="{path}"/>'
    marker = _paint(fill=look.fill, stroke=look.edge) + attrs(stroke_width=look.width / _MARK, d=OUTLINES[look.shape])
    places = (f"translate({n(x)} {n(y)}) scale({_MARK})" for ((x, y),) in sign.places)
    return "".join(f'<path transform="{place}"{marker}/>' for place in places)


def _pattern(look: Look) -> str:
    """The name of what is in a box beside its colour: "bad" is slanted lines, "mute-crossed" crossed ones."""
    return f"{look.edge.name}-crossed" if look.crossed else look.edge.name if look.slants else ""


def _inside(pattern: str) -> str:
    """One tile of a pattern."""
    name, _, crossed = pattern.partition("-")
    lines = "M0 0L5 5M5 0L0 5" if crossed else "M-1 1L1-1M-1 6L6-1M4 6L6 4"
    thin = attrs(stroke_width=0.6 if crossed else None)
    return f'<path{_paint(fill=None, stroke=Shade(name))}{thin} d="{lines}"/>'


def _paint(**shades: Shade | None) -> str:
    """The colours of a shape, as a style: it alone can name what follows the theme."""
    body = ";".join(
        f"{name}:{shade.css if shade else 'none'}" for name, shade in shades.items() if shade or name == "fill"
    )
    return f' style="{body}"'
