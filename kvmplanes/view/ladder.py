# SPDX-License-Identifier: GPL-2.0-only
"""The unwinding ladder as a picture: climb the left side acquiring, fall down the right side undoing."""

from __future__ import annotations

import re
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
from kvmplanes.view.page.html import folded
from kvmplanes.view.reached import NOWHERE, reached

ACROSS: Final = 458  # width; beside it there is room for a heap where a page has 752 pixels
WHOLE: Final = "The whole ladder"  # what opens it

_TOP, _RUNG, _LINE = 42, 17, 13  # the y above the first row, least distance of rungs, one more line of a row
_HEIGHTS: Final = {"heading": 24, "label": 18, "statement": 17}
_NUMBER, _CALL, _LEFT, _RIGHT, _UNDO = 32, 36, 210, 244, 254  # x of the columns; links run from _LEFT to _RIGHT
_MONO: Final = 6.65  # width of a character of code


def ladder_svg(ladder: Ladder, *, whole: bool = False) -> str:
    """A ladder as an SVG image.

    Args:
        ladder: both columns.
        whole: draw what the run does not reach line by line, too; else neighbours of it are counted in one row. The
            description tells all of it in either case.
    """
    words, shown = ladder_in_words(ladder), ladder if whole else reached(ladder)
    places = _Places(shown)
    body = [*_heads(shown)]
    for part in (_links, _rungs, _rows):
        body += part(shown, places)
    foot = [*_foot(ladder, places.bottom)]
    height, key = places.bottom + 16 + 15 * (len(foot) - 1), svg.key_of("ladder", words, whole)
    return svg.picture([*body, *foot], height, key=key, title=_title(ladder), desc=words, width=ACROSS)


def ladder_picture(ladder: Ladder) -> Leading:
    """A ladder as a view: what the run reaches, and folded away the whole of it, if that is more.

    Each rung leads to the step of its call, and a row with a cross to what is wrong there.
    """
    typed(ladder, Ladder, "ladder must be what ladder() gives for a run")
    title, words = _title(ladder), ladder_in_words(ladder)
    shown = svg.as_html(ladder_svg(ladder), title=title, desc=words, width=ACROSS)
    html = shown.html
    if reached(ladder) != ladder:
        whole = svg.as_html(ladder_svg(ladder, whole=True), title=f"{title}, whole", desc=words, width=ACROSS)
        html += folded(WHOLE, whole.html)
    return Leading(html, shown.text, (ladder.trace,))


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
            y += _LINE * (len(_row_lines(row)) + len(_row_notes(row)) - 1)
        heights = [_RUNG + _LINE * (len(_rung_lines(rung)) + len(_notes(rung)) - 1) for rung in ladder.rungs]
        spread = _spread(heights, max(y, _TOP + sum(heights)))
        self.rungs = list(spread if ladder.teardown else self._aligned(ladder, heights))
        shift = max(0.0, _TOP + _RUNG - min(self.rungs, default=_TOP + _RUNG))
        self.rungs = [rung + shift for rung in self.rungs]
        self.rows = [row + shift for row in self.rows]
        self.bottom = max(y + shift, *self.rungs, _TOP) + 16

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
    left = [(line, "bad") for line in textwrap.wrap(", ".join(rung.left), 27)]
    return failed + left


def _rung_lines(rung: Rung) -> tuple[str, ...]:
    if rung.site == NOWHERE:
        return (rung.words,)
    times = f" \N{MULTIPLICATION SIGN}{len(rung.numbers)}" if len(rung.numbers) > 1 else ""
    return _wrapped(f"{rung.words}{times}", _LEFT - 7 - _CALL)


def _row_lines(row: UndoRow) -> tuple[str, ...]:
    return (row.words,) if row.site == NOWHERE else _wrapped(row.words, ACROSS - 4 - _UNDO)


def _row_notes(row: UndoRow) -> list[str]:
    """What to write below a row."""
    return [line for wrong in row.wrong for line in textwrap.wrap(wrong, 31)]


def _wrapped(code: str, width: float) -> tuple[str, ...]:
    """A line of C in one or two lines of a width, broken behind "(" or ", "; what is too much is cut."""
    most = int(width / _MONO)
    if len(code) <= most:
        return (code,)
    breaks = [found.end() for found in re.finditer(r"\(|, ", code[:most])] or [most]
    rest = f"  {code[breaks[-1] :]}"
    return code[: breaks[-1]].rstrip(), rest if len(rest) <= most else f"{rest[: most - 1]}…"


# -- drawing --------------------------------------------------------------------------------------------


def _heads(ladder: Ladder) -> Iterator[str]:
    yield svg.text(8, 19, svg.short(ladder.title, ACROSS - 16), "b")
    for x, words in ((_CALL, "acquired, from below ↑"), (_RIGHT - 8, "undone, from above ↓")):
        yield svg.text(x, 38, words, "t mute")
    yield svg.text(_NUMBER, 38, "nth", "t mute", anchor="end")


