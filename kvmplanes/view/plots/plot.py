# SPDX-License-Identifier: GPL-2.0-only
"""A plot as a notebook shows it: a figure and who paints it; its text is text/plain and the alternative text."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from kvmplanes.runs.shown import Bundle, Shown, bundle
from kvmplanes.view.page.html import css
from kvmplanes.view.page.svg import image
from kvmplanes.view.plots.figure import Figure
from kvmplanes.view.plots.measure import SMALL
from kvmplanes.view.plots.painter_svg import paint_svg

LEAST: Final = 11  # pixels: the height of the smallest words on a narrow screen
Painter = Literal["matplotlib", "svg"]


@dataclass(frozen=True, eq=False, repr=False)
class Plot(Shown):
    """A figure, and the same in words; a Python without matplotlib paints SVG of our own and says so."""

    figure: Figure
    by: Painter = "matplotlib"

    def painted(self, by: Painter) -> "Plot":
        """The same by another painter: live pictures take `plot.painted("svg").html`, which needs no matplotlib."""
        return replace(self, by=by)

    @property
    def svg(self) -> str:
        """The figure as an SVG document."""
        return self._painted[0]

    @property
    def html(self) -> str:
        """An <img>, which untrusted notebooks show; it follows the page's theme, and scrolls on a narrow page."""
        least, note = self.figure.width * LEAST / SMALL, self._painted[1]
        alt = self.figure.text.replace("\n", " ")
        shown = image(self.svg, alt, least=least, most=least * 1.2, border_radius="8px")
        return shown + (f"<p{css(margin='4px 0')}><small>{note}</small></p>" if note else "")

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.figure.text, self._painted[1])))

    __repr__ = __str__

    @cached_property
    def _painted(self) -> tuple[str, str]:
        """The SVG document, and what the reader must be told of it."""
        if self.by == "svg":
            return paint_svg(self.figure), ""
        try:
            with _quiet("matplotlib"):
                from kvmplanes.view.plots.painter_matplotlib import paint_matplotlib
        except ModuleNotFoundError as missing:
            if (missing.name or "").partition(".")[0] not in ("matplotlib", "numpy"):
                raise
            return paint_svg(self.figure), "Drawn without matplotlib, which this Python does not have."
        return paint_matplotlib(self.figure), ""


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Keep warnings back: of a home that cannot be written, and of fonts that take their time, while it is imported."""
    log = logging.getLogger(logger)
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


@bundle.register
def _bundle(plot: Plot) -> Bundle:
    return {"text/html": plot.html, "text/plain": str(plot)}
