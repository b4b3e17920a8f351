# SPDX-License-Identifier: GPL-2.0-only
"""The heap as a picture: `struct kvm` with its sixteen slots, the planes, and who points where."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from kvmplanes.given import A_RUN, brief, typed
from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.runs.trace import Object, State, Trace
from kvmplanes.view.chips import chips
from kvmplanes.view.describe import describe, marks, role_of, slots_in_words
from kvmplanes.view.page import svg
from kvmplanes.view.page.html import Html

_LEFT, _RIGHT = 10, svg.WIDTH - 10
_KVM, _CELLS, _CELL, _KVM_END = 12, 96, 42, 152  # y of struct kvm, of its slots, their height, y of its lower edge
_BARE_END = 66  # y of the lower edge of a struct kvm without slots
_PLANES, _PLANE, _CHIPS = 214, 78, 344  # y of the planes, their height, y of everything else
_NEAR = 28  # from struct kvm to everything else where no plane or pointer stands between
_BOX, _ROOMY, _PAST = 124, 5, 56  # width of a plane's box; above _ROOMY planes they get narrow; a place past the array
_MOST = 3  # members that a plane's box has room for
_MEMBERS = ("mm", "users_count")
Changed = Mapping[str, str] | Collection[str]


def heap_svg(
    state: State, *, changed: Changed = (), title: str = "The heap", desc: str = "", steady: bool = False
) -> str:
    """The heap at one moment.

    Args:
        state: heap and references.
        changed: names ("plane#0", "srcu", "fd") and places ("kvm#1->planes[0]") to mark as changed;
            a mapping gives the word to write there, as `describe.marks` does for a step.
        title: what the picture is.
        desc: a sentence to put before the description, which always tells the whole state.
        steady: keep room for planes and objects that are not there, so that nothing jumps from one step's
            picture to the next.
    """
    marked = _marked(changed)
    key = svg.key_of("heap", state, sorted(marked.items()), title, desc)
    heap = _Heap(state, marked, key)
    rest, bottom = chips(state, marked, heap.below(steady), steady=steady)
    body = [*heap.kvm(), *heap.planes(), *rest]
    words = f"{desc} {describe(state, marked)}".strip()
    return svg.picture(body, bottom, key=key, title=title, desc=words, defs=svg.hatch(key))


def slots_svg(state: State, *, changed: Changed = (), title: str = "The sixteen slots", desc: str = "") -> str:
    """Just `planes[0..15]`; arguments as for `heap_svg`."""
    marked = _marked(changed)
    key = svg.key_of("slots", state, sorted(marked.items()), title, desc)
    heap = _Heap(state, marked, key)
    summary = svg.text(_LEFT + 10, 20, "planes[16]", "m b") + svg.text(_RIGHT - 10, 20, heap.summary, "s", anchor="end")
    strip = svg.group("slots", *heap.slots(), at=(0, 48 - _CELLS))
    words = f"{desc} {slots_in_words(state, marked)}".strip()
    return svg.picture([summary, strip], 48 + _CELL + 10, key=key, title=title, desc=words, defs=svg.hatch(key))


def heap_picture(trace: Trace, at: int = -1) -> Html:
    """The heap after one step; `at` counts as a list index does, -1 is the last.

    Raises:
        ValueError: no such step.
    """
    return _picture("heap", heap_svg, describe, trace, at)


def slots_picture(trace: Trace, at: int = -1) -> Html:
    """The sixteen slots after one step; `at` counts as a list index does, -1 is the last.

    Raises:
        ValueError: no such step.
    """
    return _picture("sixteen slots", slots_svg, slots_in_words, trace, at)


def _picture(
    what: str, draw: Callable[..., str], words: Callable[[State, Mapping[str, str]], str], trace: Trace, at: int
) -> Html:
    typed(trace, Trace, A_RUN)
    if type(at) is not int or not -len(trace.steps) <= at < len(trace.steps):
        raise ValueError(f"no step {brief(at)}: this trace has steps 0..{len(trace.steps) - 1}; -1 is the last")
    step = trace.steps[at]
    title = f"The {what}, version {trace.version}, after step {step.index}"
    image = draw(step.state, changed=marks(step), title=title, desc=step.text)
    return svg.as_html(image, title=title, desc=f"{step.text} {words(step.state, marks(step))}")


def _marked(changed: Changed) -> dict[str, str]:
    return dict(changed) if isinstance(changed, Mapping) else dict.fromkeys(changed, "changed")


class _Heap:
    """One picture: the state, and where its slots stand."""

    def __init__(self, state: State, marked: Mapping[str, str], key: str) -> None:
        self.state, self.marked, self.hatch = state, marked, f"url(#{key}-hatch)"
        self.beyond = state.beyond
        self.array = state.kvm is None or state.kvm.get("planes[0]") != ""
        self.cell = (_RIGHT - _LEFT - 20 - (_PAST + 12) * len(self.beyond)) / KVM_MAX_PLANES
        members = dict(state.kvm.fields) if state.kvm else {}
        self.slot_values = {**dict(enumerate(state.slots)), **{i: members[f"planes[{i}]"] for i in self.beyond}}

    @property
    def summary(self) -> str:
        """How many slots are in which state."""
        kinds = ("live", "dangling", "empty", "in freed memory")
        counts = [(self.state.occupancy.count(kind), kind) for kind in kinds]
        return ", ".join(f"{count} {kind}" for count, kind in counts if count)

    def below(self, steady: bool) -> int:
        """Where the planes, or the room for them, end."""
        planes = any(obj.kind == "plane" for obj in self.state.objects) or set(self.slot_values.values()) != {"NULL"}
        if self.array and (planes or steady):
            return _CHIPS
        return (_KVM_END if self.array else _BARE_END) + _NEAR

    # -- struct kvm and its slots -----------------------------------------------------------------

    def kvm(self) -> Iterator[str]:
        """The box, its two scalar members, the slots."""
        kvm = self.state.kvm
        mark = self.marked.get(kvm.name, "") if kvm else ""
        box = self._box(_LEFT, _KVM, _RIGHT - _LEFT, (_KVM_END if self.array else _BARE_END) - _KVM, kvm, mark)
        yield svg.group(f"kvm {life(kvm)}", box)
        if kvm is None:
            yield svg.text(20, 32, "no struct kvm", "m mute")
        else:
            x = 20 + svg.MONO * (len(kvm.name) + 1)
            yield svg.text(20, 32, kvm.name, "m b") + svg.text(x, 32, "struct kvm", "m mute")
            yield life_word(x + svg.MONO * 11, 32, kvm, "s b")
            yield svg.tag(x + 165, 32, mark, role_of(mark)) if mark else ""
            yield from self._members(kvm)
        words = f"planes[16]: {self.summary}" if self.array else "no planes[] in this version"
        yield svg.text(_RIGHT - 10, 32, words, "s", anchor="end")
        if self.array:
            yield svg.group("slots", *self.slots())

    def _members(self, kvm: Object) -> Iterator[str]:
        x = 20.0
        for name in _MEMBERS:
            mark = self.marked.get(f"{kvm.name}->{name}", "")
            words = f"{name} = {kvm.get(name)}" + (f" ({mark})" if mark else "")
            yield svg.text(x, 52, words, f"m b {role_of(mark)}" if mark else "m")
            x += svg.MONO * (len(words) + 2)

    def slots(self) -> Iterator[str]:
        """Sixteen cells, and past the array's end what was written out of bounds; marked ones on top."""
        kinds: dict[int, str] = {**dict(enumerate(self.state.occupancy)), **dict.fromkeys(self.beyond, "out of bounds")}
        for at in sorted(kinds, key=lambda at: self._slot_mark(at) != ""):
            yield svg.group(f"slot {kinds[at].replace(' ', '-')}", *self._cell(at, *self._slot(at), kinds[at]))

    def _slot(self, at: int) -> tuple[float, float]:
        """Left edge and width of a slot, or of a place past the end."""
        if at in self.beyond:
            return _RIGHT - 10 - (_PAST + 12) * (len(self.beyond) - self.beyond.index(at)) + 12, _PAST
        return _LEFT + 10 + at * self.cell, self.cell

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
        middle, y, freed = x + width / 2, _CELLS + 30, kind == "in freed memory"
        yield svg.rect(x, _CELLS, width, _CELL, "paper" if freed or kind == "empty" else f"a {role}", r=0)
        yield svg.rect(x, _CELLS, width, _CELL, "", r=0, fill=self.hatch) if freed else ""
        yield svg.rect(x, _CELLS, width, _CELL, f"{line} d" if freed else line, r=0)
        yield svg.text(middle, _CELLS + 15, str(at), "s mute" if kind == "empty" else "s", anchor="middle")
        if freed and self.slot_values[at] != "NULL":
            yield svg.disc(middle, y, 4.5, "l w bad")  # a ring: what it holds is still there, but not its own any more
        elif freed or kind in ("live", "empty"):
            yield svg.disc(middle, y, 5 if kind == "live" else 2, f"f {role}")
        else:
            yield svg.cross(middle, y)
        first = self._alike(at)
        if mark and self._alike(at + 1) != first:  # one word above neighbours marked alike, drawn with the last
            above = _CELLS - (27 if at in self.beyond else 9)  # two rows, as slot 15 may be marked as well
            middle = (self._slot(first)[0] + x + width) / 2
            yield svg.tag(middle, above, mark, role_of(mark), within=(_LEFT + 6, _RIGHT - 6))

    # -- planes and pointers ----------------------------------------------------------------------

    def planes(self) -> Iterator[str]:
        """Every plane, under its slot as far as there is room, and the pointers both ways."""
        planes = sorted((obj for obj in self.state.objects if obj.kind == "plane"), key=lambda plane: plane.level)
        roomy = len(planes) <= _ROOMY
        width = min(_BOX, (_RIGHT - _LEFT + 8) / max(len(planes), 1) - 8) if roomy else self.cell - 2
        levels = [plane.level for plane in planes]
        slots = [self._slot(level if level in self.beyond else min(level, KVM_MAX_PLANES - 1)) for level in levels]
        edges = _spread([x + wide / 2 for x, wide in slots], width, 8 if roomy else 2)
        places = {plane.name: x for plane, x in zip(planes, edges, strict=True)}
        held = {at: value for at, value in self.slot_values.items() if value != "NULL"}
        words = "dangling" if roomy and len(held) <= _ROOMY else ""
        for plane in planes:
            x = places[plane.name]
            target = self.state.find(plane.get("kvm"))
            if plane.live and plane.get("kvm") != "NULL":
                good, end = target is not None and target.live, x + 0.8 * width
                yield svg.pointer((end, _PLANES), (end, _KVM_END), "back d", broken=0 if good else 0.4, words=words)
            yield svg.group(f"plane {life(plane)}", *self._plane(plane, x, width, roomy))
        if "in freed memory" in self.state.occupancy:
            words = "in freed memory" if words and len(held) == 1 else ""  # no room for it at two side by side
        for at, value in held.items():
            yield self._pointer(at, value, places, width, words)

    def _pointer(self, at: int, value: str, places: Mapping[str, float], width: float, words: str) -> str:
        """From a slot to a plane; to nowhere when the value is no plane."""
        x, wide = self._slot(at)
        start = x + wide / 2
        end = places[value] + 0.2 * width if value in places else start
        start = end if abs(end - start) < self.cell / 2 else start
        target = self.state.find(value)
        good = target is not None and target.live and self.state.kvm is not None and self.state.kvm.live
        tip = (end, _PLANES if value in places else _PLANES - 14)
        return svg.pointer((start, _CELLS + _CELL), tip, "live", broken=0 if good else 0.45, words=words)

    def _plane(self, plane: Object, x: float, width: float, roomy: bool) -> Iterator[str]:
        hit = next((name for name, _ in plane.fields if f"{plane.name}->{name}" in self.marked), "")
        mark = self.marked.get(plane.name, "") or self.marked.get(f"{plane.name}->{hit}", "")
        middle, below = x + width / 2, _PLANES + _PLANE + 15
        yield self._box(x, _PLANES, width, _PLANE, plane, mark)
        if roomy:
            yield svg.text(x + 7, _PLANES + 18, plane.name, "m b")
            yield life_word(x + width - 7, _PLANES + 18, plane, "s b" if width > 110 else "t", "end")
            for row, (name, value) in enumerate(plane.fields[:_MOST]):
                words = f"{name} = {value}"
                words = name if name == "vcpu_array" and len(words) * svg.MONO > width - 14 else words
                cls = f"m b {role_of(mark)}" if name == hit else "m"
                yield svg.text(x + 7, _PLANES + 36 + 16 * row, svg.short(words, width - 14), cls)
        else:
            yield svg.text(middle, _PLANES + 18, plane.name.removeprefix(plane.kind), "m b", anchor="middle")
            yield life_word(middle, _PLANES + 36, plane, "t", "middle")
        if mark:
            yield svg.tag(middle, below, f"{hit} {mark}".strip(), role_of(mark), within=(_LEFT, _RIGHT))
        elif plane.live and plane.name not in self.slot_values.values():
            yield svg.text(middle, below, "in no slot", "s mute halo", anchor="middle")

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


def _spread(centres: list[float], width: float, gap: float) -> list[float]:
    """Left edges of boxes near their centres, in order, not overlapping, within the picture."""
    edges: list[float] = []
    for centre in centres:
        edges.append(max(centre - width / 2, edges[-1] + width + gap if edges else _LEFT))
    limit = _RIGHT - width
    for i in reversed(range(len(edges))):
        edges[i] = min(edges[i], limit)
        limit = edges[i] - width - gap
    return edges
