# SPDX-License-Identifier: GPL-2.0-only
"""One run over its steps: which slot holds a plane, how long each object lives."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from kvmplanes.runs.trace import Trace
from kvmplanes.view.page.style import BAD, INK, LIVE, NEVER_USED, PAPER
from kvmplanes.view.plots import data, describe
from kvmplanes.view.plots.sheet import LINE, PAD, SHAPES, SMALL, WIDTH, Plot, Sheet, house, soft, wide

_EDGE = 14.0  # points before the first step and after the last


def plot_occupancy(trace: Trace) -> Plot:
    """The 16 slots over the steps of one run: empty, live or dangling.

    planes[0] is on top, as in an array drawn on paper, so a loop over the slots walks down.
    Slots that are never used have low rows.

    Raises:
        ValueError: a trace without steps.
    """
    slots, marks = data.slots(trace), data.marks(trace)
    names = [f"planes[{i}]" for i in range(len(slots))]
    others = sorted({mark.row for mark in marks} - set(names))  # beyond the array, or in no slot
    rows = [("kvm", "struct kvm", 16.0), *_slot_rows(slots), *((row, row, 16.0) for row in others)]
    with house():
        sheet = _timeline("Plane occupancy", trace, rows, right=PAD)
        sheet.rows["slots"] = (sheet.rows[names[0]][0], sheet.rows[names[-1]][1])
        for span in data.array(trace):
            _array(sheet, span, last=len(trace.steps) - 1)
        for word in ("empty", "live", "dangling"):
            held = [(s, name) for name, row in zip(names, slots, strict=True) for s in row if s.word == word]
            sheet.boxes(word, [(s.first, s.last, name) for s, name in held])
        sheet.marks(marks)
        return sheet.plot(describe.occupancy_text(trace))


def plot_lifetimes(trace: Trace, references: bool = False) -> Plot:
    """Every object of one run from its allocation to its free, and what touches it afterwards.

    Args:
        trace: the run.
        references: whether the counted references stand below.

    Raises:
        ValueError: a trace without steps.
    """
    lives, counts = data.lifetimes(trace), data.references(trace) if references else {}
    rows = [(life.name, life.name, 16.0 if life.kind in ("kvm", "plane") else 11.0) for life in lives]
    rows += [("gap", "", 8.0), *((name, name, 13.0) for name in counts)] if counts else []
    with house():
        sheet = _timeline("Object lifetimes", trace, rows, right=52)
        edge = sheet.xlim[1] - 0.5
        sheet.boxes("live", [(x.alloc, edge if x.free is None else x.free - 1, x.name) for x in lives])
        _late(sheet, lives)
        _leaks(sheet, [life.name for life in lives if life.leaked], edge)
        _counts(sheet, counts)
        return sheet.plot(describe.lifetimes_text(trace, references))


def _timeline(title: str, trace: Trace, rows: Sequence[tuple[str, str, float]], right: float) -> Sheet:
    """Rows over the steps of a run, with the system calls above them."""
    if not trace.steps:
        raise ValueError("a plot over steps needs a trace with at least one step")
    calls, steps = data.calls(trace), len(trace.steps)
    left = PAD + 6 + max((wide(label) for _, label, _ in rows), default=0)
    margin = _EDGE * steps / (WIDTH - left - right - 2 * _EDGE)
    xlim = (-0.5 - margin, steps - 0.5 + margin)
    point = (xlim[1] - xlim[0]) / (WIDTH - left - right)
    told = data.folded(calls)
    lanes = _lanes([call.first - 0.5 for call in told], [(wide(_label(c)) + 6) * point for c in told], xlim[1])
    about = wrap(describe.failures(trace), 110)
    top = 46 + 12 * len(about) + LINE * max(lane for _, lane in lanes)
    headline = f"{title}, version {trace.version}: {describe.verdict(trace)}"
    sheet = Sheet(headline, about, rows, xlim, left=left, right=right, top=top, xlabel="step")
    for call in calls:
        ends = (call.first - 0.5 + point, call.last + 0.5 - point)  # a gap of two points between calls
        sheet.lines("_call", [[(x, top - 8) for x in ends]], _colour(call), 3)
    for call, (x, lane) in zip(told, lanes, strict=True):
        start, base = call.first - 0.5 + 1.4 * point, top - 14 - LINE * lane
        sheet.lines("_leader", [[(start, base), (start, top - 6.5)]], _colour(call), 0.8)
        ground = {"fc": PAPER, "ec": "none", "pad": 0.8}
        sheet.write(x, base, _label(call), size=SMALL, color=_colour(call), bbox=ground)
    sheet.rows["calls"] = (top - 9.5, top - 6.5)
    sheet.failures([(step.index, "calls") for step in trace.steps if step.what == "fail"])
    return sheet


def _label(call: data.Span) -> str:
    return f"{call.word}: {call.result}" if call.failed else call.word


def _colour(call: data.Span) -> str:
    return BAD.on_light if call.failed else INK


def _lanes(starts: Sequence[float], widths: Sequence[float], limit: float) -> list[tuple[float, int]]:
    """(x, lane) of labels that begin at `starts` and end before `limit`.

    From the right, each above all that it would cover: so its leader, at its left end, meets none on its way down.
    """
    placed: list[tuple[float, int]] = []
    for start, width in zip(reversed(starts), reversed(widths), strict=True):
        x = min(start, limit - width)
        placed.append((x, max((lane + 1 for at, lane in placed if at < x + width), default=0)))
    return placed[::-1]


def _slot_rows(slots: Sequence[Sequence[data.Span]]) -> Iterator[tuple[str, str, float]]:
    """High rows for slots that are ever used; low ones for the others, one label for neighbours."""
    for group in data.spans("used" if any(s.word in data.HELD for s in row) else "" for row in slots):
        members = range(group.first, group.last + 1)
        for i in members:
            own = group.word or len(members) == 1
            label = f"planes[{i}]" if own else f"planes[{data.ranges(members)}]" * (i == members[len(members) // 2])
            yield f"planes[{i}]", label, 20.0 if group.word else 9.0


def _array(sheet: Sheet, span: data.Span, last: int) -> None:
    """When `struct kvm` is absent, allocated or freed: a word, and a shade on the slots where it is gone."""
    low, high = sheet.xlim
    start = low + 0.5 if span.first == 0 else span.first
    end = high - 0.5 if span.last == last else span.last
    role = {"absent": NEVER_USED, "allocated": LIVE, "freed": BAD}[span.word]
    sheet.boxes(f"_{span.word}", [(start, end, "kvm")], **soft(role, 0.16))
    if span.word != "allocated":
        sheet.boxes("no struct kvm", [(start, end, "slots")])
    look = {"size": SMALL, "color": role.on_light, "ha": "center"}
    if wide(span.word) * sheet.point < end - start + 1:
        sheet.write((start + end) / 2, sheet.middle("kvm"), span.word, va="center", **look)
    else:
        sheet.write((start + end) / 2, sheet.rows["slots"][0] + 3, span.word, va="top", rotation=90, **look)


def _late(sheet: Sheet, lives: Sequence[data.Life]) -> None:
    """What is wrong with an object, and a dotted line from its free to the last of it."""
    late = [
        [(x, sheet.middle(life.name)) for x in (life.free - 0.5, life.defects[-1].step)]
        for life in lives
        if life.defects and life.free is not None and life.defects[-1].step > life.free
    ]
    sheet.lines("freed", late, BAD.line, 1.6, dotted=True)
    sheet.marks([mark for life in lives for mark in life.defects])


def _leaks(sheet: Sheet, names: Sequence[str], edge: float) -> None:
    """Bars that run off the edge."""
    end, point = edge + 0.5, sheet.point
    places = [(end + 4 * point, name) for name in names]
    sheet.points(f"leaked object ({len(names)})", places, SHAPES["leak"], BAD.on_light)
    for name in names:
        sheet.write(end + 10 * point, sheet.middle(name), "leaked", va="center", size=SMALL, color=BAD.on_light)


def _counts(sheet: Sheet, counts: Mapping[str, Sequence[int]]) -> None:
    """Counted references: the higher the bar, the more are held."""
    edge = sheet.xlim[1]
    places = []
    for name, numbers in counts.items():
        top, bottom = sheet.rows[name]
        for n in set(numbers):
            sheet.rows[f"{name} {n}"] = (bottom - (bottom - top) * n / max(numbers), bottom)
        held = [s for s in data.spans(map(str, numbers)) if int(s.word) > 0]
        places += [(s.first, s.last, f"{name} {s.word}") for s in held]
        look = {"va": "center", "size": SMALL}
        if numbers[-1] > 0:
            sheet.write(edge, sheet.middle(name), f"{numbers[-1]} leaked", color=BAD.on_light, **look)
        elif max(numbers) > 1:
            sheet.write(edge, sheet.middle(name), f"up to {max(numbers)}", **look)
    sheet.boxes("references", places)
