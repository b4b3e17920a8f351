# SPDX-License-Identifier: GPL-2.0-only
"""Reads a patch, and joins each added line with its id and what there is to say about it."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from unidiff.patch import PatchSet

from kvmplanes.given import brief

LineKind = Literal["declaration", "uapi", "create", "unwind", "destroy"]
LineEvent = Literal[
    "alloc plane",
    "fail plane",
    "write plane.kvm",
    "write plane.level",
    "store planes[]",
    "load planes[]",
    "clear planes[]",
    "free plane",
    "goto out_no_planes",
    "label out_no_planes",
    "unwind planes",  # kvm_destroy_planes() from the error path of kvm_create_vm()
    "teardown planes",  # kvm_destroy_planes() from kvm_destroy_vm()
    "check KVM_CAP_PLANES",
]
KINDS: Final[tuple[str, ...]] = get_args(LineKind)
EVENTS: Final[tuple[str, ...]] = get_args(LineEvent)
LICENCE: Final = "GPL-2.0-only"


@dataclass(frozen=True, slots=True)
class ContextLine:
    """A line that the patch shows and does not change.

    Attributes:
        target_lineno: its number in the file after the patch, from 1.
        text: the C text, tabs kept.
    """

    target_lineno: int
    text: str


@dataclass(frozen=True, slots=True)
class AddedLine:
    """One of the patch's added lines.

    Attributes:
        id: "+01" to "+54", in document order.
        number: the same as a number, 1 to 54.
        file: path in the kernel tree.
        target_lineno: its number in that file after the patch, from 1.
        text: the C text without the "+", tabs kept.
        within: the C function, type or macro that the line belongs to.
        kind: what the line is for.
        event: what a trace shows when the line is at work, one of `EVENTS`.
        explanation: what the line does and why, in our words; "" for a line without a word, such as a brace.
    """

    id: str
    number: int
    file: str
    target_lineno: int
    text: str
    within: str
    kind: LineKind
    event: LineEvent
    explanation: str

    def __str__(self) -> str:
        """Id, place and text in one line."""
        return f"{self.id} {self.file}:{self.target_lineno} {self.text.strip()}".rstrip()


@dataclass(frozen=True, slots=True)
class Hunk:
    """A stretch of one file.

    Attributes:
        number: position in the patch, from 1.
        file: path in the kernel tree.
        ranges: where it lies, as the patch writes it: "-767,6 +767,11".
        heading: what git prints after the ranges: the last line above the hunk that looks like a definition.
        lines: context and added lines in order.
    """

    number: int
    file: str
    ranges: str
    heading: str
    lines: tuple[AddedLine | ContextLine, ...]

    @property
    def added(self) -> tuple[AddedLine, ...]:
        """The added lines alone."""
        return tuple(line for line in self.lines if isinstance(line, AddedLine))

    def __str__(self) -> str:
        """The first line of the hunk in the patch."""
        return f"@@ {self.ranges} @@ {self.heading}".rstrip()


@dataclass(frozen=True, slots=True)
class Patch:
    """The patch as posted. `authors` and `date` are as in the mail; `licence` is an SPDX expression."""

    subject: str
    authors: tuple[str, ...]
    date: str
    message_id: str
    licence: str
    message: str
    hunks: tuple[Hunk, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The files it changes, in order."""
        return tuple(dict.fromkeys(hunk.file for hunk in self.hunks))

    @property
    def added(self) -> tuple[AddedLine, ...]:
        """All added lines in document order."""
        return tuple(line for hunk in self.hunks for line in hunk.added)

    def line(self, id: str) -> AddedLine:  # noqa: A002 (the attribute has this name too)
        """The added line with an id such as "+24"; ValueError when there is none."""
        for line in self.added if isinstance(id, str) else ():
            if line.id == id:
                return line
        raise ValueError(f'no added line {brief(id)}: the patch has "{self.added[0].id}" to "{self.added[-1].id}"')

    def select(self, ids: str | Iterable[str]) -> tuple[AddedLine, ...]:
        """The lines named by ids and ranges, in document order, each once.

        Args:
            ids: "+24", "+14..+28", several of these with spaces between, or an iterable of such strings.

        Raises:
            ValueError: an id that the patch does not have, a range that runs backwards, or no id at all.
        """
        rule = 'write ids such as "+24" or ranges such as "+14..+28"'
        parts = (*ids,) if isinstance(ids, Iterable) and not isinstance(ids, str) else (ids,)
        if not all(isinstance(part, str) for part in parts):
            raise TypeError(f"ids must be a text or a list of texts, not {brief(ids)}: {rule}")
        words = [word for part in parts for word in part.split()]
        chosen: set[int] = set()
        for word in words:
            first, dots, last = word.partition("..")
            start, stop = self.line(first).number, self.line(last if dots else first).number
            if start > stop:
                raise ValueError(f"range {brief(word)} runs backwards: write {last}..{first}")
            chosen.update(range(start, stop + 1))
        if not chosen:
            raise ValueError(f"no line named: {rule}")
        return tuple(line for line in self.added if line.number in chosen)

    def __str__(self) -> str:
        """Subject, first author and size."""
        return f"{self.subject} ({self.authors[0]}; {len(self.files)} files, {len(self.added)} added lines)"

    __repr__ = __str__


