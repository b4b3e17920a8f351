# SPDX-License-Identifier: GPL-2.0-only
"""Everything that a VM takes besides its planes, as small labelled chips below the heap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kvmplanes.runs.trace import State
from kvmplanes.view.describe import REFS, others, role_of, use_of
from kvmplanes.view.page import svg
from kvmplanes.view.room import NO_ROOM, Room

_HEIGHT, _LOW, _GAP, _PIP = 23, 19, 5, 11  # heights of a chip, in a wide and in a narrow picture
_GROUPED: Final = {"bus": "buses", "file": "files"}  # kinds that share a chip, with a pip for each object


# The call that takes what a chip stands for, a kind of object or a reference, as `USES` has it.
_TAKEN_BY: Final = {
    "srcu": "init_srcu_struct(&kvm->srcu)",
    "irq_srcu": "init_srcu_struct(&kvm->irq_srcu)",
    "irq_routing": "kvm_init_irq_routing",
    "bus": "kvm_alloc_bus",
    "arch": "kvm_arch_init_vm",
    "mmio_ring": "kvm_coalesced_mmio_init",
    "debugfs": "kvm_create_vm_debugfs",
    "file": "anon_inode_getfile",
    "fd": "get_unused_fd_flags",
    "current->mm": "mmgrab(current->mm)",
    "virtualization": "kvm_enable_virtualization",
    "mmu_notifier": "kvm_init_mmu_notifier",
    "vm_list": "list_add(&kvm->vm_list",
    "preempt_notifier": "preempt_notifier_inc",
    "pm_notifier": "kvm_init_pm_notifier",
}


@dataclass(frozen=True, slots=True)
class _Chip:
    """One chip.

    Attributes:
        what: what it stands for, in words.
        words: what is written on it.
        state: what it says about life.
        mark: that of this step.
        pips: one for each object, live or not.
    """

    what: str
    words: str
    state: str
    mark: str
    pips: tuple[bool, ...] = ()

    @property
    def width(self) -> float:
        return 6.95 * len(self.words) + 13 + (_PIP * len(self.pips) + 3 if self.pips else 0)


def chips(
    state: State, marked: Mapping[str, str], top: float, *, room: Room = NO_ROOM, width: float = svg.WIDTH
) -> tuple[list[str], float]:
    """The drawing of every other object and of the counted references, and the y where it ends.

    Args:
        state: heap and references.
        marked: what the step did to which of them.
        top: the baseline of the first heading.
        room: keep room for so many rows of chips.
        width: of the picture; where it is narrow, references that nobody holds share a chip.
    """
    high, edges = (_LOW if width < svg.WIDTH else _HEIGHT), _edges(width)
    names = [*(obj.name for obj in others(state)), *REFS]
    hit = next((name for name in names if name in marked), "")
    # Beside a heading of a narrow picture there is room for a kind alone.
    name = REFS.get(hit, hit.partition("#")[0]) if width < svg.WIDTH else hit
    tag = svg.tag(edges[1], top, f"{name} {marked[hit]}", role_of(marked[hit]), within=edges) if hit else ""
    body, y = [tag], top
    objects, references = _placed(state, marked, width)
    for title, placed, least in (
        ("Also acquired", objects, room.objects),
        ("Counted references", references, room.references),
    ):
        count = max([least, *(row + 1 for _, _, row in placed)])
        if count:
            body.append(svg.text(edges[0], y, title, "s b"))
            body += [_draw(chip, x, y + 10 + row * (high + _GAP), high) for chip, x, row in placed]
            y += count * (high + _GAP) + 28
    return body, y - 14


def chip_rows(state: State, marked: Mapping[str, str], width: float) -> tuple[int, int]:
    """How many rows of chips the objects and the references take."""
    objects, references = (1 + max((row for *_, row in placed), default=-1) for placed in _placed(state, marked, width))
    return objects, references


_Placed = list[tuple[_Chip, float, int]]  # a chip, its x, its row


def _placed(state: State, marked: Mapping[str, str], width: float) -> tuple[_Placed, _Placed]:
    """The chips of objects and of references, where they stand."""
    references = _references(state, marked, together=width < svg.WIDTH)
    return _in_rows(_objects(state, marked), _edges(width)), _in_rows(references, _edges(width))


def _edges(width: float) -> tuple[float, float]:
    return (4.0, width - 4.0) if width < svg.WIDTH else (10.0, width - 10.0)


def _objects(state: State, marked: Mapping[str, str]) -> Iterator[_Chip]:
    """In the order of acquisition; objects of one kind share a chip."""
    kinds = dict.fromkeys(obj.kind for obj in others(state))
    for kind in kinds:
        objects = [obj for obj in others(state) if obj.kind == kind]
        mark = next((marked[obj.name] for obj in objects if obj.name in marked), "")
        what = _what(kind)
        life = "live" if any(obj.live for obj in objects) else "freed"
        if kind in _GROUPED and (len(objects) > 1 or kind == "bus"):
            yield _Chip(what, _GROUPED[kind], life, mark, tuple(obj.live for obj in objects))
        else:
            yield _Chip(what, objects[0].name, life, mark)


def _references(state: State, marked: Mapping[str, str], *, together: bool) -> Iterator[_Chip]:
    """All of them, at zero too: so a count that stays behind stands out; those at zero `together` in one chip."""
    held = dict(state.refs)
    zero = [name for name in REFS if together and not held.get(name) and name not in marked]
    for name, short in REFS.items():
        if name in zero:
            continue
        count = held.get(name, 0)
        kind = "live" if count > 0 else "wrong" if count < 0 else "none"
        yield _Chip(_what(name), f"{short} {count}", kind, marked.get(name, ""))
    if zero:
        yield _Chip(f"at zero: {', '.join(zero)}", f"{'all' if len(zero) == len(REFS) else 'the others'} 0", "none", "")


@lru_cache(64)
def _what(name: str) -> str:
    """What a kind of object or a reference is there for, for whoever points at its chip."""
    return f"{name}: {use}" if (use := use_of(_TAKEN_BY.get(name, ""))) else name


def _in_rows(chips: Iterable[_Chip], edges: tuple[float, float]) -> _Placed:
    """Chips in as many rows as they need."""
    x, row, placed = edges[0], 0, []
    for chip in chips:
        if x + chip.width > edges[1]:
            x, row = edges[0], row + 1
        placed.append((chip, x, row))
        x += chip.width + _GAP
    return placed


@lru_cache(1024)
def _draw(chip: _Chip, x: float, y: float, high: float) -> str:
    role = {"live": "live", "wrong": "bad"}.get(chip.state, "mute")
    dashed = " d" if chip.state == "freed" else ""
    line = f"l w {role_of(chip.mark)}" if chip.mark else f"l h {role}{dashed}"
    words = {"freed": "m s x mute", "none": "m s mute"}.get(chip.state, "m s")
    first = x + chip.width - _PIP * len(chip.pips) - 1
    pips = [
        svg.disc(first + _PIP * i, y + high / 2, 3.5, "f live" if live else "l h mute")
        for i, live in enumerate(chip.pips)
    ]
    return svg.group(
        f"chip {chip.state}",
        svg.title(chip.what),
        svg.rect(x, y, chip.width, high, f"a {role}" if chip.state in ("live", "wrong") else "paper", r=high / 2),
        svg.rect(x, y, chip.width, high, line, r=high / 2),
        svg.text(x + 6.5, y + high / 2 + 4.5, chip.words, words),
        *pips,
    )
