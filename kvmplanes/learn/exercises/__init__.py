# SPDX-License-Identifier: GPL-2.0-only
"""Every exercise: set one, check an answer. A wrong answer gets the shortest run that shows it, a right one a proof.

Texts and foreseen answers are in TOML. What runs an answer is a function in the module beside the text: nothing says
which answer is right. A known wrong idea is recognised by what it does: by the same failing runs with the same defects
as the foreseen answer.

>>> from kvmplanes.learn import check
>>> check("nth-plane", 3).passed
True
>>> print(check("nth-plane", 2).verdict)
✗ not yet: kvm_arch_alloc_vm fails, not the plane's allocation
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from kvmplanes.learn.exercises import creation, hunts, ioctl, teardown
from kvmplanes.learn.exercises.judging import Judge, Judged, ReaderAnswer
from kvmplanes.learn.texts import Shape, each, flow, load, one_of, verbatim
from kvmplanes.model.machine.preprocess import bare_lines
from kvmplanes.model.machine.tree import CError
from kvmplanes.runs.shown import Bundle, Shown, bundle
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.words import many
from kvmplanes.view.live.player import FILTERS, player
from kvmplanes.view.page.html import Html, badge, css, escape, marked
from kvmplanes.view.page.style import BAD, CLEAN, LIVE, Role

__all__ = ["EXERCISES", "EXERCISE_SHAPE", "Exercise", "Result", "Wrong", "check", "exercise", "exercises_for"]

LEVEL: Final = {1: "warm-up", 2: "steady", 3: "hard"}


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
        notebook: where it is set, such as "05".
        title: a few words.
        task: what to do, in words; `backquotes` mark code.
        form: what an answer looks like, in a phrase.
        hints: one to three, from the faintest on.
        solution: one right answer.
        why: what the solution does, preserves or costs.
        wrong: the answers that are foreseen, at least two.
        given: the C to begin with; "" where there is none.
    """

    id: str
    judge: Judge
    level: int
    notebook: str
    title: str
    task: str
    form: str
    hints: tuple[str, ...]
    solution: ReaderAnswer
    why: str
    wrong: tuple[Wrong, ...]
    given: str = ""

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
    if isinstance(answer, dict):
        return repr({name: _bare(part) for name, part in answer.items()})
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
        "hints": each(flow, range(1, 4)),
        "solution": lambda answer: answer,
        "why": flow,
        "wrong": each(Shape(Wrong, {"idea": flow, "answer": lambda answer: answer, "reply": flow}), range(2, 10)),
    },
)
_FILES: Final = (creation, teardown, ioctl, hunts)
EXERCISES: Final = {task.id: task for judges in _FILES for task in load(judges, EXERCISE_SHAPE, "judge", judges.JUDGES)}

