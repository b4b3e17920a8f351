# SPDX-License-Identifier: GPL-2.0-only
"""What the notebooks promise: tasks are stored unsolved, answers work, none is too long."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kvmplanes.learn import EXERCISES

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = {path.name[:2]: path for path in [*sorted(FOLDER.glob("0*.ipynb")), FOLDER / "appendix.ipynb"]}
# What stands in 04's task instead of the line that is there, and what is printed.
IDEAS = {
    "stored": ('"kvm_create_vm", "mmdrop(current->mm);"', "survives: False\n"),
    "answer": ('"kvm_destroy_planes", "kvm->planes[i] = NULL;"', "survives: True\n"),
    "level": ('"kvm_create_plane", "plane->level = plane_level;"', "survives: True\n"),
    "lock": ('"kvm_create_vm", "mutex_init(&kvm->lock);"', "survives: True\n"),
    "srcu": ('"kvm_create_vm", "r = init_srcu_struct(&kvm->irq_srcu);"', "17 paths, 17 clean;"),
    "back-pointer": ('"kvm_create_plane", "plane->kvm = kvm;"', "1 wrong state, 17 clean;"),
}


def read(number: str) -> Any:
    return nbformat.reads(NOTEBOOKS[number].read_text(encoding="utf-8"), as_version=4)


def called(number: str, function: str) -> list[tuple[str, Any]]:
    """(id, cell) of each cell that ends with a call of an exercise's function."""
    cells = [cell for cell in read(number).cells if cell.cell_type == "code"]
    found = [(re.search(rf'^{function}\("([\w-]+)"', cell.source, re.MULTILINE), cell) for cell in cells]
    return [(match[1], cell) for match, cell in found if match]


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_every_exercise_is_set_at_home_and_checked_below_it(number: str) -> None:
    home = {task.id for task in EXERCISES.values() if task.notebook == number}
    assert [id_ for id_, _ in called(number, "exercise")] == [id_ for id_, _ in called(number, "check")]
    assert {id_ for id_, _ in called(number, "exercise")} == home


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_an_exercise_is_stored_unsolved(number: str) -> None:
    for id_, cell in called(number, "check"):
        assert cell.outputs[-1].data["text/plain"].startswith("As given: "), id_


def survives(idea: str) -> str:
    """Run 04's last task with an idea in its place."""
    names: dict[str, Any] = {}
    cells = {cell.id: cell.source for cell in read("04").cells}
    source = cells["nb04-fix-source"].replace(IDEAS["stored"][0], idea)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec("\n".join(["import kvmplanes as kp", source, cells["nb04-fix-check"]]), names)  # noqa: S102 - our own
    return out.getvalue()


@pytest.mark.parametrize("name", IDEAS)
def test_a_line_that_survives_is_as_the_answer_says(name: str) -> None:
    idea, wanted = IDEAS[name]
    assert wanted in survives(idea)
    folded = next(cell.source for cell in read("04").cells if cell.id == "nb04-fix-answer")
    assert name == "stored" or idea.split('"')[-2] in folded


def words(number: str) -> int:
    """How many words of prose a notebook has; headings, code and links are left out."""
    text = "\n\n".join(cell.source for cell in read(number).cells if cell.cell_type == "markdown")
    for pattern in (r"(?m)^#.*$", r"(?s)```.*?```", r"`[^`\n]*`", r"\]\([^)]*\)"):
        text = re.sub(pattern, " ", text)
    return len(re.findall(r"[\w'-]+", text))


@pytest.mark.parametrize("number", [number for number in NOTEBOOKS if number.isdigit()])
def test_it_names_its_minutes_and_what_it_needs(number: str) -> None:
    assert re.search(r"^About \d+ minutes\. You need [^.]+\.", read(number).cells[0].source, re.MULTILINE)
    assert 700 <= words(number) <= 2200
