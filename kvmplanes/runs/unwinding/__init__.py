# SPDX-License-Identifier: GPL-2.0-only
"""The unwinding ladder: what a run acquires, what undoes it where, and what does not match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kvmplanes.given import A_RUN, typed
from kvmplanes.runs.shown import Shown
from kvmplanes.runs.trace import Defect, Step, Trace
from kvmplanes.runs.unwinding.columns import (
    TEARDOWN,
    Extent,
    Move,
    Rung,
    UndoRow,
    rows_at,
    rungs_of,
    sites_of,
    tears_down,
    undo_rows_of,
)
from kvmplanes.runs.words import defects_in_words


@dataclass(frozen=True, slots=True)
class Link:
    """Rung and row, by index, that belong together: joined in this run, or in another run only."""

    rung: int
    row: int
    done: bool


@dataclass(frozen=True, slots=True)
class Ladder(Shown):
    """Both columns and what joins them.

    Attributes:
        title: the version, and what happens to it.
        rungs, rows: the left column, in the order of acquiring; the right one, in the order of undoing.
        links: what joins them.
        later: defects after the system call that the ladder is about.
        trace: the run.
    """

    title: str
    rungs: tuple[Rung, ...]
    rows: tuple[UndoRow, ...]
    links: tuple[Link, ...]
    later: tuple[Defect, ...]
    trace: Trace

    @property
    def teardown(self) -> bool:
        """Whether kvm_destroy_vm stands in the right column."""
        return any(row.words == f"{TEARDOWN}()" for row in self.rows)

    @property
    def mismatches(self) -> tuple[str, ...]:
        """Everything that does not match, in words."""
        left = [words for rung in self.rungs for words in rung.left]
        return (*left, *(f"{row.words}: {wrong}" for row in self.rows for wrong in row.wrong))

    @property
    def verdict(self) -> str:
        """The result in words."""
        wrong = list(self.mismatches)
        if self.later:
            wrong.append(f"later in this run, {defects_in_words(self.later)}")
        if wrong:
            return f"Mismatch: {'; '.join(wrong)}."
        if not any(rung.keys for rung in self.rungs):
            return "Nothing was acquired."
        if any(len(rung.undone) < len(rung.keys) for rung in self.rungs):
            return "The call succeeds, and what it acquired is held."
        return "Everything acquired was undone, and nothing else."


def ladder(trace: Trace) -> Ladder:
    """The ladder of a run: of the system call in which something failed, else of the VM's whole life.

    Every other run of the version on which one call fails is run too: they show which undo belongs to which rung.
    """
    typed(trace, Trace, A_RUN)
    if not trace.steps:
        raise ValueError("trace must be a run with steps, and this one has none")
    return _Builder(Extent(trace)).ladder()


class _Builder:
    """One ladder in the making."""

    def __init__(self, extent: Extent) -> None:
        self.extent, self.trace = extent, extent.trace
        self.rungs = list(rungs_of(extent))
        self.rows = undo_rows_of(extent, self.rungs)
        self.rung_at = {rung.site: i for i, rung in enumerate(self.rungs)}
        self.row_at = rows_at(self.rows)
        self.held: list[tuple[Move, int]] = []  # what this run has acquired and not undone, and at which rung
        self.end = extent.steps[-1] if extent.moves else extent.trace.steps[-1]

    def ladder(self) -> Ladder:
        """Fill in what this run did, and what other runs would."""
        done = self._play()
        joined = {(rung, row) for rung, row, _ in done}
        links = tuple(Link(*pair, pair in joined) for pair in sorted({*self._elsewhere(done), *joined}))
        self._reach()
        self._judge_rows()
        self._judge_order()
        self._find_steps()
        lost = set(self._judge_rungs())
        after = (defect for defect in self.trace.defects if defect.step > self.end.index)
        later = tuple(defect for defect in after if defect.obj not in lost)
        failed = next((step for step in self.extent.steps if step.what == "fail"), None)
        event = f"{failed.obj} fails with {failed.value}" if failed else "the VM is created and closed"
        return Ladder(f"{self.trace.version}: {event}", tuple(self.rungs), tuple(self.rows), links, later, self.trace)

    def _row_of(self, step: Step) -> int | None:
        """The row, by index, at which a step happened; the innermost function decides."""
        return next((self.row_at[site] for site in sites_of(step) if site in self.row_at), None)

    # -- what is joined ---------------------------------------------------------------------------

    def _matches(self, moves: Iterable[Move], held: list[tuple[Move, int]]) -> Iterator[tuple[Move, int | None]]:
        """Each move with its rung: where it stands, or for one that undoes, what acquired it; `held` is kept up."""
        for move in moves:
            rung = self.rung_at.get(move.site) if move.site else None
            if move.by > 0 and rung is not None:
                held.append((move, rung))
            elif move.by < 0:
                at = next((at for at in reversed(range(len(held))) if held[at][0].key == move.key), None)
                rung = None if at is None else held.pop(at)[1]
            yield move, rung

    def _play(self) -> set[tuple[int, int, str]]:
        """This run: (rung, row, key) of what was undone."""
        joined = set()
        for move, rung in self._matches(self.extent.moves, self.held):
            row = self._row_of(move.step)
            if row is not None:
                self.rows[row].reached = True
            if rung is not None and move.step.what == "fail":
                self.rungs[rung].failed = self.rungs[rung].failed or move.step.value
            elif rung is not None and move.by > 0:
                self.rungs[rung].keys.append(move.key)
            elif row is not None and move.by < 0 and rung is None:
                self.rows[row].wrong.append(f"{move.key} was not acquired")
            elif row is not None and move.by < 0 and rung is not None:
                self.rungs[rung].undone.append(move.key)
                self.rows[row].undone.append(move.key)
                joined.add((rung, row, move.key))
        return joined

    def _elsewhere(self, done: set[tuple[int, int, str]]) -> Iterator[tuple[int, int]]:
        """(rung, row) of what other runs undo and this one does not; the first run to show it counts."""
        known = {(rung, key) for rung, _, key in done}
        for moves in self.extent.references:
            for move, rung in self._matches((move for move in moves if move.by), []):
                row = self._row_of(move.step) if move.by < 0 else None
                if row is None or rung is None or (rung, move.key) in known:
                    continue
                if not tears_down(move.step) or self.rows[row].site[0] == TEARDOWN:  # else hidden in the call of it
                    known.add((rung, move.key))
                    yield rung, row

    # -- what does not match ----------------------------------------------------------------------

    def _reach(self) -> None:
        """Which statements were passed, also those that had nothing to undo."""
        passed = [at for step in self.extent.steps if (at := self._row_of(step)) is not None]
        front = max(passed, default=0) if self.trace.oops else len(self.rows)
        functions = {row.site[0] for row in self.rows if row.reached}
        labels = {row.words for row in self.rows if row.kind == "label" and row.reached}
        for row in self.rows[:front]:
            entered = row.block in labels if row.block else row.site[0] in functions
            row.reached = row.reached or (row.kind == "statement" and entered)

    def _judge_rows(self) -> None:
        """Touching freed memory, freeing twice, dying, at each statement."""
        bad: dict[int, list[Defect]] = {}
        for defect in self.trace.defects:
            at = self._row_of(self.trace.steps[defect.step])
            if at is not None and defect.access not in ("put", ""):
                bad.setdefault(at, []).append(defect)
        for at, defects in bad.items():
            self.rows[at].wrong.append(defects_in_words(defects))
        at_oops = self._row_of(self.trace.oops) if self.trace.oops else None
        if at_oops is not None:
            self.rows[at_oops].wrong.append("Oops: nothing more is undone")

    def _judge_order(self) -> None:
        """Unwinding goes backwards: no block undoes a thing while a later block undoes what came after it."""
        rows = [row for row in self.rows if row.block]
        for i, row in enumerate(rows):
            first = min((rung for rung, _ in self._undone(row)), default=len(self.rungs))
            below = [pair for later in rows[i + 1 :] if later.block != row.block for pair in self._undone(later)]
            early = next((key for rung, key in below if rung > first), "")
            if early:
                row.wrong.append(f"out of order, before {early}")

    def _find_steps(self) -> None:
        """Which step to show for each rung and row."""
        for move in sorted(self.extent.moves, key=lambda move: move.step.what != "fail"):
            rung = self.rung_at.get(move.site) if move.site else None
            if rung is not None and self.rungs[rung].step is None and (move.by > 0 or move.step.what == "fail"):
                self.rungs[rung].step = move.step.index
        wrong = [self.trace.steps[defect.step] for defect in self.trace.defects]
        for step in (*wrong, *filter(None, [self.trace.oops]), *self.extent.steps):
            row = self._row_of(step)
            if row is not None and self.rows[row].step is None:
                self.rows[row].step = step.index

    def _undone(self, row: UndoRow) -> list[tuple[int, str]]:
        """What a row undid: rung and key."""
        return [(i, key) for key in row.undone for i, rung in enumerate(self.rungs) if key in rung.undone]

    def _judge_rungs(self) -> Iterator[str]:
        """The keys that stay for certain: at the return of a call that failed, or as the run's end shows a leak."""
        leaked = {defect.obj for defect in self.trace.defects if defect.kind == "leak"}
        state = self.end.state
        failed = self.extent.unwinding and self.end.errno
        freed = state.kvm is not None and not state.kvm.live
        dangling = [slot for slot, held in enumerate(state.occupancy) if held == "dangling"]
        for move, at in self.held:
            key, slot, rung = move.key, move.step.slot, self.rungs[at]
            if slot is not None and freed:
                rung.undone.append(key)  # a slot goes with its array
            elif slot in dangling:
                rung.left.append(f"{key} never emptied")
                yield key
            elif slot is None and (failed or key in leaked or key.partition(" of ")[0] in leaked):
                rung.left.append(f"{key} never {'freed' if move.step.what == 'alloc' else 'given back'}")
                yield key