# Class of a failing run -> what to say to an answer that nobody foresaw.
GENERAL: Final = tomllib.loads(Path(__file__).with_name("general.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, repr=False)
class Result(Shown):
    """What became of an answer.

    Attributes:
        passed: whether it is right.
        verdict: sign and result in a line.
        reply: what to make of it; for a known wrong idea, what is wrong with the thought.
        counterexample: the shortest failing run; None for a right answer, or one that cannot be run.
        steps: whether the run is opened in the player, or told in words alone.
    """

    passed: bool
    verdict: str
    reply: str
    counterexample: Trace | None = None
    steps: bool = True

    def player(self) -> Html:
        """The failing run in the player, at its first defect or else the failing call; ValueError when no run fails."""
        if self.counterexample is None:
            raise ValueError("no run fails: there is nothing to step through")
        trace = self.counterexample
        failing = next((step.index for step in trace.steps if step.what == "fail"), 0)
        return player(trace, start="defect" if trace.defects else failing, only="planes")

    @property
    def text(self) -> str:
        """Verdict, reply and the failing run, for a terminal."""
        return "\n".join([self.verdict, self.reply, *self.run_in_words])

    @property
    def run_in_words(self) -> list[str]:
        """The failing run: what matters to planes, and every defect."""
        trace = self.counterexample
        if trace is None:
            return []
        rows = [f"{s.index:3} {'✗ ' if s.defect else ''}{s.text}" for s in trace.steps if FILTERS["planes"](s)]
        return [f"Shortest failing run: {trace.scenario}", *rows]

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


@bundle.register
def _result(result: Result) -> Bundle:
    sign, words = result.verdict.split(": ", 1)
    role = CLEAN if result.passed else BAD
    head = f"<p{css(margin='4px 0')}>{badge(role, sign[2:])} {marked(words)}</p>"
    html = _framed(role, f"{head}<p{css(margin='4px 0')}>{marked(result.reply)}</p>")
    if result.counterexample is not None and result.steps:
        html += result.player().html
    elif result.counterexample is not None:
        rows = "<br>".join(map(escape, result.run_in_words))
        html += f"<details><summary>The shortest failing run, in words</summary><p>{rows}</p></details>"
    return {"text/html": html, "text/plain": result.text}


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
        f'<p>Answer in the cell below: <code>check("{task.id}", ...)</code> takes {marked(task.form)}.</p>',
        *(_folded(f"Hint {number} of {count}", marked(hint)) for number, hint in enumerate(task.hints, 1)),
        _folded("One solution", _code(_written(task.solution)) + marked(task.why)),
    ]
    text = [f"Exercise. {level}", task.task, *(f"    {line}" for line in task.given.splitlines())]
    text.append(f'{count} hints. check("{task.id}", ...) takes {task.form}.')
    return Html(_framed(LIVE, "".join(parts)), "\n".join(text))


def check(id: str, answer: ReaderAnswer, *, steps: bool = True) -> Result:  # noqa: A002
    """Run an answer.

    Args:
        id: the exercise's id.
        answer: what the exercise asks for: C (the lines that stand in place of the given ones, whole functions, or a
            unified diff), a number, a list or a table. The model runs the C, and stops what does not end.
        steps: open the shortest failing run in the player; False to tell it in words alone.

    Raises:
        ValueError: no such exercise. An answer that cannot be run is no error: the result says why.
    """
    task = _exercise(id)
    try:
        judged = task.judge(answer)
    except ValueError as error:
        problem = _mistake(error, answer) if isinstance(error, CError) else str(error)
        reply = f"Nothing is lost: mend it and check again. The answer is {task.form}."
        return Result(False, f"{BAD.sign} cannot be run: {problem}", reply)
    shortest = judged.counterexample
    if shortest is None:
        return Result(True, f"{CLEAN.sign} right: {judged.result}", task.why)
    others = len(judged.failing) - 1
    more = f"; {many(others, 'more run')}" if others else ""
    wrong = task.recognise(answer, judged)
    kinds = list(dict.fromkeys(failing.outcome for failing in judged.failing))
    reply = wrong.reply if wrong else " ".join(GENERAL[kind] for kind in kinds[:2])
    return Result(False, f"{BAD.sign} not yet: {shortest.where}, {shortest.what}{more}", reply, shortest.trace, steps)


def exercises_for(notebook: str) -> tuple[Exercise, ...]:
    """The exercises of a notebook such as "06", in their order; none where it has none."""
    return tuple(task for task in EXERCISES.values() if task.notebook == notebook)


def _exercise(id_: str) -> Exercise:
    if id_ not in EXERCISES:
        raise ValueError(f"no exercise {id_!r}; there are {', '.join(EXERCISES)}")
    return EXERCISES[id_]


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
    if isinstance(answer, dict):
        answer = list(answer.values())
    return [row for part in answer for row in _rows(part)] if isinstance(answer, list | tuple) else []


def _framed(role: Role, body: str) -> str:
    """HTML with a bar of a role's colour at its left."""
    return f"<div{css(border_left=f'4px solid {role.line}', padding='4px 12px', margin='8px 0')}>{body}</div>"


def _code(text: str) -> str:
    return f"<pre{css(white_space='pre-wrap', margin='6px 0')}>{escape(text)}</pre>"


def _folded(title: str, body: str) -> str:
    return f"<details{css(margin='4px 0')}><summary>{title}</summary><div{css(margin='4px 0')}>{body}</div></details>"


def _written(answer: ReaderAnswer) -> str:
    """An answer as a reader would write it."""
    if isinstance(answer, dict):
        return "\n\n".join(f"{name}:\n{_written(part)}" for name, part in answer.items())
    return answer.strip("\n") if isinstance(answer, str) else repr(answer)
