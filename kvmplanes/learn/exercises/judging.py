# SPDX-License-Identifier: GPL-2.0-only
"""Judging an answer: the reader's C is put into a version, the version is run, and the runs say what is wrong."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from kvmplanes.given import brief
from kvmplanes.model.machine.preprocess import bare_lines
from kvmplanes.model.machine.tree import CError, text_of
from kvmplanes.model.version import Version
from kvmplanes.runs.certificate import Certificate, Outcome, Path, certify
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.words import many

ReaderAnswer = Any  # C as a text or a list of lines, a number, a list or a table, as the exercise says
FailingClass = Outcome | Literal["wrong result"]


@dataclass(frozen=True, slots=True)
class Failing:
    """One run that an answer does not pass.

    Attributes:
        where: what was run, such as "09, no call fails".
        outcome: its class.
        what: what is wrong.
        trace: the run.
        say: what to say about it to an answer that nobody foresaw; "" for the words for its class.
    """

    where: str
    outcome: FailingClass
    what: str
    trace: Trace
    say: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What running an answer shows.

    Attributes:
        result: the result in one line, such as a certificate's.
        failing: the runs that it does not pass; none for a right answer.
        paths: how many paths were run for certificates.
    """

    result: str
    failing: tuple[Failing, ...] = ()
    paths: int = 0

    @property
    def counterexample(self) -> Failing | None:
        """The failing run with the fewest steps; None for a right answer."""
        return min(self.failing, key=lambda failing: len(failing.trace.steps), default=None)

    @property
    def unclean(self) -> str:
        """How many of the paths are not clean, in words."""
        count = sum(failing.outcome != "wrong result" for failing in self.failing)
        return f"{count} of {many(self.paths, 'path')} {'is' if count == 1 else 'are'} not clean"

    @property
    def signature(self) -> tuple[tuple[str, str, str], ...]:
        """What tells one wrong idea from another: every failing run and what is wrong with it."""
        return tuple((failing.where, failing.outcome, failing.what) for failing in self.failing)

    def refuted(self, where: str, what: str, trace: Trace, say: str) -> Judged:
        """The same judgement, with one more run, in which no kernel would see a mistake; arguments as for `Failing`."""
        return replace(self, failing=(*self.failing, Failing(where, "wrong result", what, trace, say)))


Judge = Callable[[ReaderAnswer], Judged]  # ValueError for an answer that cannot be run


def clean_on(*certificates: Certificate) -> Judged:
    """Judge by certificates: every path of each has to be clean."""
    failing = [
        Failing(_where(path, certificate), path.outcome, path.defects, path.trace)
        for certificate in certificates
        for path in certificate.paths
        if path.outcome != "clean"
    ]
    paths = sum(len(certificate.paths) for certificate in certificates)
    return Judged("; ".join(certificate.verdict for certificate in certificates), tuple(failing), paths)


def _where(path: Path, certificate: Certificate) -> str:
    other = "" if path.program == certificate.programs[0] else f" in program {path.program}"
    return f"{certificate.version}, {path.call or 'no call'} fails{other}"


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


