# SPDX-License-Identifier: GPL-2.0-only
"""The instrument picker: choose a case and an instrument; the reports behind that cell follow."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from kvmplanes.given import typed
from kvmplanes.oracle.instruments.cases import Case
from kvmplanes.oracle.instruments.table import Cell, InstrumentTable, cell_html
from kvmplanes.view.live.controls import SavedFrame, choice, within
from kvmplanes.view.live.offline import Choice, Choices
from kvmplanes.view.page.html import Html, css


class InstrumentPicker(SavedFrame):
    """Two controls and one view.

    Its arguments are those of `instrument_picker`.

    Attributes:
        case, instrument: the controls; their values may be set from Python, too, or both by `choose`.
        view: what the chosen cell holds.
    """

    HOW = "Instrument picker. Run this cell to choose a case and an instrument; until then it shows this one."
    CHOICES = "instruments"

    def __init__(self, table: InstrumentTable, case: str = "09", instrument: str = "ASan / KASAN") -> None:
        self._table = typed(table, InstrumentTable, "table must be what instrument_table() gives")
        table.cell(case, instrument)  # an error comes before the first widget
        cases = [(_label(case), case.name) for case in table.cases]
        self.case = choice("Case", cases, label="6em", width="48em")
        self.instrument = choice("Instrument", table.instruments, label="6em", width="24em")
        self.view = w.HTML()
        wrap = w.Layout(flex_flow="row wrap", grid_gap="0 1em")
        super().__init__([w.Box([self.case, self.instrument], layout=wrap), self.view])
        self.choose(case, instrument)
        for control in (self.case, self.instrument):
            control.observe(self._show, names="value")

    def choose(self, case: str, instrument: str) -> None:
        """Set both controls, such as to "29" and "UBSan".

        Raises:
            ValueError: no such case or instrument; the controls stay as they were.
        """
        self._table.cell(case, instrument)
        self.case.value, self.instrument.value = case, instrument
        self._show()

    @property
    def key(self) -> str:
        """The chosen cell, as a key of `instrument_choices`."""
        return instrument_key(self._table, self._cell)

    def still(self) -> Html:
        """The chosen cell."""
        return cell_html(self._cell)

    @property
    def _cell(self) -> Cell:
        return self._table.cell(self.case.value, self.instrument.value)

    def _show(self, _: object = None) -> None:
        self.view.value = within(_steady(self._cell))


def instrument_picker(table: InstrumentTable, case: str = "09", instrument: str = "ASan / KASAN") -> InstrumentPicker:
    """A picker over the cells of an `instrument_table`, set to a first choice; ValueError as for `choose`."""
    return InstrumentPicker(table, case, instrument)


def instrument_choices(table: InstrumentTable) -> Choices:
    """Every cell of an `instrument_table`, for a page without a kernel."""
    choices = tuple(
        Choice(instrument_key(table, cell), (_label(cell.case), cell.instrument), _views(cell)) for cell in table.cells
    )
    return Choices("instruments", ("Case", "Instrument"), choices)


def instrument_key(table: InstrumentTable, cell: Cell) -> str:
    """The key of a cell: places in the table's lists, since names hold spaces and slashes."""
    return f"case-{table.cases.index(cell.case) + 1}-{table.instruments.index(cell.instrument) + 1}"


def _label(case: Case) -> str:
    return f"{case.name}: {case.title}"


def _views(cell: Cell) -> Callable[[], tuple[str, str]]:
    return lambda: ("", _steady(cell))


def _steady(cell: Cell) -> str:
    """A cell as high as any other with its reports folded, so that nothing below it moves with a choice."""
    return f"<div{css(min_height='15em')}>{cell_html(cell).html}</div>"
