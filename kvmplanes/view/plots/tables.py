# SPDX-License-Identifier: GPL-2.0-only
"""Many runs, one a row; and every path of several versions, one a cell."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kvmplanes.model.constants import KVM_MAX_PLANES
from kvmplanes.runs.certificate import OUTCOMES, Certificate, Outcome
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.words import many
from kvmplanes.view.page.style import BAD, CLEAN, NEVER_USED, outcome_role
from kvmplanes.view.plots import data, describe
from kvmplanes.view.plots.data import Run
from kvmplanes.view.plots.sheet import LINE, PAD, SHAPES, SMALL, WIDTH, Plot, Sheet, house, soft, wide

_COLUMN: Final = 12.0  # points: a call, or a slot
_RUN: Final = 8.0  # points: a run
_CELL: Final = 56.0  # points: a version
IN_A_CELL: Final[dict[Outcome, str]] = {
    "use-after-free": "after free",
    "double-free": "twice",
    "out-of-bounds": "beyond",
    "null-dereference": "NULL",
    "leak": "leak",
    "wrong errno": "errno",
    "wrong state": "state",
    "clean": "",
}


def plot_runs(traces: Sequence[Trace] | Mapping[str, Sequence[Trace]]) -> Plot:
    """Many runs: the failable calls that each reached, which failed, the outcome, and the slots after creation.

    Args:
        traces: the runs; or several groups of them by name, such as one for each probability.

    Raises:
        ValueError: no runs, or a group without runs.
    """
    groups = dict(traces) if isinstance(traces, Mapping) else {"": traces}
    if not groups or not all(groups.values()):
        raise ValueError("a plot of runs needs at least one trace, and one in every group if there are groups")
    runs = {name: data.sorted_runs(group) for name, group in groups.items()}
    calls = data.in_order(run.calls for group in runs.values() for run in group)
    first = len(calls) + 2.5  # column of planes[0]
    versions = list(dict.fromkeys(str(trace.version) for group in groups.values() for trace in group))
    with house():
        sheet = _run_sheet(versions, runs, calls)
        for outcome in OUTCOMES:
            rows = [(run, row) for run, row in _rows(runs) if run.outcome == outcome]
            places = [
                (span.first, span.last, row)
                for run, row in rows
                for span in data.spans("reached" if call in run.calls else "" for call in calls)
                if span.word
            ]
            sheet.boxes(f"_{outcome}", places, **soft(outcome_role(outcome), 0.4, linewidth=0))
            mark = [(len(calls) + 0.5, row) for _, row in rows]
            sheet.points(f"{outcome} ({len(rows)})", mark, SHAPES[outcome], outcome_role(outcome).on_light)
        failed = [(calls.index(call), row) for run, row in _rows(runs) for call in run.failed]
        sheet.failures(failed)
        for word in ("live", "dangling"):
            held = [(s, row) for run, row in _rows(runs) for s in data.spans(run.slots) if s.word == word]
            sheet.boxes(word, [(first + s.first, first + s.last, row) for s, row in held])
        for name, group in runs.items():
            _totals(sheet, name, group, calls, first)
        return sheet.plot(describe.runs_text(runs))


def _rows(runs: Mapping[str, Sequence[Run]]) -> Iterator[tuple[Run, str]]:
    """Every run with its row's key."""
    return ((run, f"{name}/{n}") for name, group in runs.items() for n, run in enumerate(group))


