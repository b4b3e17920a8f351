# SPDX-License-Identifier: GPL-2.0-only
"""The standard matrix of scenarios, the C's results for it (fresh or stored), and their agreement with the model."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from kvmplanes.given import among, items, known, stream, typed
from kvmplanes.model.faults import CALLS, base
from kvmplanes.model.heap import FREED
from kvmplanes.model.series import ALL
from kvmplanes.model.version import Version
from kvmplanes.oracle.compiled.build import A_COMPILER, Compiler, build, tree
from kvmplanes.oracle.compiled.compare import disagreements
from kvmplanes.oracle.compiled.run import Driver, LogRow, Played, Scenario
from kvmplanes.runs import scenario
from kvmplanes.runs.trace import Trace
from kvmplanes.view.page.html import Html, table

STORED: Final = Path(__file__).with_name("results.json")
_PLANES: Final = ((), (1,), (1, 3), (15, 2))
_OPS: Final = (
    ("KVM_CHECK_EXTENSION system", "KVM_CREATE_VM", "KVM_CHECK_EXTENSION vm"),
    ("KVM_CREATE_VM", "close(vm)", "KVM_CREATE_VM"),
)
_PLANE_OPS: Final = (
    ("KVM_CREATE_VM", "KVM_CREATE_PLANE 0", "KVM_CREATE_PLANE 16", "KVM_CREATE_PLANE 4294967301", "KVM_CREATE_PLANE 5"),
    ("KVM_CREATE_VM", "KVM_CREATE_PLANE 3", "close(plane 3)", "KVM_CREATE_PLANE 3", "close(vm)"),
    ("KVM_CREATE_VM", "KVM_CREATE_PLANE 3", "close(vm)", "KVM_CREATE_PLANE 2", "close(plane 3)"),
)


@dataclass(frozen=True, slots=True)
class CRun:
    """One scenario of one version, and what the C did."""

    version: str
    scenario: Scenario
    result: Played


def modelled(version: Version, what: Scenario) -> Trace:
    """The model's trace of a scenario.

    Raises:
        ValueError: a bad scenario.
    """
    return scenario.run(version, ops=what.ops, fail=what.fail, retry=what.retry, freed=what.freed)


def matrix(name: str) -> list[Scenario]:
    """Every failable call x plane sets, the errnos that a call can give beside its usual one, and what freeing does.

    Raises:
        ValueError: no such version.
    """
    version, scenarios = ALL[known(name, "version", ALL)], list[Scenario]()
    for planes in _PLANES if version.creates_planes else _PLANES[:1]:
        plain = Scenario(scenario.usual(version, planes))
        calls = modelled(version, plain).calls
        failing = [replace(plain, fail=n) for n in range(1, len(calls) + 1)]
        others = [f"{call}: {errno}" for call in dict.fromkeys(calls) for errno in CALLS[base(call)][0][1:]]
        scenarios += [plain, *failing, *(replace(plain, fail=other) for other in others)]
        scenarios += [replace(what, freed=freed) for freed in FREED[1:] for what in (plain, failing[-1])]
        late = len(modelled(version, Scenario()).calls)  # what fails before is not KVM_CREATE_PLANE
        scenarios += [replace(what, retry=True) for what in failing[late:]]
    return scenarios + [Scenario(ops) for ops in (*_OPS, *(_PLANE_OPS if version.creates_planes else ()))]


def fresh(names: Iterable[str] = ALL, compiler: Compiler | None = None) -> Iterator[CRun]:
    """Compile and run the matrix of each version; the arguments and errors of `build`."""
    rule = f"names must be a list of versions, such as {[*ALL][:3]}"
    if compiler is not None:
        typed(compiler, Compiler, A_COMPILER)
    for name in items(tuple(ALL) if names is ALL else names, str, rule):
        among(name, "a version", ALL)
        with Driver(build(tree(ALL[name]), compiler=compiler)) as driver:
            for what in matrix(name):
                yield CRun(name, what, driver.run(what))


# -- stored: each distinct event and call once, a run a line --------------------------------------------------------


def dump(runs: Iterable[CRun]) -> str:
    """Runs as JSON text, the same for the same runs."""
    events: dict[LogRow, int] = {}
    calls: dict[str, int] = {}
    lines = [
        {
            "version": run.version,
            "scenario": asdict(run.scenario),
            "results": run.result.results,
            "calls": [calls.setdefault(call, len(calls)) for call in run.result.calls],
            "events": [events.setdefault(row, len(events)) for row in run.result.events],
            "reports": sorted([*row, n] for row, n in run.result.counts.items()),
            "lsan": run.result.lsan,
        }
        for run in runs
    ]
    tables: dict[str, Iterable[object]] = {"calls": calls, "events": events, "runs": lines}
    parts = (
        f'"{name}":[\n' + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]"
        for name, rows in tables.items()
    )
    return "{\n" + ",\n".join(parts) + "\n}\n"


def stored(path: Path = STORED) -> list[CRun]:
    """The runs in `results.json`: the C's part, for places without a compiler."""
    typed(path, Path, "path must be a Path of a file that dump() has written")
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    calls, events = data["calls"], [tuple(row) for row in data["events"]]
    return [
        CRun(
            row["version"],
            Scenario(**{**row["scenario"], "ops": tuple(row["scenario"]["ops"])}),
            Played(
                tuple((op, result) for op, result in row["results"]),
                tuple(calls[n] for n in row["calls"]),
                tuple(events[n] for n in row["events"]),
                tuple(tuple(report) for *report, n in row["reports"] for _ in range(n)),
                row["lsan"],
            ),
        )
        for row in data["runs"]
    ]


