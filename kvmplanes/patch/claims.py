# SPDX-License-Identifier: GPL-2.0-only
"""What the pages say about posted patches other than the one under study, and how it is known.

>>> from kvmplanes.patch.claims import CLAIMS
>>> print(CLAIMS["31/60"])
31/60 (mail read): Each architecture allocates and frees its planes, with `kvm_alloc_plane()` and `kvm_free_plane()`.
>>> CLAIMS["31/60"].url
'https://lore.kernel.org/r/20260608144252.351443-32-joro@8bytes.org'
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

HOW: Final = ("mail read", "index", "second hand")


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said about one mail.

    Attributes:
        patch: its number as the pages write it, such as "26/60".
        message_id: of the mail, without angle brackets.
        how: what was read, one of `HOW`.
        claim: what the pages take from it, in our words; `backquotes` mark code.
        used: the pages and texts that name the patch, as paths in the repository.
    """

    patch: str
    message_id: str
    how: str
    claim: str
    used: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.how not in HOW:
            raise ValueError(f"claim on {self.patch}: how must be one of {', '.join(HOW)}, not {self.how!r}")
        if "@" not in self.message_id or not self.claim:
            raise ValueError(f"claim on {self.patch}: give a Message-ID and say what is taken from the mail")

    @property
    def url(self) -> str:
        """Where the mail can be read."""
        return f"https://lore.kernel.org/r/{self.message_id}"

    def __str__(self) -> str:
        """Number, what was read, and the claim."""
        return f"{self.patch} ({self.how}): {self.claim}"


def load(toml: str) -> Mapping[str, Claim]:
    """Read claims, by patch.

    Args:
        toml: a table for each mail with `message_id`, `how`, `claim` and `used`; line breaks do not matter.

    Raises:
        ValueError: a table lacks one of these, has another, or says none of `HOW`.
    """
    claims = {}
    for patch, table in tomllib.loads(toml).items():
        if set(table) != {"message_id", "how", "claim", "used"}:
            raise ValueError(f"claim on {patch}: give message_id, how, claim and used, not {', '.join(table)}")
        sentence = " ".join(table["claim"].split())
        claims[patch] = Claim(patch, table["message_id"], table["how"], sentence, tuple(table["used"]))
    return MappingProxyType(claims)


CLAIMS: Final[Mapping[str, Claim]] = load(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))
