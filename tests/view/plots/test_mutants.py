# SPDX-License-Identifier: GPL-2.0-only
"""The kill matrix as a picture: every mutant, every outcome, readable, and the same bytes."""

import html
import re
import subprocess
import sys
from collections import Counter
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from matplotlib.colors import to_hex

from kvmplanes.model.mutants import MUTANTS, Mutant
from kvmplanes.runs.certificate import OUTCOMES
from kvmplanes.runs.mutation import CHECKS, kill, kills, summary
from kvmplanes.view.page.style import PAPER, contrast
from kvmplanes.view.plots import Plot, plot_kills


@pytest.fixture(scope="module")
def plot() -> Plot:
    return plot_kills()


def written(plot: Plot) -> list[str]:
    return [text.get_text() for text in plot.figure.axes[0].texts]


def row_of(plot: Plot, name: str) -> list[str]:
    """The words of a mutant's row, from the left."""
    texts = plot.figure.axes[0].texts
    (y,) = (text.get_position()[1] for text in texts if text.get_text() == name)
    row = [text for text in texts if text.get_position()[1] == y]
    return [text.get_text() for text in sorted(row, key=lambda text: text.get_position()[0])]


def test_every_mutant_has_its_row_and_words(plot: Plot) -> None:
    words = {"use-after-free": "after free", "double-free": "twice", "out-of-bounds": "beyond", "leak": "leak",
             "null-dereference": "NULL", "wrong errno": "errno", "wrong state": "state"}  # fmt: skip
    for one in kills():
        name, base, *cells = row_of(plot, str(one.mutant))
        assert (name, base) == (one.mutant.name, one.mutant.base)
        if not one.killed:
            assert cells == [one.mutant.equivalent]
            continue
        seen = [(check, *one.at(check)) for check in CHECKS if one.at(check)[1]]
        assert [re.split(r": | on ", cell)[0] for cell in cells] == [words[outcome] for _, outcome, _, _ in seen]
        for cell, (check, _, runs, first) in zip(cells, seen, strict=True):
            told = f": program {first}" * bool(first) if check == CHECKS[0] else f" on {runs} path{'s' * (runs > 1)}"
            assert re.split(r"(?=: | on )", cell, maxsplit=1)[1:] == [told] * bool(told)


def test_every_outcome_is_marked_and_counted(plot: Plot) -> None:
    cells = Counter(one.at(check)[0] for one in kills() for check in CHECKS if one.at(check)[1])
    same = sum(not one.killed for one in kills())
    legend = [text.get_text() for text in plot.figure.legends[0].get_texts()]
    marks = [f"{outcome} ({cells[outcome]})" for outcome in OUTCOMES if cells[outcome]]
    assert sorted(legend) == sorted(["not seen here", *marks, f"equivalent ({same})"])
    drawn = {str(line.get_label()): len(line.get_xdata()) for line in plot.figure.axes[0].lines}
    assert drawn == {label: int(label.rpartition("(")[2][:-1]) for label in legend if "(" in label}


def test_headings_count_what_each_check_sees(plot: Plot) -> None:
    texts = written(plot)
    for check in CHECKS:
        assert check in texts
        assert f"sees {sum(bool(one.at(check)[1]) for one in kills())}" in texts
    assert f"{summary()}." in texts
    assert {f"{mutant.function}()" for mutant in MUTANTS} <= set(texts)


def test_cells_that_see_nothing_are_grey_where_the_call_exists(plot: Plot) -> None:
    (grey,) = (patch for patch in plot.figure.axes[0].patches if patch.get_label() == "not seen here")
    expected = sum(
        not one.at(check)[1] and (check in CHECKS[:2] or one.mutant.version.creates_planes)
        for one in kills() if one.killed for check in CHECKS
    )  # fmt: skip
    assert len(grey.get_path().vertices) == 5 * expected


def test_words_are_inside_and_apart(plot: Plot) -> None:
    figure = plot.figure
    figure.draw_without_rendering()
    texts = [*figure.axes[0].texts, *figure.legends[0].get_texts()]
    boxes = {text: text.get_window_extent() for text in texts}
    for text, box in boxes.items():
        inside = box.x0 >= 0 and box.y0 >= -0.5 and box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height
        assert inside, text.get_text()
    for (a, box), (b, other) in combinations(boxes.items(), 2):
        across, down = min(box.x1, other.x1) - max(box.x0, other.x0), min(box.y1, other.y1) - max(box.y0, other.y0)
        assert min(across, down) < 2.5, f"{a.get_text()!r} and {b.get_text()!r} overlap"


def test_words_have_contrast(plot: Plot) -> None:
    assert all(contrast(to_hex(text.get_color()), PAPER) >= 4.5 for text in plot.figure.axes[0].texts)


def test_the_svg_is_shapes_and_words(plot: Plot) -> None:
    kinds = {element.tag.rpartition("}")[2] for element in ET.fromstring(plot.svg).iter()}  # noqa: S314 - our own
    assert "text" in kinds
    assert "image" not in kinds
    assert len(plot.svg) < 110_000


def test_the_picture_in_words(plot: Plot) -> None:
    lines = plot.text.splitlines()
    assert lines == [summary(), *map(str, kills())]
    bundle = plot._repr_mimebundle_()
    alt = re.search(r'alt="([^"]+)"', bundle["text/html"])
    assert alt
    assert html.unescape(alt[1]) == bundle["text/plain"].replace("\n", " ")


def test_same_bytes_in_another_process(plot: Plot) -> None:
    script = (
        "import sys; from kvmplanes.view.plots import plot_kills; print(plot_kills().svg, end='')\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == plot.svg
    assert result.stderr == ""


def test_some_mutants_and_an_unexplained_survivor() -> None:
    same = Mutant(
        "a comment", "11", "kvm_destroy_one_plane", "Nothing.", ("kfree(plane);", "/* last */\nkfree(plane);")
    )
    plot = plot_kills([kills()[0], kill(same)])
    assert row_of(plot, "a comment")[2:] == ["not seen, and not known to be equivalent"]
    assert not any("equivalent (" in str(line.get_label()) for line in plot.figure.axes[0].lines)


def test_no_mutants() -> None:
    with pytest.raises(ValueError, match="at least one mutant"):
        plot_kills([])