# -- agreement ------------------------------------------------------------------------------------------------------

_COLUMNS: Final[tuple[tuple[str, LogRow], ...]] = (
    ("reads after free", ("asan", "heap-use-after-free", "read")),
    ("writes after free", ("asan", "heap-use-after-free", "write")),
    ("double frees", ("asan", "double-free", "free")),
    ("bad indexes", ("ubsan", "out-of-bounds-index", "")),
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How model and C agree on a version.

    Attributes:
        version: its name.
        scenarios: how many were compared.
        wrong: the scenarios on which they disagree, with the reasons.
        seen: the C's reports over all scenarios, by sanitizer, kind and access; ("lsan", "leak", "") counts objects.
    """

    version: str
    scenarios: int
    wrong: tuple[tuple[Scenario, tuple[str, ...]], ...]
    seen: Counter[LogRow]


def agreement(runs: Iterable[CRun]) -> list[Agreement]:
    """Compare runs with the model, version by version."""
    grouped: dict[str, list[CRun]] = {}
    for run in stream(runs, CRun, "runs must be what stored() or fresh() gives"):
        grouped.setdefault(run.version, []).append(run)
    made = []
    for name, group in grouped.items():
        reasons = [(run.scenario, disagreements(modelled(ALL[name], run.scenario), run.result)) for run in group]
        seen = sum((run.result.counts for run in group), Counter[LogRow]())
        seen["lsan", "leak", ""] = sum(run.result.lsan for run in group)
        made.append(Agreement(name, len(group), tuple((what, tuple(why)) for what, why in reasons if why), seen))
    return made


def agreement_table(rows: Iterable[Agreement]) -> Html:
    """The agreement: one line a version, then the total."""
    rows = stream(rows, Agreement, "rows must be what agreement() gives")
    head = ["version", "scenarios", "disagreements", *(title for title, _ in _COLUMNS), "leaked objects"]
    keys = [*(key for _, key in _COLUMNS), ("lsan", "leak", "")]
    numbers = {row.version: [row.scenarios, len(row.wrong), *(row.seen[key] for key in keys)] for row in rows}
    numbers["together"] = [sum(column) for column in zip(*numbers.values(), strict=True)]
    lines = [[name, *map(str, row)] for name, row in numbers.items()]
    return table(head, lines, right=range(1, len(head)), sums=[len(lines) - 1])
