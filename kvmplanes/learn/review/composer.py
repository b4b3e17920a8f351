# SPDX-License-Identifier: GPL-2.0-only
"""The review composer: choose lines, write, run, and watch what a run shows, coverage, findings and the mail grow."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import ipywidgets as w

import kvmplanes as kp
from kvmplanes.learn.review import Review, coverage_html, report_html
from kvmplanes.learn.review.document import ReviewLine
from kvmplanes.view.live.closing import close
from kvmplanes.view.live.controls import SavedFrame, choice, within
from kvmplanes.view.live.pictures import moment
from kvmplanes.view.live.widgets import Copied, player_widget
from kvmplanes.view.page.html import Html, badge, css, escape, folded
from kvmplanes.view.page.style import BAD, CHANGED, tint
from kvmplanes.view.report import summary

NO_FAILURE: Final = "nothing fails"
_OPEN: Final = "Open this run in the player"
_CLOSE: Final = "Close the player"
_REPLY: Final = "The reply, as it stands"
_LABEL: Final = "7em"
_choice: Final = partial(choice, label=_LABEL, width="44em")


class Composer(SavedFrame):
    """Controls above, four views below.

    Its arguments are those of `composer`.

    Attributes:
        review: what was written and run so far.
        first, last: the range of lines; choosing `first` moves `last` to it.
        text: the comment.
        add, remove, run: the buttons; `remove` takes the comment that `which` names.
        which: the comments, to take one back.
        call: what fails in the run.
        excerpt, meter, findings, mail: the views.
        message: what went wrong last, if anything.
        outcome: what the last run showed.
        play: the button that opens that run in the player below it.
    """

    HOW = "Review composer. Run this cell to write comments and to run paths; until then this is where it begins."

    def __init__(self, version: str = "09") -> None:
        self.review = Review(version)
        options = [(_label(line), line.id) for line in self.review.document.lines if line.text.strip()]
        self.first = _choice("From line", options)
        self.last = _choice("To line", options)
        style, look = {"description_width": _LABEL}, {"width": "100%", "max_width": "60em", "height": "6em"}
        # Sent when it is left, whole: keystrokes one by one could come in after the button.
        self.text = w.Textarea(description="Comment", style=style, layout=look, continuous_update=False)
        self.add = w.Button(description="Add comment")
        self.which = _choice("Comments", [])
        self.remove = w.Button(description="Take it back")
        self._planes = (1,) if version == "29" else ()
        self.call = _choice("Let fail", [NO_FAILURE, *kp.run(version, planes=self._planes).calls])
        self.run = w.Button(description="Run it")
        self.play = w.Button(description=_OPEN, layout={"width": "auto"})
        self.outcome, self._stage = w.HTML(), w.VBox()
        self._ran = w.VBox([self.outcome, self.play, self._stage], layout={"display": "none"})
        self.message, self.excerpt, self.meter = w.HTML(), w.HTML(), w.HTML()
        self.findings, self.mail = w.HTML(), Copied()
        reply = w.HTML(f"<b>{_REPLY}</b>")
        row = w.Layout(flex_flow="row wrap", grid_gap="4px 8px", align_items="center")
        super().__init__([
            self.first, self.last, self.excerpt, self.text, self.add,
            w.Box([self.which, self.remove], layout=row),
            w.Box([self.call, self.run], layout=row),
            self.message, self._ran, self.meter, self.findings, reply, self.mail,
        ])  # fmt: skip
        self.first.observe(self._chosen, names="value")
        self.last.observe(self._show_excerpt, names="value")
        self.add.on_click(self._add)
        self.remove.on_click(self._remove)
        self.run.on_click(self._run)
        self.play.on_click(self._open)
        self._show()

    def _chosen(self, change: dict[str, Any]) -> None:
        self.last.value = change["new"]
        self._show_excerpt()

    def _add(self, _: object) -> None:
        try:
            self.review.comment(f"{self.first.value}..{self.last.value}", self.text.value)
        except ValueError as error:  # nothing is lost: the text stays where it is
            self.message.value = f"{badge(BAD, 'not possible')} {escape(str(error))}"
            return
        self.text.value = ""
        self._show()

    def _remove(self, _: object) -> None:
        if self.which.value is not None:
            number = self.which.value
            self.text.value = next(comment.text for comment in self.review.comments if comment.number == number)
            self.review.withdraw(number)  # its text is back in the field, to be mended and added again
            self._show()

    def _run(self, _: object) -> None:
        fail = None if self.call.value in (NO_FAILURE, None) else str(self.call.value)
        self.review.run(fail=fail, planes=self._planes)
        self._close()
        self.outcome.value = within(summary(self.review.runs[-1]).html)
        self._ran.layout.display = None
        self._show()

    def _open(self, _: object) -> None:
        """Open the last run in the player, or close it again."""
        if self._stage.children:
            self._close()
            return
        trace = self.review.runs[-1]
        self._stage.children = [player_widget(trace, start=moment(trace), only="planes")]
        self.play.description = _CLOSE

    def _close(self) -> None:
        close(*self._stage.children)
        self._stage.children = []
        self.play.description = _OPEN

    def _show(self) -> None:
        self.message.value = ""
        comments = self.review.comments
        self.which.options = [
            (f"{comment.number}, on {comment.lines[0]}: {comment.text[:40]}", comment.number) for comment in comments
        ]
        self.which.value = max((comment.number for comment in comments), default=None)
        self.which.layout.display = self.remove.layout.display = None if comments else "none"
        self.meter.value = within(coverage_html(self.review).html)
        self.findings.value = within(report_html(self.review).html) if comments else ""
        self.mail.value = self.review.mail()
        self._show_excerpt()

    def _show_excerpt(self, _: object = None) -> None:
        lines = self.review.document.shown
        ids = [line.id for line in lines]
        start, stop = sorted((ids.index(self.first.value), ids.index(self.last.value)))
        near = enumerate(lines[max(0, start - 3) : stop + 4], max(0, start - 3))
        rows = "\n".join(_code(line, chosen=start <= place <= stop) for place, line in near)
        look = css(white_space="pre-wrap", font_size="12px", margin="4px 0", line_height="1.4")
        self.excerpt.value = within(f"<pre{look}>{rows}</pre>")

    def still(self) -> Html:
        """The coverage, and the mail as it stands."""
        coverage, mail = coverage_html(self.review), self.review.mail()
        look = css(white_space="pre-wrap", font_size="12px", margin="4px 0")
        html = folded(_REPLY, f"<pre{look}>{escape(mail)}</pre>", opened=True)
        return Html(f"{coverage.html}{html}", f"{coverage.text}\n{mail}")


def composer(version: str = "09") -> Composer:
    """A review composer for "09", or for "29", the ioctl of 29/60; ValueError for another version."""
    return Composer(version)


def _label(line: ReviewLine) -> str:
    text = line.text.expandtabs(4)
    indented = text.replace(" ", "\u00a0", len(text) - len(text.lstrip()))
    place = f"{line.place}, " if line.place.startswith("hunk") else ""
    return f"{place}{line.id}\u00a0 {indented}"[:80]


def _code(line: ReviewLine, chosen: bool) -> str:
    text = f"{line.id:3} {escape(f'{line.sign}{line.text}'.expandtabs(4).rstrip())}"
    return f"<b{css(background_color=tint(CHANGED, 0.24))}>{text}</b>" if chosen else text
