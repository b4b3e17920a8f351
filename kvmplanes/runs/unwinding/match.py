# SPDX-License-Identifier: GPL-2.0-only
"""What the unwinding ladder shows: which rung is undone where, and what does not match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from kvmplanes.runs.trace import Defect, Trace
from kvmplanes.runs.unwinding.columns import (
    TEARDOWN,
    Move,
    Row,
    Rung,
    Scope,
    place,
    rows_of,
    rungs_of,
    sites,
    tears_down,
)
from kvmplanes.runs.words import defects_in_words

_OBJECTS: Final = ("srcu", "irq_srcu", "irq_routing", "arch", "mmio_ring", "debugfs")


@dataclass(frozen=True, slots=True)
class Link:
    """Rung and row, by index, that belong together: joined in this run, or in another run only."""

    rung: int
    row: int
    done: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """Both columns and what joins them.

    Attributes:
        title: the version, and what happens to it.
        rungs: the left column, in the order of acquiring.
        rows: the right column, in the order of undoing.
        links: what joins them.
        later: defects after the system call that the ladder is about.
        finished: whether that call has ended at the step shown.
    """

    title: str
    rungs: tuple[Rung, ...]
    rows: tuple[Row, ...]
    links: tuple[Link, ...]
    later: tuple[Defect, ...]
    finished: bool

    @property
    def mismatches(self) -> tuple[str, ...]:
        """Everything that does not match, in words."""
        lost = [f"{key} {never(key)}" for rung in self.rungs for key in rung.left]
        return (*lost, *(f"{row.words}: {wrong}" for row in self.rows for wrong in row.wrong))


def never(key: str) -> str:
    """What a leaked resource lacks."""
    if key.startswith("planes["):
        return "never emptied"
    return "never freed" if "#" in key or key in _OBJECTS else "never given back"


def ladder(trace: Trace, upto: int | None = None) -> Ladder:
    """The ladder of a run: of the system call in which something failed, else of the VM's whole life.

    Args:
        trace: the run.
        upto: the last step to show as done, as in `trace.steps`; None for the whole run.

    Raises:
        ValueError: no such step.
    """
    last = len(trace.steps) - 1 if upto is None else upto
    if not 0 <= last < len(trace.steps):
        raise ValueError(f"no step {upto}: this trace has steps 0..{len(trace.steps) - 1}")
    return _Builder(Scope(trace), last).ladder()


class _Builder:
    """One ladder in the making."""

    def __init__(self, scope: Scope, last: int) -> None:
        self.scope, self.trace, self.last = scope, scope.trace, last
        self.rungs = list(rungs_of(scope))
        self.rows = rows_of(scope, self.rungs)
        self.at = {rung.site: i for i, rung in enumerate(self.rungs)}
        self.where = sites(self.rows)
        self.held: list[tuple[str, int]] = []
        self.end = scope.steps[-1] if scope.moves else scope.trace.steps[-1]
        self.finished = self.end.index <= last

    def ladder(self) -> Ladder:
        """Fill in what this run did, and what other runs would."""
        done = self._play()
        other = dict.fromkeys(self._learn(done), False)
        self._reach()
        self._judge_rows()
        self._judge_order()
        self._judge_rungs()
        pairs = other | {(rung, row): True for rung, row, _ in done}
        links = tuple(Link(rung, row, pairs[rung, row]) for rung, row in sorted(pairs))
        lost = {key for rung in self.rungs for key in rung.left}
        later = tuple(d for d in self.trace.defects if self.end.index < d.step <= self.last and d.obj not in lost)
        return Ladder(self._title(), tuple(self.rungs), tuple(self.rows), links, later, self.finished)

    def _title(self) -> str:
        failed = next((step for step in self.scope.steps if step.what == "fail"), None)
        what = f"{failed.obj} fails with {failed.value}" if failed else "the VM is created and closed"
        return f"{self.trace.version}: {what}"

    # -- what is joined ---------------------------------------------------------------------------

    def _matches(self, moves: Iterable[Move], held: list[tuple[str, int]]) -> Iterator[tuple[Move, int | None]]:
        """Each move with its rung: where it stands, or for one that undoes, what acquired it; `held` is kept up."""
        for move in moves:
            rung = self.at.get(move.site) if move.site else None
            if move.by > 0 and rung is not None:
                held.append((move.key, rung))
            elif move.by < 0:
                match = next((pair for pair in reversed(held) if pair[0] == move.key), None)
                rung = match[1] if match else None
                if match:
                    held.remove(match)
            yield move, rung

    def _play(self) -> set[tuple[int, int, str]]:
        """This run, up to the last step to show: (rung, row, key) of what was undone."""
        joined = set()
        moves = (move for move in self.scope.moves if move.step.index <= self.last)
        for move, at in self._matches(moves, self.held):
            to = place(self.where, move.step)
            if to is not None:
                self.rows[to].reached = True
            if at is not None and move.step.what == "fail":
                self.rungs[at].failed = self.rungs[at].failed or move.step.value
            elif at is not None and move.by > 0:
                self.rungs[at].keys.append(move.key)
            elif to is not None and move.by < 0 and at is None:
                self.rows[to].wrong.append(f"{move.key} was not acquired")
            elif to is not None and move.by < 0 and at is not None:
                self.rungs[at].undone.append(move.key)
                self.rows[to].undone.append(move.key)
                joined.add((at, to, move.key))
        return joined

    def _learn(self, done: set[tuple[int, int, str]]) -> Iterator[tuple[int, int]]:
        """(rung, row) of what other runs undo and this one does not; the first run to tell counts."""
        known = {(rung, key) for rung, _, key in done}
        for moves in self.scope.references:
            for move, rung in self._matches(moves, []):
                row = place(self.where, move.step) if move.by < 0 else None
                if row is None or rung is None or (rung, move.key) in known:
                    continue
                if not tears_down(move.step) or self.rows[row].site[0] == TEARDOWN:  # else hidden in the call of it
                    known.add((rung, move.key))
                    yield rung, row

    # -- what does not match ----------------------------------------------------------------------

    def _reach(self) -> None:
        """Which statements were passed, also those that had nothing to undo."""
        shown = [step for step in self.scope.steps if step.index <= self.last]
        places = [at for step in shown if (at := place(self.where, step)) is not None]
        front = len(self.rows) if self.finished and not self.trace.oops else max(places, default=-1)
        functions = {row.site[0] for row in self.rows if row.reached}
        labels = {row.words for row in self.rows if row.kind == "label" and row.reached}
        for at, row in enumerate(self.rows):
            entered = row.block in labels if row.block else row.site[0] in functions
            row.reached = row.reached or (row.kind == "statement" and at < front and entered)

    def _judge_rows(self) -> None:
        """Touching freed memory, freeing twice, dying, at each statement."""
        bad: dict[int, list[Defect]] = {}
        for defect in self.trace.defects:
            at = place(self.where, self.trace.steps[defect.step])
            if at is not None and defect.step <= self.last and defect.access not in ("put", ""):
                bad.setdefault(at, []).append(defect)
        for at, defects in bad.items():
            self.rows[at].wrong.append(defects_in_words(defects))
        oops = self.trace.oops
        at_oops = place(self.where, oops) if oops and oops.index <= self.last else None
        if at_oops is not None:
            self.rows[at_oops].wrong.append("Oops: nothing more is undone")

    def _judge_order(self) -> None:
        """Unwinding goes backwards: no block undoes a thing while a later block undoes what came after it."""
        blocks: dict[str, list[Row]] = {}
        for row in self.rows:
            blocks.setdefault(row.block, []).append(row)
        blocks.pop("", None)
        undone = {name: [pair for row in rows for pair in self._undone(row)] for name, rows in blocks.items()}
        names = list(blocks)
        for at, name in enumerate(names):
            later = [pair for following in names[at + 1 :] for pair in undone[following]]
            for row in blocks[name]:
                early = [key for rung, key in later if any(rung > mine for mine, _ in self._undone(row))]
                row.wrong += [f"out of order, before {early[0]}"] if early else []

    def _undone(self, row: Row) -> list[tuple[int, str]]:
        return [(i, key) for key in row.undone for i, rung in enumerate(self.rungs) if key in rung.undone]

    def _judge_rungs(self) -> None:
        """What is certain to stay: at the return of a call that failed, and where the run's end shows a leak."""
        leaked = {d.obj for d in self.trace.defects if d.kind == "leak" and d.step <= self.last}
        state = self.end.state
        failed = self.scope.unwinding and self.finished and self.end.value.startswith("E")
        freed = self.finished and state.kvm is not None and not state.kvm.live
        dangling = [f"planes[{i}]" for i, kind in enumerate(state.occupancy) if kind == "dangling"]
        for key, at in self.held:
            if key.startswith("planes["):
                lost = self.finished and not freed and key in dangling
            else:
                lost = failed or key in leaked or key.partition(" of ")[0] in leaked
            if lost:
                self.rungs[at].left.append(key)
            elif freed and key.startswith("planes["):
                self.rungs[at].undone.append(key)  # a slot goes with its array
