# SPDX-License-Identifier: GPL-2.0-only
"""Which instrument shows which defect: every cell counted in the C's runs, the kernel's figures, or the text.

>>> from kvmplanes.oracle.instruments.table import instrument_table
>>> table = instrument_table()
>>> table.cell("09", "ASan / KASAN").verdict, table.cell("09", "UBSan").verdict
('finds', 'misses')

A case says what is done, and an instrument who watches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from kvmplanes.model.heap import Freed
from kvmplanes.oracle.compiled.results import Run, stored
from kvmplanes.oracle.instruments.cases import CASES, Case, case
from kvmplanes.oracle.instruments.witnesses import FREED, INSTRUMENTS, Witness
from kvmplanes.oracle.measured import VARIANTS, Variant
from kvmplanes.runs.trace import Trace

Verdict = Literal["finds", "misses", "not run", "silent", "false alarm"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One case under one instrument."""

    case: Case
    instrument: str
    witnesses: tuple[Witness, ...]

    @property
    def freed(self) -> Freed:
        """What the instrument makes of freed bytes."""
        return FREED.get(self.instrument, "kept")

    @property
    def trace(self) -> Trace:
        """The model's run of the case."""
        return self.case.trace(self.freed)

    @property
    def verdict(self) -> Verdict:
        """One word: of a case without a defect, an instrument ought to be silent."""
        shown = any(witness.count for witness in self.witnesses)
        if not self.witnesses:
            return "not run"
        if not self.case.trace().defects:
            return "false alarm" if shown else "silent"
        return "finds" if shown else "misses"


@dataclass(frozen=True, slots=True, repr=False)
class InstrumentTable:
    """Every case under every instrument; shown as a table."""

    cells: tuple[Cell, ...]

    @property
    def instruments(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(INSTRUMENTS)

    @property
    def cases(self) -> tuple[Case, ...]:
        """The rows."""
        return tuple(dict.fromkeys(cell.case for cell in self.cells))

    def cell(self, name: str, instrument: str) -> Cell:
        """One cell.

        Raises:
            ValueError: no such case or instrument.
        """
        if instrument not in self.instruments:
            raise ValueError(f"no instrument {instrument!r}; there are {', '.join(self.instruments)}")
        return next(cell for cell in self.cells if (cell.case, cell.instrument) == (case(name), instrument))

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from kvmplanes.oracle.instruments.drawing import instruments_html

        return instruments_html(self)._repr_mimebundle_()

    def __str__(self) -> str:
        return self._repr_mimebundle_()["text/plain"]

    __repr__ = __str__


def instrument_table(runs: Iterable[Run] | None = None, variants: Mapping[str, Variant] = VARIANTS) -> InstrumentTable:
    """Fill every cell.

    Args:
        runs: the C's, such as `fresh` gives; None for the stored ones.
        variants: the measured kernels.

    Raises:
        ValueError: the runs lack a case.
    """
    kept = [one for one in (stored() if runs is None else runs) if one.version in {c.c for c in CASES}]
    return InstrumentTable(
        tuple(
            Cell(one, instrument, tuple(ask(one, kept, variants.get(one.kernel))))
            for one in CASES
            for instrument, ask in INSTRUMENTS.items()
        )
    )
