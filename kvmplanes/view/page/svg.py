# SPDX-License-Identifier: GPL-2.0-only
"""SVG primitives of the hand-made pictures: text in, text out, the same bytes every time.

Every picture paints its own paper, so it is readable wherever it stands: inline, as `<img>`, or in a viewer that
knows nothing of themes. Light or dark is the page's theme: JupyterLab's, or that of a site with a toggle; where the
page has none, the reader's system's; on paper it is light. `PALETTE` holds the rules, for pictures and plots alike.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from kvmplanes.view.page.html import Html, css, escape, scrolled
from kvmplanes.view.page.script import style_element
from kvmplanes.view.page.style import NAMES, theme

WIDTH: Final = 560  # of every picture, in its own units; a notebook column of 560 px shows 12 units as 12 px
MONO: Final = 7.25  # width of one monospaced character at 12 units
Point = tuple[float, float]

# What a page says of its theme: JupyterLab, and sites with a toggle.
_SAYS: Final = {
    "light": ('[data-jp-theme-light="true"]', '[data-theme="light"]'),
    "dark": ('[data-jp-theme-light="false"]', '[data-theme="dark"]'),
}


def _by_page(what: str, **looks: str) -> str:
    """The rules for what is on a page that says it is light, and on one that says it is dark."""
    return "".join(f"{','.join(f'{page} {what}' for page in pages)}{{{looks[says]}}}" for says, pages in _SAYS.items())


def _palette() -> str:
    """The colours. On paper only the first rule holds."""
    light, dark = (
        ";".join(f"--{name}:{colour}" for name, colour in theme(dark=dark).items()) for dark in (False, True)
    )
    by_page = _by_page(".kp", light=light, dark=dark)
    return f".kp{{{light}}}@media screen and (prefers-color-scheme:dark){{.kp{{{dark}}}}}@media screen{{{by_page}}}"


PALETTE: Final = _palette()


def _following() -> str:
    """An `<img>` cannot see its page; the page tells it light or dark by `color-scheme`, which its palette asks for."""
    image = 'img[src^="data:image/svg"]'
    rules = _by_page(image, light="color-scheme:light", dark="color-scheme:dark")
    paper = f"@media print{{:root {image}{{color-scheme:light;min-width:0!important}}}}"
    return style_element(f"{rules}{paper}")


FOLLOWING: Final = _following()


def _rules() -> Iterator[str]:
    """The style sheet. Classes: `l` is a line, `f` a filled shape, `a` a soft area, each with a role's name beside it.

    Lines: `h` thin, `n` narrow, `w` wide, `d` dashed, `o` dotted. Words: `m` monospaced, `b` bold, `s` small,
    `t` tiny, `x` struck out, `halo` on a ground of their own.
    """
    yield PALETTE
    yield ".kp{font:12px system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif}"
    yield ".kp .m{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
    yield ".kp text{fill:var(--ink)}.kp .b{font-weight:600}.kp .s{font-size:11.5px}.kp .t{font-size:11px}"
    yield ".kp .x{text-decoration:line-through}"
    yield ".kp .halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}"
    yield ".kp .paper{fill:var(--paper)}.kp .l{fill:none;stroke:var(--ink);stroke-width:1.5}"
    yield ".kp .h{stroke-width:1}.kp .n{stroke-width:1.2}.kp .w{stroke-width:2.5}"
    yield ".kp .d{stroke-dasharray:5 4}.kp .o{stroke-dasharray:1 3;stroke-linecap:round}"
    for role in NAMES.values():
        yield f".kp text.{role}{{fill:var(--{role}-t)}}.kp .l.{role}{{stroke:var(--{role})}}"
        yield f".kp .f.{role}{{fill:var(--{role})}}.kp .a.{role}{{fill:var(--{role}-f)}}"


STYLE: Final = "".join(_rules())


# Frame after frame of a player draws the same cells, words and pointers.
_drawn_once: Final = lru_cache(4096)


def n(value: float) -> str:
    """A coordinate, as short as it can be."""
    return f"{value:.1f}".removesuffix(".0")


def attrs(**values: object) -> str:
    """Attributes; `cls` is class, None is left out, numbers are rounded."""
    parts = []
    for key, value in values.items():
        if value is not None and value != "":
            shown = n(value) if isinstance(value, int | float) else escape(str(value))
            parts.append(f' {"class" if key == "cls" else key.replace("_", "-")}="{shown}"')
    return "".join(parts)


@_drawn_once
def text(x: float, y: float, words: str, cls: str = "", *, anchor: str = "") -> str:
    """One line of words; `anchor` is start, middle or end."""
    return f"<text{attrs(x=x, y=y, cls=cls, text_anchor=anchor)}>{escape(words)}</text>"


@_drawn_once
def title(words: str) -> str:
    """What a page shows beside the group that it begins, when a reader points there; nothing for no words."""
    return f"<title>{escape(words)}</title>" if words else ""


@_drawn_once
def rect(x: float, y: float, width: float, height: float, cls: str, *, r: float = 4, fill: str = "") -> str:
    """A rounded rectangle; class `l` draws its outline, `a` and a role its soft area."""
    return f"<rect{attrs(x=x, y=y, width=width, height=height, rx=r or None, cls=cls, fill=fill)}/>"


def box(x: float, y: float, width: float, height: float, *, role: str = "live", hatch: str = "", line: str = "") -> str:
    """An object: tinted and solid while it is live; dashed, and filled with its `hatch`, when it is freed.

    Its outline is its role's, or has the classes of `line`.
    """
    ground = rect(x, y, width, height, "" if hatch else f"a {role}", fill=hatch)
    outline = line or f"l {'bad' if hatch else role}"
    return ground + rect(x, y, width, height, f"{outline} d" if hatch else outline)


@_drawn_once
def disc(x: float, y: float, r: float, cls: str) -> str:
    """A circle."""
    return f"<circle{attrs(cx=x, cy=y, r=r, cls=cls)}/>"


def path(points: Sequence[Point], cls: str) -> str:
    """Straight lines through points; four points make one curve."""
    (x, y), rest = points[0], points[1:]
    pairs = " ".join(f"{n(px)} {n(py)}" for px, py in rest)
    return f'<path{attrs(cls=cls)} d="M{n(x)} {n(y)}{"C" if len(points) == 4 else "L"}{pairs}"/>'


def sideways(tail: Point, tip: Point, cls: str) -> str:
    """A curve that leaves and arrives level."""
    bend = (tip[0] - tail[0]) * 0.45
    return path([tail, (tail[0] + bend, tail[1]), (tip[0] - bend, tip[1]), tip], cls)


def head(tip: Point, tail: Point, cls: str, size: float = 8) -> str:
    """An arrow's head at `tip`, coming from `tail`."""
    angle = math.atan2(tip[1] - tail[1], tip[0] - tail[0])
    corners = [
        (tip[0] - size * math.cos(angle + turn), tip[1] - size * math.sin(angle + turn)) for turn in (0.45, -0.45)
    ]
    body = "L".join(f"{n(x)} {n(y)}" for x, y in [tip, *corners])
    return f'<path{attrs(cls=cls)} d="M{body}Z"/>'


