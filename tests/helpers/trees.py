# SPDX-License-Identifier: GPL-2.0-only
"""A version's files and posted lines, as tests compare them."""

from typing import Final

from kvmplanes.model.machine.tree import text_of
from kvmplanes.model.version import Version

FREE: Final = "kvm_arch_free_vm(kvm);"
PLANES: Final = "kvm_destroy_planes(kvm);"
SWAP: Final = ("kvm_destroy_vm", f"{FREE}\n{PLANES}", f"{PLANES}\n{FREE}")  # 11's order


def texts(version: Version) -> dict[str, str]:
    return {name: text_of(version.tree, name) for name in version.tree}


def ids(version: Version) -> dict[str, tuple[str, int, str]]:
    """Id -> file, line number and text, of a version's posted lines."""
    found = {}
    for file, rows in version.tree.items():
        for n, row in enumerate(rows, 1):
            if row.id:
                assert row.id not in found, f"{row.id} stands twice"
                found[row.id] = (file, n, row.text)
    return found
