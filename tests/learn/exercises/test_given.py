# SPDX-License-Identifier: GPL-2.0-only
"""An exercise that nobody has touched: its cells hand in what it gives, and get one line that raises no alarm."""

import ast
import html
import re
import textwrap
from typing import Any

import pytest

from kvmplanes.learn import EXERCISES, check
from kvmplanes.learn.exercises import Exercise
from kvmplanes.view.page.style import BAD
from tests.helpers.handed_in import cells_after

# Exercises whose answer is C, or a table with C in it.
SETS_C = (
    "guard", "new-label", "error-pointer", "ladder-order", "teardown-order", "rfc-leak", "local-copy", "clear-slot",
    "embed-plane-0", "ioctl-path",
)  # fmt: skip
each = pytest.mark.parametrize("task", EXERCISES.values(), ids=lambda task: task.id)


def first(task: Exercise) -> Any:
    """What an exercise begins with."""
    return task.given if task.first is None else task.first


@each
def test_what_is_given_gets_one_line_that_says_what_to_do(task: Exercise) -> None:
    result = check(task.id, first(task))
    shown = result._repr_mimebundle_()
    assert not result.passed
    assert result.counterexample is None
    assert re.fullmatch(r"As given: [^\n]+\. Change [^\n]+ again\.", shown["text/plain"])
    assert len(shown["text/plain"]) <= 140
    assert re.sub(r"<[^>]+>|`", "", html.unescape(shown["text/html"])) == shown["text/plain"].replace("`", "")
    for alarm in (BAD.sign, BAD.line, "player", "<details"):
        assert alarm not in shown["text/html"]


@each
def test_the_figures_of_that_line_are_those_of_its_runs(task: Exercise) -> None:
    judged = task.judge(first(task))
    counted = re.match(r"As given: (\d+) of (\d+) paths? (is|are) not clean", str(check(task.id, first(task))))
    unclean = [failing for failing in judged.failing if failing.outcome != "wrong result"]
    assert bool(counted) == bool(unclean)
    if counted:
        assert (int(counted[1]), int(counted[2])) == (len(unclean), judged.paths)
        assert (counted[3] == "is") == (len(unclean) == 1)
    else:
        assert any(part in str(check(task.id, first(task))) for part in (judged.failing[0].what, judged.result))


@each
def test_what_is_given_is_in_the_cells_of_the_notebook(task: Exercise) -> None:
    """What a reader who changes nothing hands in is what the exercise knows as its first answer."""
    between, checked = cells_after(task)
    assert len(between) == task.cells
    names: dict[str, Any] = {"check": lambda id_, answer, **_: (id_, answer)}
    for source in between:
        head, _, lines = source.partition("\n")
        names[head.removeprefix("%%c ")] = lines
    *before, last = ast.parse(checked).body
    exec(compile(ast.Module(before, []), "<cell>", "exec"), names)  # noqa: S102 - our own
    assert isinstance(last, ast.Expr)
    id_, answer = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)  # noqa: S307 - our own
    assert id_ == task.id
    assert task.is_untouched(answer)


@each
def test_what_is_given_is_what_the_exercise_shows(task: Exercise) -> None:
    """Where the C is given, the first answer is that C; only one exercise begins with more than what it gives."""
    if task.id in SETS_C and task.id not in ("ladder-order", "local-copy"):
        pieces = first(task).values() if isinstance(first(task), dict) else [first(task)]
        shown = "".join(task.given.split())
        assert all("".join(piece.split()) in shown for piece in pieces if isinstance(piece, str))


@each
def test_layout_and_comments_are_no_change_and_anything_else_is(task: Exercise) -> None:
    if task.id in SETS_C and isinstance(first(task), str):
        assert task.is_untouched(textwrap.indent(f"\n{first(task)}\n", "  ") + "/* hm */")
        assert not task.is_untouched(f"{first(task)};")
    assert not task.is_untouched(task.solution)
    assert check(task.id, task.solution).passed
