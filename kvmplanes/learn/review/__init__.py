# SPDX-License-Identifier: GPL-2.0-only
"""A review of a patch: comments on quoted lines, what the reviewer has run, and what both cover.

A comment is matched by its lines and by its words, and by nothing cleverer: what is not understood is kept and said to
be so. Whether a finding holds is never a matter of words: it has evidence of its own.

>>> r = Review("09")
>>> r.comment("+54", "This is after kvm_arch_free_vm(): kvm is gone.")
>>> [finding.id for finding in r.covered]
['teardown-order']
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import kvmplanes as kp
from kvmplanes.given import A_RUN, flag, need, typed, written
from kvmplanes.learn.review.document import document
from kvmplanes.learn.review.finding import Finding, findings_on, understood
from kvmplanes.learn.texts import flow
from kvmplanes.runs.certificate import way_out
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.words import listed, many
from kvmplanes.view.page.html import Html, badge, css, escape, marked
from kvmplanes.view.page.style import BAD, CHANGED, CLEAN, NEVER_USED

__all__ = ["Finding", "Review", "coverage_html", "findings_on", "in_short", "report_html", "told"]

_COLUMNS: Final = 72  # of a mail
_MOST_TEXT: Final = 20_000  # characters of a comment
_A_REVIEW: Final = "review must be a Review"
_ROLE: Final = {"defect": BAD, "latent": CHANGED, "question": CHANGED, "style": NEVER_USED, "false alarm": CHANGED}


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment: the ids of its lines, in order, its text, and the number that it has as long as it stands."""

    lines: tuple[str, ...]
    text: str
    number: int


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
        self.document = document(version)
        self.comments: tuple[Comment, ...] = ()
        self._written = 0
        self.runs: tuple[Trace, ...] = ()

    def comment(self, lines: str, text: str) -> None:
        """Write a comment; ValueError when there is no such line, or nothing is written, TypeError for no text.

        Args:
            lines: an id or a range, such as "+54" or "+47..+50"; "L33" in 29.
            text: what you want to say; paragraphs are kept.
        """
        if not written(text, "text, the comment,", _MOST_TEXT).strip():
            raise ValueError("the comment is empty: write what you want to say about the lines")
        chosen = tuple(line.id for line in self.document.select(lines))
        order = [line.id for line in self.document.lines]
        self._written += 1
        comments = [*self.comments, Comment(chosen, text.strip(), self._written)]
        self.comments = tuple(sorted(comments, key=lambda comment: order.index(comment.lines[-1])))

    def withdraw(self, number: int) -> None:
        """Take back the comment with this number; ValueError when there is none. The others keep their numbers."""
        numbers = [comment.number for comment in self.comments]
        allowed = ", ".join(map(str, numbers)) or "none yet"
        need(type(number) is int and number in numbers, f"number must be one of the comments' ({allowed})", number)
        self.comments = tuple(comment for comment in self.comments if comment.number != number)

    @property
    def listing(self) -> Html:
        """What is reviewed, each line with its id: "L16", "+54"; a line of context or of braces alone has none."""
        lines = [f"{line.id:3}  {f'{line.sign}{line.text}'.expandtabs(8)}".rstrip() for line in self.document.shown]
        look = css(font_size="13px", line_height="1.45", overflow_x="auto", margin="4px 0")
        return Html(f'<pre{look} tabindex="0">{escape(chr(10).join(lines))}</pre>', "\n".join(lines))

    def run(self, **scenario: Any) -> Trace:
        """Run the version under review; arguments and errors as for `kvmplanes.run`. The run counts as seen."""
        trace = kp.run(self.document.version, **scenario)
        self.ran(trace)
        return trace

    def ran(self, trace: Trace) -> None:
        """Count a run as seen; ValueError when it is one of another version."""
        if typed(trace, Trace, A_RUN).version.name != self.document.version:
            raise ValueError(f"this is a review of {self.document.version}, and the run is of {trace.version}")
        self.runs = (*self.runs, trace)

    @property
    def coverage(self) -> Coverage:
        """What the runs and the comments cover."""
        seen = frozenset[str]().union(*(self.document.seen(trace) for trace in self.runs))
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
        typed(comment, Comment, "comment must be one of comments")
        return understood(self.document.version, comment.lines, comment.text)

    def is_elsewhere(self, comment: Comment) -> bool:
        """Whether the words of a comment fit something that is known about other lines."""
        typed(comment, Comment, "comment must be one of comments")
        every = [line.id for line in self.document.lines]
        return bool(understood(self.document.version, every, comment.text))

    @property
    def known(self) -> tuple[Finding, ...]:
        """The findings on this patch, without the false alarms."""
        return tuple(finding for finding in findings_on(self.document.version) if finding.weight != "false alarm")

    @property
    def covered(self) -> tuple[Finding, ...]:
        """The findings that some comment is taken to mean."""
        meant = {finding.id for comment in self.comments for finding in self.meant(comment)}
        return tuple(finding for finding in self.known if finding.id in meant)

    @property
    def missed(self) -> tuple[Finding, ...]:
        """The findings that no comment is taken to mean."""
        covered = self.covered
        return tuple(finding for finding in self.known if finding not in covered)

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
            shown = self.document.shown
            places = [shown.index(self.document.line(id_)) for id_ in comment.lines]
            for line in shown[max(0, places[0] - 1) : places[-1] + 1]:  # the line before them is there for context
                yield "> " + f"{line.sign}{line.text}".expandtabs(8).rstrip()
            yield ""
            for paragraph in comment.text.split("\n\n"):
                yield textwrap.fill(flow(paragraph), _COLUMNS)
                yield ""


