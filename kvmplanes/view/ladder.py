# SPDX-License-Identifier: GPL-2.0-only
"""The unwinding ladder as a picture: climb the left side acquiring, fall down the right side undoing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from kvmplanes.given import typed
from kvmplanes.runs.shown import Bundle, bundle
from kvmplanes.runs.unwinding import Ladder
from kvmplanes.runs.unwinding.columns import Rung, UndoRow
from kvmplanes.runs.words import listed
from kvmplanes.view.describe import use_of
from kvmplanes.view.live.jump import Leading
from kvmplanes.view.page import svg
from kvmplanes.view.page.html import escape

_WIDTH: Final = 640
_TOP, _RUNG, _NOTE, _FOOT = 56, 22, 14, 50  # first row's y, least distance of rungs, a line of notes, room below
_HEIGHTS: Final = {"heading": 27, "label": 20, "statement": 19}
_NUMBER, _CALL, _LEFT, _RIGHT, _UNDO = 32, 40, 304, 364, 376  # x of the columns; links run from _LEFT to _RIGHT


def ladder_svg(ladder: Ladder) -> str:
    """A ladder as an SVG image."""
    places = _Places(ladder)
    words = ladder_in_words(ladder)
    body = [*_heads(ladder)]
    for part in (_links, _rungs, _rows, _foot):
        body += part(ladder, places)
    height, key = places.bottom + _FOOT, svg.key_of("ladder", words)
    return svg.picture(body, height, key=key, title=_title(ladder), desc=words, width=_WIDTH)


def ladder_picture(ladder: Ladder) -> Leading:
    """A ladder as a view; each rung leads to the step of its call, and a row with a cross to what is wrong there."""
    typed(ladder, Ladder, "ladder must be what ladder() gives for a run")
    view = svg.as_html(ladder_svg(ladder), title=_title(ladder), desc=ladder_in_words(ladder), width=_WIDTH)
    return Leading(view.html, view.text, (ladder.trace,))


@bundle.register
def _(ladder: Ladder) -> Bundle:
    return bundle(ladder_picture(ladder))


def ladder_in_words(ladder: Ladder) -> str:
    """Both columns and the verdict in words."""
    rungs = [f"{rung.words} {_rung_words(rung)}" for rung in ladder.rungs]
    rows = [f"{row.words} {_row_words(row)}" for row in ladder.rows if row.kind != "heading"]
    left = f"Acquired, in order: {'; '.join(rungs)}."
    right = f"Undone, in order: {'; '.join(rows)}."
    return f"{ladder.title}. {left} {right} {ladder.verdict}"


def _title(ladder: Ladder) -> str:
    return f"The unwinding ladder, {ladder.title}"


def _rung_words(rung: Rung) -> str:
    if rung.failed:
        jump = f" and jumps to {rung.label}" if rung.label else ""
        return f"fails with {rung.failed}{jump}" + (f", after {listed(rung.keys)}" if rung.keys else "")
    if not rung.keys:
        return "was not reached"
    return f"acquired {listed(rung.keys)}, {listed(rung.left) or _rung_state(rung)}"


def _row_words(row: UndoRow) -> str:
    if not row.reached:
        return "was not reached"
    if row.kind == "label":
        return "was reached"
    done = f"undid {listed(row.undone)}" if row.undone else "had nothing to undo"
    return done + "".join(f", {wrong}" for wrong in row.wrong)


# -- places ---------------------------------------------------------------------------------------------


class _Places:
    """The y of every rung and row: rungs beside what undoes them where the order allows, else evenly spaced."""

    def __init__(self, ladder: Ladder) -> None:
        self.rows: list[float] = []
        y = float(_TOP)
        for row in ladder.rows:
            y += _HEIGHTS[row.kind] - (7 if row.kind == "heading" and y == _TOP else 0)
            self.rows.append(y)
            y += _NOTE * len(row.wrong)
        heights = [_RUNG + _NOTE * len(_notes(rung)) for rung in ladder.rungs]
        spread = _spread(heights, max(y, _TOP + sum(heights)))
        self.rungs = list(spread if ladder.teardown else self._aligned(ladder, heights))
        shift = max(0.0, _TOP + _RUNG - min(self.rungs, default=_TOP + _RUNG))
        self.rungs = [rung + shift for rung in self.rungs]
        self.rows = [row + shift for row in self.rows]
        self.bottom = max(y + shift, *self.rungs, _TOP) + 10

    def _aligned(self, ladder: Ladder, heights: Sequence[float]) -> Iterator[float]:
        """Each rung beside what undoes it; where two are undone the other way round, their links cross."""
        wishes: dict[int, float] = {}
        for link in sorted(ladder.links, key=lambda link: (not link.done, link.row)):
            wishes.setdefault(link.rung, self.rows[link.row])
        ordered = iter(sorted(wishes.values(), reverse=True))
        below = self.rows[-1] + _RUNG if self.rows else _TOP + sum(heights)
        for i, height in enumerate(heights):
            below = min(below - height, next(ordered)) if i in wishes else below - height
            yield below


def _spread(heights: Sequence[float], low: float) -> Iterator[float]:
    spare = (low - _TOP - sum(heights)) / max(len(heights), 1)
    for height in heights:
        low -= height + spare
        yield low + _RUNG + spare / 2 - 4


def _notes(rung: Rung) -> list[tuple[str, str]]:
    """What to write below a rung, with its role."""
    failed = [(f"fails with {rung.failed}", "now")] if rung.failed else []
    left = [(svg.short(", ".join(rung.left), _LEFT - _CALL), "bad")] if rung.left else []
    return failed + left


# -- drawing --------------------------------------------------------------------------------------------


def _heads(ladder: Ladder) -> Iterator[str]:
    yield svg.text(10, 24, svg.short(ladder.title, _WIDTH - 20), "b")
    for x, words in ((_CALL, "acquired, from the bottom up ↑"), (_RIGHT - 12, "undone, from the top down ↓")):
        yield svg.text(x, 50, words, "s mute")
    yield svg.text(_NUMBER, 50, "nth", "s mute", anchor="end")


def _links(ladder: Ladder, places: _Places) -> Iterator[str]:
    for link in sorted(ladder.links, key=lambda link: link.done):
        rung, row = ladder.rungs[link.rung], ladder.rows[link.row]
        ends = ((_LEFT + 9, places.rungs[link.rung] - 4), (_RIGHT - 8, places.rows[link.row] - 4))
        if not link.done:
            yield svg.group("link other", svg.sideways(*ends, "l h mute o"))
        elif row.wrong:
            middle = svg.cross((ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2)
            yield svg.group("link wrong", svg.sideways(*ends, "l bad"), middle)
        else:
            yield svg.group("link done", svg.sideways(*ends, "l clean n"))
    for i, rung in enumerate(ladder.rungs):
        y = places.rungs[i] - 4
        if rung.left:
            yield svg.group(
                "link lost",
                svg.path([(_LEFT + 4, y + 12), (_LEFT + 18, y + 12)], "l bad"),
                svg.cross(_LEFT + 27, y + 12, size=4),
            )
        if rung.failed:
            yield from _jump(ladder, places, y)


def _jump(ladder: Ladder, places: _Places, y: float) -> Iterator[str]:
    target = next((i for i, row in enumerate(ladder.rows) if row.kind == "label" and row.reached), None)
    if target is not None:
        tail, tip = (_LEFT + 9, y), (_RIGHT - 10, places.rows[target] - 4)
        yield svg.group("jump", svg.sideways(tail, tip, "l w now"), svg.head(tip, (tip[0] - 9, tip[1]), "f now"))


def _rungs(ladder: Ladder, places: _Places) -> Iterator[str]:
    for rung, y in zip(ladder.rungs, places.rungs, strict=True):
        state = _rung_state(rung)
        parts = [svg.text(_CALL, y, _words(rung), f"m {_RUNG_LOOK.get(state, '')}")]
        if rung.numbers:
            numbers = _numbers(rung)
            parts.append(svg.text(_NUMBER, y, numbers, "s mute" if len(numbers) < 5 else "t mute", anchor="end"))
        for i, (note, role) in enumerate(_notes(rung), 1):
            parts.append(svg.text(_CALL, y + _NOTE * i, note, f"s b {role}"))
        parts.append(_sign(state, _LEFT, y - 4))
        parts += [_told(rung), _hit(8, _LEFT + 8, y, len(_notes(rung)))]
        yield svg.group(f"rung {state}", *parts, data_kvmplanes_step=rung.step)


def _told(rung: Rung) -> str:
    """What a reader is told who points at a rung: what the call is for, and what it did."""
    use = use_of(rung.words)
    return _titled(f"{rung.words}: {use}" if use else rung.words, _rung_words(rung), rung.step)


def _hit(left: float, right: float, y: float, notes: int) -> str:
    """What is not seen, and hit as a part of its group is: the gaps between its words and its sign."""
    return svg.rect(left, y - 15, right - left, _RUNG - 1 + _NOTE * notes, "", fill="transparent")


def _titled(what: str, did: str, step: int | None) -> str:
    at = "" if step is None else f" (step {step})"
    return f"<title>{escape(f'{what}. In this run: {did}{at}.')}</title>"


def _numbers(rung: Rung) -> str:
    first, last = rung.numbers[0], rung.numbers[-1]
    if len(rung.numbers) < 3:
        return ",".join(map(str, rung.numbers))
    return f"{first}\N{EN DASH}{last}" if last - first + 1 == len(rung.numbers) else f"{first}…"


def _words(rung: Rung) -> str:
    times = f" \N{MULTIPLICATION SIGN}{len(rung.numbers)}" if len(rung.numbers) > 1 else ""
    return svg.short(rung.words, _LEFT - 8 - _CALL - svg.MONO * len(times)) + times


def _rung_state(rung: Rung) -> str:
    if rung.left:
        return "lost"
    if rung.failed:
        return "failed"
    if not rung.keys:
        return "unreached"
    return "undone" if len(rung.undone) == len(rung.keys) else "held"


_RUNG_LOOK: Final = {"lost": "bad b", "failed": "now b", "unreached": "mute"}


def _rows(ladder: Ladder, places: _Places) -> Iterator[str]:
    for row, y in zip(ladder.rows, places.rows, strict=True):
        if row.kind == "heading":
            yield svg.group("heading", svg.text(_RIGHT - 12, y, row.words, "m b mute"))
        elif row.kind == "label":
            yield svg.group(
                f"label {'reached' if row.reached else 'unreached'}",
                svg.text(_RIGHT - 6, y, f"{row.words}:", "m b" if row.reached else "m mute"),
            )
        else:
            state = "wrong" if row.wrong else "done" if row.undone else "idle" if row.reached else "unreached"
            cls = "m bad b" if row.wrong else "m" if row.reached else "m mute"
            notes = [svg.text(_UNDO, y + _NOTE * i, wrong, "s b bad") for i, wrong in enumerate(row.wrong, 1)]
            text = svg.text(_UNDO, y, svg.short(row.words, _WIDTH - 6 - _UNDO), cls)
            if notes:  # it leads to what is wrong
                notes += [_titled(row.words, _row_words(row), row.step), _hit(_RIGHT - 8, _WIDTH - 8, y, len(notes))]
            step = row.step if notes else None
            yield svg.group(f"row {state}", _sign(state, _RIGHT, y - 4), text, *notes, data_kvmplanes_step=step)


def _sign(state: str, x: float, y: float) -> str:
    match state:
        case "undone" | "done":
            return svg.tick(x, y)
        case "lost" | "wrong":
            return svg.cross(x, y)
        case "failed":
            return svg.cross(x, y, "l now w")
        case "held":
            return svg.disc(x, y, 4.5, "f live")
        case "idle":
            return svg.path([(x - 5, y), (x + 5, y)], "l mute")
    return svg.disc(x, y, 2, "f mute")


def _foot(ladder: Ladder, places: _Places) -> Iterator[str]:
    wrong = bool(ladder.mismatches or ladder.later)
    yield _sign("wrong" if wrong else "done", 18, places.bottom + 14)
    for i, line in enumerate(textwrap.wrap(ladder.verdict, 76, max_lines=2, placeholder=" …")):
        yield svg.text(32, places.bottom + 18 + 16 * i, line, "b bad" if wrong else "b clean")