@_drawn_once
def cross(x: float, y: float, cls: str = "l bad w", size: float = 5) -> str:
    """A cross: this is wrong."""
    return (
        f'<path{attrs(cls=cls)} d="M{n(x - size)} {n(y - size)}l{n(2 * size)} {n(2 * size)}'
        f'm0 {n(-2 * size)}l{n(-2 * size)} {n(2 * size)}"/>'
    )


def tick(x: float, y: float, cls: str = "l clean w", size: float = 5) -> str:
    """A tick: this was done."""
    down, up = f"l{n(size * 0.7)} {n(size * 0.8)}", f"l{n(size * 1.2)} {n(-1.6 * size)}"
    return f'<path{attrs(cls=cls)} d="M{n(x - size)} {n(y)}{down}{up}"/>'


def group(name: str, *parts: str, at: Point | None = None, **more: object) -> str:
    """Parts that are one thing, moved to `at`; the name is for tests and scripts: `<g class="plane freed">`."""
    place = f"translate({n(at[0])} {n(at[1])})" if at else None
    return f"<g{attrs(cls=name, transform=place, **more)}>{''.join(parts)}</g>"


@_drawn_once
def tag(x: float, y: float, words: str, role: str, *, within: tuple[float, float] = (0, WIDTH)) -> str:
    """A word on a small ground of its own, centred at x as far as it fits, baseline y."""
    width = 7.3 * len(words) + 1.8 * sum(map(str.isupper, words)) + 12
    x = min(max(x, within[0] + width / 2), within[1] - width / 2)
    ground = rect(x - width / 2, y - 12.5, width, 17, "paper", r=8)
    area = rect(x - width / 2, y - 12.5, width, 17, f"a l h {role}", r=8)
    return group("tag", ground, area, text(x, y, words, f"s b {role}", anchor="middle"))


