# SPDX-License-Identifier: GPL-2.0-only
"""A boot's log: the guest's steps, what the kernel printed during each, and the inlined functions of its stacks."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from kvmplanes.oracle.measured.guest.progress import output, read_text

# A line of a stack: as the kernel prints it, as kmemleak lists it, or as a cache counts it.
FRAME: Final = re.compile(
    r"^(?P<head>(?:guest: \|)?\s*(?:\d+ |\[<[0-9a-f]+>\] )?)"
    r"(?P<symbol>[A-Za-z_][\w.]*)\+0x(?P<offset>[0-9a-f]+)/0x(?P<size>[0-9a-f]+)(?P<tail>| age=.*| waste=.*)$"
)
_AT: Final = re.compile(r"(?:.*/)?([^/]+:\d+)(?: \(.*)?$")
_CUT: Final = re.compile(r"\.(?:part|isra|constprop|cold)(?:\.\d+)?")
_STAMP: Final = re.compile(r"^\[ *\d+\.\d+\] ?")
_PAIR: Final = re.compile(r"(\w+)=(.*?)(?= \w+=|$)")
_KASAN: Final = re.compile(r"BUG: KASAN: (\S+) in ")
_ACCESS: Final = re.compile(r"(Read|Write|Free) of (?:size|addr) ")
_SLUB: Final = re.compile(r"BUG (\S+) \([^)]*\): (.*)")
_PLACE: Final = re.compile(r" = (\S+@\S+(?: \S+@\S+)*)$")
# Functions of the allocators and of fault injection: never the site.
_INSIDE: Final = re.compile(
    r"(dump_stack|should_fail|fail_dump|_*slab|___cache|_*k[mvz]+alloc|kcalloc|krealloc|_*do_kmalloc|_*kvmalloc"
    r"|_*kmem_|kmemleak|_*alloc_object|allocate_slab|alloc_slab|alloc_from_pcs)"
)
_OUTERMOST: Final = ("kvm_dev_ioctl", "kvm_vm_ioctl")


@dataclass(frozen=True, slots=True)
class GuestStep:
    """What the log has between the begin and the end of one step of the guest, without the kernel's time stamps."""

    name: str
    lines: tuple[str, ...]

    def pairs_of(self, word: str) -> Iterator[dict[str, str]]:
        """The pairs of every line of the guest with this word."""
        return pairs_of(self.lines, word)


def lines_of(text: str) -> list[str]:
    """A log's lines without the kernel's time stamps."""
    return [_STAMP.sub("", line) for line in text.splitlines()]


def finished(text: str) -> bool:
    """Whether the guest came to its end and nothing the kernel printed was lost; else the log is not counted."""
    return "guest: all-done" in text and "printk messages dropped" not in text


def steps(lines: Iterable[str]) -> list[GuestStep]:
    """The guest's steps in order."""
    done: list[GuestStep] = []
    inside: list[str] | None = None
    for line in lines:
        if line.startswith("guest: begin step="):
            inside = []
        elif line.startswith("guest: end step=") and inside is not None:
            done.append(GuestStep(line.partition("=")[2], tuple(inside)))
            inside = None
        elif inside is not None:
            inside.append(line)
    return done


def pairs_of(lines: Iterable[str], word: str) -> Iterator[dict[str, str]]:
    """The pairs of every line "guest: WORD key=value ..."."""
    head = f"guest: {word} "
    for line in lines:
        if line.startswith(head):
            yield dict(_PAIR.findall(line.removeprefix(head)))


def reports(lines: Sequence[str]) -> dict[str, Any]:
    """KASAN's reports by kind and by access, and Oopses; kinds and accesses only if there are any."""
    kinds, accesses = Counter[str](), Counter[str]()
    for place, line in enumerate(lines):
        if report := _KASAN.match(line):
            kinds[report[1]] += 1
            accesses.update(m[1].lower() for m in map(_ACCESS.match, lines[place + 1 : place + 4]) if m)
    counted: dict[str, Any] = {"kasan_reports": kinds.total()}
    if kinds:
        counted |= {"kinds": dict(kinds), "accesses": dict(accesses)}
    return counted | {"oopses": oops_count(lines)}


def oops_count(lines: Iterable[str]) -> int:
    """How often the kernel ended a task that had made it fault."""
    return sum(line.startswith("Oops: ") for line in lines)


def slub(lines: Iterable[str]) -> Counter[str]:
    """What SLUB's own checks report."""
    return Counter(report[2] for report in map(_SLUB.match, lines) if report and report[1] != "KASAN:")


def rows(step: GuestStep) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sweep: N, and the lines of its process."""
    inside: list[str] = []
    for line in step.lines:
        if line.startswith("guest: row n="):
            inside = []
        elif line.startswith("guest: end-row n="):
            yield int(line.partition("=")[2]), inside
        else:
            inside.append(line)


def stack(lines: Iterable[str]) -> list[tuple[str, str]]:
    """The first stack in these lines: (function, file:line), allocators left out, up to the ioctl's handler."""
    chain: list[tuple[str, str]] = []
    inside = False
    for line in lines:
        if line.strip() == "<TASK>":
            inside = True
        elif line.strip() == "</TASK>":
            break
        elif inside:
            chain += functions_in(line)
    return cut(chain)


