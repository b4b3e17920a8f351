# SPDX-License-Identifier: GPL-2.0-only
"""Both painters: all that the description says, readable, light, and the same bytes every time."""

import base64
import html
import random
import re
import string
import subprocess
import sys
from functools import cache
from itertools import combinations
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

import kvmplanes as kp
from kvmplanes.view.page.style import CHANGED, Shade, contrast
from kvmplanes.view.page.svg import FOLLOWING, PALETTE
from kvmplanes.view.plots import Plot, plot_occupancy, plot_paths
from kvmplanes.view.plots.figure import MARKERS, PAPER_SHADE, Figure, Sign, Words
from kvmplanes.view.plots.measure import SMALL, wide
from kvmplanes.view.plots.painter_matplotlib import RC_PARAMS, drawing
from kvmplanes.view.plots.painter_svg import OUTLINES, paint_svg
from kvmplanes.view.plots.plot import LEAST, Painter
from tests.helpers.drawn import LATE, PLOTS, painted, plot, signs, words, written


@cache
def by(painter: Painter, name: str) -> Plot:
    """A plot that is painted once for all tests."""
    return plot(name) if painter == plot(name).by else plot(name).painted(painter)


@pytest.mark.parametrize("painter", ["matplotlib", "svg"])
@pytest.mark.parametrize("name", PLOTS)
def test_a_picture_says_and_marks_what_its_figure_says(name: str, painter: Painter) -> None:
    svg = by(painter, name).svg
    assert painted(svg) == sorted(written(plot(name)))
    shades = {piece.colour for piece in words(plot(name))}
    shades |= {sign.look.edge for sign in signs(plot(name)) if sign.look.width}
    shades |= {sign.look.fill for sign in signs(plot(name)) if sign.look.fill}
    assert all(shade.css in svg for shade in shades)
    assert len(by(painter, name).html) < 70_000
    assert not re.search(r"\b20\d\d-\d\d-\d\d", svg), "a date"
    assert svg == PLOTS[name]().painted(painter).svg


@pytest.mark.parametrize("name", PLOTS)
def test_words_are_inside_and_apart(name: str) -> None:
    with mpl.rc_context(RC_PARAMS):
        drawn = drawing(plot(name).figure)
        drawn.draw_without_rendering()
    texts = [text for text in drawn.findobj(Text) if text.get_text()]
    boxes = {text: text.get_window_extent() for text in texts}
    for text, box in boxes.items():
        assert -0.5 <= box.x0 < box.x1 <= drawn.bbox.width + 0.5, text.get_text()
        assert -0.5 <= box.y0 < box.y1 <= drawn.bbox.height + 0.5, text.get_text()
    for (a, box), (b, other) in combinations(boxes.items(), 2):
        across = min(box.x1, other.x1) - max(box.x0, other.x0)
        down = min(box.y1, other.y1) - max(box.y0, other.y0)
        assert min(across, down) < 2.5, f"{a.get_text()!r} and {b.get_text()!r} overlap"


@pytest.mark.parametrize("painter", ["matplotlib", "svg"])
@pytest.mark.parametrize("name", PLOTS)
def test_every_colour_is_one_of_the_palette(name: str, painter: Painter) -> None:
    svg = by(painter, name).svg
    assert svg.count(PALETTE) == 1
    assert ET.fromstring(svg).get("class") == "kp"  # noqa: S314 - our own
    drawn = svg.replace(PALETTE, "")
    given = set(re.findall(r"--([\w-]+):#", PALETTE))
    paints = re.findall(r"(?:fill|stroke|color)(?::\s*|=\")([^;\"}]+)", drawn)
    assert paints
    for paint in paints:
        assert re.fullmatch(
            r"none|url\(#[\w-]+\)|var\(--[\w-]+\)|color-mix\(in srgb,var\([^()]+\) \d+%,var\(--paper\)\)", paint
        )
        assert set(re.findall(r"var\(--([\w-]+)\)", paint)) <= given
    assert not re.search(
        r"#[0-9a-fA-F]{3,8}\b(?![\w-])|rgba?\(", re.sub(r"url\(#[^)]*\)|href=\"#[^\"]*\"|>[^<]*<", "", drawn)
    )


def beneath(pieces: list[Sign], x: float, y: float) -> Shade:
    """What is painted at a place before words and markers are."""
    shade = PAPER_SHADE
    for sign in pieces:
        if sign.look.shape == "box" and sign.look.fill and any(
            x0 <= x <= x1 and y0 <= y <= y1 for (x0, y0), (x1, y1) in sign.places
        ):  # fmt: skip
            shade = sign.look.fill
    return shade


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", PLOTS)
def test_words_and_signs_have_contrast_in_both_themes(name: str, dark: bool) -> None:
    def ratio(shade: Shade, ground: Shade) -> float:
        return contrast(shade.on(dark=dark), ground.on(dark=dark))

    pieces, grounds = signs(plot(name)), set()
    for piece in words(plot(name)):
        ground = PAPER_SHADE if piece.ground else beneath(pieces, piece.x, piece.y)
        grounds.add(ground)
        assert ratio(piece.colour, ground) >= 4.5, piece.words
    assert PAPER_SHADE in grounds
    for sign in pieces:
        if sign.look.shape != "box":
            solid = sign.look.fill or sign.look.edge
            on = {PAPER_SHADE} if sign.look.fill is None else {beneath(pieces, *place[0]) for place in sign.places}
            # A marker on a solid box is told by its edge, which is as the paper or the ink.
            assert all(max(ratio(solid, ground), ratio(sign.look.edge, ground)) >= 3 for ground in on), sign.word
        elif sign.word != "_ground" and sign.look.width:
            assert ratio(sign.look.edge, PAPER_SHADE) >= 3, sign.word


