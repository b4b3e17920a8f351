# SPDX-License-Identifier: GPL-2.0-only
"""Everything that a VM takes besides its planes, as small labelled chips below the heap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kvmplanes.runs.trace import State
from kvmplanes.view.describe import REFS, others, role_of
from kvmplanes.view.page import svg

_HEIGHT, _LOW, _GAP, _PIP = 23, 19, 5, 11  # heights of a chip, in a wide and in a narrow picture
_GROUPED: Final = {"bus": "buses", "file": "files"}  # kinds that share a chip, with a pip for each object


@dataclass(frozen=True, slots=True)
class _Chip:
    """One chip: its words, what it says about life, the mark of this step, and a pip for each object (live or not)."""

    words: str
    state: str
    mark: str
    pips: tuple[bool, ...] = ()

    @property
    def width(self) -> float:
        return 6.95 * len(self.words) + 13 + (_PIP * len(self.pips) + 3 if self.pips else 0)


def chips(
    state: State, marked: Mapping[str, str], top: float, *, steady: bool, width: float = svg.WIDTH
) -> tuple[list[str], float]:
    """The drawing of every other object and of the counted references, and the y where it ends.

    Args:
        state: heap and references.
        marked: what the step did to which of them.
        top: the baseline of the first heading.
        steady: keep room for two rows of objects, there or not.
        width: of the picture; where it is narrow, references that nobody holds share a chip.
    """
    narrow = width < svg.WIDTH
    high, edges = (_LOW, (4.0, width - 4.0)) if narrow else (_HEIGHT, (10.0, width - 10.0))
    names = [*(obj.name for obj in others(state)), *REFS]
    hit = next((name for name in names if name in marked), "")
    name = REFS.get(hit, hit.partition("#")[0]) if narrow else hit  # beside a heading there is room for a kind
    tag = svg.tag(edges[1], top, f"{name} {marked[hit]}", role_of(marked[hit]), within=edges) if hit else ""
    body, y = [tag], top
    if steady or others(state):
        drawn, end = _rows(_objects(state, marked), top + 10, edges, high, least=2 if steady else 1)
        body, y = [svg.text(edges[0], top, "Also acquired", "s b"), tag, *drawn], end + 18
    drawn, end = _rows(_references(state, marked, together=narrow), y + 10, edges, high, least=1)
    return [*body, svg.text(edges[0], y, "Counted references", "s b"), *drawn], end + 4


def _objects(state: State, marked: Mapping[str, str]) -> Iterator[_Chip]:
    """In the order of acquisition; objects of one kind share a chip."""
    kinds = dict.fromkeys(obj.kind for obj in others(state))
    for kind in kinds:
        objects = [obj for obj in others(state) if obj.kind == kind]
        mark = next((marked[obj.name] for obj in objects if obj.name in marked), "")
        life = "live" if any(obj.live for obj in objects) else "freed"
        if kind in _GROUPED and (len(objects) > 1 or kind == "bus"):
            yield _Chip(_GROUPED[kind], life, mark, tuple(obj.live for obj in objects))
        else:
            yield _Chip(objects[0].name, life, mark)


def _references(state: State, marked: Mapping[str, str], *, together: bool) -> Iterator[_Chip]:
    """All of them, at zero too: so a count that stays behind stands out; those at zero `together` in one chip."""
    held = dict(state.refs)
    zero = [name for name in REFS if together and not held.get(name) and name not in marked]
    for name, short in REFS.items():
        if name in zero:
            continue
        count = held.get(name, 0)
        kind = "live" if count > 0 else "wrong" if count < 0 else "none"
        yield _Chip(f"{short} {count}", kind, marked.get(name, ""))
    if zero:
        yield _Chip(f"{'all' if len(zero) == len(REFS) else 'the others'} 0", "none", "")


def _rows(
    chips: Iterable[_Chip], y: float, edges: tuple[float, float], high: float, *, least: int
) -> tuple[list[str], float]:
    """Chips in as many rows as they need, and the y below; room for `least` rows is kept in any case."""
    row, drawn = high + _GAP, []
    x, end = edges[0], y + least * row
    for chip in chips:
        if x + chip.width > edges[1]:
            x, y = edges[0], y + row
        drawn.append(_draw(chip, x, y, high))
        x += chip.width + _GAP
    return drawn, max(end, y + row)


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
        svg.rect(x, y, chip.width, high, f"a {role}" if chip.state in ("live", "wrong") else "paper", r=high / 2),
        svg.rect(x, y, chip.width, high, line, r=high / 2),
        svg.text(x + 6.5, y + high / 2 + 4.5, chip.words, words),
        *pips,
    )