def functions_in(line: str) -> list[tuple[str, str]]:
    """The functions, innermost first, that a decoded line of a stack names; none for another line."""
    bare, inlined = _PLACE.sub("", line), _PLACE.search(line)
    frame = FRAME.match(bare)
    if not frame:
        return []
    if not inlined:
        return [(frame["symbol"], "?")]
    return [(name, at) for name, _, at in (place.partition("@") for place in inlined[1].split())]


def cut(chain: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """A chain without the allocator at its inner end and without what called the ioctl's handler."""
    first = next((i for i, (name, _) in enumerate(chain) if not _INSIDE.match(name)), len(chain))
    last = next((i for i, (name, _) in enumerate(chain) if name in _OUTERMOST), len(chain))
    return list(chain[first : last + 1])


def in_one_line(chain: Iterable[tuple[str, str]]) -> str:
    """A chain in one line: the function that allocates < its callers."""
    return " < ".join(name for name, _ in chain)


@dataclass(frozen=True, slots=True)
class LeakList:
    """What kmemleak lists: objects by size in bytes, and by site."""

    sizes: Counter[str]
    sites: Counter[str]

    @property
    def planes(self) -> int:
        """How many of them were allocated in kvm_create_plane()."""
        return sum(n for name, n in self.sites.items() if name.startswith("kvm_create_plane"))


def leaks(step: GuestStep) -> LeakList:
    """Read a step "leaks"."""
    sizes: list[str] = []
    chains: list[list[tuple[str, str]]] = []
    for line in step.lines:
        if leak := re.match(r"guest: \| unreferenced object \S+ \(size (\d+)\)", line):
            sizes.append(leak[1])
            chains.append([])
        elif chains:
            chains[-1] += functions_in(line)
    return LeakList(Counter(sizes), Counter(in_one_line(cut(chain)) for chain in chains))


# -- inlined functions: symbol+0x2b3/0xd60 becomes the chain of functions that stand at that place -------------------


class Address(NamedTuple):
    """A place in the kernel: a symbol, the offset in it and its size, in bytes."""

    symbol: str
    offset: int
    size: int


def frame_of(line: str) -> Address | None:
    """The place that a line of a stack names, None for another line and for a guess of the unwinder ("? symbol")."""
    frame = FRAME.match(line)
    return Address(frame["symbol"], int(frame["offset"], 16), int(frame["size"], 16)) if frame else None


def decoded_lines(lines: Iterable[str], folder: Path) -> list[str]:
    """Lines with `= function@file:line ...` behind each place, the innermost inlined function first.

    Args:
        lines: of a log, without the kernel's time stamps.
        folder: of the kernel that printed them, with vmlinux and System.map.
    """
    lines = list(lines)
    frames = {frame for line in lines if (frame := frame_of(line))}
    names = _names(frames, folder)
    return [f"{line} = {names[frame]}" if (frame := frame_of(line)) in names else line for line in lines]


def _names(frames: Iterable[Address], folder: Path) -> Mapping[Address | None, str]:
    """Each frame's chain, as addr2line gives it; a frame that System.map does not know has none."""
    table = _symbols(read_text(folder / "System.map"))
    places = {frame: place for frame in sorted(frames) if (place := _place(frame, table)) is not None}
    if not places:
        return {}
    # A return address is behind the call, so the byte before it belongs to the call.
    asked = [f"{place - 1:#x}" for place in places.values()]
    printed = output(["addr2line", "-fiae", str(folder / "vmlinux")], "\n".join(asked) + "\n")
    chains = re.split(r"^0x[0-9a-f]+\n", printed, flags=re.MULTILINE)[1:]
    return {frame: _chain(frame, text.split("\n")) for frame, text in zip(places, chains, strict=True)}


def _chain(frame: Address, lines: list[str]) -> str:
    names, places = lines[0::2], lines[1::2]
    pairs = [(name, _AT.match(at)) for name, at in zip(names, places, strict=False) if name]
    if pairs[0][0] == "??":
        return f"{_CUT.sub('', frame.symbol)}@?"
    outer = [name for name, _ in pairs[:-1]] + [frame.symbol]  # addr2line may not know the name of the outermost
    chain = [(_CUT.sub("", name), at[1] if at else "?") for name, (_, at) in zip(outer, pairs, strict=True)]
    return " ".join(f"{name}@{at}" for name, at in chain)


def _symbols(system_map: str) -> Mapping[str, list[tuple[int, int]]]:
    """Symbol -> (address, size) of each of that name; a symbol ends where the next one begins."""
    symbols = [(int(address, 16), name) for address, _, name in map(str.split, system_map.splitlines())]
    starts = sorted({address for address, _ in symbols})
    table: dict[str, list[tuple[int, int]]] = {}
    for address, name in symbols:
        place = bisect.bisect_right(starts, address)
        end = starts[place] if place < len(starts) else address
        table.setdefault(name, []).append((address, end - address))
    return table


def _place(frame: Address, table: Mapping[str, list[tuple[int, int]]]) -> int | None:
    """The address: of several symbols of one name the one that is as large as the log says."""
    of_name = table.get(frame.symbol, [])
    fits = [address for address, size in of_name if size == frame.size] or [address for address, _ in of_name]
    return fits[0] + frame.offset if fits else None
