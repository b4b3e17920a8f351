# SPDX-License-Identifier: GPL-2.0-only
"""The two columns of the unwinding ladder: what acquires, and what undoes.

Both are read from traces and from the version's own text, so they hold for a reader's version too.
A resource is named by a key: an object ("plane#0"), a reference ("current->mm", "fd of vm",
"users_count of vm") or a slot that points to a plane ("planes[0]").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

from kvmplanes.model.constants import KVM_MAX_PLANES
from kvmplanes.model.series import Version
from kvmplanes.runs.scenario import run
from kvmplanes.runs.trace import State, Step, Trace

if TYPE_CHECKING:
    from kvmplanes.runs.unwinding.statements import Site, Source, Statement

CREATORS: Final = ("kvm_create_vm", "kvm_dev_ioctl_create_vm", "kvm_vm_ioctl_create_plane")  # inner before outer
TEARDOWN: Final = "kvm_destroy_vm"


@dataclass(slots=True)
class Rung:
    """One acquiring statement.

    Attributes:
        site: where it stands.
        words: the call.
        numbers: fail-nth numbers of its failable calls.
        label: the label that its failure jumps to first, "" if it cannot fail or returns at once.
        keys: what it acquired in this run.
        undone: those of `keys` that were undone.
        left: those of `keys` that nothing undoes, once that is certain.
        failed: the errno with which it failed in this run.
    """

    site: Site
    words: str
    numbers: tuple[int, ...] = ()
    label: str = ""
    keys: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failed: str = ""


@dataclass(slots=True)
class Row:
    """One line of the right column: a heading, a label, or an undoing statement.

    Attributes:
        kind: which of the three.
        words: its text.
        site: where it stands; ("close(vm): fd", 0) and such for what close(2) itself does.
        block: the label it stands under, "" if none.
        reached: whether the run came here.
        undone: the keys it undid.
        wrong: what is wrong with it, in words.
    """

    kind: Literal["heading", "label", "statement"]
    words: str
    site: Site = ("", 0)
    block: str = ""
    reached: bool = False
    undone: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Move:
    """A step that acquires a key (+1), undoes one (-1), or does neither (0); and at which creating statement."""

    step: Step
    site: Site | None
    key: str = ""
    by: int = 0


Moves = Sequence[Move]


def moves_of(trace: Trace) -> Moves:
    """Every step of a run, as a move."""
    return tuple(
        Move(step, _site(step), *_change(step, before.state if before else State()))
        for before, step in zip((None, *trace.steps), trace.steps, strict=False)
    )


def _site(step: Step) -> Site | None:
    return next(((f.function, f.lineno) for f in step.stack if f.function in CREATORS), None)


def _change(step: Step, before: State) -> tuple[str, int]:
    """What a step acquires or undoes, given the state before it."""
    owner = step.op.replace("KVM_CREATE_PLANE", "plane").replace("KVM_CREATE_VM", "vm")
    owner = owner.removeprefix("close(").removesuffix(")")
    match step.what:
        case "alloc":
            return step.obj, 1
        case "free" if step.defect is None:
            return step.obj, -1
        case "get" | "put":
            return f"fd of {owner}" if step.obj == "fd" else step.obj, 1 if step.what == "get" else -1
        case "write" if step.field.startswith("planes["):
            return step.field, -1 if step.value == "NULL" else 1
        case "write" if step.field == "users_count":
            held = before.find(step.obj)
            rose = int(step.value) > int(held.get("users_count") if held else 0)
            return f"users_count of {owner}", 1 if rose else -1
    return "", 0


@lru_cache(maxsize=64)
def _references(version: Version, planes: tuple[int, ...]) -> tuple[Moves, ...]:
    """The run on which nothing fails, and for each failable call the run on which it fails, in order."""
    whole = run(version, planes=planes)
    return tuple(moves_of(run(version, planes=planes, fail=n or None)) for n in range(len(whole.calls) + 1))


class Scope:
    """Which steps of a run its ladder is about.

    Those of the system call in which something failed; if nothing did, those that create and close.

    Attributes:
        unwinding: whether something failed.
        moves: those steps, as moves.
        references: the moves of the same system calls in other runs of the same version, nothing failing first.
    """

    def __init__(self, trace: Trace) -> None:
        moves = iter(moves_of(trace))
        calls = [list(islice(moves, len(steps))) for steps in trace.syscalls]
        failing = next((call for call in calls if any(move.step.what == "fail" for move in call)), [])
        usual = [move for call in calls if call[0].step.op.startswith(("KVM_CREATE", "close")) for move in call]
        self.trace, self.unwinding = trace, bool(failing)
        self.moves: Moves = failing or usual

    @property
    def steps(self) -> list[Step]:
        """The steps themselves."""
        return [move.step for move in self.moves]

    @cached_property
    def references(self) -> tuple[Moves, ...]:
        """The run on which nothing fails, then those on which one call fails, in the order of the calls."""
        asked = (re.fullmatch(r"KVM_CREATE_PLANE (\d+)", op) for op, _ in self.trace.results)
        ids = dict.fromkeys(int(op[1]) for op in asked if op)
        ops = {step.op for step in self.steps}
        runs = _references(self.trace.version, tuple(i for i in ids if 0 < i < KVM_MAX_PLANES))
        return tuple([move for move in moves if move.step.op in ops] for moves in runs)

    @cached_property
    def source(self) -> Source:
        """The C that ran."""
        from kvmplanes.runs.unwinding.statements import source

        return source(self.trace.version)


# -- left column ------------------------------------------------------------------------------------------


def rungs_of(scope: Scope) -> Iterator[Rung]:
    """Every acquiring statement that some run of this version reaches, in the order of reaching."""
    order: list[Site] = []
    failures: dict[Site, list[tuple[str, int, str]]] = {}
    for number, moves in enumerate((*scope.references, scope.moves)):
        at = 0
        for i, move in enumerate(moves):
            fails = move.step.what == "fail"
            if move.site is None or not (fails or move.by > 0):
                continue
            if move.site not in order:
                order.insert(at, move.site)
            at = order.index(move.site) + 1
            if fails and number < len(scope.references):
                label = next((later.step.obj for later in moves[i:] if later.step.what == "goto"), "")
                failures.setdefault(move.site, []).append((move.step.obj, number, label))
    for site in order:
        found = failures.get(site, [])
        words = _common([call for call, _, _ in found]) or scope.source.call(site)
        yield Rung(site, words, tuple(number for _, number, _ in found), found[0][2] if found else "")


def _common(calls: list[str]) -> str:
    """One name for calls that differ in a number only; "" for others."""
    alike = {re.sub(r"\d+", "N", call) for call in calls}
    return calls[0] if len(calls) == 1 else alike.pop() if len(alike) == 1 else ""


# -- right column -----------------------------------------------------------------------------------------


def rows_of(scope: Scope, rungs: Sequence[Rung]) -> list[Row]:
    """Labels with what stands under them, or what closing does; in the order of the text."""
    return list(_unwinding(scope, rungs)) if scope.unwinding else _closing(scope)


def _unwinding(scope: Scope, rungs: Sequence[Rung]) -> Iterator[Row]:
    steps = scope.steps
    fail = next(i for i, step in enumerate(steps) if step.what == "fail")
    now = {frame.function for frame in steps[fail].stack}
    past = {frame.function for step in steps[:fail] for frame in step.stack}
    for name in CREATORS:
        if all(rung.site[0] != name for rung in rungs) or (name in past and name not in now):
            continue  # not this system call's, or returned before the failure: its labels are out of reach
        yield Row("heading", f"{name}()")
        for label, body in scope.source.blocks(name):
            yield Row("label", label, (name, 0))
            for statement in body:
                row = _row(statement, label)
                yield row
                here = sites([row])
                if any(tears_down(step) and place(here, step) == 0 for step in steps):
                    yield from _teardown(scope)


def _teardown(scope: Scope) -> Iterator[Row]:
    yield Row("heading", f"{TEARDOWN}()")
    yield from (_row(statement) for statement in scope.source.statements(TEARDOWN))


def _closing(scope: Scope) -> list[Row]:
    rows: list[Row] = []
    for move in scope.moves:
        step = move.step
        if not step.op.startswith("close") or not (step.defect or move.by < 0):
            continue
        if all(row.words != _verb(step) for row in rows):
            rows.append(Row("heading", _verb(step)))
        if tears_down(step) and all(row.words != f"{TEARDOWN}()" for row in rows):
            rows += _teardown(scope)
        if place(sites(rows), step) is None:
            rows.append(_extra(scope, step))
    return rows


def _row(statement: Statement, block: str = "") -> Row:
    return Row("statement", statement.text, statement.site, block)


def _extra(scope: Scope, step: Step) -> Row:
    """A row for a step outside of what is listed: close(2) itself, or what a release function calls."""
    if step.stack:
        site = (step.stack[-1].function, step.stack[-1].lineno)
        return Row("statement", scope.source.call(site), site)
    words = {"fd": "give the descriptor back", "file": "free the file"}
    return Row("statement", words.get(step.obj.partition("#")[0], step.text), _outside(step))


def _verb(step: Step) -> str:
    return "close(plane)" if step.op.startswith("close(plane") else step.op


def _outside(step: Step) -> Site:
    return f"{_verb(step)}: {step.obj.partition('#')[0]}", 0


def tears_down(step: Step) -> bool:
    """Whether a step happened inside kvm_destroy_vm."""
    return any(frame.function == TEARDOWN for frame in step.stack)


def sites(rows: Sequence[Row]) -> dict[Site, int]:
    """Where rows stand, for `place`: each statement, and each label at line 0, with the row's index."""
    found: dict[Site, int] = {}
    for i, row in enumerate(rows):
        if row.kind == "label":
            found.setdefault((row.words, 0), i)
        elif row.kind == "statement":
            found[row.site] = i
    return found


def place(where: Mapping[Site, int], step: Step) -> int | None:
    """The row, by index, at which a step happened; the innermost function decides."""
    if step.what == "label":
        return where.get((step.obj, 0))
    lines = [(frame.function, frame.lineno) for frame in step.stack] or [_outside(step)]
    return next((where[line] for line in lines if line in where), None)
