# SPDX-License-Identifier: GPL-2.0-only
"""Time what a reader waits for, each beside its peer or floor, one after the other in the same run.

Milliseconds of processor time, children's included, so that a busy machine changes little: the median, and between
which bounds it lies. The ratio is that of each pair, so a slow moment counts on both sides. What a browser shows is in
`bench_browser.py`; it comes last, and both land in the table of the site's page "How it is checked".

Usage: bench.py [WORD...]: only the measures in whose names one of the words is, and no browser.
"""

import copy
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
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

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TABLE = ROOT / ".ci" / "bench.md"
PROCESSOR = "ms of processor time: median (from-to)"
CLOCK = "ms of the clock: 50th, 95th percentile"


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
    command = [sys.executable, "-m", "pytest", *options]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(run.stdout[-5000:])


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


def row(measure: Measure) -> list[str]:
    """Measure: a line of the table, with name, here, the peer, ratio, what the peer is."""
    measure.action()  # what is made once is made
    pairs = [(taken(measure.action), taken(measure.beside) if measure.beside else 0.0) for _ in range(measure.times)]
    here = bounds([own for own, _ in pairs], 1)
    if not measure.beside:
        return [measure.name, here, "", "", ""]
    peer, ratio = bounds([other for _, other in pairs], 1), bounds([own / other for own, other in pairs], 2)
    return [measure.name, here, peer, ratio, measure.peer]


def main(words: list[str]) -> None:
    """Print the table as it grows; of the whole one keep what the site shows."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = [each for each in measures(Path(folder)) if not words or any(word in each.name for word in words)]
        processor = shown(PROCESSOR, (row(measure) for measure in chosen))
    if not words:
        import bench_browser  # it needs a browser, and what drives one

        TABLE.write_text(f"{machine()}\n\n{processor}\n{shown(CLOCK, bench_browser.rows())}", encoding="utf-8")


def shown(head: str, rows: Iterable[list[str]]) -> str:
    """Print lines as they come; return them as a table in Markdown."""
    lines = [[head, "here", "peer or floor", "ratio", "what that is"], ["---", "--:", "--:", "--:", "---"]]
    print("{:<32}{:>28}{:>28}{:>22}  {}".format(*lines[0]))
    for cells in rows:
        print("{:<32}{:>28}{:>28}{:>22}  {}".format(*cells), flush=True)
        name, *figures = cells
        lines.append([f"`{name}`" if "(" in name else name, *figures])
    print()
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def machine() -> str:
    """When and where this was measured."""
    model = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)[:1]
    on = f"{os.cpu_count()} processors ({', '.join(model) or platform.machine()}), Python {platform.python_version()}"
    return f"Measured on {datetime.now(tz=UTC).date()} by `make bench`, on {on}."


if __name__ == "__main__":
    main(sys.argv[1:])
