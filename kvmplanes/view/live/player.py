# SPDX-License-Identifier: GPL-2.0-only
"""The stepping player: the C line and the heap of each step side by side, in a page without a kernel.

`player` gives one text/html output. A reader without JavaScript (an untrusted notebook, a code host) has the
first picture, its sentence and a folded list of all steps; player.js then puts the live player in their place.
`kvmplanes.view.live.widgets.player_widget` is the same player on a live kernel, for views that change the run under it.
"""

from __future__ import annotations

import operator
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from typing import Any, Final, Literal

from kvmplanes.given import A_RUN, brief, typed, written
from kvmplanes.model.series import VERSIONS, Function, Version
from kvmplanes.runs.folds import FILTERS, Stop, as_stops
from kvmplanes.runs.trace import Frame, Step, Trace
from kvmplanes.view.describe import marks
from kvmplanes.view.heap import heap_room, heap_svg
from kvmplanes.view.live.packing import packed
from kvmplanes.view.page.html import Html, badge, css, escape
from kvmplanes.view.page.script import data_element, script_element
from kvmplanes.view.page.style import BAD, CHANGED, CLEAN, LIVE, tint, variables
from kvmplanes.view.page.svg import STYLE, WIDTH, image
from kvmplanes.view.room import Room

Start = int | Literal["defect"]
Stack = tuple[Frame, ...]
TAB: Final = 4  # columns
MOST_TITLE: Final = 1000  # characters
BESIDE: Final = 404  # width of a picture that stands beside the C, in pixels where words are smallest; slots have 24
_QUOTES: Final = str.maketrans("\"'", "'\"")


def _palette() -> str:
    """The roles that player.css names, for light and dark pages; on paper the first rule alone holds."""
    roles = {"bad": (BAD, 0.16), "now": (CHANGED, 0.24), "add": (CLEAN, 0.1), "focus": (LIVE, 0.16)}
    light, dark = (
        ";".join(variables(name, role, dark=dark, soft=tint(role, alpha)) for name, (role, alpha) in roles.items())
        for dark in (False, True)
    )
    return f'.player{{{light}}}@media screen{{.player[data-jp-theme-light="false"]{{{dark}}}}}'


# What `script_element` and `widget_script` ask for.
PLAYER_SCRIPT: Final = ("kvmplanes.view.live", "player", _palette() + STYLE)


def player(trace: Trace, *, start: Start = 0, only: str | None = None, title: str | None = None) -> Html:
    """A run to be stepped through.

    Args:
        trace: the run.
        start: the step to show first, as in `trace.steps`, or "defect" for the first defect. When `only` hides
            it, the next one that is shown.
        only: "planes" to show only what matters to planes, until the reader asks for the others; None for every step.
            Steps keep their numbers. Where a loop finds one empty slot after the other, its steps are one stop, which
            the reader can unfold.
        title: its heading; by default the version and the scenario.

    Raises:
        ValueError: a step that the run does not have, or an unknown `only`.
    """
    data = player_data(typed(trace, Trace, A_RUN), start=start, only=only, title=title, whole=True)
    shown = _shown(trace, only)
    first = _stop(shown, data["start"])
    place = f"step{'s' * first.is_fold} {first.number} of {data['last']}, {first.first.op}, {first.first.subgoal}"
    text = f"{data['title']}\n{len(shown)} steps, {len(trace.defects)} defects; {place}: {first.text}"
    parts = [
        f'<div id="{data["id"]}" data-kvmplanes-player data-lm-suppress-shortcuts="true">',
        _still(trace, first, data["title"], place),
        _listing(trace, shown),
        data_element(data),
        script_element(*PLAYER_SCRIPT),
        "</div>",
    ]
    return Html("\n".join(parts), text)


# -- what is shown ----------------------------------------------------------------------------------


def _shown(trace: Trace, only: str | None) -> tuple[Step, ...]:
    typed(trace, Trace, A_RUN)
    if only is not None and (not isinstance(only, str) or only not in FILTERS):
        raise ValueError(f"only must be None or one of {', '.join(FILTERS)}, not {brief(only)}")
    return tuple(step for step in trace.steps if only is None or FILTERS[only](step))