@pytest.mark.parametrize("name", PLOTS)
def test_words_are_never_lower_than_eleven_pixels_on_a_screen(name: str) -> None:
    least = re.search(r"min-width:(\d+)px", plot(name).html)
    assert least
    smallest = min(piece.size for piece in words(plot(name)))
    assert int(least[1]) / plot(name).figure.width * smallest >= LEAST - 0.01


def test_the_usual_plots_fit_jupyterlabs_column_in_a_window_of_1280() -> None:
    column = 813  # pixels, with the file browser open and a scroll bar
    for name in ("09", "29 full", "lifetimes 29", "groups", "one version", "crowd", "cost"):
        assert plot(name).figure.width * LEAST / SMALL <= column, name
    five = plot_paths([kp.certify(version) for version in ("rfc", "08", "09", "10", "11")])
    assert five.figure.width * LEAST / SMALL <= column


def test_marks_of_svg_are_those_of_the_figure() -> None:
    svg, shapes = plot("paths").painted("svg").svg, set(OUTLINES)
    drawn = [(sign.look.shape, len(sign.places)) for sign in signs(plot("paths")) if sign.look.shape in shapes]
    assert len({shape for shape, _ in drawn}) > 3
    for shape, _ in drawn:
        assert svg.count(f'd="{OUTLINES[shape]}"') == sum(n for other, n in drawn if other == shape)


def test_html_is_an_image_with_words() -> None:
    for shown in (plot("29"), plot("29").painted("svg"), plot("paths")):
        bundle = shown._repr_mimebundle_(include=None, exclude=None)
        assert list(bundle) == ["text/html", "text/plain"]
        assert bundle["text/html"].startswith(FOLLOWING)
        source = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', bundle["text/html"])
        alt = re.search(r'alt="([^"]+)"', bundle["text/html"])
        assert source
        assert alt
        assert base64.b64decode(source[1]).decode() == shown.svg
        assert html.unescape(alt[1]) == bundle["text/plain"].replace("\n", " ") == shown.figure.text.replace("\n", " ")


def test_svg_of_ours_has_a_title_and_a_description() -> None:
    tree = ET.fromstring(plot("29").painted("svg").svg)  # noqa: S314 - our own
    title, desc = tree[0], tree[1]
    assert (title.text, desc.text) == (plot("29").figure.title, plot("29").figure.text)
    assert (tree.attrib["aria-labelledby"], tree.attrib["aria-describedby"]) == (title.get("id"), desc.get("id"))


def test_same_bytes_whatever_the_reader_has_set() -> None:
    before = dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 20, "svg.fonttype": "path", "lines.linewidth": 5, "axes.grid": True}):
        assert PLOTS["29"]().svg == plot("29").svg
    assert dict(mpl.rcParams) == before


def test_same_bytes_in_another_process_and_no_pyplot() -> None:
    script = (
        "import sys, kvmplanes as kp; from kvmplanes.view.plots import plot_occupancy\n"
        f"plot = plot_occupancy(kp.run('29', planes=(1, 3, 7), fail={LATE!r}))\n"
        "print(plot.painted('svg').html, end='')\n"
        "assert 'matplotlib' not in sys.modules, 'live pictures need none'\n"
        "print(plot.svg, end='')\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == plot("29").painted("svg").html + plot("29").svg
    assert result.stderr == ""


def test_widths_are_those_of_matplotlib() -> None:
    def theirs(text: str) -> float:
        return float(text_to_path.get_text_width_height_descent(text, FontProperties(size=SMALL), False)[0])

    chars = [chr(code) for code in range(32, 127)]
    dice = random.Random(9)  # noqa: S311 - no secret
    texts = [first + second for first in chars for second in chars]
    texts += ["".join(dice.choices(string.ascii_letters + " (),_", k=20)).replace("ff", "f") for _ in range(500)]
    texts += [word for name in PLOTS for word in written(plot(name))]
    for text in texts:
        assert wide(text) == theirs(text), text


def test_every_marker_has_an_outline() -> None:
    assert {CHANGED.marker, *(marker for marker, _ in MARKERS.values())} <= set(OUTLINES)


def test_lines_in_a_box_are_a_pattern_of_their_colour() -> None:
    svg = plot("29").painted("svg").svg
    ids = re.findall(r'<pattern id="([^"]+)"', svg)
    assert [name.partition("-")[2] for name in ids] == ["bad", "mute-crossed"]
    for name in ids:
        assert svg.count(f'fill="url(#{name})"') == 2, "in the rows and in the legend"
    tiles = re.findall(r'<pattern [^>]*><path [^>]*d="([^"]+)"', svg)
    assert len(set(tiles)) == 2, "slanted lines and crossed ones"


def test_words_are_escaped() -> None:
    figure = Figure("a & b", "<c>", 100, 50, (Words(0, 10, "a < b & c"),))
    assert painted(paint_svg(figure)) == ["a < b & c"]


def test_with_matplotlib_and_in_live_pictures_nothing_is_said() -> None:
    shown: Plot = plot_occupancy(kp.run("09"))
    assert "Drawn without" not in str(shown) + shown.html + str(shown.painted("svg")) + shown.painted("svg").html