@_drawn_once
def pointer(tail: Point, tip: Point, cls: str, *, broken: float = 0, words: str = "", right: float = WIDTH - 12) -> str:
    """An arrow that leaves and arrives upright; broken at a part of its way, with a cross and words left of `right`."""
    bend = (tip[1] - tail[1]) * 0.5
    near = (tip[0], tip[1] - (6 if tip[1] > tail[1] else -6))
    curve = (tail, (tail[0], tail[1] + bend), (tip[0], tip[1] - bend), near)
    role, _, dash = cls.partition(" ")
    if not broken:
        return group(f"pointer {role}", path(curve, f"l {cls}"), head(tip, (tip[0], tip[1] - bend), f"f {role}"))
    x, y = _until(curve, broken)[-1]
    left = x + 8 * len(words) > right  # the words stand where there is room
    return group(
        f"pointer {role} broken",
        path(_until(curve, broken - 0.14), f"l bad {dash}"),
        path(_until(curve[::-1], 1 - broken - 0.14), f"l bad {dash}"),
        head(tip, (tip[0], tip[1] - bend), "f bad"),
        cross(x, y),
        text(x - 9 if left else x + 9, y + 4, words, "s b bad halo", anchor="end" if left else "") if words else "",
    )


def _until(curve: Sequence[Point], t: float) -> list[Point]:
    """The first part of a curve (de Casteljau)."""
    first, row = [curve[0]], list(curve)
    while len(row) > 1:
        row = [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for a, b in pairwise(row)]
        first.append(row[0])
    return first


def short(words: str, width: float) -> str:
    """Monospaced words, cut to a width."""
    most = int(width / MONO)
    return words if len(words) <= most else words[: most - 1] + "…"


def hatch(key: str) -> str:
    """The pattern of freed memory, slanted lines; `fill=f"url(#{key}-hatch)"` uses it."""
    return (
        f'<pattern id="{key}-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path class="l h bad" opacity=".35" d="M0 0V7"/></pattern>'
    )


def key_of(*parts: object) -> str:
    """A prefix for ids, from the content: two pictures in a page share one only when they are equal."""
    return f"k{zlib.crc32(repr(parts).encode()):08x}"


def picture(
    body: Sequence[str], height: float, *, key: str, title: str, desc: str, defs: str = "", width: float = WIDTH
) -> str:
    """The whole SVG: `key` is the prefix of its ids (see `key_of`), `desc` says all it shows, `defs` has patterns."""
    most = max(width, min(width, WIDTH) * 1.2)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="kp" viewBox="0 0 {n(width)} {n(height)}" role="img"'
        f' aria-labelledby="{key}-t" aria-describedby="{key}-d" style="width:100%;max-width:{most:g}px">'
        f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(desc)}</desc>'
        f"<style>{STYLE}</style>{f'<defs>{defs}</defs>' if defs else ''}"
        f'<rect class="paper" width="{n(width)}" height="{n(height)}" rx="6"/>{"".join(body)}</svg>'
    )


def data_uri(svg: str) -> str:
    """An SVG as an address, for `<img src=...>`: shown in untrusted notebooks too."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def inline(svg: str) -> str:
    """An SVG as a part of the page, which has its style sheet before it."""
    return style_element(STYLE) + svg.replace(f"<style>{STYLE}</style>", "", 1)


def as_html(svg: str, *, title: str, desc: str, width: float = WIDTH) -> Html:
    """An SVG as a view: an `<img>` with its description as alternative text; on a narrow page it scrolls."""
    shown = image(svg, f"{title}. {desc}", least=width * 0.7, most=width * 1.2)
    return Html(shown, f"{title}\n{desc}")


def image(svg: str, words: str, *, least: float, most: float, **look: str) -> str:
    """An SVG as an `<img>` that follows the page's theme and scrolls where the page is narrower than `least` pixels.

    Args:
        svg: the document.
        words: its alternative text.
        least: pixels that it takes on a screen, however narrow the page; a sheet of paper it fits.
        most: pixels that it takes on a wide page.
        look: more of its style, as `css` takes it.
    """
    sizes = css(
        display="block", width="100%", min_width=f"{least:.0f}px", max_width=f"{most:.0f}px", height="auto", **look
    )
    return FOLLOWING + scrolled(f'<img{sizes} alt="{escape(words)}" src="{data_uri(svg)}">')
