# SPDX-License-Identifier: GPL-2.0-only
"""One run over its steps: which slot holds a plane, how long each object lives."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Final

from kvmplanes.given import A_RUN, typed
from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.runs.trace import Step, Trace
from kvmplanes.view.page.style import BAD, LIVE, NEVER_USED
from kvmplanes.view.plots import data
from kvmplanes.view.plots.data import GONE, HELD, NOTHING_FAILS, Span, ranges
from kvmplanes.view.plots.figure import COLUMN, INK_SHADE, LINE, PAD, Look, Sheet, soft
from kvmplanes.view.plots.measure import wide
from kvmplanes.view.plots.plot import Plot

_EDGE: Final = 14.0  # points before the first step and after the last
_ELSEWHERE: Final = "elsewhere"  # where a defect is that belongs to no slot
_ARRAY: Final = {"absent": NEVER_USED, "allocated": LIVE, "freed": BAD}


def plot_occupancy(trace: Trace) -> Plot:
    """The 16 slots over the steps of a run: empty, live, dangling or in freed memory; those never used have low rows.

    planes[0] is on top, as in an array drawn on paper, so a loop over the slots walks down. If no slot is ever filled
    or touched after its array was freed, one row says so for all of them.

    Raises:
        ValueError: a trace without steps.
    """
    typed(trace, Trace, A_RUN)
    slots = {_row(slot): row for slot, row in enumerate(data.slot_spans(trace))}
    defects = [(step, _row(data.slot_of_defect(step))) for step in trace.steps if step.defect]
    others = sorted({row for _, row in defects} - set(slots))  # beyond the array, or in no slot
    slot_rows = [*_slot_rows(slots.values())]
    unused = not any(span.word in HELD for row in slots.values() for span in row)
    if unused := unused and all(row in others for _, row in defects):
        name = f"planes[{ranges(range(KVM_MAX_PLANES))}]"
        slots, slot_rows = {name: next(iter(slots.values()), ())}, [(name, name, 16.0)]
    rows = [("struct kvm", "struct kvm", 16.0), *slot_rows, *((row, row, 16.0) for row in others)]
    sheet = _timeline("Plane occupancy", trace, rows)
    if unused:
        middle = sheet.at(len(trace.steps) / 2)
        sheet.write(middle, sheet.middle(name), "no slot is ever filled", across="center", down="center")
    _array(sheet, trace, list(slots))
    for word in ("empty", *HELD, GONE):
        held = [(span, name) for name, row in slots.items() for span in row if span.word == word]
        sheet.boxes(word, [(span.first, span.last, name) for span, name in held])
    _defects(sheet, defects)
    return Plot(sheet.figure("\n".join(_occupancy_words(trace)), axis="step"))


def plot_lifetimes(trace: Trace) -> Plot:
    """Every object of one run from its allocation to its free, and what touches it afterwards.

    Raises:
        ValueError: a trace without steps.
    """
    typed(trace, Trace, A_RUN)
    lives = data.lifetimes(trace)
    rows = [(life.name, life.name, 16.0 if life.name.startswith(("kvm#", "plane#")) else 11.0) for life in lives]
    sheet = _timeline("Object lifetimes", trace, rows, right=52)
    edge = sheet.ends[1]  # what is never freed runs to it
    bars = [(life.alloc, edge - 0.5 if life.free is None else life.free - 1, life.name) for life in lives]
    sheet.boxes("live", bars)
    late = [
        [(sheet.at(count), sheet.middle(life.name)) for count in (life.free - 0.5, life.defects[-1].index)]
        for life in lives
        if life.defects and life.free is not None and life.defects[-1].index > life.free
    ]
    sheet.put("freed", late, Look("dots", BAD.lines, 1.6))
    _defects(sheet, [(step, life.name) for life in lives for step in life.defects])
    leaked = [life.name for life in lives if life.leaked]
    sheet.outcomes("leak", [(edge, name) for name in leaked], "leaked object", aside=4)
    for name in leaked:
        sheet.write(sheet.at(edge) + 10, sheet.middle(name), "leaked", down="center", colour=BAD.words)
    return Plot(sheet.figure("\n".join(_lifetimes_words(trace)), axis="step"))


def _timeline(title: str, trace: Trace, rows: Sequence[tuple[str, str, float]], right: float = PAD) -> Sheet:
    """Rows over the steps of a run, with the system calls above them."""
    if not trace.steps:
        raise ValueError("a plot over steps needs a trace with at least one step")
    calls = data.calls(trace)
    labelled = data.alike(calls)
    labels = [f"{call.word}: {call.result}" if call.failed else call.word for call in labelled]
    left = PAD + 6 + max((wide(label) for _, label, _ in rows), default=0)
    step = (COLUMN - left - right - 2 * _EDGE) / len(trace.steps)  # points
    starts = [left + _EDGE + step * call.first for call in labelled]
    lanes = _lanes(starts, [wide(label) + 6 for label in labels], COLUMN - right)
    about = wrap(what_fails(trace), 95)
    top = 46 + 12 * len(about) + LINE * max(lane for _, lane in lanes)
    headline = f"{title}, version {trace.version}: {what_is_wrong(trace)}"
    ends = (-0.5 - _EDGE / step, len(trace.steps) - 0.5 + _EDGE / step)
    sheet = Sheet(headline, about, rows, ends, left=left, right=right, top=top)
    for call in calls:
        places = [(sheet.at(call.first - 0.5) + 1, top - 8), (sheet.at(call.last + 0.5) - 1, top - 8)]
        sheet.put("_call", [places], Look("line", BAD.words if call.failed else INK_SHADE, 3))
    for call, label, start, (x, lane) in zip(labelled, labels, starts, lanes, strict=True):
        base, colour = top - 14 - LINE * lane, BAD.words if call.failed else INK_SHADE
        sheet.put("_leader", [[(start + 1.4, base), (start + 1.4, top - 6.5)]], Look("line", colour, 0.8))
        sheet.write(x, base, label, colour=colour, ground=True)
    sheet.rows["calls"] = (top - 9.5, top - 6.5)
    sheet.failures([(step.index, "calls") for step in trace.steps if step.what == "fail"])
    return sheet


def _lanes(starts: Sequence[float], widths: Sequence[float], limit: float) -> list[tuple[float, int]]:
    """(x, lane) of labels that begin at `starts` and end before `limit`, all in points.

    From the right, each above all that it would cover: so its leader, at its left end, meets none on its way down.
    """
    placed: list[tuple[float, int]] = []
    for start, width in zip(reversed(starts), reversed(widths), strict=True):
        x = min(start, limit - width)
        placed.append((x, max((lane + 1 for at, lane in placed if at < x + width), default=0)))
    return placed[::-1]


def _row(slot: int | None) -> str:
    return _ELSEWHERE if slot is None else f"planes[{slot}]"


def _slot_rows(slots: Iterable[Sequence[Span]]) -> Iterator[tuple[str, str, float]]:
    """High rows for slots that are ever used; low ones for the others, one label for neighbours."""
    for group in data.spans("used" if any(span.word in HELD for span in row) else "" for row in slots):
        middle = (group.first + group.last + 1) // 2
        for slot in range(group.first, group.last + 1):
            label = _row(slot) if group.word else f"planes[{group.when}]" if slot == middle else ""
            yield _row(slot), label, 20.0 if group.word else 9.0


def _array(sheet: Sheet, trace: Trace, slots: Sequence[str]) -> None:
    """When `struct kvm` is absent, allocated or freed: a word, and a shade on the slots where it is gone."""
    top = sheet.rows[slots[0]][0]
    sheet.rows["slots"] = (top, sheet.rows[slots[-1]][1])
    gone = []
    for span in data.array(trace):
        first = sheet.ends[0] + 0.5 if span.first == 0 else span.first
        last = sheet.ends[1] - 0.5 if span.last == len(trace.steps) - 1 else span.last
        look = soft(_ARRAY[span.word], 0.16, width=0.6)
        sheet.boxes(f"_{span.word}", [(first, last, "struct kvm")], look)
        if span.word != "allocated":
            gone.append((first, last, "slots"))
        upright = wide(span.word) >= sheet.at(last + 0.5) - sheet.at(first - 0.5)
        y, across = (top + 3, "right") if upright else (sheet.middle("struct kvm"), "center")
        middle = sheet.at((first + last) / 2)
        if not upright or wide(span.word) + 3 <= sheet.rows["slots"][1] - top:
            sheet.write(middle, y, span.word, across=across, down="center", upright=upright)
    sheet.boxes("no struct kvm", gone)


def _defects(sheet: Sheet, defects: Sequence[tuple[Step, str]]) -> None:
    """Steps with a defect in their rows, a marker for each kind."""
    for kind in dict.fromkeys(step.defect for step, _ in defects if step.defect):
        sheet.outcomes(kind, [(step.index, row) for step, row in defects if step.defect == kind])


def what_fails(trace: Trace) -> str:
    """What fails: "kvm_create_plane(kvm, 0) fails with ENOMEM"; more than two calls are counted."""
    sentences = [f"{call} fails with {errno}" for call, errno in trace.failed]
    return f"{len(sentences)} calls fail" if len(sentences) > 2 else " and ".join(sentences) or NOTHING_FAILS


def what_is_wrong(trace: Trace) -> str:
    """The defects, counted, or "no defect"; and whether the task died."""
    kinds = data.tally(defect.kind for defect in trace.defects) if trace.defects else "no defect"
    return f"{kinds}, {data.OOPS}" if trace.oops else kinds


def _case(trace: Trace) -> str:
    return f"version {trace.version}: {what_fails(trace)}; {what_is_wrong(trace)}; steps 0..{len(trace.steps) - 1}."


def _occupancy_words(trace: Trace) -> Iterator[str]:
    calls = [(f"{call.word} -> {call.result}" if call.result else call.word, call.when) for call in data.calls(trace)]
    yield f"Plane occupancy, {_case(trace)}"
    yield "System calls: " + ", ".join(f"{call} ({when})" for call, when in calls) + "."
    yield "struct kvm: " + ", ".join(f"{span.word} {span.when}" for span in data.array(trace)) + "."
    rows = data.slot_spans(trace)
    slots = [[span for span in row if span.word in HELD] for row in rows]
    for slot, held in enumerate(slots):
        if held:
            yield f"planes[{slot}]: {', '.join(f'{span.word} {span.when}' for span in held)}."
    if unused := [slot for slot, held in enumerate(slots) if not held]:
        yield f"Never used: planes[{ranges(unused)}]."
    if gone := [span.when for span in rows[0] if span.word == GONE]:  # with `struct kvm`, so all 16 are
        yield f"planes[{ranges(range(len(rows)))}]: {GONE} {', '.join(gone)}."
    for kind in dict.fromkeys(defect.kind for defect in trace.defects):
        steps = [step for step in trace.steps if step.defect == kind]
        places = [data.slot_of_defect(step) for step in steps]
        inside = ranges(slot for slot in places if slot is not None)
        where = [f"in planes[{inside}]"] if inside else []
        if None in places:
            where.append(_ELSEWHERE)
        at = ranges(step.index for step in steps)
        yield f"{kind}: {data.tally(step.what for step in steps)} at step {at}, {' and '.join(where)}."


def _lifetimes_words(trace: Trace) -> Iterator[str]:
    yield f"Object lifetimes, {_case(trace)}"
    for life in data.lifetimes(trace):
        freed = "never freed" if life.free is None else f"freed at {life.free}"
        parts = [f"{life.name}: allocated at {life.alloc}, {freed}"]
        if life.defects:
            kinds = data.tally(str(step.defect) for step in life.defects)
            parts.append(f"{kinds} ({data.tally(step.what for step in life.defects)})")
        if life.leaked:
            parts.append("leaked")
        yield "; ".join(parts) + "."
