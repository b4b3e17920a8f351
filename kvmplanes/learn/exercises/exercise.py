# SPDX-License-Identifier: GPL-2.0-only
"""One exercise: its data, and how an answer is judged by running it.

Nothing says which answer is right: `Exercise.judge` runs the model with the reader's answer in it. A known wrong idea
is recognised by what it does: by the same failing runs with the same defects as the anticipated answer.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from kvmplanes.model.machine.preprocess import bare_lines
from kvmplanes.model.machine.tree import CError, text_of
from kvmplanes.model.version import Version
from kvmplanes.runs.certificate import Certificate, Outcome, Path, certify, classify, findings
from kvmplanes.runs.trace import Trace

Answer = Any  # C as a text or a list of lines, a number, a list or a table, as the exercise says


@dataclass(frozen=True, slots=True)
class Failing:
    """One run that an answer does not pass: where it was run, what is wrong, and the run."""

    where: str
    outcome: Outcome | str
    what: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class Judged:
    """What running an answer shows.

    Attributes:
        told: the result in one line, such as a certificate's.
        failing: the runs that it does not pass; none for a right answer.
    """

    told: str
    failing: tuple[Failing, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failing

    @property
    def counterexample(self) -> Failing | None:
        """The failing run with the fewest steps."""
        return min(self.failing, key=lambda one: len(one.trace.steps), default=None)

    @property
    def signature(self) -> tuple[tuple[str, str, str], ...]:
        """What tells one wrong idea from another: every failing run and what is wrong with it."""
        return tuple((one.where, str(one.outcome), one.what) for one in self.failing)


@dataclass(frozen=True, slots=True)
class Wrong:
    """An answer that is foreseen: the thought behind it, the answer itself, and what to say to it."""

    idea: str
    answer: Answer
    reply: str


@dataclass(frozen=True)
class Exercise:
    """Something to do, and everything that is known about doing it.

    Attributes:
        id: such as "teardown-order".
        level: 1 easy, 2, 3 hard.
        notebook: where it is set, such as "05".
        title: a few words.
        task: what to do, in words; `backquotes` mark code.
        given: the C to begin with; "" where there is none.
        form: what an answer looks like, in a phrase.
        hints: one to three, from the faintest on.
        solution: one right answer.
        why: what the solution does, preserves or costs.
        wrong: the answers that are foreseen, at least two.
        judge: runs an answer; ValueError for one that cannot be run.
    """

    id: str
    level: int
    notebook: str
    title: str
    task: str
    given: str
    form: str
    hints: tuple[str, ...]
    solution: Answer
    why: str
    wrong: tuple[Wrong, ...]
    judge: Callable[[Answer], Judged]

    @cached_property
    def signatures(self) -> tuple[tuple[tuple[str, str, str], ...], ...]:
        """What each foreseen wrong answer does, computed once."""
        return tuple(self.judge(one.answer).signature for one in self.wrong)

    def recognise(self, answer: Answer, judged: Judged) -> Wrong | None:
        """The foreseen wrong answer that does what this one does; where several do, the one that reads alike."""
        alike = [one for one, does in zip(self.wrong, self.signatures, strict=True) if does == judged.signature]
        same = [one for one in alike if plain(one.answer) == plain(answer)]
        return next(iter(same or alike), None) if same or len(alike) == 1 else None


def plain(answer: Answer) -> str:
    """An answer without what does not matter: layout and comments."""
    if isinstance(answer, dict):
        return repr({name: plain(part) for name, part in answer.items()})
    return "".join("".join(bare_lines(answer)).split()) if isinstance(answer, str) else repr(answer)


def clean_on(*certificates: Certificate) -> Judged:
    """Judge by certificates: every path of each has to be clean."""
    failing = [
        Failing(_where(path, one), path.outcome, path.defects, path.trace)
        for one in certificates
        for path in one.paths
        if path.outcome != "clean"
    ]
    return Judged("; ".join(one.verdict for one in certificates), tuple(failing))


def _where(path: Path, certificate: Certificate) -> str:
    other = "" if path.program == certificate.programs[0] else f" in program {path.program}"
    return f"{certificate.version}: {path.call or 'no call'} fails{other}"


def also(judged: Judged, where: str, trace: Trace, wanted: Mapping[str, str]) -> Judged:
    """Judge by one more run: no defect, and each system call named in `wanted` ends as it says there."""
    results = dict(trace.results)
    odd = [f"{op} returns {results.get(op)}, not {end}" for op, end in wanted.items() if results.get(op) != end]
    if classify(trace) in ("clean", "wrong errno", "wrong state") and not trace.oops and not odd:
        return judged
    what = findings(trace) if trace.defects else "; ".join(odd)
    outcome = classify(trace) if trace.defects else "wrong result"
    return Judged(judged.told, (*judged.failing, Failing(where, outcome, what or "Oops", trace)))


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of a function that the reader writes anew, and the versions in which they must be clean.

    Attributes:
        function: the function.
        old: the lines that are replaced; "" for the whole function.
        bases: the versions in which they stand.
        planes: the planes that are created on every path; None for `certify`'s own choice.
    """

    function: str
    old: str
    bases: tuple[Version, ...]
    planes: tuple[int, ...] | None = None

    def versions(self, answer: Answer) -> tuple[Version, ...]:
        """Each base with the answer in it; ValueError as for `answered`."""
        return tuple(answered(base, (self.function, self.old, answer)) for base in self.bases)

    def __call__(self, answer: Answer) -> Judged:
        """Every path of every base with the answer in it."""
        return clean_on(*(certified(one, self.planes) for one in self.versions(answer)))


