# SPDX-License-Identifier: GPL-2.0-only
"""The document under study: "[PATCH 09/60] kvm: Introduce struct kvm_plane", its hunks and its 54 added lines.

>>> from kvmplanes.patch import PATCH
>>> print(PATCH.line("+24"))
+24 virt/kvm/kvm_main.c:1108 kvm->planes[plane_level] = plane;
>>> PATCH.line("+24").event
'store planes[]'
>>> [line.id for line in PATCH.select("+18..+19 +54")]
['+18', '+19', '+54']
"""

import tomllib
from pathlib import Path
from typing import Final

from kvmplanes.patch.document import EVENTS, KINDS, AddedLine, ContextLine, Hunk, LineEvent, LineKind, Patch, load

__all__ = ["EVENTS", "KINDS", "PATCH", "AddedLine", "ContextLine", "Hunk", "LineEvent", "LineKind", "Patch", "load"]

_HERE = Path(__file__).parent

PATCH: Final[Patch] = load(
    (_HERE / "0009-kvm-introduce-struct-kvm_plane.patch").read_text(encoding="utf-8"),
    tomllib.loads((_HERE / "lines.toml").read_text(encoding="utf-8")),
)
