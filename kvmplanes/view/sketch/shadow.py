# SPDX-License-Identifier: GPL-2.0-only
"""How KASAN knows: eight bytes of memory, the one byte of shadow that stands for them, and what its values mean.

All figures are read out of a report as the kernel printed it. What the values mean is in Documentation/dev-tools/
kasan.rst and mm/kasan/kasan.h of Linux.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kvmplanes.given import brief, written
from kvmplanes.view.page import svg
from kvmplanes.view.page.html import Html

# Value of a shadow byte, as words and as a role of the picture.
OBJECT_FREED: Final = "fb"
MEANING: Final = (
    ("00", "live", "all eight bytes may be used"),
    ("01..07", "now", "only the first 1 to 7 of them"),
    (OBJECT_FREED, "bad", "none: the object was freed"),
    ("fc", "bad", "none: between two objects"),
)

_LEFT, _WIDE = 12, svg.WIDTH - 24
_OBJECT, _BYTES, _SHADOW, _KEY, _END = 30, 96, 172, 244, 304  # upper edges of the four rows, and the end
_HIGH: Final = 26  # height of a box


@dataclass(frozen=True, slots=True)
class Shadowed:
    """An access, as a report tells it.

    Attributes:
        access: such as "read".
        size: bytes of the access.
        offset: where it begins in its object.
        region: bytes of the object.
        line: the shadow bytes of the marked line.
        place: which of them is the access's.
        span: bytes of memory for which the line stands.
    """

    access: str
    size: int
    offset: int
    region: int
    line: tuple[str, ...]
    place: int
    span: int


def shadowed(report: str) -> Shadowed:
    """The access of a KASAN report; ValueError when a part of it is missing."""
    written(report, "report, a KASAN report,")
    access = re.search(r"^(Read|Write) of size (\d+) at addr ([0-9a-f]+)", report, re.MULTILINE)
    region = re.search(r"located (\d+) bytes inside of\s+(?:\w+ )?(\d+)-byte region", report)
    lines = re.findall(r"^[ >]([0-9a-f]{8,}):((?: [0-9a-f]{2})+)$", report, re.MULTILINE)
    marked = re.search(r"^>([0-9a-f]{8,}):((?: [0-9a-f]{2})+)$", report, re.MULTILINE)
    if not (access and region and marked and len(lines) > 1):
        raise ValueError(f"report must be a KASAN report with an access, an object and its shadow, not {brief(report)}")
    span = int(lines[1][0], 16) - int(lines[0][0], 16)
    line = tuple(marked[2].split())
    place = (int(access[3], 16) - int(marked[1], 16)) * len(line) // span
    return Shadowed(access[1].lower(), int(access[2]), int(region[1]), int(region[2]), line, place, span)


def shadow_picture(report: str, member: str) -> Html:
    """The picture of one access.

    Args:
        report: a KASAN report of an access to freed memory, as the kernel printed it.
        member: what lies at the place of the access, such as "planes[0]".

    Raises:
        ValueError: a part of the report is missing.
    """
    seen = shadowed(report)
    written(member, "member", 100)
    title = f"Eight bytes of memory, one byte of shadow: {member}"
    grain, value, line = seen.span // len(seen.line), seen.line[seen.place], " ".join(seen.line)
    count = f"{len(seen.line)} bytes of shadow, for {seen.span} bytes of memory"
    told = [
        f"An object of {seen.region} bytes, freed. The {seen.access}: {seen.size} bytes at {seen.offset}, {member}.",
        f"One byte of shadow stands for {grain} bytes of memory; here it is {value}.",
        f"The report prints {count}; number {seen.place + 1} is that of the access: {line}.",
        *(f"{value}: {words}." for value, _, words in MEANING),
    ]
    desc = " ".join(told)
    key = svg.key_of("shadow", title, told)
    body = [*_object(seen, key), *_bytes(seen, member), *_shadow(seen), *_key_of_values()]
    image = svg.picture(body, _END, key=key, title=title, desc=desc, defs=svg.hatch(key))
    return Html(svg.inline(image), "\n".join([title, *told]))


def _object(seen: Shadowed, key: str) -> Iterator[str]:
    """The whole object, and where in it the access is."""
    yield svg.text(_LEFT, _OBJECT - 10, f"one object, {seen.region} bytes, freed", "b")
    body = svg.rect(_LEFT, _OBJECT, _WIDE, _HIGH, "a l bad") + svg.rect(
        _LEFT, _OBJECT, _WIDE, _HIGH, "", fill=f"url(#{key}-hatch)"
    )
    yield svg.group("object", body)
    x = _at(seen)
    yield svg.rect(x - 2, _OBJECT - 3, 4, _HIGH + 6, "f now", r=1)
    first, last = _edges(seen)
    for corner in (first, last):
        yield svg.path([(x, _OBJECT + _HIGH + 3), (corner, _BYTES)], "l h d")


def _bytes(seen: Shadowed, member: str) -> Iterator[str]:
    """The bytes of the access, one by one."""
    first, last = _edges(seen)
    wide = (last - first) / seen.size
    for number in range(seen.size):
        yield svg.rect(first + number * wide, _BYTES, wide, _HIGH, "a l bad", r=0)
        label = str(seen.offset + number)
        yield svg.text(first + (number + 0.5) * wide, _BYTES + 17, label, "m", anchor="middle")
    beside = (first - 8, "end") if first > 2 * _LEFT + 80 else (last + 8, "start")
    yield svg.text(beside[0], _BYTES + 10, member, "b", anchor=beside[1])
    yield svg.text(beside[0], _BYTES + 25, f"{seen.access}: {seen.size} bytes", anchor=beside[1])
    x = _place(seen, seen.place)
    yield svg.path([(first, _BYTES + _HIGH), (x, _SHADOW)], "l n now")
    yield svg.path([(last, _BYTES + _HIGH), (x + _cell(seen), _SHADOW)], "l n now")


def _shadow(seen: Shadowed) -> Iterator[str]:
    """The line of shadow bytes that the report marks."""
    for number, value in enumerate(seen.line):
        x, here = _place(seen, number), number == seen.place
        yield svg.rect(x, _SHADOW, _cell(seen), _HIGH, "a l bad" if value == OBJECT_FREED else "a l live", r=0)
        if here:
            yield svg.rect(x, _SHADOW, _cell(seen), _HIGH, "l w now", r=0)
        yield svg.text(x + _cell(seen) / 2, _SHADOW + 17, value, "m b" if here else "m", anchor="middle")
    words = f"shadow: {len(seen.line)} bytes for {seen.span} bytes of memory, as the report prints them"
    yield svg.text(_LEFT, _SHADOW + _HIGH + 18, words, "b")


def _key_of_values() -> Iterator[str]:
    """What a shadow byte may say, in two columns."""
    for number, (value, role, words) in enumerate(MEANING):
        x, y = _LEFT + (number % 2) * _WIDE / 2, _KEY + (number // 2) * 30
        yield svg.rect(x, y - 4, 52, 22, f"a l {role}", r=0)
        yield svg.text(x + 26, y + 11, value, "m", anchor="middle")
        yield svg.text(x + 60, y + 11, words)


def _at(seen: Shadowed) -> float:
    """Where in the object's box the access is."""
    return _LEFT + _WIDE * seen.offset / seen.region


def _edges(seen: Shadowed) -> tuple[float, float]:
    """Left and right edge of the access's bytes, near their place in the object."""
    wide = 48.0 * seen.size
    first = min(max(_LEFT, _at(seen) - wide / 2), _LEFT + _WIDE - wide)
    return first, first + wide


def _cell(seen: Shadowed) -> float:
    return _WIDE / len(seen.line)


def _place(seen: Shadowed, number: int) -> float:
    return _LEFT + number * _cell(seen)
