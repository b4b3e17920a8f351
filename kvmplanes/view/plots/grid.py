# SPDX-License-Identifier: GPL-2.0-only
"""Many runs, one a row; groups of VMs, counted; every path of several versions, one a cell; and what planes cost."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final

from kvmplanes.given import brief, items, written
from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.model.sizes import ARRAY, DESIGNS, PADDING, PLANE, STRUCT_KVM, allocations, in_memory, kmalloc_class
from kvmplanes.runs.certificate import OUTCOMES, Certificate, Path, classify
from kvmplanes.runs.trace import SlotState, Trace
from kvmplanes.runs.words import listed, many
from kvmplanes.view.page.style import BAD, CHANGED, CLEAN, LIVE, NEVER_USED, outcome_role
from kvmplanes.view.plots.data import HELD, NOTHING_FAILS, spans, tally
from kvmplanes.view.plots.figure import COLUMN, LINE, MARKERS, PAD, Look, Sheet, soft
from kvmplanes.view.plots.measure import SMALL, wide
from kvmplanes.view.plots.plot import Plot

NO_VM: Final = -1  # column of the VMs that never came to life
_CALL: Final = 12.0  # points: the column of a call, or of a slot
_RUN, _BETWEEN = 11.0, 12.0  # points: the row of runs that go alike, the room below a group
_AFTER: Final = "planes[i] after creation"
_CELL: Final = 56.0  # points: a version
_HEIGHT: Final = 170.0  # points: the part of the cost plot that counts bytes
_MOST: Final = 400  # bytes at its top
# As `DESIGNS`: where two need the same bytes, the dots are beads on the line.
_LINES: Final = (Look("line", LIVE.lines, 2), Look("dots", CHANGED.lines, 3.5), Look("dashes", CLEAN.lines, 2))


def plot_runs(groups: Mapping[str, Sequence[Trace]]) -> Plot:
    """Many runs in groups, by name: the calls that they reached, which failed, the outcome, the slots after creation.

    Runs of a group that agree in all of these are one row with their number.

    Raises:
        ValueError: no group, or one without runs.
    """
    _need_runs(groups)
    runs = {name: _alike(group) for name, group in groups.items()}
    rows = [(run, count, f"{name}/{n}") for name, group in runs.items() for n, (run, count) in enumerate(group)]
    calls = in_order(run.calls for run, *_ in rows)
    slots = 1 + max((slot for run, *_ in rows for slot, state in enumerate(made(run)) if state in HELD), default=0)
    planes = len(calls) + 2.5  # column of planes[0]
    sheet = _run_sheet(groups, runs, calls, planes, slots)
    for outcome in OUTCOMES:
        here = [(run, count, row) for run, count, row in rows if classify(run) == outcome]
        reached = [(span, row) for run, _, row in here for span in spans(str(call in run.calls) for call in calls)]
        bars = [(span.first, span.last, row) for span, row in reached if span.word == "True"]
        sheet.boxes(f"_{outcome}", bars, soft(outcome_role(outcome), 0.4, width=0.4))
        number = sum(count for _, count, _ in here)
        sheet.outcomes(outcome, [(len(calls) + 0.5, row) for *_, row in here], number=number)
    sheet.failures([(calls.index(call), row) for run, _, row in rows for call, _ in run.failed])
    for word in HELD:
        held = [(span, row) for run, _, row in rows for span in spans(made(run)) if span.word == word]
        sheet.boxes(word, [(planes + span.first, planes + span.last, row) for span, row in held])
    return Plot(sheet.figure("\n".join(_runs_words(name, group) for name, group in groups.items())))


def _alike(group: Sequence[Trace]) -> list[tuple[Trace, int]]:
    """One run of those that agree in all that is plotted, and their number; the ones that get far come first."""
    kinds: dict[object, list[Trace]] = {}
    for run in group:
        kinds.setdefault((run.calls, run.failed, classify(run), made(run)), []).append(run)
    counted = [(runs[0], len(runs)) for runs in kinds.values()]
    return sorted(counted, key=lambda kind: (-len(kind[0].calls), kind[0].failed, made(kind[0])))


def _run_sheet(
    groups: Mapping[str, Sequence[Trace]],
    rows_of: Mapping[str, Sequence[tuple[Trace, int]]],
    calls: Sequence[str],
    planes: float,
    slots: int,
) -> Sheet:
    """The rows of every group with their words and numbers, and above them the calls and the slots."""
    rows: list[tuple[str, str, float]] = []
    words: dict[str, list[str]] = {}
    for name, group in groups.items():
        outcomes = Counter(map(classify, group)).most_common()
        words[name] = [name, f"{many(len(group), 'run')}:", *(f"{count} {outcome}" for outcome, count in outcomes)]
        rows += [(f"{name}/{n}", str(count), _RUN) for n, (_, count) in enumerate(rows_of[name])]
        below = max(0.0, LINE * len(words[name]) - _RUN * len(rows_of[name]))
        rows.append((f"{name}/below", "", below + _BETWEEN))
    left = PAD + 30 + max(wide(line) for lines in words.values() for line in lines)
    right = PAD + max(0.0, wide(_AFTER) - _CALL * slots)
    versions = ", ".join(dict.fromkeys(str(trace.version) for group in groups.values() for trace in group))
    columns, top = planes + slots, 60 + max(map(wide, calls))
    sheet = Sheet(
        f"Runs of version {versions}: how far each of {sum(map(len, groups.values()))} gets",
        ["A row is the runs that go alike: their number, and a bar over the calls that they reach."],
        rows, (-0.5, columns - 0.5), left=left, right=right, top=top, width=left + right + columns * _CALL,
    )  # fmt: skip
    for column, call in enumerate(calls):
        sheet.write(sheet.at(column + 0.3), top - 4, call, upright=True)
    for slot in range(slots):
        sheet.write(sheet.at(planes + slot), top - 4, str(slot), across="center")
    sheet.write(sheet.at(planes - 0.5), top - 18, _AFTER)
    for name, lines in words.items():
        sheet.rows[name] = (sheet.rows[f"{name}/0"][0], sheet.rows[f"{name}/below"][0])
        sheet.boxes("_ground", [(0, len(calls) - 1, name), (planes, columns - 1, name)], soft(NEVER_USED, 0.07))
        for n, line in enumerate(lines):
            sheet.write(PAD, sheet.rows[name][0] + SMALL + LINE * n, line, bold=n == 0)
    return sheet


def _runs_words(name: str, runs: Sequence[Trace]) -> str:
    fails = tally(run.failed[0][0] for run in runs if run.failed)
    counts = sorted(Counter(made(run).count("live") for run in runs).items())
    live = ", ".join(f"{count} with {planes}" for planes, count in counts)
    outcomes = tally(map(classify, runs))
    return f"{name}: {len(runs)} runs, {outcomes}.\n  First failing call: {fails}. Live planes after creation: {live}."


def made(trace: Trace) -> tuple[SlotState, ...]:
    """The slots when creation is over: before the first close() and before the process's exit; () without a step."""
    steps = [step for step in trace.steps if step.op.verb not in ("close", "exit")]
    return steps[-1].state.occupancy if steps else ()


