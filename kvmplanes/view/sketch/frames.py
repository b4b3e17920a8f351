# SPDX-License-Identifier: GPL-2.0-only
"""The end of a VM as three frames of memory between the lines of C that lead from one to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kvmplanes.given import A_RUN, typed
from kvmplanes.runs.trace import Frame, Object, Step, Trace
from kvmplanes.runs.words import many
from kvmplanes.view.memory import life, life_word
from kvmplanes.view.page import svg
from kvmplanes.view.page.html import Html

_TEARDOWN: Final = "kvm_destroy_vm"
_LEFT, _WIDE = 10, svg.WIDTH - 20
_LINE, _FRAME = 26, 126  # height of a line of C, of a frame
_PLANE, _PLANE_WIDE, _KVM, _KVM_WIDE = 22, 150, 252, 286  # left edges and widths of the two boxes
_BOX, _BOX_HIGH = 8, 66  # upper edge and height of the boxes in a frame
_SLOT, _SLOT_WIDE, _CELL, _CELL_HIGH = 262, 116, 38, 27  # slot 0 and the others, folded, in the box of struct kvm
_BACK_Y, _SLOT_Y = 24, 51  # where the two arrows run
_CAPTION: Final = (99, 116)


@dataclass(frozen=True, slots=True)
class Moment:
    """Memory after one line of kvm_destroy_vm.

    Attributes:
        line: the line that has just run.
        kvm: the VM's struct kvm.
        plane: its plane.
        reads: of freed memory, from the beginning of the run.
        writes: the same.
        written: whether the line wrote a slot that was freed.
    """

    line: Frame
    kvm: Object
    plane: Object
    reads: int
    writes: int
    written: bool

    @property
    def slot(self) -> str:
        """What the plane's slot holds: a name, or "NULL"."""
        return self.kvm.get(f"planes[{self.plane.level}]")

    @property
    def leading(self) -> tuple[int, ...]:
        """The slots that hold the plane's address."""
        held = enumerate(value for name, value in self.kvm.fields if name.startswith("planes["))
        return tuple(level for level, value in held if value == self.plane.name)

    @property
    def others(self) -> str:
        """The other slots in words."""
        values = [value for name, value in self.kvm.fields if name.startswith("planes[")]
        values.pop(self.plane.level)
        held = [value for value in values if value != "NULL"]
        return f"the other {len(values)}: {', '.join(held) or 'NULL'}"

    @property
    def caption(self) -> str:
        """What this moment shows, in a sentence or two."""
        plane, slot = self.plane.name, f"slot {self.plane.level}"
        alone = self.leading == (self.plane.level,)
        match self.kvm.live, self.plane.live:
            case True, True:
                return "Both are live." + (f" Only {slot} leads to {plane}." if alone else "")
            case False, True:
                return "struct kvm is freed." + (f" Only {slot}, in freed memory, leads to {plane}." if alone else "")
            case True, False:
                now = "empty" if self.slot == "NULL" else "not empty"
                return f"{plane} is freed while struct kvm is live, and {slot} is {now}."
        if not self.reads:
            return "Both are freed, struct kvm last."
        then = f" Then {slot} was overwritten." if self.writes else ""
        return f"Found through freed memory, {plane} is freed.{then}"

    @property
    def count(self) -> str:
        """How often freed memory was used."""
        return f"Freed memory was used so far: {many(self.reads, 'read')}, {many(self.writes, 'write')}."

    @property
    def words(self) -> str:
        """All that the frame shows."""
        kvm, plane = (f"{obj.name} is {life(obj)}" for obj in (self.kvm, self.plane))
        return f"{kvm}, {plane}. Slot {self.plane.level}: {self.slot}; {self.others}. {self.caption} {self.count}"


