# SPDX-License-Identifier: GPL-2.0-only
"""Reading an answer: a number, names, or C that is put into a version where the exercise asks for it, and nowhere else.

Nobody's answer can do more than C does on the model. What would act outside of the lines that are asked for is refused
here: other functions, directives, and what the C stands on.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from kvmplanes.given import brief
from kvmplanes.model.machine.preprocess import bare_lines
from kvmplanes.model.machine.tree import text_of
from kvmplanes.model.version import Version

ReaderAnswer = Any  # C as a text or a list of lines, a number, a list or a table, as the exercise says

MOST_C: Final = 10_000  # characters; the longest function that is asked for has 2700
MOST_TEXTS: Final = 100  # of a list that is an answer

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
    before = Counter(_directives(base))
    if new := sorted(Counter(_directives(made)) - before, key=before.__getitem__):
        raise ValueError(f"{brief(new[0])} would change what stands below it, too: write the answer without #")
    if shim := next(_shims(base, made, asked), ""):
        raise ValueError(f"{brief(shim)} belongs to what the C stands on here: an answer does without it")
    return made


def _elsewhere(base: Version, made: Version, asked: Collection[str]) -> list[str]:
    """What an answer changes outside the functions that it is asked for."""
    sources = {name: function.source for name, function in made.functions.items()}
    changed = [name for name, f in base.functions.items() if name not in asked and sources.get(name) != f.source]
    rest = [file for file in base.tree if _outside(base, file) != _outside(made, file)]
    return [*(f"{name}()" for name in changed), *(f"{file} outside of functions" for file in rest)]


def _directives(version: Version) -> list[str]:
    """Every line of a version that begins with #, inside of functions and outside."""
    rows = (row.strip() for file in version.tree for row in bare_lines(text_of(version.tree, file)))
    return [row for row in rows if row.startswith("#")]


def _shims(base: Version, made: Version, asked: Collection[str]) -> Iterator[str]:
    """What an answer names of `shim.h`, in the functions that are asked for and in its own."""
    for name in (name for name in made.functions if name in asked or name not in base.functions):
        yield from re.findall(r"\bshim_\w+", "\n".join(bare_lines(made.functions[name].source)))


def _outside(version: Version, file: str) -> list[str]:
    """The lines of a file that belong to no function, without comments."""
    rows = [*bare_lines(text_of(version.tree, file))]
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
    if len(answer) > MOST_C:
        raise ValueError(f"the answer is C of at most {MOST_C} characters, not {len(answer)}")
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
    if len(answer) > MOST_TEXTS:
        raise ValueError(f"the answer is a list of at most {MOST_TEXTS} {what}, not {len(answer)}")
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