def in_order(sequences: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """All names of several sequences, each once; a name new to one stands after its forerunner there."""
    merged: list[str] = []
    for names in sequences:
        at = 0
        for name in names:
            if name not in merged:
                merged.insert(at, name)
            at = merged.index(name) + 1
    return tuple(merged)


def plot_crowd(groups: Mapping[str, Sequence[Trace]]) -> Plot:
    """Many VMs in groups, by name: how many slots of each end up filled.

    Raises:
        ValueError: no group, or one without runs.
    """
    _need_runs(groups)
    counts = {name: Counter(map(filled, traces)) for name, traces in groups.items()}
    sheet = Sheet(
        "How many of the sixteen slots end up filled",
        ["A row is a group of VMs, a number counts them; the stronger its colour, the larger their share."],
        [(name, name, 22.0) for name in groups], (NO_VM - 1.5, KVM_MAX_PLANES + 0.5),
        left=PAD + 6 + max(map(wide, groups)), top=66,
    )  # fmt: skip
    sheet.write(sheet.at(NO_VM - 0.5), 58, "no VM", across="center")
    for slots in range(1, KVM_MAX_PLANES + 1):
        sheet.write(sheet.at(slots), 58, str(slots), across="center")
    for name, count in counts.items():
        for slots, vms in sorted(count.items()):
            column, role = (slots - 0.5, BAD) if slots == NO_VM else (slots, LIVE)
            sheet.boxes(f"_{name}", [(column, column, name)], soft(role, 0.1 + 0.45 * vms / count.total(), width=0.4))
            sheet.write(sheet.at(column), sheet.middle(name), str(vms), across="center", down="center")
    return Plot(sheet.figure("\n".join(_crowd_words(name, count) for name, count in counts.items())))


def filled(trace: Trace) -> int:
    """How many slots hold a live plane when nothing more is asked for; `NO_VM` without a VM."""
    returns = (step for step in trace.steps if step.what == "return" and step.op.verb == "KVM_CREATE_VM")
    return made(trace).count("live") if any(step.errno is None for step in returns) else NO_VM


def _crowd_words(name: str, count: Counter[int]) -> str:
    slots = sorted(number for number in count.elements() if number != NO_VM)
    spread = "no slot filled"
    if slots:
        spread = f"{slots[0]} to {slots[-1]} slots filled, {sum(slots) / len(slots):.1f} on average"
    return f"{name}: {many(count.total(), 'VM')}, {count[NO_VM]} never came to life; {spread}"


def plot_paths(certificates: Sequence[Certificate]) -> Plot:
    """Every path of several versions: the failing call down, the version across, the outcome in the cell.

    Raises:
        ValueError: no certificates.
    """
    rule = "a plot of paths needs at least one certificate, in a list"
    if not items(certificates, Certificate, rule):
        raise ValueError(rule)
    columns = [{_path_name(path, tried): path.outcome for path in tried.paths} for tried in certificates]
    calls = in_order(map(tuple, columns))
    cells = [(x, call, outcomes.get(call)) for call in calls for x, outcomes in enumerate(columns)]
    left = PAD + 6 + max(map(wide, calls))
    column = max(_CELL, *(1.3 * wide(str(certificate.version)) for certificate in certificates))
    sheet = Sheet(
        "Every path of every version: what a failing call leads to",
        ["A row is the call that fails, with its program if not the usual one; plain numbers are as posted."],
        [(call, call, 16.0) for call in calls], (-0.5, len(certificates) - 0.5),
        left=left, top=68, width=max(COLUMN, left + PAD + column * len(certificates)),
    )  # fmt: skip
    for x, certificate in enumerate(certificates):
        paths = len(certificate.paths)
        bad = paths - certificate.counts.get("clean", 0)
        verdict, role = (f"{bad} of {paths} bad", BAD) if bad else (f"{paths} clean", CLEAN)
        sheet.write(sheet.at(x), 49, str(certificate.version), size=9, across="center", bold=True)
        sheet.write(sheet.at(x), 61, verdict, across="center", colour=role.words)
    gap = 1 / sheet.unit  # two points between columns
    for outcome in OUTCOMES:
        here = [(x, call) for x, call, result in cells if result == outcome]
        word = MARKERS[outcome][1]
        aside = -0.5 * (wide(word) + 4) if word else 0  # points: a marker stands beside its word
        sheet.boxes(f"_{outcome}", [(x + gap, x - gap, call) for x, call in here], soft(outcome_role(outcome), 0.25))
        sheet.outcomes(outcome, here, aside=aside)
        for x, call in here:
            sheet.write(sheet.at(x) + aside + 6, sheet.middle(call), word, down="center")
    sheet.boxes("no such call", [(x + gap, x - gap, call) for x, call, result in cells if result is None])
    return Plot(sheet.figure("\n".join(map(_paths_words, certificates))))


def _paths_words(certificate: Certificate) -> str:
    bad = [path for path in certificate.paths if path.outcome != "clean"]
    outcomes = "".join(f"; {_path_name(path, certificate)}: {path.outcome}" for path in bad)
    return f"{certificate.verdict}: {certificate.version.title}{outcomes}."


def _path_name(path: Path, certificate: Certificate) -> str:
    """The call that fails, and the program if it is not the certificate's first."""
    name = path.call or NOTHING_FAILS
    return name if path.program == certificate.programs[0] else f"{name}, program {path.program}"


def _need_runs(groups: Mapping[str, Sequence[Trace]]) -> None:
    rule = "a plot of many runs needs at least one group, and a run in each: {name: [run, ...]}"
    if not isinstance(groups, Mapping):
        raise TypeError(f"{rule}, not {brief(groups)}")
    if not groups:
        raise ValueError(rule)
    for name, group in groups.items():
        written(name, "a group's name", 60)
        if not items(group, Trace, rule):
            raise ValueError(rule)


def plot_cost() -> Plot:
    """Bytes that the planes of one VM take, by the number of planes, in three designs."""
    rounded = kmalloc_class(max(STRUCT_KVM.values()))
    first = listed([str(in_memory(name, 1)) for name in DESIGNS])
    counts = range(1, KVM_MAX_PLANES + 1)
    alike = [
        listed(pair)
        for pair in combinations(DESIGNS, 2)
        if len({tuple(map(DESIGNS[name], counts)) for name in pair}) == 1
    ]
    sheet = Sheet(
        "What planes cost one VM in memory",
        [f"{ARRAY} bytes for the slots and {kmalloc_class(PLANE)} for a plane, {PADDING} of which are padding.",
         f"A measured struct kvm takes {rounded} bytes with or without slots: a first plane costs {first} there.",
         *(f"The curves of {names} are one: dots on a line." for names in alike)],
        [("bytes", "", _HEIGHT)], (0.5, KVM_MAX_PLANES + 0.5), left=52, top=64 + 12 * len(alike),
    )  # fmt: skip
    heights = {size: sheet.rows["bytes"][1] - _HEIGHT * size / _MOST for size in range(_MOST + 1)}
    for size in range(0, _MOST + 1, 100):
        sheet.write(sheet.at(0.3), heights[size] + 3, str(size), across="right")
    sheet.write(PAD + SMALL, sheet.middle("bytes"), "bytes", across="center", upright=True)
    for (name, cost), look in zip(DESIGNS.items(), _LINES, strict=True):
        line = [(sheet.at(planes), heights[cost(planes)]) for planes in counts]
        sheet.put(name, [line], look)
    return Plot(sheet.figure("\n".join(map(_cost_words, DESIGNS)), axis="planes"))


def _cost_words(name: str) -> str:
    cost, counts = DESIGNS[name], (1, 2, 16)
    needs = [f"{cost(n)} bytes in {many(allocations(name, n), 'allocation')} for {many(n, 'plane')}" for n in counts]
    taken = [f"{in_memory(name, n)} for {n}" for n in counts]
    return f"{name}: {listed(needs)}; bytes taken from the allocator of a measured kernel: {listed(taken)}"
