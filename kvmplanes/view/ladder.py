# SPDX-License-Identifier: GPL-2.0-only
"""The unwinding ladder as a picture: climb the left side acquiring, fall down the right side undoing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from kvmplanes.runs.trace import Trace
from kvmplanes.runs.unwinding.columns import TEARDOWN, Row, Rung
from kvmplanes.runs.unwinding.match import Ladder, ladder, never
from kvmplanes.runs.words import defects_in_words, listed
from kvmplanes.view.page import svg
from kvmplanes.view.page.html import Html

LADDER_WIDTH: Final = 640
TOP, RUNG, NOTE, FOOT = 56, 22, 14, 50  # first row's y, least distance of rungs, a line of notes, room below
HEIGHTS: Final = {"heading": 27, "label": 20, "statement": 19}
NUMBER, CALL, LEFT, RIGHT, UNDO = 32, 40, 304, 364, 376  # x of the columns; links run from LEFT to RIGHT


def ladder_svg(trace: Trace, upto: int | None = None) -> str:
    """The ladder of the system call in which something failed, else of the VM from creation to its close.

    Args:
        trace: the run.
        upto: the last step to show as done; None for the whole run. The layout does not depend on it.

    Raises:
        ValueError: no such step.
    """
    shown, whole = ladder(trace, upto), ladder(trace)
    places = _Places(whole)
    words = describe(shown)
    key = svg.key_of("ladder", words)
    body = [
        *_heads(shown),
        *_links(shown, places),
        *_rungs(shown, places),
        *_rows(shown, places),
        *_foot(shown, places),
    ]
    title = f"The unwinding ladder, {shown.title}"
    return svg.picture(body, places.bottom + FOOT, key=key, title=title, desc=words, width=LADDER_WIDTH)


def ladder_picture(trace: Trace, upto: int | None = None) -> Html:
    """The ladder as a view; arguments as for `ladder_svg`."""
    shown = ladder(trace, upto)
    title = f"The unwinding ladder, {shown.title}"
    return svg.as_html(ladder_svg(trace, upto), title=title, desc=describe(shown), width=LADDER_WIDTH)


def verdict(shown: Ladder) -> str:
    """The result in words; "" while the call is under way and nothing is wrong yet."""
    words = list(shown.mismatches)
    if shown.later:
        words.append(f"later in this run, {defects_in_words(shown.later)}")
    if words:
        return f"Mismatch: {'; '.join(words)}."
    if not shown.finished:
        return ""
    some = any(rung.keys for rung in shown.rungs)
    return "Everything acquired was undone, and nothing else." if some else "Nothing was acquired."


def describe(shown: Ladder) -> str:
    """Both columns and the verdict in words."""
    rungs = [f"{rung.words} {_rung_words(rung)}" for rung in shown.rungs]
    rows = [f"{row.words} {_row_words(row)}" for row in shown.rows if row.kind != "heading"]
    left = f"Acquired, in order: {'; '.join(rungs)}."
    right = f"Undone, in order: {'; '.join(rows)}."
    return " ".join(filter(None, (f"{shown.title}.", left, right, verdict(shown))))


def _rung_words(rung: Rung) -> str:
    if rung.failed:
        jump = f" and jumps to {rung.label}" if rung.label else ""
        return f"fails with {rung.failed}{jump}" + (f", after {listed(rung.keys)}" if rung.keys else "")
    if not rung.keys:
        return "was not reached"
    lost = [f"{key} {never(key)}" for key in rung.left]
    state = listed(lost) if lost else "undone" if len(rung.undone) == len(rung.keys) else "held"
    return f"acquired {listed(rung.keys)}, {state}"


def _row_words(row: Row) -> str:
    if not row.reached:
        return "was not reached"
    if row.kind == "label":
        return "was reached"
    done = f"undid {listed(row.undone)}" if row.undone else "had nothing to undo"
    return done + "".join(f", {wrong}" for wrong in row.wrong)


# -- places ---------------------------------------------------------------------------------------------


class _Places:
    """The y of every rung and row: rungs beside what undoes them where the order allows, else evenly spaced."""

    def __init__(self, whole: Ladder) -> None:
        self.rows: list[float] = []
        y = float(TOP)
        for row in whole.rows:
            y += HEIGHTS[row.kind] - (7 if row.kind == "heading" and y == TOP else 0)
            self.rows.append(y)
            y += NOTE * len(row.wrong)
        heights = [RUNG + NOTE * len(_notes(rung)) for rung in whole.rungs]
        teardown = any(row.words == f"{TEARDOWN}()" for row in whole.rows)
        self.rungs = list(_spread(heights, max(y, TOP + sum(heights))) if teardown else self._aligned(whole, heights))
        shift = max(0.0, TOP + RUNG - min(self.rungs, default=TOP + RUNG))
        self.rungs = [rung + shift for rung in self.rungs]
        self.rows = [row + shift for row in self.rows]
        self.bottom = max(y + shift, *self.rungs, TOP) + 10

    def _aligned(self, whole: Ladder, heights: Sequence[float]) -> Iterator[float]:
        """Each rung beside what undoes it; where two are undone the other way round, their links cross."""
        wishes: dict[int, float] = {}
        for link in sorted(whole.links, key=lambda link: (not link.done, link.row)):
            wishes.setdefault(link.rung, self.rows[link.row])
        ordered = iter(sorted(wishes.values(), reverse=True))
        below = self.rows[-1] + RUNG if self.rows else TOP + sum(heights)
        for i, height in enumerate(heights):
            below = min(below - height, next(ordered)) if i in wishes else below - height
            yield below


def _spread(heights: Sequence[float], low: float) -> Iterator[float]:
    spare = (low - TOP - sum(heights)) / max(len(heights), 1)
    for height in heights:
        low -= height + spare
        yield low + RUNG + spare / 2 - 4


def _notes(rung: Rung) -> list[tuple[str, str]]:
    """What to write below a rung, with its role."""
    failed = [(f"fails with {rung.failed}", "now")] if rung.failed else []
    lost = ", ".join(f"{key} {never(key)}" for key in rung.left)
    return failed + ([(svg.short(lost, LEFT - CALL), "bad")] if lost else [])


# -- drawing --------------------------------------------------------------------------------------------


def _heads(shown: Ladder) -> Iterator[str]:
    yield svg.text(10, 24, svg.short(shown.title, LADDER_WIDTH - 20), "b")
    for x, words in ((CALL, "acquired, from the bottom up ↑"), (RIGHT - 12, "undone, from the top down ↓")):
        yield svg.text(x, 50, words, "s mute")
    yield svg.text(NUMBER, 50, "nth", "s mute", anchor="end")


def _links(shown: Ladder, places: _Places) -> Iterator[str]:
    for link in sorted(shown.links, key=lambda link: link.done):
        rung, row = shown.rungs[link.rung], shown.rows[link.row]
        ends = ((LEFT + 9, places.rungs[link.rung] - 4), (RIGHT - 8, places.rows[link.row] - 4))
        if not link.done:
            yield svg.group("link other", svg.sideways(*ends, "l h mute o"))
        elif row.wrong:
            middle = svg.cross((ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2)
            yield svg.group("link wrong", svg.sideways(*ends, "l bad"), middle)
        else:
            yield svg.group("link done", svg.sideways(*ends, "l clean n"))
    for i, rung in enumerate(shown.rungs):
        y = places.rungs[i] - 4
        if rung.left:
            yield svg.group(
                "link lost",
                svg.path([(LEFT + 4, y + 12), (LEFT + 18, y + 12)], "l bad"),
                svg.cross(LEFT + 27, y + 12, size=4),
            )
        if rung.failed:
            yield from _jump(shown, places, y)


def _jump(shown: Ladder, places: _Places, y: float) -> Iterator[str]:
    target = next((i for i, row in enumerate(shown.rows) if row.kind == "label" and row.reached), None)
    if target is not None:
        tail, tip = (LEFT + 9, y), (RIGHT - 10, places.rows[target] - 4)
        yield svg.group("jump", svg.sideways(tail, tip, "l w now"), svg.head(tip, (tip[0] - 9, tip[1]), "f now"))


def _rungs(shown: Ladder, places: _Places) -> Iterator[str]:
    for rung, y in zip(shown.rungs, places.rungs, strict=True):
        state, role = _rung_state(rung)
        parts = [svg.text(CALL, y, _words(rung), f"m {role}")]
        if rung.numbers:
            numbers = _numbers(rung)
            parts.append(svg.text(NUMBER, y, numbers, "s mute" if len(numbers) < 5 else "t mute", anchor="end"))
        for at, (note, of) in enumerate(_notes(rung), 1):
            parts.append(svg.text(CALL, y + NOTE * at, note, f"s b {of}"))
        parts.append(_sign(state, LEFT, y - 4))
        yield svg.group(f"rung {state}", *parts)


def _numbers(rung: Rung) -> str:
    first, last = rung.numbers[0], rung.numbers[-1]
    if len(rung.numbers) < 3:
        return ",".join(map(str, rung.numbers))
    return f"{first}\N{EN DASH}{last}" if last - first + 1 == len(rung.numbers) else f"{first}…"


def _words(rung: Rung) -> str:
    times = f" \N{MULTIPLICATION SIGN}{len(rung.numbers)}" if len(rung.numbers) > 1 else ""
    return svg.short(rung.words, LEFT - 8 - CALL - svg.MONO * len(times)) + times


def _rung_state(rung: Rung) -> tuple[str, str]:
    if rung.left:
        return "lost", "bad b"
    if rung.failed:
        return "failed", "now b"
    if not rung.keys:
        return "unreached", "mute"
    return ("undone", "") if len(rung.undone) == len(rung.keys) else ("held", "")


def _rows(shown: Ladder, places: _Places) -> Iterator[str]:
    for row, y in zip(shown.rows, places.rows, strict=True):
        if row.kind == "heading":
            yield svg.group("heading", svg.text(RIGHT - 12, y, row.words, "m b mute"))
        elif row.kind == "label":
            yield svg.group(
                f"label {'reached' if row.reached else 'unreached'}",
                svg.text(RIGHT - 6, y, f"{row.words}:", "m b" if row.reached else "m mute"),
            )
        else:
            state = "wrong" if row.wrong else "done" if row.undone else "idle" if row.reached else "unreached"
            cls = "m bad b" if row.wrong else "m" if row.reached else "m mute"
            notes = [svg.text(UNDO, y + NOTE * i, wrong, "s b bad") for i, wrong in enumerate(row.wrong, 1)]
            text = svg.text(UNDO, y, svg.short(row.words, LADDER_WIDTH - 6 - UNDO), cls)
            yield svg.group(f"row {state}", _sign(state, RIGHT, y - 4), text, *notes)


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


def _foot(shown: Ladder, places: _Places) -> Iterator[str]:
    words = verdict(shown)
    wrong = words.startswith("Mismatch")
    if words:
        yield _sign("wrong" if wrong else "done", 18, places.bottom + 14)
    for i, line in enumerate(textwrap.wrap(words, 76, max_lines=2, placeholder=" …")):
        yield svg.text(32, places.bottom + 18 + 16 * i, line, "b bad" if wrong else "b clean")
