# SPDX-License-Identifier: GPL-2.0-only
"""The standard matrix of scenarios, the C's results for it (fresh or stored), and their agreement with the model."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from kvmplanes.model.faults import CALLS, base
from kvmplanes.model.series import ALL
from kvmplanes.model.version import Version
from kvmplanes.oracle.compiled.build import Compiler, build
from kvmplanes.oracle.compiled.compare import disagreements
from kvmplanes.oracle.compiled.run import Driver, Result, Row, Scenario
from kvmplanes.oracle.compiled.scaffold import tree
from kvmplanes.runs import scenario
from kvmplanes.runs.trace import Trace

STORED: Final = Path(__file__).with_name("results.json")
PLANES: Final = ((), (1,), (1, 3), (15, 2))
OPS: Final = (
    ("KVM_CHECK_EXTENSION system", "KVM_CREATE_VM", "KVM_CHECK_EXTENSION vm"),
    ("KVM_CREATE_VM", "close(vm)", "KVM_CREATE_VM"),
)
PLANE_OPS: Final = (
    ("KVM_CREATE_VM", "KVM_CREATE_PLANE 0", "KVM_CREATE_PLANE 16", "KVM_CREATE_PLANE 4294967301", "KVM_CREATE_PLANE 5"),
    ("KVM_CREATE_VM", "KVM_CREATE_PLANE 3", "close(plane 3)", "KVM_CREATE_PLANE 3", "close(vm)"),
    ("KVM_CREATE_VM", "KVM_CREATE_PLANE 3", "close(vm)", "KVM_CREATE_PLANE 2", "close(plane 3)"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario of one version, and what the C did."""

    version: str
    scenario: Scenario
    result: Result


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
    if name not in ALL:
        raise ValueError(f"no version {name!r}; there are {', '.join(ALL)}")
    version, found = ALL[name], []
    for planes in PLANES if version.creates_planes else PLANES[:1]:
        plain = Scenario(scenario.usual(version, planes))
        calls = modelled(version, plain).calls
        failing = [replace(plain, fail=n) for n in range(1, len(calls) + 1)]
        others = [f"{call}: {errno}" for call in dict.fromkeys(calls) for errno in CALLS[base(call)][0][1:]]
        found += [plain, *failing, *(replace(plain, fail=other) for other in others)]
        found += [replace(s, freed="zeroed") for s in (plain, failing[-1])]
        found += [replace(s, freed="poisoned") for s in (plain, failing[-1])]
        late = len(modelled(version, Scenario()).calls)  # what fails before is not KVM_CREATE_PLANE
        found += [replace(s, retry=True) for s in failing[late:]]
    return found + [Scenario(ops) for ops in (*OPS, *(PLANE_OPS if version.creates_planes else ()))]


def fresh(names: Iterable[str] = ALL, compiler: Compiler | None = None) -> Iterator[Run]:
    """Compile and run the matrix of each version; the arguments and errors of `build`."""
    for name in names:
        with Driver(build(tree(ALL[name]), compiler=compiler)) as driver:
            for what in matrix(name):
                yield Run(name, what, driver.run(what))


# -- stored: each distinct event and call once, a run a line --------------------------------------------------------


def dump(runs: Iterable[Run]) -> str:
    """Runs as JSON text, the same for the same runs."""
    events: dict[Row, int] = {}
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


def stored(path: Path = STORED) -> list[Run]:
    """The runs in `results.json`: the C's part, for places without a compiler."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    calls, events = data["calls"], [tuple(row) for row in data["events"]]
    return [
        Run(
            row["version"],
            Scenario(**{**row["scenario"], "ops": tuple(row["scenario"]["ops"])}),
            Result(
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

_COLUMNS: Final[tuple[tuple[str, Row], ...]] = (
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
    seen: Counter[Row]


def agreement(runs: Iterable[Run]) -> list[Agreement]:
    """Compare runs with the model, version by version."""
    grouped: dict[str, list[Run]] = {}
    for run in runs:
        grouped.setdefault(run.version, []).append(run)
    return [_agreement(name, group) for name, group in grouped.items()]


def _agreement(name: str, group: list[Run]) -> Agreement:
    compared = [(r.scenario, tuple(disagreements(modelled(ALL[name], r.scenario), r.result))) for r in group]
    seen = sum((r.result.counts for r in group), Counter[Row]())
    seen["lsan", "leak", ""] = sum(r.result.lsan for r in group)
    return Agreement(name, len(group), tuple((what, why) for what, why in compared if why), seen)


def table(rows: Iterable[Agreement]) -> str:
    """The agreement as text: one line a version, then the total."""
    head = ["version", "scenarios", "disagreements", *(title for title, _ in _COLUMNS), "leaked objects"]
    keys = [*(key for _, key in _COLUMNS), ("lsan", "leak", "")]
    lines = [(row.version, [row.scenarios, len(row.wrong), *(row.seen[key] for key in keys)]) for row in rows]
    lines.append(("together", [sum(column) for column in zip(*(numbers for _, numbers in lines), strict=True)]))
    cells = [head, *([name, *map(str, numbers)] for name, numbers in lines)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    return "\n".join(
        "  ".join(c.ljust(w) if not i else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        for line in cells
    )
