# SPDX-License-Identifier: GPL-2.0-only
"""What the views of cases and instruments need to be given; `kvmplanes.oracle.instruments.table` has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kvmplanes.runs.trace import Trace


class Case(Protocol):
    """A row."""

    @property
    def name(self) -> str:
        """Short, such as "09"."""

    @property
    def title(self) -> str:
        """What is done, in a line."""


class Witness(Protocol):
    """One run, or one boot, behind a cell."""

    @property
    def source(self) -> str:
        """Such as "the C" or "kernel V1k"."""

    @property
    def count(self) -> int:
        """How much it shows; 0 is nothing."""

    @property
    def says(self) -> str:
        """Count and circumstances, in words."""

    @property
    def report(self) -> str:
        """The report as it was printed, or ""."""


class Cell(Protocol):
    """A case under an instrument."""

    @property
    def case(self) -> Case:
        """The row."""

    @property
    def instrument(self) -> str:
        """The column."""

    @property
    def witnesses(self) -> Sequence[Witness]:
        """What it was filled from; none if it was not run."""

    @property
    def verdict(self) -> str:
        """One of finds, misses, silent, false alarm, not run."""

    @property
    def trace(self) -> Trace:
        """The model's run of the same case."""


class Table(Protocol):
    """Every cell."""

    @property
    def cases(self) -> Sequence[Case]:
        """The rows."""

    @property
    def instruments(self) -> Sequence[str]:
        """The columns."""

    def cell(self, name: str, instrument: str) -> Cell:
        """One cell; ValueError for a name that is neither."""
