# SPDX-License-Identifier: GPL-2.0-only
"""Pickers without a kernel: every choice of a picker, worked out beforehand and stored as a file of its own.

`choices.js` puts lists in front of a stored first frame, and fetches what is chosen. The failure picker's choices by
chance (failslab) are left out: they are too many.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kvmplanes.model.faults import CALLS, base
from kvmplanes.model.series import VERSIONS, Version
from kvmplanes.oracle.instruments.drawing import cell_html
from kvmplanes.runs.scenario import run
from kvmplanes.view.cells import Table
from kvmplanes.view.live.frames import views

PLANES: Final = ((), (1,), (1, 3))  # what a page can ask of a version with KVM_CREATE_PLANE
NOTHING: Final = "nothing"


@dataclass(frozen=True, slots=True)
class State:
    """One thing that can be chosen.

    Attributes:
        key: its name in links and of its file, such as "09-n2".
        labels: the choice in each list, in the lists' order.
        html: works out the verdict (read out by screen readers, "" for none) and what is shown below it.
    """

    key: str
    labels: tuple[str, ...]
    html: Callable[[], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choices:
    """All that a picker can show.

    Attributes:
        name: what a stored first frame calls it (`data-choices`), and the name of its folder.
        lists: the lists' labels.
        states: what can be chosen.
        note: what only the live picker can do, in a sentence; "" if nothing.
    """

    name: str
    lists: tuple[str, ...]
    states: tuple[State, ...]
    note: str = ""

    def write(self, folder: Path) -> int:
        """Store an index and a file a state in a folder of the picker's name; return the number of bytes."""
        target = folder / self.name
        target.mkdir(parents=True, exist_ok=True)
        rows = [[*state.labels, state.key] for state in self.states]
        texts = {"index": {"lists": self.lists, "note": self.note, "states": rows}}
        texts |= {state.key: dict(zip(("verdict", "views"), state.html(), strict=True)) for state in self.states}
        for key, text in texts.items():
            (target / f"{key}.json").write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")
        return sum((target / f"{key}.json").stat().st_size for key in texts)


def failure_choices(versions: Iterable[str] = tuple(VERSIONS)) -> Choices:
    """Everything that the failure picker can be asked, but for failures by chance.

    Args:
        versions: names of the versions to offer.
    """
    states = tuple(state for name in versions for state in _failures(VERSIONS[name]))
    note = "Failures by chance (failslab) and other planes need Python: run this notebook live for them."
    return Choices("failures", ("Version", "Planes", "What fails"), states, note)


def instrument_choices(table: Table) -> Choices:
    """Every cell of the instrument table.

    Args:
        table: what `kvmplanes.oracle.instruments.table.instrument_table` gives.
    """
    states = tuple(
        State(
            instrument_key(table, case.name, name), (f"{case.name}: {case.title}", name), _cell(table, case.name, name)
        )
        for case in table.cases
        for name in table.instruments
    )
    return Choices("instruments", ("Case", "Instrument"), states)


def instrument_key(table: Table, case: str, instrument: str) -> str:
    """The key of a cell: places in the table's lists, since names hold spaces and slashes."""
    row = [one.name for one in table.cases].index(case)
    return f"case-{row + 1}-{list(table.instruments).index(instrument) + 1}"


def failure_key(version: str, planes: tuple[int, ...] = (), nth: int = 0, errno: str = "") -> str:
    """The key of a run: version, planes, fail-nth number and, where it is not the call's usual one, errno.

    >>> failure_key("29", (1, 3), 15, "EINTR")
    '29-p1.3-n15-EINTR'
    """
    parts = (version, planes and f"p{'.'.join(map(str, planes))}", nth and f"n{nth}", errno)
    return "-".join(str(part) for part in parts if part)


def _failures(version: Version) -> Iterator[State]:
    title = f"{version}: {version.title.removesuffix(', as posted')}"
    for planes in PLANES if version.creates_planes else PLANES[:1]:
        shown = ", ".join(map(str, planes)) or "none but plane 0" if version.creates_planes else "none can be made"
        yield State(failure_key(version.name, planes), (title, shown, NOTHING), _run(version.name, planes, None))
        for nth, call in enumerate(run(version, planes=planes).calls, 1):
            usual, *others = CALLS[base(call)][0]
            for errno in (usual, *others):
                key = failure_key(version.name, planes, nth, errno if errno != usual else "")
                label = f"{nth}. {call}" + (f": {errno}" if errno != usual else "")
                yield State(key, (title, shown, label), _run(version.name, planes, f"{call}: {errno}"))


def _run(version: str, planes: tuple[int, ...], fail: str | None) -> Callable[[], tuple[str, str]]:
    def html() -> tuple[str, str]:
        shown = views(run(version, planes=planes, fail=fail))
        pictures = "".join(f'<div style="flex:1 1 {shown_at}px;min-width:0">{shown[name]}</div>'
                           for name, shown_at in (("ladder", 320), ("heap", 320)))  # fmt: skip
        below = shown["occupancy"] + shown["report"]
        return shown["verdict"], f'<div style="display:flex;flex-wrap:wrap;gap:0 16px">{pictures}</div>{below}'

    return html


def _cell(table: Table, case: str, instrument: str) -> Callable[[], tuple[str, str]]:
    return lambda: ("", cell_html(table.cell(case, instrument)).html)