@dataclass(frozen=True, slots=True)
class Block:
    """A judge: the reader writes lines of a function anew, and every path of some versions must be clean with them.

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

    def versions(self, answer: ReaderAnswer) -> tuple[Version, ...]:
        """Each base with the answer in it; ValueError as for `answered`."""
        return tuple(answered(base, (self.function, self.old, answer)) for base in self.bases)

    def __call__(self, answer: ReaderAnswer) -> Judged:
        """Judge an answer."""
        return clean_on(*(certified(version, self.planes) for version in self.versions(answer)))


# What a diff has at the beginning of a line; and the head of a function: a type, a name, parentheses, a brace.
_DIFF: Final = re.compile(r"^(?:--- |@@ -)", re.MULTILINE)
_HEAD: Final = re.compile(
    r"^(?!(?:else|return|goto|case)\b)\w[\w\s*]*[\s*](?!(?:if|for|while|switch)\b)\w+\s*\([^;{}]*\)\s*\{", re.MULTILINE
)


def _is_whole(answer: ReaderAnswer) -> bool:
    """Whether an answer says itself where it belongs: whole functions, or a unified diff."""
    return isinstance(answer, str) and bool(_DIFF.search(answer) or _HEAD.search(textwrap.dedent(answer)))


def answered(base: Version, *pieces: tuple[str, str, ReaderAnswer]) -> Version:
    """A version with a reader's C in it.

    Args:
        base: the version.
        *pieces: (function, its lines that are given, the reader's C). The C is the lines that stand in their place,
            whole functions, or a unified diff; one text that is functions or a diff may answer several pieces. Without
            given lines, lines are no answer.

    Returns:
        The version, under its base's name, so that the verdict does not depend on how the answer was written.

    Raises:
        ValueError: an answer that is no C, does not fit there, or changes more than the functions of the pieces.
    """
    edits, whole = list[tuple[str, str, str]](), dict[str, None]()
    for function, given, answer in pieces:
        text = as_c(answer)
        if _is_whole(text):
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
    sources = {name: function.source for name, function in made.functions.items()}
    changed = [name for name, f in base.functions.items() if name not in asked and sources.get(name) != f.source]
    rest = [file for file in base.tree if _outside(base, file) != _outside(made, file)]
    return [*(f"{name}()" for name in changed), *(f"{file} outside of functions" for file in rest)]


def _outside(version: Version, file: str) -> list[str]:
    """The lines of a file that belong to no function, without comments."""
    rows = bare_lines(text_of(version.tree, file))
    for function in version.functions.values():
        if function.file == file:
            rows[function.first - 1 : function.first - 1 + len(function.lines)] = [""] * len(function.lines)
    return [row.strip() for row in rows if row.strip()]


def as_c(answer: ReaderAnswer) -> str:
    """C as one text, of a text or of a list of its lines; ValueError for something else, or nothing at all."""
    if isinstance(answer, list | tuple) and all(isinstance(line, str) for line in answer):
        answer = "\n".join(answer)
    if not isinstance(answer, str) or not answer.strip():
        raise ValueError(f"the answer is C, as a text or a list of lines, not {brief(answer)}")
    return answer if _DIFF.search(answer) else textwrap.dedent(answer).strip("\n")


def as_parts(answer: ReaderAnswer, *names: str) -> tuple[ReaderAnswer, ...]:
    """The parts of an answer that is a table with these names; ValueError for anything else."""
    if not isinstance(answer, Mapping) or set(answer) != set(names):
        wanted = ", ".join(f'"{name}": ...' for name in names)
        raise ValueError(f"the answer is a table {{{wanted}}}, not {brief(answer)}")
    return tuple(answer[name] for name in names)


def as_c_parts(answer: ReaderAnswer, *names: str) -> tuple[ReaderAnswer, ...]:
    """The parts of a table of C; whole functions or a diff in one text stand for every part."""
    return (answer,) * len(names) if _is_whole(answer) else as_parts(answer, *names)


def as_texts(answer: ReaderAnswer, what: str, known: Collection[str] = ()) -> list[str]:
    """A list of texts, each of them known if anything is; ValueError for anything else."""
    if not isinstance(answer, list | tuple) or not all(isinstance(item, str) for item in answer):
        raise ValueError(f"the answer is a list of {what}, each a text, not {brief(answer)}")
    if unknown := [item for item in answer if known and item not in known]:
        raise ValueError(f"the answer is a list of {what}, of {', '.join(known)}, not {brief(unknown[0])}")
    return list(answer)


def as_number(answer: ReaderAnswer) -> int:
    """A whole number; ValueError for anything else."""
    if isinstance(answer, bool) or not isinstance(answer, int):
        raise ValueError(f"the answer is a whole number, not {brief(answer)}")
    return answer


def as_text(answer: ReaderAnswer, what: str) -> str:
    """A text; ValueError for anything else."""
    if not isinstance(answer, str) or not answer.strip():
        raise ValueError(f"the answer is {what}, as a text, not {brief(answer)}")
    return answer.strip()