def _number(trace: Trace, shown: Sequence[Step], start: Start) -> int:
    """The number of the step that `start` asks for, or of the next one that is shown."""
    allowed = f"start must be a step 0 to {len(trace.steps) - 1}"
    if isinstance(start, str) and start == "defect":
        if not trace.defects:
            raise ValueError(f"start='defect', and this run has no defect; {allowed}")
        return trace.defects[0].step
    if isinstance(start, bool) or not isinstance(start, int) or not 0 <= start < len(trace.steps):
        raise ValueError(f"{allowed} or 'defect', not {brief(start)}")
    return next((step.index for step in shown if step.index >= start), shown[-1].index)


def _stop(shown: Sequence[Step], number: int) -> Stop:
    """What is shown for the number of a step: the step alone when it lies inside a fold, behind the fold's first."""
    stops = (stop for stop in _unfolded(shown) if stop.first.index == number)
    return next(stops)


def _unfolded(shown: Iterable[Step]) -> Iterator[Stop]:
    """Every stop, and behind each fold the steps that it has, one by one."""
    for stop in as_stops(shown):
        yield stop
        if stop.is_fold:
            yield from (Stop((step,)) for step in stop.steps)


def player_data(
    trace: Trace, *, start: Start = 0, only: str | None = None, title: str | None = None, whole: bool = False
) -> dict[str, Any]:
    """Everything that the script needs, small enough to be stored in a notebook.

    Args:
        trace: as for `player`, and so the next three.
        start: see there.
        only: see there.
        title: see there.
        whole: give the steps that `only` hides as well, each marked as `aside`.
    """
    shown = _shown(trace, only)
    first = _number(trace, shown, start)
    if title is not None:
        written(title, "title", MOST_TITLE)
    stops = list(_unfolded(trace.steps if whole else shown))
    pictures = _pictures(stops)
    parts, changes = packed(pictures)
    heights = [float(height) for height in re.findall(r"viewBox='0 0 \S+ (\S+)'", "".join(pictures))]
    stacks = list(dict.fromkeys(stop.first.stack for stop in stops if stop.first.stack))
    names = sorted({frame.function for stack in stacks for frame in stack})
    kept = {step.index for step in shown}
    data = {
        "title": title or f"version {trace.version}: {trace.scenario}",
        "last": len(trace.steps) - 1,
        "start": first,
        "size": [BESIDE, max(heights)],
        "functions": [_function(trace.version.functions[name]) for name in names],
        "stacks": [_stack(trace.version, stack, names) for stack in stacks],
        "parts": parts,
        "steps": [
            _told(stop, stacks, change) | ({} if stop.first.index in kept else {"aside": True})
            for stop, change in zip(stops, changes, strict=True)
        ],
    }
    return {"id": f"player-{zlib.crc32(repr(data).encode()):08x}", **data}


def _told(stop: Stop, stacks: list[Stack], changes: list[list[int]]) -> dict[str, Any]:
    """One stop; what it does not have is left out. `to` is the last step of a fold."""
    step = stop.first
    parts = {
        "n": step.index,
        "to": stop.last.index if stop.is_fold else "",
        "op": step.op,
        "goal": step.subgoal,
        "text": stop.text,
        "bad": step.defect,
        "errno": step.errno,
        "stack": stacks.index(step.stack) if step.stack else "",
        "changes": changes,
    }
    return {key: value for key, value in parts.items() if value or value == 0}


def _function(function: Function) -> dict[str, Any]:
    """A function: its file, the number of its first line there, its lines, and which posted lines are among them."""
    rows = enumerate(function.lines, function.first)
    return {
        "name": function.name,
        "file": function.file,
        "first": function.first,
        "lines": [line.text.expandtabs(TAB) for line in function.lines],
        "ids": {number: line.id for number, line in rows if line.id},
    }


def _stack(version: Version, stack: Stack, names: Sequence[str]) -> dict[str, Any]:
    """A call stack, innermost first: each function's place among the names and its line, and which one to show."""
    return {"at": _at(version, stack), "frames": [[names.index(frame.function), frame.lineno] for frame in stack]}


