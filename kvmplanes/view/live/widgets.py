# SPDX-License-Identifier: GPL-2.0-only
"""The player and the line-order editor on a live kernel, which answers what no page can hold beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import anywidget
import traitlets

from kvmplanes.given import items, need
from kvmplanes.model.series import Version, version
from kvmplanes.runs.orders import Puzzle
from kvmplanes.runs.scenario import run
from kvmplanes.runs.trace import Trace
from kvmplanes.view.live.closing import of_this_cell
from kvmplanes.view.live.controls import SavedFrame
from kvmplanes.view.live.order import ORDER_SCRIPT, order_data, still_order, verdict_html
from kvmplanes.view.live.player import PLAYER_SCRIPT, Start, player_data
from kvmplanes.view.page.copied import COPY_SCRIPT
from kvmplanes.view.page.html import Html
from kvmplanes.view.page.script import widget_script

MOST_LINES: Final = 8


class Player(anywidget.AnyWidget):
    """The player as a widget.

    Attributes:
        value: number of the step that is shown, as in `trace.steps`. Setting it moves the player, to the next
            step that is shown; the reader's keys, mouse and slider set it too.
        data: what the script is given; set by `show`.
    """

    data = traitlets.Dict().tag(sync=True)
    value = traitlets.Int().tag(sync=True)

    def show(self, trace: Trace, *, start: Start = 0, only: str | None = None, title: str | None = None) -> None:
        """Show another run; arguments and errors as for `player`."""
        data = player_data(trace, start=start, only=only, title=title)
        with self.hold_trait_notifications(), self.hold_sync():
            self.data, self.value = data, data["start"]

    @traitlets.validate("value")
    def _allowed(self, proposal: dict[str, Any]) -> int:
        value, last = int(proposal["value"]), self.data["last"]
        if not 0 <= value <= last:
            raise ValueError(f"value {value}: the run has steps 0 to {last}")
        numbers: list[int] = [step["n"] for step in self.data["steps"]]
        return next((number for number in numbers if number >= value), numbers[-1])


class Editor(anywidget.AnyWidget):
    """The editor's lines on a live kernel.

    Attributes:
        data: what the script is given.
        order: the order that is shown, as in `Puzzle.edited`.
        verdict: the order that it is for, and its HTML.
    """

    data = traitlets.Dict().tag(sync=True)
    order = traitlets.List(traitlets.Int()).tag(sync=True)
    verdict = traitlets.Dict().tag(sync=True)

    @traitlets.validate("order")
    def _allowed(self, proposal: dict[str, Any]) -> list[int]:
        order: list[int] = proposal["value"]
        last = len(self.data["items"]) - 1
        need(sorted(order) == [*range(last + 1)], f"order must have each of 0..{last} once", order)
        return order


class Copied(anywidget.AnyWidget):
    """A text that changes, with a button that copies it; its value is the text."""

    _esm = widget_script(*COPY_SCRIPT)

    value = traitlets.Unicode().tag(sync=True)


class OrderWidget(SavedFrame):
    """The editor, and below it the shortest run that is not clean, in the player.

    Its arguments are those of `order_widget`.

    Attributes:
        puzzle: the lines.
        editor: the upper part; setting its `order` moves the lines' verdict.
        player: the lower part; hidden while every path is clean.
    """

    HOW = "Run this cell to move the lines."

    def __init__(self, which: str | Version, function: str, lines: Sequence[str]) -> None:
        rule, of = f"lines must be a list of 2 to {MOST_LINES} lines", version(which)
        texts = items(lines, str, rule)
        need(2 <= len(texts) <= MOST_LINES, rule, lines)
        self.puzzle = Puzzle("lines", f"{of.function(function).name}, {of.name}", of, function, texts)
        counterexample = self.puzzle.verdict(self.puzzle.posted).counterexample
        self.editor = Editor(_esm=widget_script(*ORDER_SCRIPT), data=order_data(self.puzzle))
        self.player = player_widget(counterexample or run(of))
        super().__init__([self.editor, self.player])
        self.editor.observe(self._moved, names="order")
        self.editor.order = list(self.puzzle.posted)

    def _moved(self, change: dict[str, Any]) -> None:
        verdict = self.puzzle.verdict(change["new"])
        self.editor.verdict = {"order": change["new"], "html": verdict_html(verdict)}
        self.player.layout.display = None if verdict.counterexample else "none"
        if verdict.counterexample:
            start: Start = "defect" if verdict.counterexample.defects else 0
            self.player.show(verdict.counterexample, start=start, only="planes")

    def still(self) -> Html:
        """The lines, and the verdict on the order that is shown."""
        return still_order(self.puzzle, self.puzzle.verdict(self.editor.order))


def player_widget(trace: Trace, *, start: Start = 0, only: str | None = None, title: str | None = None) -> Player:
    """The player on a live kernel; arguments and errors as for `player`."""
    data = player_data(trace, start=start, only=only, title=title)
    return of_this_cell(Player(_esm=widget_script(*PLAYER_SCRIPT), data=data, value=data["start"]))


def order_widget(which: str | Version, function: str, lines: Sequence[str]) -> OrderWidget:
    """The editor on a live kernel.

    Args:
        which: a version's name, or a `Version`.
        function: one of its functions.
        lines: two to eight of its lines, in C, as they stand there: "kvm_arch_free_vm(kvm);", "out_no_planes:".

    Raises:
        ValueError: an unknown version or function, or lines that do not stand there so.
    """
    return OrderWidget(which, function, lines)
