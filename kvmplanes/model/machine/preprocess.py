# SPDX-License-Identifier: GPL-2.0-only
"""What the parser sees of a tree: its own includes read, comments blanked, `#define NAME value` and `#if` done."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import Final, NamedTuple

from kvmplanes.model.machine.tree import CError, Tree, text_of


class PlacedLine(NamedTuple):
    """A line of C after the preprocessor, and where it stands."""

    file: str
    line: int
    text: str


_COMMENT: Final = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_WORD: Final = re.compile(r'"(?:\\.|[^"\\])*"|\b[A-Za-z_]\w*\b(?=(\s*\()?)')
_DIRECTIVE: Final = re.compile(r"\s*#\s*(\w*)\s*(.*?)\s*$")
_TEST: Final = r"(?:(?<!\d)\d{1,20}(?!\d)|[\s()<>=!+*-]|and|or|not)+"
_LONGEST_IF: Final = 500  # characters
_MOST_LINES: Final = 50_000
_MOST_EXPANDED: Final = 100_000  # characters; the macros of the whole tree become 2000
_IF: Final = ("if", "ifdef", "ifndef")


def preprocess(tree: Tree, *files: str) -> list[PlacedLine]:
    """The lines of one translation unit made of `files`.

    Raises:
        CError: a directive, a macro or an `#if` that is not understood.
    """
    preprocessor = _Preprocessor(tree)
    for file in files:
        preprocessor.read(file)
    return preprocessor.rows


class _Preprocessor:
    def __init__(self, tree: Tree) -> None:
        self.rows = list[PlacedLine]()
        self._tree = tree
        self._reading: list[str] = []  # a file, the file that it includes, and so on
        self._macros: dict[str, str | None] = {}  # None: it has arguments
        self._at = ("", 0)
        self._expansions = 0

    def read(self, name: str) -> None:
        if name in self._reading:
            raise CError(*self._at, f"{name} includes itself")
        self._reading.append(name)
        text = text_of(self._tree, name)
        if unclosed := _unclosed(text):
            raise CError(name, unclosed, "the comment that begins here is not closed")
        on, opened = [True], [0]  # for each #if around: whether the lines are wanted, its line
        for n, line in enumerate(bare_lines(text), 1):
            self._at = (name, n)
            if len(self.rows) >= _MOST_LINES:
                raise CError(name, n, f"with what is included there are more than {_MOST_LINES} lines")
            directive, words = _parts(line)
            if not directive:
                expanded = line if self._macros.keys().isdisjoint(words) else self._expanded(line)
                self.rows.append(PlacedLine(name, n, expanded if all(on) else ""))
                continue
            word, rest = directive
            if word in _IF:
                on.append(all(on) and self._holds(word, rest))
                opened.append(n)
            elif word == "elif":
                raise CError(name, n, "#elif is not understood; write #else and #if")
            elif word in ("else", "endif"):
                if len(on) == 1:
                    raise CError(name, n, f"#{word} without #if")
                on[-1:] = [] if word == "endif" else [not on[-1]]
                opened = opened[: len(on)]
            elif all(on) and word == "include":
                self._include(rest)
            elif all(on):
                self._directive(word, rest)
            self.rows.append(PlacedLine(name, n, ""))
        if len(on) > 1:
            raise CError(name, opened[-1], "#if without #endif")
        self._reading.pop()

    def _include(self, rest: str) -> None:
        for path in self._tree:
            if path == rest[1:-1] or path.endswith(f"/{rest[1:-1]}"):
                self.read(path)

    def _directive(self, word: str, rest: str) -> None:
        if word != "define":
            raise CError(*self._at, f"#{word} is not understood; #include, #define NAME value, #if and #endif are")
        match = re.match(r"(\w+)(\(?)\s*(.*)", rest)
        if not match:
            raise CError(*self._at, "#define wants a name")
        self._macros[match[1]] = None if match[2] else match[3]

    def _holds(self, word: str, test: str) -> bool:
        if word != "if":
            return (test in self._macros) == (word == "ifdef")
        if len(test) > _LONGEST_IF:
            raise CError(*self._at, f"this #if is longer than {_LONGEST_IF} characters")
        test = re.sub(r"\bdefined\s*\(?\s*(\w+)\s*\)?", lambda match: str(int(match[1] in self._macros)), test)
        test = re.sub(r"\b[A-Za-z_]\w*", "0", self._expanded(test))
        test = re.sub(r"\b(\d+)[uUlL]+\b", r"\1", test)
        test = re.sub(r"!(?!=)", " not ", test.replace("&&", " and ").replace("||", " or ")).strip()
        # No powers and no shifts: a few signs of them are a number that fills the memory.
        if not re.fullmatch(_TEST, test) or re.search(r"\*\s*\*|<\s*<|>\s*>", test):
            raise CError(*self._at, "this #if is not understood; numbers, names, defined(), && and || are")
        try:
            return bool(eval(compile(ast.parse(test, mode="eval"), "#if", "eval"), {}))  # noqa: S307 - digits, signs
        except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
            raise CError(*self._at, "this #if is not understood") from None

    def _expanded(self, text: str, inside: tuple[str, ...] = ()) -> str:
        def word(match: re.Match[str]) -> str:
            name = match[0]
            if name not in self._macros or name in inside:
                return name
            value = self._macros[name]
            if value is not None:
                made = self._expanded(value, (*inside, name))
                self._expansions += len(made) + 1
                if self._expansions > _MOST_EXPANDED:
                    raise CError(*self._at, f"macros become more than {_MOST_EXPANDED} characters here")
                return made
            if match[1] is None:  # as in C: without parentheses it is no call of the macro
                return name
            raise CError(*self._at, f"{name} is a macro with arguments; write a function, or #define NAME value")

        return _WORD.sub(word, text)


@lru_cache(4096)  # a version differs from another one in a few lines
def _parts(line: str) -> tuple[tuple[str, str] | None, frozenset[str]]:
    """The directive on a line and what follows it, or None; the words of the line, where a macro may stand."""
    match = _DIRECTIVE.match(line)
    return (match[1], match[2]) if match else None, frozenset(word[0] for word in _WORD.finditer(line))


@lru_cache(16)  # whole files of the last versions
def _unclosed(text: str) -> int:
    """The line of a comment that is not closed, which would blank the lines up to the end of the next one; else 0."""
    for match in _COMMENT.finditer(f"{text}/**/"):
        if match[0].startswith("/*") and "/*" in match[0][2:]:
            return text.count("\n", 0, match.start()) + 1
    return 0


def _blank(match: re.Match[str]) -> str:
    """A string as it is, and so is a comment that nothing closes; of another one its line ends."""
    text = match[0]
    kept = text[0] in "\"'" or (text[:2] == "/*" and not text.endswith("*/"))
    return text if kept else "\n" * text.count("\n") or " "


@lru_cache(16)  # whole files of the last versions
def bare_lines(text: str) -> tuple[str, ...]:
    """Lines without comments; what a backslash continues stands on the first line, and leaves empty ones."""
    bare = _COMMENT.sub(_blank, text)
    rows, first, goes_on = list[str](), 0, False
    for line in bare.splitlines():
        if goes_on:
            rows[first] += f" {line.removesuffix(chr(92))}"
            rows.append("")
        else:
            first = len(rows)
            rows.append(line.removesuffix(chr(92)))
        goes_on = line.endswith(chr(92))
    return tuple(rows)
