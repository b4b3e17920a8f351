# SPDX-License-Identifier: GPL-2.0-only
"""What a version is: a C tree, translated on first use, and the ways to make another one of it."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from kvmplanes.given import brief, some, typed, written
from kvmplanes.model.indentation import indented
from kvmplanes.model.machine.tree import CError, Line, Tree, apply_diff, as_lines, text_of, too_much, unified, with_ids

if TYPE_CHECKING:
    from kvmplanes.model.machine.unit import Unit

MAIN: Final = "virt/kvm/kvm_main.c"
UNITS: Final = (MAIN, "virt/kvm/neighbours.c")
_MOST_FUNCTIONS: Final = 50
_LONGEST: Final = 100  # characters of a name


@dataclass(frozen=True, slots=True)
class Function:
    """One C function of a version.

    Attributes:
        name: of the function.
        file: where it stands, such as "virt/kvm/kvm_main.c".
        first: its first line there, from 1.
        lines: its lines, from the head to the closing brace.
    """

    name: str
    file: str
    first: int
    lines: tuple[Line, ...]

    @property
    def source(self) -> str:
        """Its text."""
        return "".join(f"{line.text}\n" for line in self.lines)

    def line(self, lineno: int) -> str:
        """A line of the file without its indent; "" if it is not one of the function's."""
        return self._at(lineno).text.strip()

    def ids(self, lineno: int) -> tuple[str, ...]:
        """The id of the posted added line that a line of the file is, if it is one."""
        line = self._at(lineno)
        return (line.id,) if line.id else ()

    def _at(self, lineno: int) -> Line:
        return self.lines[lineno - self.first] if 0 <= lineno - self.first < len(self.lines) else Line("")


