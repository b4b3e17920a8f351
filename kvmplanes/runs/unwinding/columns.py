# SPDX-License-Identifier: GPL-2.0-only
"""The two columns of the unwinding ladder: what acquires, and what undoes.

Both are read from runs and from the version's own text, so they hold for a reader's version too.
A resource is named by a key: an object ("plane#0"), a reference ("current->mm", "fd of vm",
"users_count of vm") or a slot that points to a plane ("planes[0]").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

from kvmplanes.model.series import KVM_MAX_PLANES, Version
from kvmplanes.runs.scenario import failing_once, usual
from kvmplanes.runs.trace import State, Step, Trace

if TYPE_CHECKING:
    from kvmplanes.runs.unwinding.statements import Site, Source

CREATORS: Final = ("kvm_create_vm", "kvm_dev_ioctl_create_vm", "kvm_vm_ioctl_create_plane")  # inner before outer
TEARDOWN: Final = "kvm_destroy_vm"


@dataclass(slots=True)
class Rung:
    """One acquiring statement.

    Attributes:
        site: where it stands.
        words: the call.
        numbers: which failable calls of the run it makes, as for `run(fail=number)`.
        label: the label that its failure jumps to first, "" if it cannot fail or returns at once.
        keys: what it acquired in this run.
        undone: those of `keys` that were undone.
        left: those of `keys` that nothing undoes, and what they lack: "plane#0 never freed".
        failed: the errno with which it failed in this run, "" if it did not.
        step: the step at which it failed, else at which it first acquired something; None if it did not run.
    """

    site: Site
    words: str
    numbers: tuple[int, ...] = ()
    label: str = ""
    keys: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failed: str = ""
    step: int | None = None


@dataclass(slots=True)
class UndoRow:
    """One line of the right column: a heading, a label, or an undoing statement.

    Attributes:
        words: its text.
        site: where a statement stands; line 0 of its own name for a label, and of what close(2) itself does.
        block: the label that a statement stands under, "" if none.
        kind: which of the three.
        reached: whether the run came here.
        undone: the keys it undid.
        wrong: what is wrong with it, in words.
        step: the step at which something is wrong with it, else the first that is its; None if it has none.
    """

    words: str
    site: Site = ("", 0)
    block: str = ""
    kind: Literal["heading", "label", "statement"] = "statement"
    reached: bool = False
    undone: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A step that acquires a key (+1), undoes one (-1), or does neither (0), and in which creating statement."""

    step: Step
    key: str
    by: int
    site: Site | None


Moves = Sequence[Move]


def moves_of(trace: Trace) -> Moves:
    """Every step of a run, as a move."""
    before = (State(), *(step.state for step in trace.steps))
    return tuple(
        Move(step, *_change(step, state), _site(step)) for state, step in zip(before, trace.steps, strict=False)
    )


def _site(step: Step) -> Site | None:
    return next(((frame.function, frame.lineno) for frame in step.stack if frame.function in CREATORS), None)


def _change(step: Step, before: State) -> tuple[str, int]:
    """What a step acquires or undoes, given the state before it."""
    match step.what:
        case "alloc":
            return step.obj, 1
        case "free" if step.defect is None:
            return step.obj, -1
        case "get" | "put":
            key = f"fd of {step.op.target}" if step.obj == "fd" else step.obj
            return key, 1 if step.what == "get" else -1
        case "write" if step.slot is not None:
            return step.field, -1 if step.value == "NULL" else 1
        case "write" if step.field == "users_count":
            owner = before.find(step.obj)
            rose = int(step.value) > int(owner.get("users_count") if owner else 0)
            return f"users_count of {step.op.target}", 1 if rose else -1
    return "", 0


@lru_cache(maxsize=16)  # half a megabyte each
def reference_runs(version: Version, planes: tuple[int, ...]) -> tuple[Moves, ...]:
    """The run on which nothing fails, and for each failable call the run on which it fails, in order."""
    return tuple(map(moves_of, failing_once(version, usual(version, planes))))


class Extent:
    """Which steps of a run its ladder is about, and as moves.

    Those of the system call in which something failed (it is `unwinding`); if nothing did, those that create and close.
    """

    def __init__(self, trace: Trace) -> None:
        moves = iter(moves_of(trace))
        calls = [list(islice(moves, len(steps))) for steps in trace.syscalls]
        failing = next((call for call in calls if any(move.step.what == "fail" for move in call)), [])
        changing = [call for call in calls if call[0].step.op.verb not in ("KVM_CHECK_EXTENSION", "exit")]
        self.trace, self.unwinding = trace, bool(failing)
        self.moves: Moves = failing or [move for call in changing for move in call]
        self.steps = [move.step for move in self.moves]

    @cached_property
    def references(self) -> tuple[Moves, ...]:
        """The moves of the same system calls in other runs: one on which nothing fails, then one a failing call."""
        planes = dict.fromkeys(op.plane for op, _ in self.trace.results if op.verb == "KVM_CREATE_PLANE")
        runs = reference_runs(self.trace.version, tuple(id_ for id_ in planes if id_ and id_ < KVM_MAX_PLANES))
        ops = {step.op for step in self.steps}
        return tuple([move for move in moves if move.step.op in ops] for moves in runs)

    @cached_property
    def source(self) -> Source:
        """The C that ran."""
        from kvmplanes.runs.unwinding.statements import source

        return source(self.trace.version)