def _at(version: Version, stack: Stack) -> int:
    """The innermost function that is no detail, or else the innermost of all."""
    return next((at for at, frame in enumerate(stack) if not _is_detail(version, frame.function)), 0)


@lru_cache(256)
def _is_detail(version: Version, name: str) -> bool:
    """Whether a function is as it was before the patch, and calls no other: then its caller tells more."""
    function, before = version.functions[name], VERSIONS["08"].functions.get(name)
    if before is None or before.source != function.source:
        return False
    return version.functions.keys().isdisjoint(re.findall(r"\w+(?=\()", function.source.partition("{")[2]))


# -- pictures ---------------------------------------------------------------------------------------


def _pictures(stops: Sequence[Stop]) -> list[str]:
    """Each stop's picture for the script; all with the room that this run needs."""
    room = reduce(operator.or_, map(_room, stops))
    return [_picture(stop, room) for stop in stops]


# Runs of one version are alike up to the call that fails: a certificate draws most stops of its runs many times.
_again: Final = lru_cache(512)


@_again
def _room(stop: Stop) -> Room:
    return heap_room(stop.last.state, changed=_marks(stop), width=BESIDE)


@_again
def _picture(stop: Stop, room: Room) -> str:
    """A stop's picture without the style, which the script has already."""
    drawn = heap_svg(stop.last.state, changed=_marks(stop), title="Heap after this step", room=room, width=BESIDE)
    # One picture at a time, shut off from the page: its ids need not tell it from others. The quotes change places
    # because a " costs four bytes in JSON within a notebook.
    key = drawn.partition('id="')[2].partition("-")[0]
    return drawn.replace(f"<style>{STYLE}</style>", "").replace(f"{key}-", "k-").translate(_QUOTES)


def _marks(stop: Stop) -> dict[str, str]:
    """What its steps touched, all of it."""
    return {place: mark for step in stop.steps for place, mark in marks(step).items()}


# -- the page ---------------------------------------------------------------------------------------


def _still(trace: Trace, stop: Stop, title: str, place: str) -> str:
    """What shows before the script runs, or where none may run."""
    svg = heap_svg(stop.last.state, changed=_marks(stop), title=title, desc=stop.text)
    svg = re.sub("<title>[^<]*</title>", "", svg)  # nobody can point at a part of an <img>
    at = _at(trace.version, stop.first.stack)
    frames = stop.first.stack[at : at + 1]
    lines = [f"<code>{escape(f'{at.file}:{at.lineno} {at.function}: {at.line}')}</code>" for at in frames]
    words = [f"<b>{escape(title)}</b>", f"{place[0].upper()}{escape(place[1:])}", *lines, sentence(stop)]
    picture = image(svg, f"The heap after step {stop.last.index}: {stop.text}", least=WIDTH * 0.7, most=WIDTH)
    look = css(margin="0 0 8px 0", break_inside="avoid")
    return f"<figure{look}><figcaption>{'<br>'.join(words)}</figcaption>{picture}</figure>"


def _listing(trace: Trace, shown: Sequence[Step]) -> str:
    whole = len(shown) == len(trace.steps)
    head = f"All {len(shown)} steps in words" if whole else f"{len(shown)} of {len(trace.steps)} steps in words"
    jumps = "" if whole else "<p>These are the steps that matter to planes; the numbers of the others are missing.</p>"
    hint = "To step through the run here, trust this notebook or run the cell."
    items = "".join(map(_item, as_stops(shown)))
    return f"<details><summary>{head}</summary>{jumps}<ol>{items}</ol></details><p><i>{hint}</i></p>"


def _item(stop: Stop) -> str:
    """A stop in the list; a fold opens."""
    if not stop.is_fold:
        return f'<li value="{stop.first.index}">{sentence(stop)}</li>'
    steps = "".join(_item(Stop((step,))) for step in stop.steps)
    head = f"<summary>{stop.number}. {sentence(stop)}</summary>"
    return f"<li{css(list_style_type='none')}><details>{head}<ol>{steps}</ol></details></li>"


def sentence(stop: Stop | Step) -> str:
    """What happens, in a sentence, and before it what is wrong with it."""
    return f"{badge(BAD, stop.defect)} {escape(stop.text)}" if stop.defect else escape(stop.text)
