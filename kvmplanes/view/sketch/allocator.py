# SPDX-License-Identifier: GPL-2.0-only
"""Why the bytes of a freed object stay: a slab of four objects, in use, with one freed, and given out again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kvmplanes.view.page import svg
from kvmplanes.view.page.html import Html

_OBJECTS: Final = 4
_LEFT, _WIDE, _GAP, _HIGH = 14, 124, 8, 52  # of the objects of a slab
_STRIP: Final = 118  # height of a strip: its caption, the slab, the list of free objects
_BAR: Final = 26  # from the upper edge of a strip to its slab
_VM: Final = 2  # the object that is followed, from 0


@dataclass(frozen=True, slots=True)
class Strip:
    """A slab at one moment.

    Attributes:
        caption: what has happened.
        look: of the object that is followed: live, freed or taken.
        owner: whose it is.
        slot: what slot 0 shows there.
        free: the free objects, the one that is given out next at the head.
    """

    caption: str
    look: str
    owner: str
    slot: str
    free: tuple[int, ...]

    @property
    def words(self) -> str:
        """All that the strip shows."""
        free = " then ".join(f"object {at + 1}" for at in self.free)
        return f"{self.caption} Object {_VM + 1}: {self.owner}, {self.slot}. To be given out next: {free}."


STRIPS: Final = (
    Strip("1. In use.", "live", "struct kvm", "slot 0 = plane 0", (3,)),
    Strip("2. Freed: its address is noted, its bytes stay.", "freed", "freed", "slot 0 = plane 0", (2, 3)),
    Strip("3. Given out again: another owner's bytes.", "taken", "somebody else", "slot 0 = ?", (3,)),
)
_ROLE: Final = {"live": "live", "freed": "bad", "taken": "now"}


def allocator_picture() -> Html:
    """A slab in three moments: why slot 0 can be read after the free, and until when."""
    title = "Why the bytes stay"
    head = f"A slab of {_OBJECTS} objects, each as large as struct kvm; the other objects are somebody's."
    told = [head, *(strip.words for strip in STRIPS)]
    key = svg.key_of("allocator", told)
    body = [
        svg.group(f"strip {strip.look}", *_strip(strip, f"url(#{key}-hatch)"), at=(0, 8 + _STRIP * at))
        for at, strip in enumerate(STRIPS)
    ]
    height = 8 + _STRIP * len(STRIPS)
    image = svg.picture(body, height, key=key, title=title, desc=" ".join(told), defs=svg.hatch(key))
    return Html(svg.inline(image), "\n".join([title, *told]))


def _strip(strip: Strip, hatch: str) -> Iterator[str]:
    yield svg.text(_LEFT, 16, strip.caption, "b")
    if strip.look == "freed":
        yield svg.tag(svg.WIDTH, 16, "a window", "bad", within=(0, svg.WIDTH - _LEFT))
    for at in range(_OBJECTS):
        x = _LEFT + (_WIDE + _GAP) * at
        if at == _VM:
            yield svg.group("followed", *_followed(strip, x, hatch))
        else:
            free = at in strip.free
            yield svg.rect(x, _BAR, _WIDE, _HIGH, f"l h mute{' d' if free else ''}")
            yield svg.text(x + 10, _BAR + 20, "free" if free else "another object", "mute")
    yield from _list(strip)


def _followed(strip: Strip, x: float, hatch: str) -> Iterator[str]:
    role = _ROLE[strip.look]
    yield svg.box(x, _BAR, _WIDE, _HIGH, role=role, hatch=hatch if strip.look == "freed" else "")
    yield svg.text(x + 10, _BAR + 20, strip.owner, f"b {role}")
    yield svg.text(x + 10, _BAR + 40, strip.slot)


def _list(strip: Strip) -> Iterator[str]:
    """The list of free objects: an arrow to each, numbered in the order in which they are given out."""
    low = _BAR + _HIGH + 24
    yield svg.text(_LEFT, low, "to be given out, in this order:", "mute")
    for place, at in enumerate(strip.free, 1):
        x = _LEFT + (_WIDE + _GAP) * at + _WIDE / 2
        tail, tip = (x, low), (x, _BAR + _HIGH + 3)
        arrow = svg.path([tail, tip], "l mute") + svg.head(tip, tail, "f mute")
        yield svg.group("free", arrow, svg.text(x + 9, low, str(place), "b"))
