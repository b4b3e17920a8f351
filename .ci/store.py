# SPDX-License-Identifier: GPL-2.0-only
"""Translate every version of the series, and store what comes out in the package.

To be run again when the C or the machine has changed; a test says so.
"""

from kvmplanes.model.machine.unit import STORED, pieces_of, store_text
from kvmplanes.model.series import ALL
from kvmplanes.model.version import UNITS


def text() -> str:
    """The store as it should be."""
    return store_text(pieces_of(version.tree, UNITS) for version in ALL.values())


if __name__ == "__main__":
    STORED.write_text(text(), encoding="utf-8")
