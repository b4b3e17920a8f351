# SPDX-License-Identifier: GPL-2.0-only
"""The instrument picker: choose a case and an instrument; the reports behind that cell follow."""

from __future__ import annotations

from typing import Any, Final

import ipywidgets as w

from kvmplanes.oracle.instruments.drawing import cell_html
from kvmplanes.view.cells import Table
from kvmplanes.view.live.failures import Keys
from kvmplanes.view.live.offline import instrument_key
from kvmplanes.view.page.html import Html

HEAD: Final = "Instrument picker. Run this cell to choose a case and an instrument; until then it shows this one."
_STYLE: Final = {"description_width": "6em"}


class InstrumentPicker(w.VBox):  # type: ignore[misc]
    """Two controls and one view.

    Its arguments are those of `instrument_picker`.

    Attributes:
        case, instrument: the controls; their values may be set from Python, too, or both by `choose`.
        view: what the chosen cell holds.
    """

    def __init__(self, table: Table, case: str = "09", instrument: str = "ASan / KASAN") -> None:
        self._table = table
        cases = [(f"{one.name}: {one.title}", one.name) for one in table.cases]
        self.case = _choice("Case", cases, "48em")
        self.instrument = _choice("Instrument", list(table.instruments), "24em")
        self.view = w.HTML()
        wrap = w.Layout(flex_flow="row wrap", grid_gap="0 1em")
        super().__init__([w.Box([self.case, self.instrument, Keys()], layout=wrap), self.view])
        self.choose(case, instrument)
        for control in (self.case, self.instrument):
            control.observe(self._show, names="value")

    def choose(self, case: str, instrument: str) -> None:
        """Set both controls.

        Args:
            case: a case's name, such as "29".
            instrument: such as "UBSan".

        Raises:
            ValueError: no such case or instrument; the controls stay as they were.
        """
        self._table.cell(case, instrument)
        self.case.value, self.instrument.value = case, instrument
        self._show()

    @property
    def shown(self) -> Html:
        """The chosen cell."""
        return cell_html(self._table.cell(self.case.value, self.instrument.value))

    def _show(self, _: object = None) -> None:
        # Content that takes the widget's width and never widens it; what is wider scrolls.
        self.view.value = f'<div style="contain:inline-size">{self.shown.html}</div>'

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The live widget, and beside it what a saved notebook shows before it is run."""
        still = self.shown
        key = instrument_key(self._table, self.case.value, self.instrument.value)
        html = f'<div data-choices="instruments" data-key="{key}"><p><em>{HEAD}</em></p>{still.html}</div>'
        return {**super()._repr_mimebundle_(**kwargs), "text/html": html, "text/plain": f"{HEAD}\n{still.text}"}


def instrument_picker(table: Table, case: str = "09", instrument: str = "ASan / KASAN") -> InstrumentPicker:
    """A picker over a table's cells, set to a first choice.

    Args:
        table: what `kvmplanes.oracle.instruments.table.instrument_table` gives.
        case: a case's name.
        instrument: an instrument's name.

    Raises:
        ValueError: no such case or instrument.
    """
    return InstrumentPicker(table, case, instrument)


def _choice(description: str, options: list[Any], width: str) -> Any:
    look = {"width": width, "max_width": "100%"}
    return w.Dropdown(description=description, options=options, style=_STYLE, layout=look)
