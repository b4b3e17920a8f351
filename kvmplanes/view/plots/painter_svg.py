# SPDX-License-Identifier: GPL-2.0-only
"""Paints a figure as SVG of our own: for live pictures, and for a Python without matplotlib."""

from typing import Final

from kvmplanes.view.page.html import escape
from kvmplanes.view.page.style import PAPER
from kvmplanes.view.page.svg import attrs, key_of, n
from kvmplanes.view.plots.figure import FONTS, Figure, Sign, Words

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
_ANCHORS: Final = {"left": "start", "center": "middle", "right": "end"}


def paint_svg(figure: Figure) -> str:
    """A figure as an SVG document, with its title and description."""
    key, width, height, fonts = key_of(figure), n(figure.width), n(figure.height), ", ".join(FONTS)
    slanted = {piece.look.edge for piece in figure.pieces if isinstance(piece, Sign) and piece.look.slants}
    patterns = "".join(
        f'<pattern id="{key}{colour[1:]}" width="5" height="5" patternUnits="userSpaceOnUse">'
        f'<path stroke="{colour}" stroke-width="1" d="M-1 1L1-1M-1 6L6-1M4 6L6 4"/></pattern>'
        for colour in sorted(slanted)
    )
    body = "".join(_words(piece) if isinstance(piece, Words) else _sign(piece, key) for piece in figure.pieces)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}pt" height="{height}pt"'
        f' font-family="{fonts}, sans-serif" role="img" aria-labelledby="{key}-t" aria-describedby="{key}-d">'
        f'<title id="{key}-t">{escape(figure.title)}</title><desc id="{key}-d">{escape(figure.text)}</desc>'
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>{patterns}{body}</svg>'
    )


def _words(words: Words) -> str:
    place = attrs(x=words.x, y=words.y + words.size * _DOWN[words.down], text_anchor=_ANCHORS[words.across])
    turn = attrs(transform=f"rotate(-90 {n(words.x)} {n(words.y)})" if words.upright else None)
    font = attrs(fill=words.colour, font_size=words.size, font_weight="bold" if words.bold else None)
    ground = attrs(paint_order="stroke", stroke=PAPER, stroke_width=3) if words.ground else ""
    return f"<text{place}{turn}{font}{ground}>{escape(words.words, quote=False)}</text>"


def _sign(sign: Sign, key: str) -> str:
    look = sign.look
    if look.shape == "box":
        path = "".join(f"M{n(x0)} {n(y0)}H{n(x1)}V{n(y1)}H{n(x0)}Z" for (x0, y0), (x1, y1) in sign.places)
        outline = attrs(stroke=look.edge, stroke_width=look.width) if look.width else ""
        slants = f'<path fill="url(#{key}{look.edge[1:]})" d="{path}"/>' if look.slants else ""
        return f'<path fill="{look.fill}"{outline} d="{path}"/>{slants}'
    if look.shape in ("line", "dots"):
        path = "".join("M" + "L".join(f"{n(x)} {n(y)}" for x, y in place) for place in sign.places)
        dashes = attrs(stroke_dasharray="2 2") if look.shape == "dots" else ""
        return f'<path fill="none"{attrs(stroke=look.edge, stroke_width=look.width)}{dashes} d="{path}"/>'
    marker = attrs(fill=look.fill, stroke=look.edge, stroke_width=look.width / _MARK, d=OUTLINES[look.shape])
    places = (f"translate({n(x)} {n(y)}) scale({_MARK})" for ((x, y),) in sign.places)
    return "".join(f'<path transform="{place}"{marker}/>' for place in places)
