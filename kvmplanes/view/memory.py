# SPDX-License-Identifier: GPL-2.0-only
"""`struct kvm` with its slots, the planes, and who points where, drawn at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.runs.trace import Object, State
from kvmplanes.view.describe import role_of
from kvmplanes.view.page import svg
from kvmplanes.view.room import NO_ROOM, Room

_KVM, CELL = 12, 42  # y of struct kvm, height of its slots
_LINE, _ABOVE, _BELOW = 18, 18, 24  # heights of a line of words, of a tag above the slots, of one below the planes
_NEAR, _CLOSE = 28, 22  # from what stands above to everything else, and that where it is narrow
_BOX, _INLINE, _ROOMY, _PAST = (
    124,
    100,
    84,
    56,
)  # widths: of a plane; where it has one line, words; a place past the array
_FEW, _MOST = 5, 3  # pointers that have room for words, members that a plane's box has room for
_MEMBERS = ("mm", "users_count")


class Memory:
    """One picture: the state, and where its slots stand."""

    def __init__(
        self, state: State, marked: Mapping[str, str], key: str, *, width: float = svg.WIDTH, room: Room = NO_ROOM
    ) -> None:
        self.state, self.marked, self.hatch = state, marked, f"url(#{key}-hatch)"
        self.narrow = width < svg.WIDTH
        self.mono, self.code, self.small = (6.65, "m t", "t") if self.narrow else (svg.MONO, "m", "s")
        edge, pad = (4, 6) if self.narrow else (10, 10)
        self.edges = (float(edge), width - edge)  # of what is drawn
        self.inside = (float(edge + pad), width - edge - pad)  # of what stands in struct kvm
        self.beyond = state.beyond
        bare = state.kvm is not None and state.kvm.get("planes[0]") == ""
        self.array = not (bare or (state.kvm is None and room.bare))
        self.cell = (self.inside[1] - self.inside[0] - (_PAST + 12) * len(self.beyond)) / KVM_MAX_PLANES
        members = dict(state.kvm.fields) if state.kvm else {}
        self.slot_values = {**dict(enumerate(state.slots)), **{i: members[f"planes[{i}]"] for i in self.beyond}}
        self.plane_objects = sorted(
            (obj for obj in state.objects if obj.kind == "plane"), key=lambda plane: plane.level
        )
        self.needs = self._needs(bare)
        self._place(self.needs | room)

    def _needs(self, bare: bool) -> Room:
        """The room for what there is; with it the width of a plane, and how words stand in it."""
        self.members = [*self._members()]
        room = (self.edges[1] - self.edges[0] + 8) / max(len(self.plane_objects), 1) - 8
        self.roomy = room >= _ROOMY
        self.box = min(_BOX, room) if self.roomy else self.cell - 2
        self.inline = not self.narrow or self.box >= _INLINE  # name and life of a plane in one line
        rows = max((len(plane.fields[:_MOST]) for plane in self.plane_objects), default=0) if self.roomy else 1
        return Room(
            words=max([32.0, *(y for _, y, *_ in self.members)]),
            tags=2 if self.beyond else any(map(self._slot_mark, range(KVM_MAX_PLANES))),
            bare=bare,
            planes=self.array and bool(self.plane_objects or set(self.slot_values.values()) != {"NULL"}),
            high=30 + 16 * rows + (0 if self.inline and self.roomy else 16) if self.plane_objects else 0,
            tagged=any(self._plane_mark(plane)[1] or not self._is_held(plane) for plane in self.plane_objects),
        )

    def _place(self, room: Room) -> None:
        """The y of everything."""
        self.words_end = room.words + _LINE * self.narrow
        self.cells = self.words_end + 8 + _ABOVE * room.tags
        self.kvm_end = self.cells + CELL + 14 if self.array else self.words_end + 14
        self.planes_top = self.kvm_end + (44 if self.narrow else 62)
        self.high = room.high
        end = self.planes_top + room.high + _BELOW * room.tagged if self.array and room.planes else self.kvm_end
        self.below = end + (_CLOSE if self.narrow else _NEAR)  # where everything else begins

    @property
    def summary(self) -> str:
        """How many slots are in which state."""
        kinds = ("live", "dangling", "empty", "in freed memory")
        counts = [(self.state.occupancy.count(kind), kind) for kind in kinds]
        return ", ".join(f"{count} {kind}" for count, kind in counts if count)

    # -- struct kvm and its slots -----------------------------------------------------------------

    def kvm(self) -> Iterator[str]:
        """The box, its two scalar members, the slots."""
        kvm, (left, right) = self.state.kvm, self.inside
        mark = self.marked.get(kvm.name, "") if kvm else ""
        box = self._box(self.edges[0], _KVM, self.edges[1] - self.edges[0], self.kvm_end - _KVM, kvm, mark)
        yield svg.group(f"kvm {life(kvm)}", box)
        if kvm is None:
            yield svg.text(left, 32, "no struct kvm", f"{self.code} mute")
        else:
            x = left + self.mono * (len(kvm.name) + 1)
            yield svg.text(left, 32, kvm.name, f"{self.code} b") + svg.text(x, 32, "struct kvm", f"{self.code} mute")
            yield life_word(x + self.mono * 11, 32, kvm, f"{self.small} b")
            place = right if self.narrow else x + 165
            yield svg.tag(place, 32, mark, role_of(mark), within=self.inside) if mark else ""
            yield from (svg.text(*member) for member in self.members)
        words = f"planes[16]: {self.summary}" if self.array else "no planes[] in this version"
        x, y, anchor = (left, self.words_end, "") if self.narrow else (right, 32, "end")
        yield svg.text(x, y, words, self.small, anchor=anchor)
        if self.array:
            yield svg.group("slots", *self.slots())

    def _members(self) -> Iterator[tuple[float, float, str, str]]:
        """Where each scalar member stands, what it says and its look."""
        kvm, (x, right), y = self.state.kvm, self.inside, 52.0
        for name in _MEMBERS:
            if kvm is None:
                return
            mark = self.marked.get(f"{kvm.name}->{name}", "")
            words = f"{name} = {kvm.get(name)}" + (f" ({mark})" if mark else "")
            if x + self.mono * len(words) > right:
                x, y = self.inside[0], y + _LINE
            yield x, y, words, f"{self.code} b {role_of(mark)}" if mark else self.code
            x += self.mono * (len(words) + 2)

    def slots(self) -> Iterator[str]:
        """Sixteen cells, and past the array's end what was written out of bounds; marked ones on top."""
        kinds: dict[int, str] = {**dict(enumerate(self.state.occupancy)), **dict.fromkeys(self.beyond, "out of bounds")}
        for at in sorted(kinds, key=lambda at: self._slot_mark(at) != ""):
            yield svg.group(f"slot {kinds[at].replace(' ', '-')}", *self._cell(at, *self._slot(at), kinds[at]))

    def _slot(self, at: int) -> tuple[float, float]:
        """Left edge and width of a slot, or of a place past the end."""
        if at in self.beyond:
            return self.inside[1] - (_PAST + 12) * (len(self.beyond) - self.beyond.index(at)) + 12, _PAST
        return self.inside[0] + at * self.cell, self.cell

    def _slot_mark(self, at: int) -> str:
        return self.marked.get(f"{self.state.kvm.name}->planes[{at}]", "") if self.state.kvm else ""

    def _alike(self, at: int) -> int:
        """The first of the slots side by side, up to this one, that are marked as this one is."""
        while 0 < at < KVM_MAX_PLANES and self._slot_mark(at) and self._slot_mark(at - 1) == self._slot_mark(at):
            at -= 1
        return at

    def _cell(self, at: int, x: float, width: float, kind: str) -> Iterator[str]:
        mark = self._slot_mark(at) or (kind if kind == "out of bounds" else "")
        role = {"live": "live", "empty": "mute"}.get(kind, "bad")
        line = f"l w {role_of(mark)}" if self._slot_mark(at) else f"l h {role}"
        middle, y, freed = x + width / 2, self.cells + 30, kind == "in freed memory"
        yield svg.rect(x, self.cells, width, CELL, "paper" if freed or kind == "empty" else f"a {role}", r=0)
        yield svg.rect(x, self.cells, width, CELL, "", r=0, fill=self.hatch) if freed else ""
        yield svg.rect(x, self.cells, width, CELL, f"{line} d" if freed else line, r=0)
        yield svg.text(middle, self.cells + 15, str(at), "s mute" if kind == "empty" else "s", anchor="middle")
        if freed and self.slot_values[at] != "NULL":
            yield svg.disc(middle, y, 4.5, "l w bad")  # a ring: what it holds is still there, but not its own any more
        elif freed or kind in ("live", "empty"):
            yield svg.disc(middle, y, 5 if kind == "live" else 2, f"f {role}")
        else:
            yield svg.cross(middle, y)
        first = self._alike(at)
        if mark and self._alike(at + 1) != first:  # one word above neighbours marked alike, drawn with the last
            above = self.cells - (27 if at in self.beyond else 9)  # two rows, as slot 15 may be marked as well
            middle = (self._slot(first)[0] + x + width) / 2
            yield svg.tag(middle, above, mark, role_of(mark), within=(self.edges[0] + 2, self.edges[1] - 2))

    # -- planes and pointers ----------------------------------------------------------------------

    def planes(self) -> Iterator[str]:
        """Every plane, under its slot as far as there is room, and the pointers both ways."""
        width, levels = self.box, [plane.level for plane in self.plane_objects]
        slots = [self._slot(level if level in self.beyond else min(level, KVM_MAX_PLANES - 1)) for level in levels]
        edges = _spread([x + wide / 2 for x, wide in slots], width, 8 if self.roomy else 2, self.edges)
        places = {plane.name: x for plane, x in zip(self.plane_objects, edges, strict=True)}
        held = {at: value for at, value in self.slot_values.items() if value != "NULL"}
        words = "dangling" if self.roomy and len(held) <= _FEW else ""
        for plane in self.plane_objects:
            x = places[plane.name]
            target = self.state.find(plane.get("kvm"))
            if plane.live and plane.get("kvm") != "NULL":
                good, end = target is not None and target.live, x + 0.8 * width
                yield self._arrow((end, self.planes_top), (end, self.kvm_end), "back d", 0 if good else 0.4, words)
            yield svg.group(f"plane {life(plane)}", *self._plane(plane, x, width))
        if "in freed memory" in self.state.occupancy:
            words = "in freed memory" if words and len(held) == 1 else ""  # no room for it at two side by side
        for at, value in held.items():
            yield self._pointer(at, value, places, width, words)

    def _pointer(self, at: int, value: str, places: Mapping[str, float], width: float, words: str) -> str:
        """From a slot to a plane; to nowhere when the value is no plane."""
        x, wide = self._slot(at)
        start = x + wide / 2
        end = places[value] + 0.2 * width if value in places else start
        start = end if abs(end - start) < wide / 2 else start
        target = self.state.find(value)
        good = target is not None and target.live and self.state.kvm is not None and self.state.kvm.live
        tip = (end, self.planes_top - (0 if value in places else 14))
        return self._arrow((start, self.cells + CELL), tip, "live", 0 if good else 0.45, words)

    def _arrow(self, tail: svg.Point, tip: svg.Point, cls: str, broken: float, words: str) -> str:
        return svg.pointer(tail, tip, cls, broken=broken, words=words, right=self.edges[1])

    def _plane(self, plane: Object, x: float, width: float) -> Iterator[str]:
        hit, mark = self._plane_mark(plane)
        top, middle, below = self.planes_top, x + width / 2, self.planes_top + self.high + 15
        yield self._box(x, top, width, self.high, plane, mark)
        if self.roomy:
            first = top + 36 + (0 if self.inline else 16)
            place, row, anchor = (x + width - 7, 18, "end") if self.inline else (x + 7, 34, "")
            yield svg.text(x + 7, top + 18, plane.name, f"{self.code} b")
            yield life_word(place, top + row, plane, f"{self.small} b" if width > 110 else "t", anchor)
            for row, (name, value) in enumerate(plane.fields[:_MOST]):
                words = f"{name} = {value}"
                words = name if name == "vcpu_array" and len(words) * self.mono > width - 12 else words
                cls = f"{self.code} b {role_of(mark)}" if name == hit else self.code
                yield svg.text(x + 7, first + 16 * row, svg.short(words, (width - 12) * svg.MONO / self.mono), cls)
        elif self.inline:
            yield svg.text(middle, top + 18, plane.name.removeprefix(plane.kind), "m b", anchor="middle")
            yield life_word(middle, top + 36, plane, "t", "middle")
        else:  # no room for a word
            yield svg.text(middle, top + 18, plane.name.removeprefix(f"{plane.kind}#"), "t", anchor="middle")
            yield svg.disc(middle, top + 32, 4, "f live") if plane.live else svg.cross(middle, top + 32, size=4)
        if mark:
            yield svg.tag(middle, below, f"{hit} {mark}".strip(), role_of(mark), within=self.edges)
        elif not self._is_held(plane):
            yield svg.text(middle, below, "in no slot", f"{self.small} mute halo", anchor="middle")

    def _plane_mark(self, plane: Object) -> tuple[str, str]:
        """The member of a plane that is marked, "" for none, and the mark of it or of the whole plane."""
        hit = next((name for name, _ in plane.fields if f"{plane.name}->{name}" in self.marked), "")
        return hit, self.marked.get(plane.name, "") or self.marked.get(f"{plane.name}->{hit}", "")

    def _is_held(self, plane: Object) -> bool:
        """Whether a slot leads to a plane, or none needs to."""
        return not plane.live or plane.name in self.slot_values.values()

    def _box(self, x: float, y: float, width: float, height: float, obj: Object | None, mark: str) -> str:
        """Of an object as it is now; a thin dashed line before there is one."""
        if obj is None:
            return svg.rect(x, y, width, height, "l h d mute")
        line = f"l w {role_of(mark)}" if mark else ""
        return svg.box(x, y, width, height, line=line, hatch="" if obj.live else self.hatch)


def life(obj: Object | None) -> str:
    """Whether an object is live or freed; "none" before there is one."""
    return "none" if obj is None else "live" if obj.live else "freed"


def life_word(x: float, y: float, obj: Object, cls: str, anchor: str = "") -> str:
    """`life` as a word of a picture."""
    return svg.text(x, y, life(obj), f"{cls} {'live' if obj.live else 'bad'}", anchor=anchor)


def _spread(centres: list[float], width: float, gap: float, ends: tuple[float, float]) -> list[float]:
    """Left edges of boxes near their centres, in order, not overlapping, between two ends."""
    edges: list[float] = []
    for centre in centres:
        edges.append(max(centre - width / 2, edges[-1] + width + gap if edges else ends[0]))
    limit = ends[1] - width
    for i in reversed(range(len(edges))):
        edges[i] = min(edges[i], limit)
        limit = edges[i] - width - gap
    return edges
