# SPDX-License-Identifier: GPL-2.0-only
"""The heap as a picture: `struct kvm` with its sixteen slots, the planes, and who points where."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from kvmplanes.given import A_RUN, brief, typed
from kvmplanes.runs.trace import State, Trace
from kvmplanes.view.chips import chip_rows, chips
from kvmplanes.view.describe import describe, marks, slots_in_words
from kvmplanes.view.memory import CELL, Memory
from kvmplanes.view.page import svg
from kvmplanes.view.page.html import Html
from kvmplanes.view.room import NO_ROOM, Room

NARROW: Final = 282  # width of a picture that stands beside a ladder on a page of 752 pixels
Changed = Mapping[str, str] | Collection[str]


def heap_svg(
    state: State,
    *,
    changed: Changed = (),
    title: str = "The heap",
    desc: str = "",
    room: Room = NO_ROOM,
    width: float = svg.WIDTH,
) -> str:
    """The heap at one moment.

    Args:
        state: heap and references.
        changed: names ("plane#0", "srcu", "fd") and places ("kvm#1->planes[0]") to mark as changed;
            a mapping gives the word to write there, as `describe.marks` does for a step.
        title: what the picture is.
        desc: a sentence to put before the description, which always tells the whole state.
        room: keep this room, of `heap_room` for other steps of the run, so that nothing jumps from one step's picture
            to the next.
        width: of the picture; `NARROW` or more.
    """
    marked = _marked(changed)
    key = svg.key_of("heap", state, sorted(marked.items()), title, desc, width, room)
    heap = Memory(state, marked, key, width=width, room=room)
    rest, bottom = chips(state, marked, heap.below, room=room, width=width)
    body = [*heap.kvm(), *heap.planes(), *rest]
    words = f"{desc} {describe(state, marked)}".strip()
    return svg.picture(body, bottom, key=key, title=title, desc=words, defs=svg.hatch(key), width=width)


def heap_room(state: State, *, changed: Changed = (), width: float = svg.WIDTH) -> Room:
    """What a moment needs; arguments as for `heap_svg`."""
    marked = _marked(changed)
    objects, references = chip_rows(state, marked, width)
    return Memory(state, marked, "", width=width).needs | Room(objects=objects, references=references)


def slots_svg(state: State, *, changed: Changed = (), title: str = "The sixteen slots", desc: str = "") -> str:
    """Just `planes[0..15]`; arguments as for `heap_svg`."""
    marked = _marked(changed)
    key = svg.key_of("slots", state, sorted(marked.items()), title, desc)
    heap = Memory(state, marked, key)
    left, right = heap.inside
    summary = svg.text(left, 20, "planes[16]", "m b") + svg.text(right, 20, heap.summary, "s", anchor="end")
    strip = svg.group("slots", *heap.slots(), at=(0, 48 - heap.cells))
    words = f"{desc} {slots_in_words(state, marked)}".strip()
    return svg.picture([summary, strip], 48 + CELL + 10, key=key, title=title, desc=words, defs=svg.hatch(key))


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