# -- left column ------------------------------------------------------------------------------------------


def rungs_of(extent: Extent) -> Iterator[Rung]:
    """Every acquiring statement that some run of this version reaches, in the order of reaching."""
    order: list[Site] = []
    failures: dict[Site, list[tuple[str, int, str]]] = {}
    for number, moves in enumerate((*extent.references, extent.moves)):
        at = 0
        for i, move in enumerate(moves):
            fails = move.step.what == "fail"
            if move.site is None or not (fails or move.by > 0):
                continue
            if move.site not in order:
                order.insert(at, move.site)
            at = order.index(move.site) + 1
            if fails and number < len(extent.references):
                label = next((later.step.obj for later in moves[i:] if later.step.what == "goto"), "")
                failures.setdefault(move.site, []).append((move.step.obj, number, label))
    for site in order:
        failing = failures.get(site, [])
        calls = [call for call, _, _ in failing]
        names = calls if len(calls) == 1 else {re.sub(r"\d+", "N", call) for call in calls}
        words = next(iter(names)) if len(names) == 1 else extent.source.call(site)
        yield Rung(site, words, tuple(number for _, number, _ in failing), failing[0][2] if failing else "")


# -- right column -----------------------------------------------------------------------------------------


def undo_rows_of(extent: Extent, rungs: Sequence[Rung]) -> list[UndoRow]:
    """Labels with what stands under them, or what closing does; in the order of the text."""
    return list(_unwinding(extent, rungs)) if extent.unwinding else _closing(extent)


def _unwinding(extent: Extent, rungs: Sequence[Rung]) -> Iterator[UndoRow]:
    steps = extent.steps
    fail = next(i for i, step in enumerate(steps) if step.what == "fail")
    under_way = {frame.function for frame in steps[fail].stack}
    called = {frame.function for step in steps[:fail] for frame in step.stack}
    for name in CREATORS:
        if all(rung.site[0] != name for rung in rungs) or name in called - under_way:
            continue  # not this system call's, or returned before the failure: its labels are out of reach
        yield UndoRow(f"{name}()", kind="heading")
        for label, body in extent.source.blocks(name):
            yield UndoRow(label, (label, 0), kind="label")
            for statement in body:
                yield UndoRow(statement.text, statement.site, label)
                if any(tears_down(step) and statement.site in sites_of(step) for step in steps):
                    yield from _teardown(extent)


def _teardown(extent: Extent) -> Iterator[UndoRow]:
    yield UndoRow(f"{TEARDOWN}()", kind="heading")
    for statement in extent.source.statements(TEARDOWN):
        yield UndoRow(statement.text, statement.site)


def _closing(extent: Extent) -> list[UndoRow]:
    rows: list[UndoRow] = []
    for move in extent.moves:
        step = move.step
        if step.op.verb != "close" or not (step.defect or move.by < 0):
            continue
        if all(row.words != _close(step) for row in rows):
            rows.append(UndoRow(_close(step), kind="heading"))
        if tears_down(step) and all(row.words != f"{TEARDOWN}()" for row in rows):
            rows += _teardown(extent)
        *_, outermost = sites = sites_of(step)
        if not {*sites} & {*rows_at(rows)}:  # close(2) itself, or what a release function calls
            by_close = {"fd": "give the descriptor back", "file": "free the file"}.get(step.kind, step.text)
            rows.append(UndoRow(extent.source.call(outermost) if step.stack else by_close, outermost))
    return rows


def _close(step: Step) -> str:
    return str(step.op) if step.op.plane is None else "close(plane)"


def tears_down(step: Step) -> bool:
    """Whether a step happened inside kvm_destroy_vm."""
    return any(frame.function == TEARDOWN for frame in step.stack)


def sites_of(step: Step) -> list[Site]:
    """Where a step happened: at a label; or in functions, the innermost first; or in close(2) itself."""
    if step.what == "label":
        return [(step.obj, 0)]
    return [(frame.function, frame.lineno) for frame in step.stack] or [(f"{_close(step)}: {step.kind}", 0)]


def rows_at(rows: Sequence[UndoRow]) -> dict[Site, int]:
    """The index of the row that stands at each site; of two labels of one name that of the first."""
    return {row.site: i for i, row in reversed([*enumerate(rows)]) if row.kind != "heading"}
