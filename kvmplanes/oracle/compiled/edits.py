# SPDX-License-Identifier: GPL-2.0-only
"""Edits of the undo code, made in C: what an author might get wrong, and what nobody thinks of.

An edit takes statements of a teardown, or of a label ladder, and puts them elsewhere, or gives a goto another label.
Model and compilers then run the same edited text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

from kvmplanes.given import among, brief, items, typed, whole, written
from kvmplanes.model.version import MAIN, Version

Action = Literal["move", "swap", "drop", "twice", "copy", "goto"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

_MOST: Final = 1 << 16
_UNDO: Final = ("kvm_create_vm", "kvm_destroy_vm", "kvm_dev_ioctl_create_vm", "kvm_vm_ioctl_create_plane")
# A line one tab deep with what is deeper, or any other line.
_BLOCK: Final = re.compile(r"^\t[^\s}].*\n(?:\t(?:\s.*|\})\n)*|^.*\n", re.MULTILINE)
_STATEMENT: Final = re.compile(r"\t(?:(?:\w+|if |for )\(|\w+->)")  # a call, an if, a loop, or a member is set
_LABEL: Final = re.compile(r"^(\w+):\n", re.MULTILINE)
_GOTO: Final = re.compile(r"(?<=\bgoto )\w+(?=;)")


@dataclass(frozen=True, slots=True)
class Edit:
    """One change to a function with undo code.

    Args:
        function: one of `functions_of(version)`.
        action: "move" an undo statement to another's place, "swap" two, "drop" one, do one "twice", "copy" one in front
            of any statement of the function; or give a "goto" another label.
        at: which undo statement, or which goto, from 0; counted round if there are fewer.
        to: the other place, or the label.
    """

    function: str
    action: Action
    at: int
    to: int = 0

    def __post_init__(self) -> None:
        written(self.function, "function", 100)
        among(self.action, "action", ACTIONS)
        whole(self.at, "at", 0, _MOST)
        whole(self.to, "to", 0, _MOST)

    def __str__(self) -> str:
        to = "" if self.action in ("drop", "twice") else f" {self.to}"
        return f"{self.function}: {self.action} {self.at}{to}"

    def on(self, text: str) -> str:
        """The function's text with the change made."""
        if self.action == "goto":
            return self._goto(text)
        blocks = _BLOCK.findall(text)
        undo = undo_statements(text)
        if not undo:
            return text
        at, to = undo[self.at % len(undo)], undo[self.to % len(undo)]
        if self.action == "move":
            blocks.insert(to, blocks.pop(at))
        elif self.action == "swap":
            blocks[at], blocks[to] = blocks[to], blocks[at]
        elif self.action == "copy":
            places = _statements(blocks)
            blocks.insert(places[self.to % len(places)], blocks[at])
        elif self.action == "twice":
            blocks.insert(at, blocks[at])
        else:
            del blocks[at]
        return "".join(blocks)

    def _goto(self, text: str) -> str:
        gotos, labels = list(_GOTO.finditer(text)), _LABEL.findall(text)
        if not gotos:
            return text
        chosen, label = gotos[self.at % len(gotos)], str(labels[self.to % len(labels)])
        return text[: chosen.start()] + label + text[chosen.end() :]


class Edited(NamedTuple):
    """A version, what was edited, and the version that it makes."""

    base: Version
    edits: tuple[Edit, ...]
    version: Version

    def __str__(self) -> str:
        return f"{self.base}: {'; '.join(map(str, self.edits))}"


def functions_of(version: Version) -> tuple[str, ...]:
    """The functions of a version whose undo code can be edited."""
    return tuple(name for name in _UNDO if name in version.functions)


def undo_statements(text: str) -> list[int]:
    """Which blocks of a function's text are undo statements: those below its first label, or all if it has none."""
    blocks = _BLOCK.findall(text)
    first = next((n for n, block in enumerate(blocks) if _LABEL.match(block)), 0)
    return [n for n in _statements(blocks) if n >= first]


def _statements(blocks: list[str]) -> list[int]:
    """Which blocks are statements to edit; what stands under an #if is none, because its condition does not hold."""
    depth = 0  # of #if around
    statements = list[int]()
    for n, block in enumerate(blocks):
        if block.startswith("#if"):
            depth += 1
        elif block.startswith("#endif"):
            depth -= 1
        elif depth == 0 and _STATEMENT.match(block):
            statements.append(n)
    return statements


def with_edits(version: Version, edits: Iterable[Edit]) -> Version:
    """A version with edits made, one after the other.

    Raises:
        ValueError: a function that the version does not have.
    """
    typed(version, Version, "version must be a Version, such as VERSIONS['09']")
    texts = dict[str, str]()
    for edit in items(edits, Edit, "edits must be a list of Edit"):
        if edit.function not in functions_of(version):
            raise ValueError(f"{version} has {', '.join(functions_of(version))} to edit, not {brief(edit.function)}")
        texts[edit.function] = edit.on(texts.get(edit.function) or version.functions[edit.function].source)
    return version.replace("\n".join(texts.values()))


def random_edits(versions: Iterable[Version], seed: int) -> Iterator[Edited]:
    """Endlessly: one to three edits of one of the versions; never the same text twice."""
    chance, every = random.Random(seed), [*versions]  # noqa: S311 - reproducible, not secret
    seen = {version.tree[MAIN] for version in every}
    while True:
        version = chance.choice(every)
        count, names = chance.randint(1, 3), functions_of(version)
        edits = tuple(
            Edit(chance.choice(names), chance.choice(ACTIONS), chance.randrange(60), chance.randrange(60))
            for _ in range(count)
        )
        made = with_edits(version, edits)
        if made.tree[MAIN] not in seen:
            seen.add(made.tree[MAIN])
            yield Edited(version, edits, made)
