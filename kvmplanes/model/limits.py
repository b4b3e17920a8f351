# SPDX-License-Identifier: GPL-2.0-only
"""What the model leaves out, each simplification with an id, its subject and its consequence for the reader.

>>> from kvmplanes.model.limits import LIMITS
>>> print(LIMITS["memslots"].left_out)
A VM has no memory.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

ABOUT: Final = ("memory", "failures", "the VM", "user space", "the C")


@dataclass(frozen=True, slots=True)
class Limit:
    """One simplification.

    Attributes:
        id: as in the comments `limit: id` of the code.
        about: its subject, one of `ABOUT`.
        left_out: what the model leaves out or makes simpler.
        consequence: what that means to a reader.
    """

    id: str
    about: str
    left_out: str
    consequence: str

    def __post_init__(self) -> None:
        if self.about not in ABOUT:
            raise ValueError(f"limit {self.id}: about must be one of {', '.join(ABOUT)}, not {self.about!r}")
        if not (self.left_out and self.consequence):
            raise ValueError(f"limit {self.id}: say what is left out, and the consequence")


def load(toml: str) -> Mapping[str, Limit]:
    """Read limits, by id.

    Args:
        toml: a table for each id with `about`, `left_out` and `consequence`; line breaks do not matter.

    Raises:
        ValueError: a table lacks one of these, has another, or names no subject of `ABOUT`.
    """
    limits = {}
    for name, table in tomllib.loads(toml).items():
        if set(table) != {"about", "left_out", "consequence"}:
            raise ValueError(f"limit {name}: give about, left_out and consequence, not {', '.join(table)}")
        limits[name] = Limit(name, **{key: " ".join(text.split()) for key, text in table.items()})
    return MappingProxyType(limits)


LIMITS: Final[Mapping[str, Limit]] = load(Path(__file__).with_name("limits.toml").read_text(encoding="utf-8"))