@dataclass(frozen=True, eq=False)
class Version:
    """A version of the C.

    Attributes:
        name: short name, such as "09".
        title: what it is, in one phrase.
        tree: file name -> lines.
        based_on: the version that it was made of.
        edits: (function, old lines, new lines), as made.
        root: the version of the series that it comes from; "" for a tree of one's own.
    """

    name: str
    title: str
    tree: Tree = field(repr=False)
    based_on: str = ""
    edits: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)
    root: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for what in ("name", "title", "based_on", "root"):
            typed(getattr(self, what), str, f"{what} must be a text")
        typed(self.edits, tuple, "edits must be a tuple of (function, old lines, new lines)")
        rule = "tree must be file name -> lines, as in VERSIONS['09'].tree"
        for name in UNITS:
            if not isinstance(typed(self.tree, Mapping, rule).get(name), tuple):
                raise ValueError(f"{rule}, and {name} is missing")
        if not isinstance(self.tree, MappingProxyType):
            object.__setattr__(self, "tree", MappingProxyType(dict(self.tree)))

    @cached_property
    def unit(self) -> Unit:
        """The translated C.

        Raises:
            CError: what is wrong with it, or not supported, with file and line.
        """
        from kvmplanes.model.floor import NATIVES
        from kvmplanes.model.machine.unit import unit
        from kvmplanes.model.runtime import RUN_TIME

        for name, lines in self.tree.items():
            for number, what in too_much([row.text for row in lines]).items():
                raise CError(name, number, what)
        try:
            return unit(self.tree, UNITS, (*NATIVES, *RUN_TIME))
        except CError as error:
            rows = self.tree[error.file]
            line = rows[error.line - 1].text.strip()[:_LONGEST] if 0 < error.line <= len(rows) else ""
            raise CError(error.file, error.line, f"{error.what}\n    {line}" if line else error.what) from None

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Name -> `Function`, in the order of the text."""
        from kvmplanes.model.machine.unit import definitions

        return MappingProxyType(
            {
                name: Function(name, file, first, self.tree[file][first - 1 : last])
                for file in UNITS
                for name, (first, last) in definitions(text_of(self.tree, file)).items()
            }
        )

    @property
    def creates_planes(self) -> bool:
        """Whether user space can ask for planes: the version has KVM_CREATE_PLANE."""
        return "kvm_vm_ioctl_create_plane" in self.functions

    def edit(self, name: str, title: str, *edits: tuple[str, str, str]) -> Version:
        """A version that differs by edits.

        Args:
            name: its name.
            title: what it is, in one phrase.
            *edits: (function, old lines, new lines), all C; the old lines must stand in the function exactly once,
                indentation and empty lines aside. No new lines: the old ones are dropped.

        Raises:
            ValueError: no such function, or the old lines stand there not once.
            CError: what is wrong with the C that results.
        """
        made = self
        _named(name, title)
        for edit in edits:
            if not isinstance(edit, tuple) or [*map(type, edit)] != [str] * 3:
                raise ValueError(f"an edit is (function, old lines, new lines), three texts, not {brief(edit)}")
            for part in edit:
                written(part, "a part of an edit")
            name_of_function, old, new = edit
            function = made.function(name_of_function)
            at, end = _place(function, old)
            block = with_ids(function.lines[at:end], indented(new, old, function.lines[at].text))
            made = made._with(function.file, function.first - 1 + at, function.first - 1 + end, block)
        return Version(name, title, made.tree, self.name, edits, self.root)._checked()

    def replace(self, text: str) -> Version:
        """The same version with functions of a reader's own.

        Args:
            text: C; a function takes the place of the one of its name, or is added before the first that calls it. What
                stands outside of functions (a struct, a #define, a prototype) goes before the first function.

        Raises:
            ValueError: the text defines no function.
            CError: what is wrong with the C that results.
        """
        from kvmplanes.model.machine.unit import definitions

        written(typed(text, str, "replace() takes a text of C functions"), "the C")
        text = textwrap.dedent(text).strip("\n") + "\n"
        for what in too_much(text.splitlines()).values():
            raise ValueError(what)
        places = definitions(text)
        if not 0 < len(places) <= _MOST_FUNCTIONS:
            raise ValueError(
                "this text defines no C function: a head, then { and } at the beginning of a line of their own"
                if not places
                else f"this text defines {len(places)} functions; a reader's own C has at most {_MOST_FUNCTIONS}"
            )
        rows, made, end, outside = text.splitlines(), self, 0, list[str]()
        for first, last in places.values():
            outside += rows[end : first - 1]
            end = last
        outside += rows[end:]
        texts = {name: rows[first - 1 : last] for name, (first, last) in places.items()}
        for name in _callers_first(texts, self.functions):
            made = made._defined(name, texts[name])
        if any(row.strip() for row in outside):
            head = min(function.first for function in made.functions.values() if function.file == MAIN) - 1
            block = re.sub(r"\n{2,}", "\n\n", "\n".join(outside).strip("\n"))
            made = made._with(MAIN, head, head, as_lines(f"{block}\n\n"))
        names = " and ".join(places)
        title = f"{self.title}, with {names} of a reader's own"
        return Version(f"{self.name}+", title, made.tree, self.name, root=self.root)._checked()

    def apply(self, diff: str, name: str = "", title: str = "") -> Version:
        """A version with a unified diff applied, without fuzz; lines may have moved.

        Args:
            diff: the diff; a whole mail will do.
            name: its name, "09+" by default.
            title: what it is, in one phrase.

        Raises:
            ValueError: no diff, a file that is not in the tree, or a hunk that does not apply.
            CError: what is wrong with the C that results.
        """
        written(typed(diff, str, "apply() takes the text of a unified diff"), "diff")
        _named("a name" if isinstance(name, str) and not name else name, title)
        tree, _ = apply_diff(self.tree, diff)
        name, title = name or f"{self.name}+", title or f"{self.title}, with a diff"
        return Version(name, title, tree, self.name, root=self.root)._checked()

    def diff(self, other: Version) -> str:
        """What turns this version into another, as a unified diff; "" if nothing does."""
        typed(other, Version, "other must be a Version, such as VERSIONS['11']")
        return unified(self.tree, other.tree)

    def __str__(self) -> str:
        return self.name

    def function(self, name: str) -> Function:
        """A function by its name.

        Raises:
            ValueError: the version has no such function.
        """
        if not isinstance(name, str) or name not in self.functions:
            close = difflib.get_close_matches(brief(name).strip("'"), [*self.functions], 1)
            hint = f"did you mean {close[0]!r}?" if close else f"it has {some(self.functions)}"
            raise ValueError(f"{brief(self.name)[1:-1]} has no function {brief(name)}; {hint}")
        return self.functions[name]

    def _with(self, file: str, start: int, end: int, block: Sequence[Line]) -> Version:
        have = self.tree[file]
        return Version(self.name, self.title, {**self.tree, file: (*have[:start], *block, *have[end:])}, root=self.root)

    def _defined(self, name: str, text: Sequence[str]) -> Version:
        """With one function replaced, or added: in the main file, before the first function that calls it."""
        if name in self.functions:
            old = self.functions[name]
            return self._with(old.file, old.first - 1, old.first - 1 + len(old.lines), with_ids(old.lines, text))
        main = [f for f in self.functions.values() if f.file == MAIN]
        callers = [f for f in main if _calls(f.source, name)]
        at = min((f.first for f in callers), default=max(f.first for f in main)) - 1
        return self._with(MAIN, at, at, as_lines("\n".join([*text, "", ""])))

    def _checked(self) -> Version:
        self.unit  # noqa: B018 - translated now, so that what is wrong is said where it was written
        return self


def _named(name: object, title: object) -> None:
    """Refuse what cannot name a version, or say what it is."""
    written(name, "name", _LONGEST)
    if not name or not str(name).isprintable():
        raise ValueError(f"name must be a few words on one line, not {brief(name)}")
    written(title, "title", 10 * _LONGEST)


def _calls(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


def _callers_first(texts: Mapping[str, Sequence[str]], known: Mapping[str, Function]) -> Iterator[str]:
    """Functions that are there already, then new ones, each after those that name it: its place is above them."""
    yield from (name for name in texts if name in known)
    left = [name for name in texts if name not in known]
    named = {name: {*re.findall(r"\w+", "\n".join(texts[name]))} for name in left}
    while left:
        name = next(
            (name for name in left if all(name not in named[other] for other in left if other != name)), left[-1]
        )
        left.remove(name)
        yield name


def _words(line: str) -> str:
    return " ".join(line.split())


def _place(function: Function, old: str) -> tuple[int, int]:
    """Where old lines stand in a function: from the first to behind the last, empty lines and indentation aside."""
    want = [_words(line) for line in old.splitlines() if line.strip()]
    have = [(n, _words(line.text)) for n, line in enumerate(function.lines) if line.text.strip()]
    starts = [i for i in range(len(have) - len(want) + 1) if [text for _, text in have[i : i + len(want)]] == want]
    if want and len(starts) == 1:
        return have[starts[0]][0], have[starts[0] + len(want) - 1][0] + 1
    known = [text for _, text in have]
    missing = next((line for line in want if line not in known), "")
    close = difflib.get_close_matches(missing[:_LONGEST], known, 1) if missing else []
    hint = f"; {brief(missing)} is not a line of it" if missing else ""
    hint += f", {close[0]!r} is" if close else ""
    stand = f"the old lines stand there {len(starts) if want else 0} times, not once"
    raise ValueError(f"{function.name}: {stand}{hint}:\n{textwrap.shorten(old, 100)}")
