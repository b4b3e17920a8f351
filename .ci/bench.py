# SPDX-License-Identifier: GPL-2.0-only
"""Time what a reader waits for, each beside its peer or floor, one after the other in the same run.

Milliseconds of processor time, children's included, so that a busy machine changes little: the median, and between
which bounds it lies. The ratio is that of each pair, so a slow moment counts on both sides.

Usage: bench.py [WORD...]: only the measures in whose names one of the words is.
"""

import copy
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).parents[1]))
import kvmplanes as kp
from kvmplanes.learn import check
from kvmplanes.view import player
from tests.learn.attacks import Attack, hangs

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


class Measure(NamedTuple):
    """What is timed.

    Attributes:
        name: of it.
        action: what is done.
        peer: what stands beside it; "" where there is nothing to compare it with.
        beside: what the peer does.
        times: how many pairs.
    """

    name: str
    action: Callable[[], object]
    peer: str = ""
    beside: Callable[[], object] | None = None
    times: int = 5


def used() -> float:
    """Milliseconds of processor time so far, of this process and of those that it waited for."""
    both = map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN))
    return 1000 * sum(usage.ru_utime + usage.ru_stime for usage in both)


def taken(action: Callable[[], object]) -> float:
    """Milliseconds of processor time of a call."""
    before = used()
    action()
    return used() - before


def fresh(statement: str) -> Callable[[], object]:
    """Return a call that runs a statement in a new interpreter."""
    return lambda: subprocess.run([sys.executable, "-c", statement], check=True)


def cut(path: Path, cells: int | None) -> nbformat.NotebookNode:
    """A notebook's first code cells; None for the whole notebook."""
    notebook: nbformat.NotebookNode = nbformat.reader.reads(path.read_text(encoding="utf-8"))
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"][:cells]
    return notebook


def run_all(notebook: nbformat.NotebookNode) -> None:
    """Run a notebook in a kernel of its own."""
    extra = ["--log-level=ERROR"]
    NotebookClient(copy.deepcopy(notebook), timeout=120, kernel_name="python3", extra_arguments=extra).execute()


def nbval(folder: Path) -> None:
    """Validate a folder's notebooks, as `make nbval` does."""
    options = ["--nbval", "--nbval-current-env", "-n", "2", "--dist", "loadscope", "-p", "no:cacheprovider"]
    subprocess.run([sys.executable, "-m", "pytest", *options], cwd=folder, check=True, capture_output=True)


def written(folder: Path, cells: int | None) -> Path:
    """A folder with the first cells of every notebook."""
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    for path in NOTEBOOKS:
        nbformat.write(cut(path, cells), folder / path.name)
    return folder


def measures(folder: Path) -> list[Measure]:
    """All of them; `folder` is for what they need."""
    trace = kp.run("09")
    (six,) = (path for path in NOTEBOOKS if path.name.startswith("06"))
    whole, first = written(folder / "whole", None), written(folder / "first", 1)
    alone = "the same kernels, first cells alone"
    return [
        Measure("import kvmplanes", fresh("import kvmplanes"), "python -c pass", fresh("pass"), 15),
        Measure('run("09")', lambda: kp.run("09")),
        *(Measure(f'certify("{version}")', partial(kp.certify, version)) for version in kp.VERSIONS),
        Measure("building a player", lambda: player(trace).html),
        Measure("slowest answer", lambda: check(slowest().exercise, slowest().answer)),
        Measure("Run All of 06", lambda: run_all(cut(six, None)), "its first cell alone", lambda: run_all(cut(six, 1))),
        Measure("nbval of all notebooks", lambda: nbval(whole), alone, lambda: nbval(first), 3),
    ]


@cache
def slowest() -> Attack:
    """The answer that takes longest of those that are meant to."""
    return max(hangs(), key=lambda attack: taken(lambda: check(attack.exercise, attack.answer)))


def bounds(numbers: list[float], digits: int) -> str:
    """The median, and between which bounds it lies."""
    middle, low, high = (f"{value:.{digits}f}" for value in (statistics.median(numbers), min(numbers), max(numbers)))
    return f"{middle} ({low}-{high})"


def row(measure: Measure) -> str:
    """Measure, and say it in one line."""
    measure.action()  # what is made once is made
    pairs = [(taken(measure.action), taken(measure.beside) if measure.beside else 0.0) for _ in range(measure.times)]
    line = f"{measure.name:<24}{bounds([own for own, _ in pairs], 1):>28}"
    if measure.beside:
        line += f"{bounds([other for _, other in pairs], 1):>28}"
        line += f"{bounds([own / other for own, other in pairs], 2):>22}  {measure.peer}"
    return line


def main(words: list[str]) -> None:
    """Print the table."""
    print(f"{'ms of processor time':<24}{'here':>28}{'peer or floor':>28}{'ratio':>22}")
    with tempfile.TemporaryDirectory() as folder:
        for measure in measures(Path(folder)):
            if not words or any(word in measure.name for word in words):
                print(row(measure), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
