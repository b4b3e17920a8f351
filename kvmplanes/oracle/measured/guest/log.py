# SPDX-License-Identifier: GPL-2.0-only
"""A boot's log: the guest's steps, and what the kernel printed during each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kvmplanes.oracle.measured.guest.symbols import FRAME

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
class Step:
    """What the log has between the begin and the end of one step of the guest, without the kernel's time stamps."""

    name: str
    lines: tuple[str, ...]

    def said(self, word: str) -> Iterator[dict[str, str]]:
        """The pairs of every line of the guest with this word."""
        return said(self.lines, word)


def lines_of(text: str) -> list[str]:
    """A log's lines without the kernel's time stamps."""
    return [_STAMP.sub("", line) for line in text.splitlines()]


def finished(text: str) -> bool:
    """Whether the guest came to its end and nothing the kernel printed was lost; else the log is not counted."""
    return "guest: all-done" in text and "printk messages dropped" not in text


def steps(lines: Iterable[str]) -> list[Step]:
    """The guest's steps in order."""
    found: list[Step] = []
    inside: list[str] | None = None
    for line in lines:
        if line.startswith("guest: begin step="):
            inside = []
        elif line.startswith("guest: end step=") and inside is not None:
            found.append(Step(line.partition("=")[2], tuple(inside)))
            inside = None
        elif inside is not None:
            inside.append(line)
    return found


def said(lines: Iterable[str], word: str) -> Iterator[dict[str, str]]:
    """The pairs of every line "guest: WORD key=value ..."."""
    head = f"guest: {word} "
    for line in lines:
        if line.startswith(head):
            yield dict(_PAIR.findall(line.removeprefix(head)))


def reports(lines: Sequence[str]) -> dict[str, Any]:
    """KASAN's reports by kind and by access, and Oopses; kinds and accesses only if there are any."""
    kinds, accesses = Counter[str](), Counter[str]()
    for place, line in enumerate(lines):
        if found := _KASAN.match(line):
            kinds[found[1]] += 1
            accesses.update(m[1].lower() for m in map(_ACCESS.match, lines[place + 1 : place + 4]) if m)
    counted: dict[str, Any] = {"kasan_reports": kinds.total()}
    if kinds:
        counted |= {"kinds": dict(kinds), "accesses": dict(accesses)}
    return counted | {"oopses": oopses(lines)}


def oopses(lines: Iterable[str]) -> int:
    """How often the kernel ended a task that had made it fault."""
    return sum(line.startswith("Oops: ") for line in lines)


def slub(lines: Iterable[str]) -> Counter[str]:
    """What SLUB's own checks report."""
    return Counter(found[2] for found in map(_SLUB.match, lines) if found and found[1] != "KASAN:")


def rows(step: Step) -> Iterator[tuple[int, list[str]]]:
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
            chain += places(line)
    return cut(chain)


def places(line: str) -> list[tuple[str, str]]:
    """The functions, innermost first, that a decoded line of a stack names; none for another line."""
    bare, inlined = _PLACE.sub("", line), _PLACE.search(line)
    found = FRAME.match(bare)
    if not found:
        return []
    if not inlined:
        return [(found["symbol"], "?")]
    return [(name, at) for name, _, at in (place.partition("@") for place in inlined[1].split())]


def cut(chain: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """A chain without the allocator at its inner end and without what called the ioctl's handler."""
    first = next((i for i, (name, _) in enumerate(chain) if not _INSIDE.match(name)), len(chain))
    last = next((i for i, (name, _) in enumerate(chain) if name in _OUTERMOST), len(chain))
    return list(chain[first : last + 1])


def site(chain: Iterable[tuple[str, str]]) -> str:
    """A chain in one line: the function that allocates < its callers."""
    return " < ".join(name for name, _ in chain)


@dataclass(frozen=True, slots=True)
class Leaks:
    """What kmemleak lists: objects by size in bytes, and by site."""

    sizes: Counter[str]
    sites: Counter[str]

    @property
    def planes(self) -> int:
        """How many of them were allocated in kvm_create_plane()."""
        return sum(n for name, n in self.sites.items() if name.startswith("kvm_create_plane"))


def leaks(step: Step) -> Leaks:
    """Read a step "leaks"."""
    sizes: list[str] = []
    chains: list[list[tuple[str, str]]] = []
    for line in step.lines:
        if found := re.match(r"guest: \| unreferenced object \S+ \(size (\d+)\)", line):
            sizes.append(found[1])
            chains.append([])
        elif chains:
            chains[-1] += places(line)
    return Leaks(Counter(sizes), Counter(site(cut(chain)) for chain in chains))
