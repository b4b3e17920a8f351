# SPDX-License-Identifier: GPL-2.0-only
"""What a mutant is: a version with one edit of its C, and the reason if nobody could see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from kvmplanes.model.series import VERSIONS, Version


@dataclass(frozen=True)
class Mutant:
    """One mistake, made in one place.

    Args:
        name: a few words, unlike any other mutant's.
        base: the version that is edited, one without a defect of its own: "11" or "29-fixed".
        function: the function that is edited.
        story: what somebody might have meant, or missed.
        edit: (old lines, new lines) of its C, as for `Version.edit`.
        equivalent: why no run can tell it from its base; "" if some run can.
    """

    name: str
    base: str
    function: str
    story: str
    edit: tuple[str, str]
    equivalent: str = ""

    @cached_property
    def version(self) -> Version:
        """The edited version."""
        return VERSIONS[self.base].edit(self.name, self.story, (self.function, *self.edit))

    def __str__(self) -> str:
        return self.name
