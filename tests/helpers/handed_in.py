# SPDX-License-Identifier: GPL-2.0-only
"""What a reader hands in to an exercise: the cells that follow it in its notebook."""

from kvmplanes.learn.exercises import Exercise
from tests.helpers.minutes import ROOT, cells_of


def cells_after(task: Exercise) -> tuple[list[str], str]:
    """The sources of the cells between an exercise and the cell that checks it, and of the latter."""
    (page,) = (ROOT / "notebooks").glob(f"{task.notebook}*.ipynb")
    sources = ["".join(cell["source"]) for cell in cells_of(page)]
    (place,) = [at for at, source in enumerate(sources) if source.startswith(f'exercise("{task.id}")')]
    check = next(at for at, source in enumerate(sources) if at > place and f'check("{task.id}", ' in source)
    return sources[place + 1 : check], sources[check]
