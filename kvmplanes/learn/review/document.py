# SPDX-License-Identifier: GPL-2.0-only
"""What a review quotes: the patch as posted, or the model's C where a mail is not quoted here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import kvmplanes as kp
from kvmplanes.given import brief, known, typed
from kvmplanes.patch import AddedLine
from kvmplanes.runs.trace import Trace

SENDER: Final = "Joerg Roedel"  # of the series' mails; where the author is somebody else, the body begins with "From:"
CREATE_PLANE: Final = "kvm_vm_ioctl_create_plane"
TITLE_29: Final = "[PATCH 29/60] kvm: Implement KVM_CREATE_PLANE ioctl"  # the series' list of titles


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A line that can be quoted.

    Attributes:
        id: such as "+54" or "L34"; "" for a line of context.
        text: the code.
        sign: what a diff puts in front.
        file: the file, or what stands for it.
        heading: what a quotation begins with.
        place: where it is, in a word or two.
        event: what a run shows when it is at work; "" where no run does.
    """

    id: str
    text: str
    sign: str
    file: str
    heading: str
    place: str
    event: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document under review.

    Attributes:
        version: the version that it makes.
        posted: whether it is the mail as posted.
        headers: of a reply to it.
        attribution: what stands above the quoted lines.
        shown: every line, context included.
    """

    version: str
    posted: bool
    headers: tuple[str, ...]
    attribution: tuple[str, ...]
    shown: tuple[ReviewLine, ...]

    @property
    def lines(self) -> tuple[ReviewLine, ...]:
        """The lines that can be commented on."""
        return tuple(line for line in self.shown if line.id)

    @property
    def exits(self) -> tuple[str, ...]:
        """The ways out: labels and returns of the system call that the document changes, and the close."""
        exits = dict.fromkeys(
            path.exit
            for path in kp.certify(self.version).paths
            if self.posted
            or all(step.op.verb == "KVM_CREATE_PLANE" for step in path.trace.steps if step.what == "fail")
        )
        return tuple(exits)

    def line(self, id: str) -> ReviewLine:  # noqa: A002 - as in the patch
        """A line by its id; ValueError when there is none."""
        for line in self.lines:
            if line.id == id:
                return line
        raise ValueError(f"no line {brief(id)}: there are {self.lines[0].id} to {self.lines[-1].id}")

    def select(self, ids: str) -> tuple[ReviewLine, ...]:
        """The lines of an id or of a range, "+47..+50"; ValueError for another form, or a range that runs backwards."""
        rule = f"lines must be an id or a range, such as {self.lines[0].id} or {self.lines[0].id}..{self.lines[3].id}"
        first, dots, last = typed(ids, str, rule).strip().partition("..")
        lines = self.lines
        start, stop = lines.index(self.line(first)), lines.index(self.line(last if dots else first))
        if start > stop:
            raise ValueError(f"range {brief(ids)} runs backwards: write {last}..{first}")
        return lines[start : stop + 1]

    def seen(self, trace: Trace) -> frozenset[str]:
        """The ids of the lines that a run shows at work."""
        if self.posted:
            return frozenset(line.id for line in self.lines if line.event in trace.events)
        first = trace.version.functions[CREATE_PLANE].first
        frames = (frame for step in trace.steps for frame in step.stack)
        return frozenset(f"L{frame.lineno - first + 1:02}" for frame in frames if frame.function == CREATE_PLANE)


def document(version: str) -> Document:
    """What there is to review: "09" or "29"; ValueError for another version."""
    return _posted() if known(version, "review of", ("09", "29")) == "09" else _ioctl()


@cache
def _posted() -> Document:
    patch = kp.PATCH
    lines = [
        ReviewLine(line.id, line.text, "+", hunk.file, str(hunk), f"hunk {hunk.number}", line.event)
        if isinstance(line, AddedLine)
        else ReviewLine("", line.text, " ", hunk.file, str(hunk), f"hunk {hunk.number}")
        for hunk in patch.hunks
        for line in hunk.lines
    ]
    headers = (f"Subject: Re: {patch.subject}", f"In-Reply-To: <{patch.message_id}>")
    attribution = (f"On {patch.date}, {SENDER} wrote:", f"> From: {patch.authors[0]}")
    return Document("09", True, headers, attribution, tuple(lines))


@cache
def _ioctl() -> Document:
    """Every line of the function, numbered from its head; one of braces alone, or of nothing, is context."""
    file, heading = "KVM_CREATE_PLANE as modelled from 29/60", f"{CREATE_PLANE}(), in the model's words"
    lines = [
        ReviewLine(f"L{number:02}" if re.search(r"\w", line.text) else "", line.text, "", file, heading, "the ioctl")
        for number, line in enumerate(kp.VERSIONS["29"].functions[CREATE_PLANE].lines, 1)
    ]
    return Document("29", False, (f"Subject: Re: {TITLE_29}",), ("On the ioctl of 29/60, as posted:",), tuple(lines))