# What a diff has at the beginning of a line; and the head of a function: a type, a name, parentheses, a brace.
_DIFF: Final = re.compile(r"^(?:--- |@@ -)", re.MULTILINE)
_HEAD: Final = re.compile(
    r"^(?!(?:else|return|goto|case)\b)\w[\w\s*]*[\s*](?!(?:if|for|while|switch)\b)\w+\s*\([^;{}]*\)\s*\{", re.MULTILINE
)


def is_whole(answer: Answer) -> bool:
    """Whether an answer says itself where it belongs: whole functions, or a unified diff."""
    return isinstance(answer, str) and bool(_DIFF.search(answer) or _HEAD.search(textwrap.dedent(answer)))


def answered(base: Version, *pieces: tuple[str, str, Answer]) -> Version:
    """A version with a reader's C in it.

    Args:
        base: the version.
        *pieces: (function, its lines that are given, the reader's C). The C is the lines that stand in their place,
            whole functions, or a unified diff; one text that is functions or a diff may answer several pieces. Without
            given lines, lines are no answer.

    Returns:
        The version, under its base's name, so that what is told does not depend on how the answer was written.

    Raises:
        ValueError: an answer that is no C, does not fit there, or changes more than the functions of the pieces.
    """
    edits, whole = list[tuple[str, str, str]](), dict[str, None]()
    for function, given, answer in pieces:
        text = lines(answer)
        if is_whole(text):
            whole[text] = None
        elif given:
            edits.append((function, given, text))
        else:
            raise ValueError(f"write the whole function {function}(), from its head to its closing brace, or a diff")
    made = base
    for text in whole:
        made = made.apply(text) if _DIFF.search(text) else made.replace(text)
    made = made.edit(base.name, "with the reader's lines", *edits)
    asked = list(dict.fromkeys(function for function, *_ in pieces))
    if others := _elsewhere(base, made, asked):
        raise ValueError(
            f"the answer is about {' and '.join(f'{name}()' for name in asked)} alone, and this one changes "
            f"{', '.join(others)}; functions of your own may be added"
        )
    return made


def _elsewhere(base: Version, made: Version, asked: Collection[str]) -> list[str]:
    """What an answer changes outside the functions that it is asked for."""
    functions = {name: function.source for name, function in made.functions.items()}
    changed = [name for name, f in base.functions.items() if name not in asked and functions.get(name) != f.source]
    rest = [file for file in base.tree if _outside(base, file) != _outside(made, file)]
    return [*(f"{name}()" for name in changed), *(f"{file} outside of functions" for file in rest)]


def _outside(version: Version, file: str) -> list[str]:
    """The lines of a file that belong to no function, without comments."""
    rows = bare_lines(text_of(version.tree, file))
    for function in version.functions.values():
        if function.file == file:
            rows[function.first - 1 : function.first - 1 + len(function.lines)] = [""] * len(function.lines)
    return [row.strip() for row in rows if row.strip()]


def certified(version: Version, planes: tuple[int, ...] | None = None) -> Certificate:
    """Every path of a version; `planes` are created where it has KVM_CREATE_PLANE, None for `certify`'s own choice.

    Raises:
        CError: a path does not end, with the C line at which it was stopped.
    """
    try:
        return certify(version, planes if version.creates_planes else None)
    except CError as error:
        rows = version.tree.get(error.file, ())[error.line - 1 : error.line]
        raise CError(error.file, error.line, "\n".join([error.what, *(row.text for row in rows)])) from None


def lines(answer: Answer) -> str:
    """C as one text, of a text or of a list of its lines.

    Raises:
        ValueError: something else, or nothing at all.
    """
    if isinstance(answer, list | tuple) and all(isinstance(line, str) for line in answer):
        answer = "\n".join(answer)
    if not isinstance(answer, str) or not answer.strip():
        raise ValueError(f"the answer is C, as a text or a list of lines, not {answer!r}")
    return answer if _DIFF.search(answer) else textwrap.dedent(answer).strip("\n")


GENERAL: Final[dict[str, str]] = {
    "double-free": "Something is freed twice. Find the two frees in the run, and ask which of them has no right to it.",
    "use-after-free": "Memory is used after it was given back. Find the free in the run: what needs the object must "
    "come before it.",
    "out-of-bounds": "The index is beyond the array. Ask which values can reach this line.",
    "null-dereference": "A pointer that is NULL is followed. Ask on which path nobody set it.",
    "leak": "Something is never given back. Find where it is acquired, and ask which line of this way out releases it.",
    "wrong errno": "Memory is in order, and the program is told something that is not so. Compare the errno of the "
    "call that failed with the one that is returned.",
    "wrong state": "Every call says that it succeeded, and the slots do not hold what they should.",
    "wrong result": "No memory is misused, and a system call does not end as it should.",
}
