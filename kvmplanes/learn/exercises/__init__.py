# SPDX-License-Identifier: GPL-2.0-only
"""Every exercise: set one, check an answer. A wrong answer gets the shortest run that shows it, a right one a proof.

>>> from kvmplanes.learn import check
>>> check("nth-plane", 3).passed
True
>>> print(check("nth-plane", 2).verdict)
✗ not yet: kvm_arch_alloc_vm fails, not the plane's allocation
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from kvmplanes.learn.exercises.exercise import GENERAL, Answer, Exercise, Failing, Judged
from kvmplanes.learn.exercises.tasks import load
from kvmplanes.model.machine.tree import CError
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.words import many
from kvmplanes.view.live.player import FILTERS, player
from kvmplanes.view.page.html import Html, badge, css, escape, marked
from kvmplanes.view.page.style import BAD, CLEAN, LIVE, Role

EXERCISES: Final[dict[str, Exercise]] = {one.id: one for one in load()}
LEVEL: Final = {1: "warm-up", 2: "steady", 3: "hard"}


@dataclass(frozen=True, repr=False)
class Result:
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
    _role: Role = field(default=BAD, kw_only=True)

    def player(self) -> Html:
        """The failing run in the player, at its first defect or, where there is none, at the failing call.

        Raises:
            ValueError: there is no failing run.
        """
        if self.counterexample is None:
            raise ValueError("no run fails: there is nothing to step through")
        trace = self.counterexample
        failing = next((step.index for step in trace.steps if step.what == "fail"), 0)
        return player(trace, start="defect" if trace.defects else failing, only="planes")

    @property
    def text(self) -> str:
        """Verdict, reply and the failing run, for a terminal."""
        return "\n".join([self.verdict, self.reply, *self._told])

    @property
    def _told(self) -> list[str]:
        """The failing run in words: what matters to planes, and every defect."""
        trace = self.counterexample
        if trace is None:
            return []
        rows = [f"{s.index:3} {'✗ ' if s.defect else ''}{s.text}" for s in trace.steps if FILTERS["planes"](s)]
        return [f"Shortest failing run: {trace.scenario}", *rows]

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        sign, words = self.verdict.split(": ", 1)
        frame = css(border_left=f"4px solid {self._role.line}", padding="4px 12px", margin="8px 0")
        head = f"<p{css(margin='4px 0')}>{badge(self._role, sign[2:])} {marked(words)}</p>"
        body = f"<div{frame}>{head}<p{css(margin='4px 0')}>{marked(self.reply)}</p></div>"
        if self.counterexample is None:
            return {"text/html": body, "text/plain": self.text}
        told = "<br>".join(map(escape, self._told))
        short = f"<details><summary>The shortest failing run, in words</summary><p>{told}</p></details>"
        return {"text/html": body + (self.player().html if self.steps else short), "text/plain": self.text}


def exercise(id: str) -> Html:  # noqa: A002 - what the reader calls it
    """The exercise with an id such as "teardown-order": task, lines to begin with, folded hints, a folded solution.

    Raises:
        ValueError: no such exercise.
    """
    return _show(_exercise(id))


def check(id: str, answer: Answer, *, steps: bool = True) -> Result:  # noqa: A002
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
    except CError as error:
        return _unrunnable(_said(error, answer), task)
    except ValueError as error:
        return _unrunnable(str(error), task)
    if judged.passed:
        return Result(True, f"{CLEAN.sign} right: {judged.told}", task.why, _role=CLEAN)
    worst = judged.counterexample
    assert worst is not None  # noqa: S101 - an answer that does not pass has a failing run
    wrong = task.recognise(answer, judged)
    reply = wrong.reply if wrong else _general(judged)
    return Result(False, f"{BAD.sign} not yet: {_where(judged, worst)}", reply, worst.trace, steps)


def exercises_for(notebook: str) -> tuple[Exercise, ...]:
    """The exercises of a notebook such as "06", in their order; none where it has none."""
    return tuple(one for one in EXERCISES.values() if one.notebook == notebook)


def _exercise(id_: str) -> Exercise:
    if id_ not in EXERCISES:
        raise ValueError(f"no exercise {id_!r}; there are {', '.join(EXERCISES)}")
    return EXERCISES[id_]


def _said(error: CError, answer: Answer) -> str:
    """What is wrong with the C: at the reader's own line, where it is one, or else at a line of the file."""
    what, _, shown = error.what.partition("\n")
    line = shown.strip()
    own = line in [row.lstrip("+ \t").rstrip() for row in _rows(answer)]
    place = "in your line" if own else f"at {error.file}:{error.line}"
    return f"{what}, {place} `{line}`" if line else f"{what}, {place}"


def _rows(answer: Answer) -> list[str]:
    """The lines of an answer, whatever its form."""
    if isinstance(answer, str):
        return answer.splitlines()
    parts = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list | tuple) else ()
    return [row for part in parts for row in _rows(part)]


def _unrunnable(problem: str, task: Exercise) -> Result:
    return Result(False, f"{BAD.sign} cannot be run: {problem}", f"Nothing is lost: mend it and check again. The "
                  f"answer is {task.form}.")  # fmt: skip


def _where(judged: Judged, worst: Failing) -> str:
    more = len(judged.failing) - 1
    return f"{worst.where}, {worst.what}" if not more else f"{worst.where}, {worst.what}; {many(more, 'more run')}"


def _general(judged: Judged) -> str:
    kinds = list(dict.fromkeys(str(one.outcome) for one in judged.failing))
    return " ".join(GENERAL.get(kind, "Look at what happens in the run.") for kind in kinds[:2])


def _show(task: Exercise) -> Html:
    level = f"{task.title} ({LEVEL[task.level]})"
    parts = [f"<p{css(margin='4px 0')}><b>Exercise.</b> {marked(level)}</p>", f"<p>{marked(task.task)}</p>"]
    if task.given:
        parts.append(_code(task.given))
    parts.append(f'<p>Answer in the cell below: <code>check("{task.id}", ...)</code> takes {marked(task.form)}.</p>')
    count = len(task.hints)
    parts += [_folded(f"Hint {i} of {count}", marked(hint)) for i, hint in enumerate(task.hints, 1)]
    solved = (
        f"<pre{css(white_space='pre-wrap', margin='6px 0')}>{escape(written(task.solution))}</pre>{marked(task.why)}"
    )
    parts.append(_folded("One solution", solved))
    frame = css(border_left=f"4px solid {LIVE.line}", padding="4px 12px", margin="8px 0")
    text = [f"Exercise. {level}", task.task, *(f"    {line}" for line in task.given.splitlines())]
    text.append(f'{count} hints. check("{task.id}", ...) takes {task.form}.')
    return Html(f"<div{frame}>{''.join(parts)}</div>", "\n".join(text))


def _code(text: str) -> str:
    return f"<pre{css(white_space='pre-wrap', margin='6px 0')}>{escape(text)}</pre>"


def written(answer: Answer) -> str:
    """An answer as a reader would write it."""
    if isinstance(answer, dict):
        return "\n\n".join(f"{name}:\n{written(part)}" for name, part in answer.items())
    return answer.strip("\n") if isinstance(answer, str) else repr(answer)


def _folded(title: str, body: str) -> str:
    return f"<details{css(margin='4px 0')}><summary>{title}</summary><div{css(margin='4px 0')}>{body}</div></details>"
