# SPDX-License-Identifier: GPL-2.0-only
"""What a picture of the heap has to have room for; so all pictures of one run can have it, and nothing jumps."""

from __future__ import annotations

from typing import Final, NamedTuple


class Room(NamedTuple):
    """Of one picture what it needs; `one | other` has room for both.

    Attributes:
        words: y of the last line of words in struct kvm, above the slots.
        tags: rows of words above the slots.
        bare: whether struct kvm has no slots.
        planes: whether a plane, or a pointer to one, stands below it.
        high: height of a plane.
        tagged: whether a word stands below a plane.
        objects: rows of chips of other objects.
        references: rows of chips of references.
    """

    words: float = 32
    tags: int = 0
    bare: bool = False
    planes: bool = False
    high: float = 0
    tagged: bool = False
    objects: int = 0
    references: int = 1

    def __or__(self, other: Room) -> Room:
        return Room._make(map(max, self, other))


NO_ROOM: Final = Room()