def _run_sheet(versions: Sequence[str], runs: Mapping[str, Sequence[Run]], calls: Sequence[str]) -> Sheet:
    """The rows of every group, the calls and slots across, and what they are called."""
    rows: list[tuple[str, str, float]] = []
    told = {name: _group_words(name, group) for name, group in runs.items()}
    for name, group in runs.items():
        rows += [(f"{name}/{n}", "", _RUN) for n in range(len(group))]
        rows += [(f"{name}/total", "", 14.0)]
        rows += [(f"{name}/below", "", max(8.0, LINE * len(told[name]) - _RUN * len(group) - 6))]
    columns = len(calls) + 2.5 + KVM_MAX_PLANES
    left = PAD + 12 + max(wide(line) for lines in told.values() for line in lines)
    top = 52 + max(map(wide, calls))
    sheet = Sheet(
        f"Runs of version {', '.join(versions)}: how far each of {sum(map(len, runs.values()))} gets",
        ["One row a run: a bar over the calls that it reaches. The numbers count runs."],
        rows, (-0.5, columns - 0.5), left=left, top=top, width=left + PAD + columns * _COLUMN,
    )  # fmt: skip
    for name, group in runs.items():
        sheet.rows[f"{name}/all"] = (sheet.rows[f"{name}/0"][0], sheet.rows[f"{name}/{len(group) - 1}"][1])
        ground = [(0, len(calls) - 1, f"{name}/all"), (len(calls) + 2.5, columns - 1, f"{name}/all")]
        sheet.boxes("_ground", ground, **soft(NEVER_USED, 0.07, linewidth=0))
    for x, call in enumerate(calls):
        sheet.write(x + 0.3, top - 4, call, size=SMALL, rotation=90, rotation_mode="anchor")
    for i in range(KVM_MAX_PLANES):
        sheet.write(len(calls) + 2.5 + i, top - 4, str(i), size=SMALL, ha="center")
    sheet.write(len(calls) + 2, top - 18, "planes[i] after creation", size=SMALL)
    for name, lines in told.items():
        start = sheet.rows[f"{name}/0"][0] + SMALL
        for n, line in enumerate(lines):
            weight = "bold" if name and not n else "normal"
            sheet.write(-0.5 - (left - PAD) * sheet.point, start + LINE * n, line, size=SMALL, weight=weight)
    return sheet


def _group_words(name: str, group: Sequence[Run]) -> list[str]:
    outcomes = Counter(run.outcome for run in group)
    head = f"{many(len(group), 'run')}:"
    return [*[name] * bool(name), head, *(f"{n} {outcome}" for outcome, n in outcomes.most_common())]


def _totals(sheet: Sheet, name: str, group: Sequence[Run], calls: Sequence[str], first: float) -> None:
    """Below a group: in how many runs each call failed, and each slot held a live plane."""
    failed = Counter(call for run in group for call in run.failed)
    live = Counter(i for run in group for i, state in enumerate(run.slots) if state == "live")
    columns = {calls.index(call): n for call, n in failed.items()} | {first + i: n for i, n in live.items()}
    for x, n in columns.items():
        sheet.write(x, sheet.middle(f"{name}/total"), str(n), size=SMALL, ha="center", va="center")


def plot_paths(certificates: Sequence[Certificate]) -> Plot:
    """Every path of several versions: the failing call down, the version across, the outcome in the cell.

    Raises:
        ValueError: no certificates.
    """
    if not certificates:
        raise ValueError("a plot of paths needs at least one certificate")
    table = data.paths(certificates)
    cells = [(x, call, path and path.outcome) for call, row in table.items() for x, path in enumerate(row)]
    left = PAD + 6 + max(map(wide, table))
    column = max(_CELL, *(1.3 * wide(str(certificate.version)) for certificate in certificates))
    with house():
        sheet = Sheet(
            "Every path of every version: what a failing call leads to",
            ["A row is the call that fails, with its program if not the usual one; plain numbers are as posted."],
            [(call, call, 16.0) for call in table], (-0.5, len(certificates) - 0.5),
            left=left, top=68, width=max(WIDTH, left + PAD + column * len(certificates)),
        )  # fmt: skip
        for x, certificate in enumerate(certificates):
            _heading(sheet, x, certificate)
        edge = sheet.point  # a gap of two points between columns
        for outcome in OUTCOMES:
            here = [(x, call) for x, call, found in cells if found == outcome]
            role, word = outcome_role(outcome), IN_A_CELL[outcome]
            at = 0.5 * (wide(word) + 4) * sheet.point if word else 0
            places = [(x + edge, x - edge, call) for x, call in here]
            sheet.boxes(f"_{outcome}", places, **soft(role, 0.25, linewidth=0))
            marks = [(x - at, call) for x, call in here]
            sheet.points(f"{outcome} ({len(here)})", marks, SHAPES[outcome], role.on_light)
            for x, call in here * bool(word):
                sheet.write(x - at + 6 * sheet.point, sheet.middle(call), word, size=SMALL, va="center")
        gone = [(x + edge, x - edge, call) for x, call, found in cells if found is None]
        sheet.boxes("no such call", gone)
        return sheet.plot(describe.paths_text(certificates))


def _heading(sheet: Sheet, x: int, certificate: Certificate) -> None:
    """A version, and how many of its paths are not clean."""
    bad = len(certificate.paths) - certificate.counts.get("clean", 0)
    sheet.write(x, 49, str(certificate.version), ha="center", weight="bold")
    told = f"{bad} of {len(certificate.paths)} bad" if bad else f"{len(certificate.paths)} clean"
    sheet.write(x, 61, told, ha="center", size=SMALL, color=(BAD if bad else CLEAN).on_light)
