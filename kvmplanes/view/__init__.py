# SPDX-License-Identifier: GPL-2.0-only
"""Pictures, tables, plots and widgets: pure functions of the patch, of traces and of certificates."""

from typing import TYPE_CHECKING

from kvmplanes.view.code import add_magic, c
from kvmplanes.view.diff import diff_html, lines_html
from kvmplanes.view.heap import heap_picture, slots_picture
from kvmplanes.view.ladder import ladder_picture
from kvmplanes.view.live.order import order_editor
from kvmplanes.view.live.player import player
from kvmplanes.view.notes import notes_html
from kvmplanes.view.page.copied import copied
from kvmplanes.view.page.html import Html
from kvmplanes.view.plots import (
    plot_cost,
    plot_crowd,
    plot_lifetimes,
    plot_occupancy,
    plot_paths,
    plot_runs,
)
from kvmplanes.view.report import anatomy, report
from kvmplanes.view.sketch.allocator import allocator_picture
from kvmplanes.view.sketch.frames import moment_picture
from kvmplanes.view.sketch.scene import scene_picture
from kvmplanes.view.sketch.shadow import shadow_picture
from kvmplanes.view.tables import limits_table

if TYPE_CHECKING:
    from kvmplanes.view.live.failures import picker
    from kvmplanes.view.live.widgets import order_widget, player_widget

__all__ = [
    "Html",
    "allocator_picture",
    "anatomy",
    "c",
    "copied",
    "diff_html",
    "heap_picture",
    "ladder_picture",
    "limits_table",
    "lines_html",
    "moment_picture",
    "notes_html",
    "order_editor",
    "order_widget",
    "picker",
    "player",
    "player_widget",
    "plot_cost",
    "plot_crowd",
    "plot_lifetimes",
    "plot_occupancy",
    "plot_paths",
    "plot_runs",
    "report",
    "scene_picture",
    "shadow_picture",
    "slots_picture",
]


def __getattr__(name: str) -> object:
    """Widgets are imported when somebody asks for one: they need ipywidgets, and nothing else here does."""
    if name == "picker":
        from kvmplanes.view.live.failures import picker

        return picker
    if name in ("order_widget", "player_widget"):
        from kvmplanes.view.live import widgets

        return getattr(widgets, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Every public name, also one that is not imported yet."""
    return [*__all__]


add_magic()