def moments(trace: Trace) -> tuple[tuple[Moment, ...], Frame | None]:
    """The moment before the first of the two lines that free struct kvm and its plane, and the moment after each.

    With them the line that runs next, if there is one.

    Raises:
        ValueError: the run does not free one struct kvm and one plane by two lines of kvm_destroy_vm.
    """
    ended = [
        (step, line) for step in typed(trace, Trace, A_RUN).steps for line in step.stack if line.function == _TEARDOWN
    ]
    freed = [(step.kind, line) for step, line in ended if step.what == "free" and step.kind in ("kvm", "plane")]
    lines = [line.lineno for _, line in freed]
    if sorted(kind for kind, _ in freed) != ["kvm", "plane"] or len(set(lines)) < len(lines):
        raise ValueError(f"{trace!r} does not free one struct kvm and one plane by two lines of {_TEARDOWN}")
    first = next(i for i, (_, line) in enumerate(ended) if line.lineno == lines[0])
    lasts = [max(i for i, (_, line) in enumerate(ended) if line.lineno == lineno) for lineno in lines]
    after = [line for _, line in ended[lasts[-1] + 1 :]]
    found = tuple(_moment(trace, *ended[i]) for i in (first - 1, *lasts))
    return found, after[0] if after else None


def _moment(trace: Trace, step: Step, line: Frame) -> Moment:
    state = step.state
    (kvm,) = (obj for obj in state.objects if obj.kind == "kvm")
    (plane,) = (obj for obj in state.objects if obj.kind == "plane")
    used = [trace.steps[defect.step] for defect in trace.defects if defect.step <= step.index]
    writes = [one for one in used if one.what == "write"]
    return Moment(
        line=line,
        kvm=kvm,
        plane=plane,
        reads=sum(one.what == "read" for one in used),
        writes=len(writes),
        written=any(one.obj == kvm.name and one.slot == plane.level for one in writes),
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """A line of C or a frame of memory, drawn and not yet in its place.

    Attributes:
        name: "line" or "frame".
        height: how much room it takes.
        parts: what it is made of.
    """

    name: str
    height: int
    parts: tuple[str, ...]

    def at(self, y: float) -> str:
        """The piece, with its upper edge at a height."""
        return svg.group(self.name, *self.parts, at=(0, y))


def drawn_moments(found: Sequence[Moment], after: Frame | None, key: str) -> Iterator[Piece]:
    """Each moment's line of C and its frame, and the line after them, as `moments` gives them.

    `key` is that of the picture that they are for, which has `svg.hatch(key)`.
    """
    before = None
    for moment in found:
        yield Piece("line", _LINE, tuple(_line(moment.line, before)))
        yield Piece("frame", _FRAME, tuple(_frame(moment, f"url(#{key}-hatch)")))
        before = moment.line
    if after:
        yield Piece("line", _LINE, tuple(_line(after, before)))


def moment_picture(trace: Trace) -> Html:
    """Three frames of memory at the end of a VM, each below the line of C that leads to it.

    Raises:
        ValueError: as for `moments`.
    """
    found, after = moments(trace)
    ends = [f"{_code(after)} is next."] if after else []
    return Html(svg.inline(moments_svg(trace)), "\n".join([_title(trace), *_told(found), *ends]))


def moments_svg(trace: Trace) -> str:
    """The same as a document of its own; ValueError as for `moments`."""
    found, after = moments(trace)
    title, told = _title(trace), _told(found)
    key = svg.key_of("moments", title, told)
    body: list[str] = []
    y = 8
    for piece in drawn_moments(found, after, key):
        body.append(piece.at(y))
        y += piece.height
    return svg.picture(body, y + 4, key=key, title=title, desc=" ".join(told), defs=svg.hatch(key))


def _title(trace: Trace) -> str:
    return f"The end of a VM in three moments, version {trace.version}"


def _told(found: Iterable[Moment]) -> list[str]:
    return [f"{_code(moment.line)} has run. {moment.words}" for moment in found]


def _code(line: Frame) -> str:
    return " ".join([f"Line {line.lineno}", *(f"({id_})" for id_ in line.ids), line.line])


def _line(line: Frame, before: Frame | None) -> Iterator[str]:
    """A line of C as in an excerpt of the patch: its number, its id where it was posted, its text."""
    if line.ids:
        yield svg.rect(_LEFT, 1, _WIDE, _LINE - 4, "a clean", r=0) + svg.rect(_LEFT, 1, 4, _LINE - 4, "f clean", r=0)
    left_out = line.lineno - before.lineno - 1 if before else 0
    if left_out > 0:
        yield svg.text(_LEFT + _WIDE - 8, 16, f"{many(left_out, 'line')} above not shown", "s mute", anchor="end")
    yield svg.text(_LEFT + 12, 16, str(line.lineno), "m mute")
    yield svg.text(_LEFT + 48, 16, " ".join(line.ids), "m b clean")
    yield svg.text(_LEFT + 86, 16, f"{'+ ' if line.ids else '  '}{line.line}", "m b")


def _frame(moment: Moment, hatch: str) -> Iterator[str]:
    """The two boxes, the arrows between them, and what they mean."""
    yield svg.rect(_LEFT, 0, _WIDE, _FRAME - 4, "l h mute")
    yield svg.group(f"plane {life(moment.plane)}", *_box(_PLANE, _PLANE_WIDE, moment.plane, hatch))
    yield svg.text(_PLANE + 10, _BOX + 50, f"kvm = {moment.plane.get('kvm')}", "m")
    yield svg.group(f"kvm {life(moment.kvm)}", *_box(_KVM, _KVM_WIDE, moment.kvm, hatch, "struct kvm"))
    yield svg.group("slots", *_slots(moment))
    edge = _PLANE + _PLANE_WIDE
    if moment.plane.live:
        yield from _arrow((edge, _BACK_Y), (_KVM, _BACK_Y), "back", broken=not moment.kvm.live)
    if moment.leading == (moment.plane.level,):
        good = moment.kvm.live and moment.plane.live
        yield from _arrow((_SLOT, _SLOT_Y), (edge, _SLOT_Y), "live", broken=not good)
    yield svg.text(_LEFT + 12, _CAPTION[0], moment.caption, "b")
    yield svg.text(_LEFT + 12, _CAPTION[1], moment.count, "bad" if moment.reads + moment.writes else "")


def _box(x: float, width: float, obj: Object, hatch: str, what: str = "") -> Iterator[str]:
    """As in a picture of the heap, with its name and whether it lives."""
    yield svg.box(x, _BOX, width, _BOX_HIGH, hatch="" if obj.live else hatch)
    yield svg.text(x + 10, _BOX + 20, obj.name, "m b")
    yield svg.text(x + 10 + svg.MONO * (len(obj.name) + 1), _BOX + 20, what, "m mute") if what else ""
    yield life_word(x + width - 10, _BOX + 20, obj, "b", "end")


def _slots(moment: Moment) -> Iterator[str]:
    """The plane's slot, and the others in one cell."""
    end = _KVM + _KVM_WIDE - 10
    role = "live" if moment.kvm.live and moment.slot != "NULL" else "mute" if moment.kvm.live else "bad"
    rest = "mute" if moment.kvm.live else "bad"
    shown = f"slot {moment.plane.level}: {moment.slot}"
    yield svg.rect(_SLOT + _SLOT_WIDE, _CELL, end - _SLOT - _SLOT_WIDE, _CELL_HIGH, f"l h {rest}", r=0)
    yield svg.text(_SLOT + _SLOT_WIDE + 10, _CELL + 18, moment.others, "m s" if moment.kvm.live else "m s bad")
    yield svg.rect(_SLOT, _CELL, _SLOT_WIDE, _CELL_HIGH, f"l {'w bad' if moment.written else f'h {role}'}", r=0)
    yield svg.text(_SLOT + 6, _CELL + 18, shown, "m s" if moment.kvm.live else "m s bad")
    if moment.written:
        yield svg.tag(_SLOT + _SLOT_WIDE / 2, _CELL + _CELL_HIGH + 14, "written after free", "bad")


def _arrow(tail: svg.Point, tip: svg.Point, role: str, *, broken: bool) -> Iterator[str]:
    """A straight arrow, dashed for the back-pointer; with a gap and a cross where no code may follow it."""
    dash = " d" if role == "back" else ""
    if not broken:
        yield svg.group(f"pointer {role}", svg.path([tail, tip], f"l {role}{dash}"), svg.head(tip, tail, f"f {role}"))
        return
    middle, way = (tail[0] + tip[0]) / 2, 10 if tip[0] > tail[0] else -10
    yield svg.group(
        f"pointer {role} broken",
        svg.path([tail, (middle - way, tail[1])], f"l bad{dash}"),
        svg.path([(middle + way, tail[1]), tip], f"l bad{dash}"),
        svg.head(tip, tail, "f bad"),
        svg.cross(middle, tail[1]),
    )
