# SPDX-License-Identifier: GPL-2.0-only
"""`python -m kvmplanes.oracle.compiled.fuzz`: random C and random edits of our C, on the machine and compiled."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path
from typing import Final

from kvmplanes.model.heap import FREED
from kvmplanes.model.series import ALL
from kvmplanes.model.version import Version
from kvmplanes.oracle.compiled.build import MISSING, build, compilers, tree
from kvmplanes.oracle.compiled.compare import disagreements, left_open, side_by_side
from kvmplanes.oracle.compiled.edits import Edited, random_edits
from kvmplanes.oracle.compiled.results import modelled
from kvmplanes.oracle.compiled.run import Driver, Scenario
from kvmplanes.oracle.compiled.samples import differing, samples
from kvmplanes.runs.scenario import run, usual

SEED: Final = 9
SAMPLES: Final = 200
_AT_ONCE: Final = 2  # compilers
_BATCH: Final = 20  # edits between two looks at the progress


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """One edited version, on both sides.

    Attributes:
        edited: the version.
        runs: how many runs were compared; those that use an unset variable are not.
        wrong: both event lists of each run on which they disagree.
    """

    edited: Edited
    runs: int
    wrong: tuple[str, ...]


def scenarios(version: Version) -> list[Scenario]:
    """Every failable call of a version failing once, and nothing failing with each thing that freeing does to bytes."""
    ops = usual(version, (1, 3) if version.creates_planes else ())
    calls = run(version, ops=ops).calls
    return [Scenario(ops, freed=freed) for freed in FREED] + [Scenario(ops, n) for n in range(1, len(calls) + 1)]


def fuzzed(count: int, seed: int = SEED) -> Iterator[Fuzzed]:
    """Random edits of every version, compiled and run, until there are `count` edited versions."""
    made = random_edits(ALL.values(), seed)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, count, _BATCH):
            batch = islice(made, min(_BATCH, count - start))
            yield from pool.map(compared, batch, repeat(Path(folder)))


def compared(edited: Edited, folder: Path) -> Fuzzed:
    """One edited version, compiled in a folder and run."""
    path, runs, wrong = build(tree(edited.version), folder=folder), 0, list[str]()
    with Driver(path) as driver:
        for what in scenarios(edited.version):
            trace = modelled(edited.version, what)
            if left_open(trace):
                continue
            runs, result = runs + 1, driver.run(what)
            if disagreements(trace, result):
                wrong.append(side_by_side(trace, result))
    path.unlink()
    return Fuzzed(edited, runs, tuple(wrong))


def main(arguments: list[str] | None = None) -> int:
    """Compare, show progress and the sums; 1 if anything disagrees."""
    parser = argparse.ArgumentParser(prog="python -m kvmplanes.oracle.compiled.fuzz", description=__doc__)
    parser.add_argument("--edits", type=int, default=60, help="how many edited versions, each with every failing call")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="how many samples of C")
    parser.add_argument("--seed", type=int, default=SEED, help="start of the random sequences")
    chosen = parser.parse_args(arguments)
    if not compilers():
        sys.stdout.write(f"{MISSING}\n")
        return 1
    wrong = _samples(chosen.samples, chosen.seed) + _edits(chosen.edits, chosen.seed)
    return min(wrong, 1)


def _samples(count: int, seed: int) -> int:
    made = samples(count, seed)
    if not made:
        return 0
    wrong = [sentence for compiler in compilers() for sentence in differing(made, compiler)]
    sys.stdout.write("".join(f"{sentence}\n" for sentence in wrong))
    sys.stdout.write(f"{count} random samples of C, {len(wrong)} disagreements\n")
    return len(wrong)


def _edits(count: int, seed: int) -> int:
    runs = wrong = 0
    for done, made in enumerate(fuzzed(count, seed), 1):
        runs += made.runs
        wrong += len(made.wrong)
        sys.stdout.write("".join(f"{made.edited}\n{events}\n" for events in made.wrong[:1]))
        if done % 50 == 0 or done == count:
            sys.stdout.write(f"{done} random edits, {runs} runs, {wrong} disagreements\n")
            sys.stdout.flush()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
