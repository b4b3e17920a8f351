# SPDX-License-Identifier: GPL-2.0-only
"""What is compiled: the text that the model runs, and a floor for compilers in place of the machine's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kvmplanes.model.layout import layout
from kvmplanes.model.machine.tree import text_of
from kvmplanes.model.values import SRCU
from kvmplanes.model.version import Version

FLOOR: Final = Path(__file__).parent / "c"
Files = Mapping[str, str]


def tree(version: Version) -> Files:
    """File name -> text of everything that a version's driver is compiled from.

    Raises:
        CError: what is wrong with the version's C, or not supported.
    """
    floor = {path.name: path.read_text(encoding="utf-8") for path in sorted(FLOOR.iterdir())}
    kernel = {name: text_of(version.tree, name) for name in version.tree}
    return {**kernel, **floor, "fields.c": _fields(version)}


def unpack(files: Files, folder: Path) -> None:
    """Write a tree into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _fields(version: Version) -> str:
    """C that says where the members of each struct lie, so that a report can say which one was touched.

    The floor's structs are the machine's, so compilers lay out every struct as the machine does; a test compares them.
    """
    rows = [
        f'\t{{ "{layout(version.unit, struct, 0).kind}", "{member.name}", {member.at}, '
        f"{member.width * (member.length or 1)}, {member.width if member.length is not None else 0} }},\n"
        for struct, members in version.unit.structs.items()
        for member in members
    ] + [f'\t{{ "{name}", "{SRCU}", 0, 8, 0 }},\n' for name in ("srcu", "irq_srcu")]
    return f'#include "log.h"\n\nconst struct shim_field shim_fields[] = {{\n{"".join(rows)}\t{{ 0 }}\n}};\n'
