# SPDX-License-Identifier: GPL-2.0-only
"""Translate every version of the series, and store what comes out in the package.

To be run again when the C or the machine has changed; a test says so.
"""

from kvmplanes.model.machine import stored
from kvmplanes.model.machine.unit import pieces, text_of
from kvmplanes.model.series import ALL
from kvmplanes.model.version import UNITS


def text() -> str:
    """The store as it should be."""
    units = (pieces(version.tree, UNITS) for version in ALL.values())
    return stored.text_of((text_of(declared), map(text_of, functions)) for declared, functions in units)


if __name__ == "__main__":
    stored.STORED.write_text(text(), encoding="utf-8")
