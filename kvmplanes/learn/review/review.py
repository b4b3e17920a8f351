# SPDX-License-Identifier: GPL-2.0-only
"""A review: comments on quoted lines, what the reviewer has run, and what both cover.

A comment is matched by its lines and by its words, and by nothing cleverer: what is not understood is kept and said to
be so. Whether a finding holds is never a matter of words: it has evidence of its own.

>>> r = Review("09")
>>> r.comment("+54", "This is after kvm_arch_free_vm(): kvm is gone.")
>>> [finding.id for finding in r.covered]
['teardown-order']
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import kvmplanes as kp
from kvmplanes.learn.review.document import Document, document
from kvmplanes.learn.review.finding import Finding, findings_on, understood
from kvmplanes.runs.certificate import way_out
from kvmplanes.runs.trace import Trace

WIDTH: Final = 72  # columns of a mail


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment: the ids of its lines, in order, and its text."""

    lines: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a reviewer has seen at work, and what they have written about.

    Attributes:
        lines: ids of all lines.
        seen: those whose event one of the runs shows.
        commented: those with a comment.
        exits: every way out that a run can take.
        taken: those that the runs took.
    """

    lines: tuple[str, ...]
    seen: tuple[str, ...]
    commented: tuple[str, ...]
    exits: tuple[str, ...]
    taken: tuple[str, ...]


class Review:
    """A review of a patch.

    Args:
        version: "09", the patch as posted; or "29", the model's C of the ioctl of 29/60, whose mail is not quoted here.

    Raises:
        ValueError: another version.

    Attributes:
        document: what is reviewed.
        comments: what was written, in the order of the lines.
        runs: what was run.
    """

    def __init__(self, version: str = "09") -> None:
        self.document: Document = document(version)
        self.comments: tuple[Comment, ...] = ()
        self.runs: tuple[Trace, ...] = ()

    def comment(self, lines: str, text: str) -> None:
        """Write a comment.

        Args:
            lines: an id or a range, such as "+54" or "+47..+50"; "L33" in 29.
            text: what you want to say; paragraphs are kept.

        Raises:
            ValueError: no such line, or nothing written.
        """
        if not text.strip():
            raise ValueError("the comment is empty: write what you want to say about the lines")
        chosen = tuple(line.id for line in self.document.select(lines))
        order = [line.id for line in self.document.lines]
        written = [*self.comments, Comment(chosen, text.strip())]
        self.comments = tuple(sorted(written, key=lambda one: order.index(one.lines[-1])))

    def withdraw(self, number: int) -> None:
        """Take a comment back.

        Args:
            number: its place in `comments`, from 1.

        Raises:
            ValueError: there is no such comment.
        """
        if not 1 <= number <= len(self.comments):
            raise ValueError(f"no comment {number}; there are {len(self.comments)}, counted from 1")
        self.comments = (*self.comments[: number - 1], *self.comments[number:])

    def run(self, **scenario: Any) -> Trace:
        """Run the version under review; arguments and errors as for `kvmplanes.run`. The run counts as seen."""
        trace = kp.run(self.document.version, **scenario)
        self.ran(trace)
        return trace

    def ran(self, trace: Trace) -> None:
        """Count a run as seen.

        Raises:
            ValueError: it is a run of another version.
        """
        if trace.version.name != self.document.version:
            raise ValueError(f"this is a review of {self.document.version}, and the run is of {trace.version}")
        self.runs = (*self.runs, trace)

    @property
    def coverage(self) -> Coverage:
        """What the runs and the comments cover."""
        seen = frozenset().union(*(self.document.seen(trace) for trace in self.runs)) if self.runs else frozenset()
        commented = {id_ for comment in self.comments for id_ in comment.lines}
        ids = tuple(line.id for line in self.document.lines)
        exits = self.document.exits
        taken = {way_out(trace) for trace in self.runs}
        return Coverage(
            ids,
            tuple(id_ for id_ in ids if id_ in seen),
            tuple(id_ for id_ in ids if id_ in commented),
            exits,
            tuple(way for way in exits if way in taken),
        )

    def meant(self, comment: Comment) -> tuple[Finding, ...]:
        """What a comment is taken to mean: findings and false alarms; nothing if it is not understood."""
        return understood(self.document.version, comment.lines, comment.text)

    @property
    def known(self) -> tuple[Finding, ...]:
        """The findings on this patch, without the false alarms."""
        return tuple(one for one in findings_on(self.document.version) if one.weight != "false alarm")

    @property
    def covered(self) -> tuple[Finding, ...]:
        """The findings that some comment is taken to mean."""
        said = {one.id for comment in self.comments for one in self.meant(comment)}
        return tuple(one for one in self.known if one.id in said)

    @property
    def missed(self) -> tuple[Finding, ...]:
        """The findings that no comment is taken to mean."""
        return tuple(one for one in self.known if one not in self.covered)

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """The false alarms that some comment is taken to mean."""
        said = [one for comment in self.comments for one in self.meant(comment) if one.weight == "false alarm"]
        return tuple(dict.fromkeys(said))

    def mail(self) -> str:
        """The comments as a reply to the list: headers, quoted lines, and each comment below what it is about."""
        return "\n".join([*self.document.headers, "", *self.document.attribution, *self._body()]).rstrip() + "\n"

    def _body(self) -> Iterator[str]:
        if not self.comments:
            yield "> [...]\n\n(no comments yet)"
        file = ""
        for comment in self.comments:
            first = self.document.line(comment.lines[0])
            yield "> [...]"
            if first.file != file:
                file = first.file
                yield f"> +++ b/{file}" if self.document.posted else f"> {file}"
            yield f"> {first.heading}"
            yield from (f"> {quoted}" for quoted in self._quoted(comment))
            yield ""
            for paragraph in comment.text.split("\n\n"):
                yield textwrap.fill(" ".join(paragraph.split()), WIDTH)
                yield ""

    def _quoted(self, comment: Comment) -> Iterator[str]:
        """The commented lines, and the line before them for context."""
        lines = self.document.shown
        places = [lines.index(self.document.line(id_)) for id_ in comment.lines]
        for line in lines[max(0, places[0] - 1) : places[-1] + 1]:
            yield (f"{line.sign}{line.text}").expandtabs(8).rstrip()
