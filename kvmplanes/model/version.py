# SPDX-License-Identifier: GPL-2.0-only
"""What a version is: functions as text, edits of that text, and a reader's own functions in their place."""

from __future__ import annotations

import builtins
import inspect
import linecache
import re
import symtable
import textwrap
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Final

from kvmplanes.model import kernel, kvm

Source = str | Callable[..., Any]

# What a text may name without importing it: the kernel's constants and kvm.py's; functions are reached through `k`.
_NAMES: Final[dict[str, Any]] = {
    **{name: getattr(kernel, name) for name in kernel.__all__},
    **{name: value for name, value in vars(kvm).items() if name[0] != "_" and not inspect.isfunction(value)},
}


@dataclass(frozen=True)
class Function:
    """One function of a version: its text, and the code that runs."""

    name: str
    source: str
    code: Callable[..., Any]

    def line(self, lineno: int) -> str:
        """A line of the text, counted from 1 at `def`, without its indent and comment."""
        lines = self.source.splitlines()
        return lines[lineno - 1].partition("  # ")[0].strip() if 0 < lineno <= len(lines) else ""

    def ids(self, lineno: int) -> tuple[str, ...]:
        """The ids of the patch's added lines that a line's comment names."""
        lines = self.source.splitlines()
        comment = lines[lineno - 1].partition("  # ")[2] if 0 < lineno <= len(lines) else ""
        return tuple(re.findall(r"\+\d\d", comment))


@dataclass(frozen=True, eq=False)
class Version:
    """A version of the functions.

    Args:
        name: short name, such as "09".
        title: what it is, in one phrase.
        sources: function name -> Python text, or a function of the reader's own.
        based_on: the version that `edits` were made to.
        edits: (function, old lines, new lines), as made.
    """

    name: str
    title: str
    sources: Mapping[str, Source] = field(repr=False)
    based_on: str = ""
    edits: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Name -> `Function`, compiled on first use."""
        return {name: _function(name, source) for name, source in self.sources.items()}

    @property
    def creates_planes(self) -> bool:
        """Whether user space can ask for planes: the version has KVM_CREATE_PLANE."""
        return "kvm_vm_ioctl_create_plane" in self.sources

    def replace(self, **functions: Source) -> Version:
        """The same version with some functions replaced by a reader's own.

        Args:
            **functions: name -> a Python function with the same arguments (`k` first), or its text.

        Raises:
            ValueError: this version has no function of that name, it takes other arguments, the text does
                not define it, uses a name that is set nowhere, or jumps to a missing label.
        """
        for name in functions:
            self._check_name(name)
        changed = Version(f"{self.name}+", f"{self.title}, with a replaced {' and '.join(functions)}",
                          {**self.sources, **_tidy(functions)}, self.name)  # fmt: skip
        for name in functions:
            wanted = inspect.signature(self.functions[name].code)
            try:
                inspect.signature(changed.functions[name].code).bind(*wanted.parameters)
            except TypeError:
                raise ValueError(f"{name} is called with ({', '.join(wanted.parameters)})") from None
        return changed

    def edit(self, name: str, title: str, *edits: tuple[str, str, str], **new: Source) -> Version:
        """A version that differs by edits.

        Args:
            name: its name.
            title: what it is, in one phrase.
            *edits: (function, old lines, new lines); the old lines must stand there exactly once,
                indentation aside, and comments where the old lines have none.
            **new: functions that this version adds or writes anew.

        Raises:
            ValueError: no such function, or the old lines stand there not once.
        """
        sources = dict(self.sources)
        for function, old, lines in edits:
            self._check_name(function)
            text = sources[function]
            if not isinstance(text, str):
                raise ValueError(f"{function} is a reader's own function; only text can be edited")
            sources[function] = swap(function, text, old, lines)
        return Version(name, title, {**sources, **_tidy(new)}, self.name, edits)

    def without(self, *names: str) -> Version:
        """The same version without some functions."""
        kept = {key: source for key, source in self.sources.items() if key not in names}
        return Version(self.name, self.title, kept, self.based_on, self.edits)

    def __str__(self) -> str:
        return self.name

    def _check_name(self, function: str) -> None:
        if function not in self.sources:
            raise ValueError(f"{self.name} has no function {function!r}; it has {', '.join(self.sources)}")


def _tidy(sources: Mapping[str, Source]) -> dict[str, Source]:
    """Texts at the margin, whatever the indent at which they were written."""
    return {k: textwrap.dedent(s).strip("\n") + "\n" if isinstance(s, str) else s for k, s in sources.items()}


def swap(function: str, text: str, old: str, new: str) -> str:
    """Replace whole lines of a text, Python or C, keeping the indent at which the old ones stand."""
    want, have = textwrap.dedent(old).strip("\n").split("\n"), text.splitlines()
    places = [at for at in range(len(have) - len(want) + 1) if _fits(want, _margin(have[at : at + len(want)]))]
    if len(places) != 1:
        raise ValueError(f"{function}: the old lines stand there {len(places)} times, not once:\n{old}")
    at = places[0]
    indent = have[at][: len(have[at]) - len(_margin(have[at : at + len(want)])[0])]
    block = textwrap.indent(textwrap.dedent(new).strip("\n"), indent).splitlines()
    return "\n".join([*have[:at], *block, *have[at + len(want) :]]) + "\n"


def _margin(lines: Sequence[str]) -> list[str]:
    """Lines without their common indent."""
    return textwrap.dedent("\n".join(lines)).split("\n")


def _fits(want: Sequence[str], have: Sequence[str]) -> bool:
    """Whether lines are the wanted ones; a comment counts only where one is wanted."""
    return all(w in (h, h.partition("  # ")[0]) for w, h in zip(want, have, strict=True))


def _function(name: str, source: Source) -> Function:
    if callable(source):
        try:
            text = textwrap.dedent(inspect.getsource(getattr(source, "__code__", source)))
        except (OSError, TypeError):
            text = ""
        _check_labels(name, text)
        return Function(name, text, source)
    if not isinstance(source, str):
        raise ValueError(f"{name} must be a function or its text, not {source!r}")
    return _compiled(name, source)


@cache
def _compiled(name: str, text: str) -> Function:
    _check_labels(name, text)
    _check_names(name, text)
    filename = f"<kvmplanes {name} {zlib.crc32(text.encode()):08x}>"
    namespace = dict(_NAMES)
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102 - our own text, or the reader's
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)  # for Python's tracebacks
    return Function(name, text, namespace[name])


def _check_names(name: str, text: str) -> None:
    """What a C compiler would say of a name that is declared nowhere."""
    top = symtable.symtable(text, name, "exec")
    inside = {table.get_name(): table for table in top.get_children()}
    if name not in inside:
        raise ValueError(f"the text for {name} defines no function {name}")
    known = {*_NAMES, *vars(builtins), *(symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned())}
    used = [symbol.get_name() for symbol in inside[name].get_symbols() if symbol.is_global()]
    for unknown in (word for word in used if word not in known):
        raise ValueError(f"{name} does not set {unknown!r}; known without that are functions as k.NAME, and "
                         f"{', '.join(word for word in _NAMES if word.isupper())}")  # fmt: skip


def _check_labels(name: str, text: str) -> None:
    labels = re.findall(r"""\.label\(["'](\w+)["']\)""", text)
    for target in re.findall(r"""\.goto\(["'](\w+)["']\)""", text):
        if target not in labels:
            raise ValueError(f"{name} jumps to {target!r}; its labels are {', '.join(labels) or 'none'}")
