# SPDX-License-Identifier: GPL-2.0-only
"""What a mutant is: a version with one edit, the same edit in C, and the reason if nobody could see it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from kvmplanes.model.series import VERSIONS, Version
from kvmplanes.model.version import swap


@dataclass(frozen=True)
class Mutant:
    """One mistake, made in one place.

    Args:
        name: a few words, unlike any other mutant's.
        base: the version that is edited, one without a defect of its own: "11" or "29-fixed".
        function: the function that is edited.
        story: what somebody might have meant, or missed.
        edit: (old lines, new lines) of the Python text, as for `Version.edit`.
        c: the same for the function's C text, four spaces for a tab; None where C has nothing alike.
        equivalent: why no run can tell it from its base; "" if some run can.
    """

    name: str
    base: str
    function: str
    story: str
    edit: tuple[str, str]
    c: tuple[str, str] | None
    equivalent: str = ""

    @cached_property
    def version(self) -> Version:
        """The edited version."""
        return VERSIONS[self.base].edit(self.name, self.story, (self.function, *self.edit))

    def in_c(self, text: str) -> str:
        """A C file with this mutant's edit.

        Raises:
            ValueError: no C edit, no such function in the file, or the old lines stand there not once.
        """
        found = re.search(rf"^\S.*\b{self.function}\(.*\)\n{{\n(?:.*\n)*?}}\n", text, re.MULTILINE)
        if self.c is None or found is None:
            raise ValueError(f"{self.name} has no C edit" if found else f"the file has no function {self.function}")
        old, new = (lines.replace("    ", "\t") for lines in self.c)
        return text[: found.start()] + swap(self.function, found[0], old, new) + text[found.end() :]

    def __str__(self) -> str:
        return self.name