def coverage_html(review: Review) -> Html:
    """The meter: lines seen at work, ways out taken, lines commented; and what is left."""
    covered = typed(review, Review, _A_REVIEW).coverage
    rows = [
        ("lines seen at work", covered.seen, covered.lines),
        ("ways out taken", covered.taken, covered.exits),
        ("lines with a comment", covered.commented, covered.lines),
    ]
    html = [_bar(name, len(part), len(whole)) for name, part, whole in rows]
    text = [f"{name}: {len(part)} of {len(whole)}" for name, part, whole in rows]
    for name, part, whole in rows[:2]:
        missing = in_short(id_ for id_ in whole if id_ not in part)
        if missing:
            html.append(f"<p{css(margin='2px 0')}>Not yet among the {name}: {escape(missing)}.</p>")
            text.append(f"not yet among the {name}: {missing}")
    return Html("".join(html), "\n".join(text))


def report_html(review: Review, reveal: bool = False) -> Html:
    """What the comments cover: findings with their evidence, false alarms with what speaks against them.

    Args:
        review: the review.
        reveal: name the findings that are missing; otherwise only how many there are, and in which hunks.
    """
    missed, known = typed(review, Review, _A_REVIEW).missed, review.known
    flag(reveal, "reveal")
    head = f"{len(known) - len(missed)} of {many(len(known), 'known finding')} covered."
    hint = _hint(review, missed, reveal)
    parts = [Html(f"<p{css(margin='4px 0')}><b>{head}</b> {escape(hint)}</p>", f"{head} {hint}")]
    for comment in review.comments:
        place = f"Comment {comment.number}, on {in_short(comment.lines)}"
        parts.append(Html(f"<p{css(margin='6px 0 2px 0')}><b>{escape(place)}</b></p>", place))
        meant = review.meant(comment)
        parts += [told(finding) for finding in meant]
        if not meant:
            nothing = "Kept as it is; the matcher looks for words on lines, and knows none of these here."
            if review.is_elsewhere(comment):
                nothing += " It knows such words on other lines: is this the line that you mean?"
            parts.append(Html(f"<p{css(margin='2px 0')}>{nothing}</p>", f"  {nothing}"))
    if reveal:
        parts += [told(finding) for finding in missed]
    return Html("".join(part.html for part in parts), "\n".join(part.text for part in parts))


def _hint(review: Review, missed: Sequence[Finding], reveal: bool) -> str:
    if not missed:
        return "Nothing that is known here is missing."
    if reveal:
        return "The others follow at the end."
    lines = [finding.lines[:1] for finding in missed]
    places = {review.document.line(*first).place if first else "the mail as a whole" for first in lines}
    defects = sum(finding.weight == "defect" for finding in missed)
    more = f", {many(defects, 'defect')} among them" if defects else ""
    return f"{many(len(missed), 'finding')} missing{more}. Look again at {listed(sorted(places))}."


def told(finding: Finding) -> Html:
    """A finding with its evidence; a false alarm as what it would be wrong to say.

    The matcher knows words and no meaning, so this asks to compare and does not judge the comment.
    """
    role, word, claim = _ROLE[finding.weight], str(finding.weight), finding.claim
    if finding.weight == "false alarm":
        word, claim = "compare", f"It would be wrong to say {finding.claim}"
    evidence = finding.evidence()
    html = f"{badge(role, word)} {marked(claim)}<br>{escape(evidence)}"
    return Html(f"<p{css(margin='2px 0 2px 12px')}>{html}</p>", f"  {word}: {claim} {evidence}")


def _bar(name: str, part: int, whole: int) -> str:
    outer = css(border=f"1px solid {NEVER_USED.line}", border_radius="4px", height="12px", max_width="420px")
    inner = css(background_color=CLEAN.fill, width=f"{round(100 * part / whole)}%", height="12px")
    label = f"{name}: <b>{part} of {whole}</b>"
    return f"<div{css(margin='4px 0')}>{label}<div{outer}><div{inner}></div></div></div>"


def in_short(ids: Iterable[str]) -> str:
    """Ids in short: "+01..+12 +14"; labels as they are."""
    spans: list[list[str]] = []
    for id_ in ids:
        if spans and _follows(spans[-1][-1], id_):
            spans[-1].append(id_)
        else:
            spans.append([id_])
    return " ".join(span[0] if len(span) == 1 else f"{span[0]}..{span[-1]}" for span in spans)


def _follows(first: str, second: str) -> bool:
    """Whether "+13" follows "+12"."""
    numbers = first[1:].isdecimal() and second[1:].isdecimal()
    return numbers and first[0] == second[0] and int(second[1:]) == int(first[1:]) + 1
