# SPDX-License-Identifier: GPL-2.0-only
"""Every exercise: set one, check an answer. A wrong answer gets the shortest run that shows it, a right one a proof.

An answer that is still the given one gets a line: nothing went wrong yet. Texts and foreseen answers are in TOML. What
runs an answer is a function in the module beside the text: nothing says which answer is right. A known wrong idea is
recognised by what it does: by the same failing runs with the same defects as the foreseen answer.

>>> from kvmplanes.learn import check
>>> check("nth-plane", 3).passed
True
>>> print(check("nth-plane", 2).verdict)
✗ not yet: kvm_arch_alloc_vm fails: not the plane's allocation
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

from kvmplanes.given import fixed, flag, known
from kvmplanes.learn.exercises import creation, hunts, ioctl, teardown
from kvmplanes.learn.exercises.answers import ReaderAnswer
from kvmplanes.learn.exercises.judging import Failing, Judge, Judged
from kvmplanes.learn.exercises.replies import general, other_runs
from kvmplanes.learn.exercises.result import Result
from kvmplanes.learn.progress import SCRIPT
from kvmplanes.learn.texts import NOTEBOOKS, Shape, each, flow, load, one_of, verbatim
from kvmplanes.model.machine.preprocess import bare_lines
from kvmplanes.model.machine.tree import CError
from kvmplanes.runs.words import many
from kvmplanes.view.page.html import Html, css, escape, folded, framed, marked
from kvmplanes.view.page.style import BAD, CLEAN, LIVE

__all__ = ["EXERCISES", "EXERCISE_SHAPE", "Exercise", "Result", "Wrong", "check", "exercise", "exercises_for"]

LEVEL: Final = MappingProxyType({1: "warm-up", 2: "steady", 3: "hard"})


@dataclass(frozen=True, slots=True)
class Wrong:
    """An answer that is foreseen: the thought behind it, the answer itself, and what to say to it."""

    idea: str
    answer: ReaderAnswer
    reply: str


@dataclass(frozen=True)
class Exercise:
    """Something to do, and everything that is known about doing it.

    Attributes:
        id: such as "teardown-order".
        judge: runs an answer.
        level: one of `LEVEL`.
        notebook: where it is set, such as "05"; "ap" is the appendix.
        title: a few words.
        task: what to do, in words; `backquotes` mark code.
        form: what an answer looks like, in a phrase.
        cells: how many cells of C follow the exercise, before the one that checks the answer.
        hints: one to three, from the faintest on.
        solution: one right answer.
        why: what the solution does, preserves or costs.
        wrong: the answers that are foreseen, at least two.
        given: the C to begin with; "" where there is none.
        blank: what is to be filled in beside the C, in the cell that checks; "" for nothing.
        first: the answer that the cells begin with; None where it is `given`.
        first_shows: what running that shows: a sentence without its full stop, in which {unclean}, {result}, {where}
            and {what} are filled in from its runs.
        change: what of the first answer is to be changed.
    """

    id: str
    judge: Judge
    level: int
    notebook: str
    title: str
    task: str
    form: str
    cells: int
    hints: tuple[str, ...]
    solution: ReaderAnswer
    why: str
    wrong: tuple[Wrong, ...]
    given: str = ""
    blank: str = ""
    first: ReaderAnswer = None
    first_shows: str = "{unclean}"
    change: str = "the C"

    @property
    def place(self) -> str:
        """Where to answer."""
        if not self.cells:
            return "Change the answer in the next cell, then run it."
        if self.blank:
            return f"Change the C in the next cell and `{self.blank}` in the cell after it, then run both."
        if self.cells == 1:
            return "Change the C in the next cell, then run it and the cell after it."
        return f"Change the C in the next {self.cells} cells, then run them and the cell after them."

    def is_untouched(self, answer: ReaderAnswer) -> bool:
        """Whether an answer is still the first one, or the C that is given."""
        return _bare(answer) in map(_bare, (self.given, self.first))

    def untouched(self, judged: Judged, failing: Failing) -> str:
        """What to say to the first answer: what it shows, and what to do now.

        Args:
            judged: what running it shows.
            failing: its shortest failing run.
        """
        figures = {"unclean": judged.unclean, "result": judged.result, "where": failing.where, "what": failing.what}
        shows = f"As given: {self.first_shows.format_map(figures)}."
        if not self.cells:
            return f"{shows} Change {self.change} and run this cell again."
        if self.blank:
            return f"{shows} Change the C and `{self.blank}`, then run both cells again."
        cells = "its cell" if self.cells == 1 else "its cells"
        return f"{shows} Change the C, then run {cells} and this one again."

    @cached_property
    def signatures(self) -> tuple[tuple[tuple[str, str, str], ...], ...]:
        """What each foreseen wrong answer does, computed once."""
        return tuple(self.judge(wrong.answer).signature for wrong in self.wrong)

    def recognise(self, answer: ReaderAnswer, judged: Judged) -> Wrong | None:
        """The foreseen wrong answer that does what this one does; where several do, the one that reads alike."""
        alike = [wrong for wrong, does in zip(self.wrong, self.signatures, strict=True) if does == judged.signature]
        same = [wrong for wrong in alike if _bare(wrong.answer) == _bare(answer)]
        return next(iter(same or alike), None) if same or len(alike) == 1 else None


def _bare(answer: ReaderAnswer) -> str:
    """An answer without what does not matter: layout and comments."""
    if isinstance(answer, Mapping):
        return repr({name: _bare(part) for name, part in answer.items()})
    if isinstance(answer, list | tuple):
        return repr([*answer])
    return "".join("".join(bare_lines(answer)).split()) if isinstance(answer, str) else repr(answer)


EXERCISE_SHAPE: Final = Shape(
    Exercise,
    {
        "level": one_of(LEVEL),
        "notebook": verbatim,
        "title": flow,
        "task": flow,
        "given": lambda text: verbatim(text).strip("\n"),
        "form": flow,
        "cells": one_of(range(4)),
        "blank": verbatim,
        "first": fixed,
        "first_shows": flow,
        "change": flow,
        "hints": each(flow, range(1, 4)),
        "solution": fixed,
        "why": flow,
        "wrong": each(Shape(Wrong, {"idea": flow, "answer": fixed, "reply": flow}), range(2, 10)),
    },
)
_FILES: Final = (creation, teardown, ioctl, hunts)
EXERCISES: Final[Mapping[str, Exercise]] = MappingProxyType(
    {task.id: task for judges in _FILES for task in load(judges, EXERCISE_SHAPE, "judge", judges.JUDGES)}
)


def exercise(id: str) -> Html:  # noqa: A002 - what the reader calls it
    """Set an exercise, such as "teardown-order": task, lines to begin with, folded hints, a folded solution.

    Raises:
        ValueError: no such exercise.
    """
    task = _exercise(id)
    level = f"{task.title} ({LEVEL[task.level]})"
    count = len(task.hints)
    parts = [
        f"<p{css(margin='4px 0')}><b>Exercise.</b> {marked(level)}</p>",
        f"<p>{marked(task.task)}</p>",
        _code(task.given) if task.given else "",
        f'<p>{marked(task.place)} <code>check("{task.id}", ...)</code> takes {marked(task.form)}.</p>',
        *(folded(f"Hint {number} of {count}", f"<p>{marked(hint)}</p>") for number, hint in enumerate(task.hints, 1)),
        folded("One solution", f"{_code(_written(task.solution))}<p>{marked(task.why)}</p>"),
    ]
    text = [f"Exercise. {level}", task.task, *(f"    {line}" for line in task.given.splitlines())]
    text.append(f'{task.place} check("{task.id}", ...) takes {task.form}. {many(count, "hint")}.')
    frame = framed(LIVE, "".join(parts), f'data-kvmplanes-exercise="{task.id}"')
    return Html(f"{frame}{SCRIPT}", "\n".join(text))


def check(id: str, answer: ReaderAnswer, *, steps: bool = True) -> Result:  # noqa: A002
    """Run an answer.

    Args:
        id: the exercise's id.
        answer: what the exercise asks for: C (the lines that stand in place of the given ones, whole functions, or a
            unified diff), a number, a list or a table. The model runs the C, and stops what does not end.
        steps: open the shortest failing run in the player; False to tell it in words alone.

    Raises:
        ValueError: no such exercise. An answer that cannot be run is no error: the result says why.

    Returns:
        What became of it. For what the exercise begins with that is a line, and no run is shown.
    """
    task = _exercise(id)
    flag(steps, "steps")
    try:
        judged = task.judge(answer)
    except ValueError as error:
        problem = _mistake(error, answer) if isinstance(error, CError) else str(error)
        reply = f"Nothing is lost: fix it and check again. The answer is {task.form}."
        return Result(False, f"{BAD.sign} cannot be run: {problem}", reply)
    shortest = judged.counterexample
    if shortest is None:
        return Result(True, f"{CLEAN.sign} right: {judged.result}", task.why, exercise=task.id)
    if task.is_untouched(answer):
        return Result(False, task.untouched(judged, shortest), "")
    others = other_runs(failing for failing in judged.failing if failing is not shortest)
    wrong = task.recognise(answer, judged)
    reply = wrong.reply if wrong else general(shortest)
    verdict = f"{BAD.sign} not yet: {shortest.where}: {shortest.what}"
    return Result(False, verdict, reply, others, shortest.trace, steps)


def exercises_for(notebook: str) -> tuple[Exercise, ...]:
    """The exercises of a notebook such as "06", in their order, none where it has none; ValueError for no notebook."""
    known(notebook, "notebook", NOTEBOOKS)
    return tuple(task for task in EXERCISES.values() if task.notebook == notebook)


def _exercise(id_: str) -> Exercise:
    return EXERCISES[known(id_, "exercise", EXERCISES)]


def _mistake(error: CError, answer: ReaderAnswer) -> str:
    """What is wrong with the C: at the reader's own line, where it is one, or else at a line of the file."""
    what, _, rest = error.what.partition("\n")
    line = rest.strip()
    own = line in [row.lstrip("+ \t").rstrip() for row in _rows(answer)]
    place = "in your line" if own else f"at {error.file}:{error.line}"
    return f"{what}, {place} `{line}`" if line else f"{what}, {place}"


def _rows(answer: ReaderAnswer) -> list[str]:
    """The lines of an answer, whatever its form."""
    if isinstance(answer, str):
        return answer.splitlines()
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    return [row for part in answer for row in _rows(part)] if isinstance(answer, list | tuple) else []


def _code(text: str) -> str:
    return f"<pre{css(white_space='pre-wrap', margin='6px 0')}>{escape(text)}</pre>"


def _written(answer: ReaderAnswer) -> str:
    """An answer as a reader would write it."""
    if isinstance(answer, Mapping):
        return "\n\n".join(f"{name}:\n{_written(part)}" for name, part in answer.items())
    return answer.strip("\n") if isinstance(answer, str) else repr([*answer] if isinstance(answer, tuple) else answer)