def _links(ladder: Ladder, places: _Places) -> Iterator[str]:
    for link in sorted(ladder.links, key=lambda link: (link.done, ladder.rows[link.row].wrong)):
        rung, row = ladder.rungs[link.rung], ladder.rows[link.row]
        ends = ((_LEFT + 8, places.rungs[link.rung] - 4), (_RIGHT - 7, places.rows[link.row] - 4))
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
                svg.path([(_LEFT + 1, y + 12), (_LEFT + 8, y + 12)], "l bad"),
                svg.cross(_LEFT + 15, y + 12, size=4),
            )
        if rung.failed:
            yield from _jump(ladder, places, y)


def _jump(ladder: Ladder, places: _Places, y: float) -> Iterator[str]:
    target = next((i for i, row in enumerate(ladder.rows) if row.kind == "label" and row.reached), None)
    if target is not None:
        tail, tip = (_LEFT + 8, y), (_RIGHT - 10, places.rows[target] - 4)
        yield svg.group("jump", svg.sideways(tail, tip, "l w now"), svg.head(tip, (tip[0] - 9, tip[1]), "f now"))


def _rungs(ladder: Ladder, places: _Places) -> Iterator[str]:
    for rung, y in zip(ladder.rungs, places.rungs, strict=True):
        state = _rung_state(rung)
        look = "t mute" if rung.site == NOWHERE else f"m t {_RUNG_LOOK.get(state, '')}"
        lines = [(line, look) for line in _rung_lines(rung)] + [(note, f"t b {role}") for note, role in _notes(rung)]
        parts = [svg.text(_CALL, y + _LINE * i, *line) for i, line in enumerate(lines)]
        if rung.numbers:
            parts.append(svg.text(_NUMBER, y, _numbers(rung), "t mute", anchor="end"))
        parts.append(_sign(state, _LEFT, y - 4))
        if rung.site != NOWHERE:  # what its call is for, and what it did
            use = use_of(rung.words)
            told = _titled(f"{rung.words}: {use}" if use else rung.words, _rung_words(rung), rung.step)
            parts += [told, _hit(8, _LEFT + 8, y, len(lines))]
        yield svg.group(f"rung {state}", *parts, data_kvmplanes_step=rung.step)


def _hit(left: float, right: float, y: float, lines: int) -> str:
    """What is not seen, and hit as a part of its group is: the gaps between its words and its sign."""
    return svg.rect(left, y - 15, right - left, _RUNG - 1 + _LINE * (lines - 1), "", fill="transparent")


def _titled(what: str, did: str, step: int | None) -> str:
    at = "" if step is None else f" (step {step})"
    return svg.title(f"{what}. In this run: {did}{at}.")


def _numbers(rung: Rung) -> str:
    first, last = rung.numbers[0], rung.numbers[-1]
    if len(rung.numbers) < 3:
        return ",".join(map(str, rung.numbers))
    return f"{first}\N{EN DASH}{last}" if last - first + 1 == len(rung.numbers) else f"{first}…"


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
            yield svg.group("heading", svg.text(_RIGHT - 8, y, row.words, "m t b mute"))
        elif row.kind == "label":
            yield svg.group(
                f"label {'reached' if row.reached else 'unreached'}",
                svg.text(_RIGHT - 4, y, f"{row.words}:", "m t b" if row.reached else "m t mute"),
            )
        else:
            state = "wrong" if row.wrong else "done" if row.undone else "idle" if row.reached else "unreached"
            look = "m t bad b" if row.wrong else "m t" if row.reached else "m t mute"
            look = "t mute" if row.site == NOWHERE else look
            lines = [(line, look) for line in _row_lines(row)] + [(note, "t b bad") for note in _row_notes(row)]
            parts = [svg.text(_UNDO, y + _LINE * i, *line) for i, line in enumerate(lines)]
            if row.wrong:  # it leads to what is wrong
                parts += [_titled(row.words, _row_words(row), row.step), _hit(_RIGHT - 8, ACROSS - 4, y, len(lines))]
            step = row.step if row.wrong else None
            yield svg.group(f"row {state}", _sign(state, _RIGHT, y - 4), *parts, data_kvmplanes_step=step)


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


def _foot(ladder: Ladder, y: float) -> Iterator[str]:
    wrong = bool(ladder.mismatches or ladder.later)
    yield _sign("wrong" if wrong else "done", 14, y + 4)
    for i, line in enumerate(textwrap.wrap(ladder.verdict, 64, max_lines=2, placeholder=" …")):
        yield svg.text(26, y + 8 + 15 * i, line, "s b bad" if wrong else "s b clean")