def load(mail: str, notes: Mapping[str, Mapping[str, str]]) -> Patch:
    """Read a patch and what there is to say about its lines.

    Args:
        mail: text of the mail, with a unified diff that only adds lines.
        notes: id -> `code`, `within`, `kind`, `event` and, where the line has a word in it, `explanation`, as in
            `lines.toml`.

    Raises:
        ValueError: the diff removes a line, the notes do not fit the added lines one by one, or there is nothing to
            say about a line with a word in it.
    """
    head, _, rest = mail.partition("\n\n")
    message = rest.partition("\n---\n")[0].strip()
    headers = dict(line.split(": ", 1) for line in head.splitlines())
    others = [line.split(": ", 1)[1] for line in message.splitlines() if line.startswith("Co-developed-by: ")]
    hunks = tuple(_hunks(PatchSet.from_string(mail), notes))
    if surplus := set(notes) - {line.id for hunk in hunks for line in hunk.added}:
        raise ValueError(f"notes on lines that the patch does not add: {', '.join(sorted(surplus))}")
    return Patch(
        headers["Subject"], (headers["From"], *others), headers["Date"], headers["Message-ID"].strip("<>"),
        LICENCE, message, hunks,
    )  # fmt: skip


def _hunks(diff: PatchSet, notes: Mapping[str, Mapping[str, str]]) -> Iterator[Hunk]:
    ids = itertools.count(1)
    for number, (path, hunk) in enumerate(((file.path, hunk) for file in diff for hunk in file), start=1):
        lines: list[AddedLine | ContextLine] = []
        for line in hunk:
            text, lineno = line.value.rstrip("\n"), line.target_line_no
            if lineno is None:
                raise ValueError(f"{path} loses {text.strip()!r}: only patches that add lines and no more are read")
            added = line.is_added
            lines.append(_added(next(ids), path, lineno, text, notes) if added else ContextLine(lineno, text))
        ranges = f"-{hunk.source_start},{hunk.source_length} +{hunk.target_start},{hunk.target_length}"
        yield Hunk(number, path, ranges, hunk.section_header, tuple(lines))


def _added(number: int, file: str, lineno: int, text: str, notes: Mapping[str, Mapping[str, str]]) -> AddedLine:
    name = f"+{number:02}"
    note: dict[str, Any] = dict(notes.get(name, {}))
    if note.pop("code", None) != text.strip():
        raise ValueError(f"{name} is {text.strip()!r}, and the note on {name} is about another line")
    for key, allowed in (("kind", KINDS), ("event", EVENTS)):
        if note[key] not in allowed:
            raise ValueError(f"{name}: {key} {note[key]!r} is none of {', '.join(allowed)}")
    note["explanation"] = " ".join(note.get("explanation", "").split())
    if bool(note["explanation"]) != any(map(str.isalnum, text)):
        raise ValueError(f"{name}: a line with a word in it has an explanation, and no other line has one: {text!r}")
    return AddedLine(name, number, file, lineno, text, **note)
