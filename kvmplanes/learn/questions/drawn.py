# SPDX-License-Identifier: GPL-2.0-only
"""A question as HTML and as text: readable as it is where scripts are dropped; `question.js` makes it answerable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kvmplanes.learn.questions.question import WORD, Option, Question, judged, plain, verdict
from kvmplanes.view.page.html import Html, badge, css, escape, folded, marked
from kvmplanes.view.page.script import page_script
from kvmplanes.view.page.style import LIVE, NEVER_USED

# In every output.
_LIVE: Final = page_script("kvmplanes.learn.questions", "question", f".kp-live{{--rule:{NEVER_USED.line}}}")
_PLAIN_LIST: Final = css(list_style="none", padding="0")


def question_html(question: Question) -> Html:
    """A question, ready to be answered, the right answer computed now; ValueError as for `Question.right`."""
    bare = css(border="none", margin="0", padding="0", min_width="0")
    frame = css(border_left=f"4px solid {LIVE.line}", padding="4px 12px", margin="8px 0")
    code = f"<pre{css(white_space='pre-wrap')}>{escape(question.code)}</pre>" if question.code else ""
    replies = "".join(_replies(question, None if question.is_kept else question.right()))
    fold = folded("Reply to each answer", f"<ul{_PLAIN_LIST}>{replies}</ul><p>{marked(question.reason)}</p>")
    html = (
        f'<div data-kvmplanes-question="{question.control}" data-kvmplanes-keeps="{question.kept_as}" '
        f'data-kind="{question.kind}" data-lm-suppress-shortcuts="true"{frame}>'
        f"<fieldset{bare}><legend{css(padding='0')}><b>{WORD[question.kind]}.</b> {marked(question.prompt)}</legend>"
        f"{code}{_answers(question)}</fieldset>"
        f"{fold}</div><script>{_LIVE}</script>"
    )
    return Html(html, _text(question))


def judged_html(question: Question) -> Html:
    """The verdict on each answer of a question of an earlier page."""
    right = question.right()
    frame = css(border_left=f"4px solid {LIVE.line}", padding="4px 12px", margin="8px 0")
    asked = f"<b>In notebook {question.notebook}:</b> {marked(question.prompt)}"
    replies = "".join(_replies(question, right, later=True))
    html = (
        f'<div data-kvmplanes-verdict="{question.kept_as}"{frame}><p>{asked}</p>'
        f"{folded('What is said to each answer', f'<ul{_PLAIN_LIST}>{replies}</ul>')}</div><script>{_LIVE}</script>"
    )
    said = [
        f"  {question.named(place)} {option.label} {verdict(option == right)}: {option.judged or option.reply}"
        for place, option in enumerate(question.options)
    ]
    return Html(html, "\n".join([f"In notebook {question.notebook}: {question.prompt}", *said]))


def _answers(question: Question) -> str:
    """The options, or where an answer is typed, its label."""
    if question.entry:
        return f"<p{css(margin='6px 0')}><label>Your answer, {marked(question.entry)}: </label></p>"
    labels = (f"{question.named(place)} {marked(option.label)}" for place, option in enumerate(question.options))
    items = "".join(f"<li><label><span>{label}</span></label></li>" for label in labels)
    return f"<ul{_PLAIN_LIST}>{items}</ul>"


def _replies(question: Question, right: Option | None, *, later: bool = False) -> Iterator[str]:
    """The reply to each answer, marked for the script: the right one, or without one that all are kept.

    On a later page, the answer in words comes first, and then what that page says to it. Other ways to type an answer
    have items of their own, which only the script reads.
    """
    gap = css(margin="0 0 6px")
    for place, option in enumerate(question.options):
        mark = " class=kp-kept" if right is None else " class=kp-right" if option == right else ""
        label = f" {marked(option.label)}" if later else ""
        said = option.judged if later and option.judged else option.reply
        sign = badge(*judged(None if right is None else option == right))
        value = f' data-value="{escape(plain(option.value, question.control))}"' if question.entry else ""
        yield f"<li{value}{mark}{gap}>{marked(question.named(place))}{label} {sign} {marked(said)}</li>"
        for spelt in option.also:
            value = f' data-value="{escape(plain(spelt, question.control))}" hidden'
            yield f"<li{value}{mark}>{sign} {marked(said)}</li>"
    if question.otherwise:
        yield f"<li{gap}>Anything else: {badge(*judged(False))} {marked(question.otherwise)}</li>"


def _text(question: Question) -> str:
    answers = [f"  {question.named(place)} {option.label}" for place, option in enumerate(question.options)]
    if question.entry:
        answers = [f"  Your answer: {question.entry}."]
    code = [f"    {line}" for line in question.code.splitlines()]
    hint = f'  reply("{question.id}", ...) checks an answer.'
    return "\n".join([f"{WORD[question.kind]}. {question.prompt}", *code, *answers, hint])
