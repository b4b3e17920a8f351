# SPDX-License-Identifier: GPL-2.0-only
"""Inlined functions in a kernel's log: symbol+0x2b3/0xd60 becomes the chain of functions that stand at that place."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from kvmplanes.oracle.measured.guest.progress import output, read

# A line of a stack: as the kernel prints it, as kmemleak lists it, or as a cache counts it.
FRAME: Final = re.compile(
    r"^(?P<head>(?:guest: \|)?\s*(?:\d+ |\[<[0-9a-f]+>\] )?)"
    r"(?P<symbol>[A-Za-z_][\w.]*)\+0x(?P<offset>[0-9a-f]+)/0x(?P<size>[0-9a-f]+)(?P<tail>| age=.*| waste=.*)$"
)
_AT: Final = re.compile(r"(?:.*/)?([^/]+:\d+)(?: \(.*)?$")
_CUT: Final = re.compile(r"\.(?:part|isra|constprop|cold)(?:\.\d+)?")


class Frame(NamedTuple):
    """A place in the kernel: a symbol, the offset in it and its size, in bytes."""

    symbol: str
    offset: int
    size: int


def frame_of(line: str) -> Frame | None:
    """The place that a line of a stack names, None for another line and for a guess of the unwinder ("? symbol")."""
    found = FRAME.match(line)
    return Frame(found["symbol"], int(found["offset"], 16), int(found["size"], 16)) if found else None


def decoded(lines: Iterable[str], folder: Path) -> list[str]:
    """Lines with `= function@file:line ...` behind each place, the innermost inlined function first.

    Args:
        lines: of a log, without the kernel's time stamps.
        folder: of the kernel that printed them, with vmlinux and System.map.
    """
    lines = list(lines)
    frames = {frame for line in lines if (frame := frame_of(line))}
    names = _names(frames, folder)
    return [f"{line} = {names[frame]}" if (frame := frame_of(line)) in names else line for line in lines]


def _names(frames: Iterable[Frame], folder: Path) -> Mapping[Frame | None, str]:
    """Each frame's chain, as addr2line gives it; a frame that System.map does not know has none."""
    table = _symbols(read(folder / "System.map"))
    places = {frame: place for frame in sorted(frames) if (place := _place(frame, table)) is not None}
    if not places:
        return {}
    # A return address is behind the call, so the byte before it belongs to the call.
    asked = [f"{place - 1:#x}" for place in places.values()]
    said = output(["addr2line", "-fiae", str(folder / "vmlinux")], "\n".join(asked) + "\n")
    chains = re.split(r"^0x[0-9a-f]+\n", said, flags=re.MULTILINE)[1:]
    return {frame: _chain(frame, text.split("\n")) for frame, text in zip(places, chains, strict=True)}


def _chain(frame: Frame, said: list[str]) -> str:
    names, places = said[0::2], said[1::2]
    pairs = [(name, _AT.match(at)) for name, at in zip(names, places, strict=False) if name]
    if pairs[0][0] == "??":
        return f"{_CUT.sub('', frame.symbol)}@?"
    outer = [name for name, _ in pairs[:-1]] + [frame.symbol]  # addr2line may not know the name of the outermost
    chain = [(_CUT.sub("", name), at[1] if at else "?") for name, (_, at) in zip(outer, pairs, strict=True)]
    return " ".join(f"{name}@{at}" for name, at in chain)


def _symbols(system_map: str) -> Mapping[str, list[tuple[int, int]]]:
    """Symbol -> (address, size) of each of that name; a symbol ends where the next one begins."""
    found = [(int(address, 16), name) for address, _, name in map(str.split, system_map.splitlines())]
    starts = sorted({address for address, _ in found})
    table: dict[str, list[tuple[int, int]]] = {}
    for address, name in found:
        place = bisect.bisect_right(starts, address)
        end = starts[place] if place < len(starts) else address
        table.setdefault(name, []).append((address, end - address))
    return table


def _place(frame: Frame, table: Mapping[str, list[tuple[int, int]]]) -> int | None:
    """The address: of several symbols of one name the one that is as large as the log says."""
    of_name = table.get(frame.symbol, [])
    fits = [address for address, size in of_name if size == frame.size] or [address for address, _ in of_name]
    return fits[0] + frame.offset if fits else None
