# SPDX-License-Identifier: GPL-2.0-only
"""An exercise is followed by the cells that it speaks of: so many of C, then the one that checks the answer."""

import re
from collections.abc import Mapping

import pytest

from kvmplanes.learn import EXERCISES, exercise
from kvmplanes.learn.exercises import Exercise
from tests.helpers.handed_in import cells_after

each = pytest.mark.parametrize("task", EXERCISES.values(), ids=lambda task: task.id)


@each
def test_the_answer_is_where_the_exercise_says(task: Exercise) -> None:
    between, check = cells_after(task)
    assert all(re.match(r"%%c [a-z_0-9]+\n", source) for source in between)
    assert len(between) == task.cells
    if task.blank:
        assert f'"{task.blank}": ' in check
    for name in (re.split(r"[ \n]", source)[1] for source in between):
        assert re.search(rf"\b{name}\b", check.partition(task.id)[2]), "the check takes what the cell makes"


@each
def test_a_first_answer_is_there_and_is_not_the_solution(task: Exercise) -> None:
    between, check = cells_after(task)
    texts = [source.partition("\n")[2].strip() for source in between]
    solution = task.solution.values() if isinstance(task.solution, Mapping) else [task.solution]
    right = [str(part).strip() for part in solution if isinstance(part, str) and "\n" in part]
    assert all(texts)
    assert not texts or texts != right[: len(texts)]
    assert "check(" in check


@each
def test_the_place_is_said_first(task: Exercise) -> None:
    shown = exercise(task.id)
    assert task.place in shown.text
    assert task.place.replace("`", "") in re.sub(r"</?code>", "", shown.html)
    assert ("the C in the next" in task.place) is (task.cells > 0)
    assert task.place.endswith((".", "both."))
