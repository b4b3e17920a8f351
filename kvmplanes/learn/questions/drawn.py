# SPDX-License-Identifier: GPL-2.0-only
"""A question as HTML and as text: readable as it is where scripts are dropped; `question.js` makes it answerable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kvmplanes.learn.questions.question import WORD, Option, Question, judged, plain, verdict
from kvmplanes.view.page.html import Html, badge, css, escape, folded, framed, marked
from kvmplanes.view.page.script import script_element
from kvmplanes.view.page.style import LIVE, NEVER_USED

# In every output.
_LIVE: Final = script_element("kvmplanes.learn.questions", "question", f".kp-live{{--rule:{NEVER_USED.line}}}")
_PLAIN_LIST: Final = css(list_style="none", padding="0")
_GAP: Final = css(margin="0 0 6px")


def question_html(question: Question) -> Html:
    """A question, ready to be answered, the right answer computed now; ValueError as for `Question.right`."""
    bare = css(border="none", margin="0", padding="0", min_width="0")
    code = f"<pre{css(white_space='pre-wrap')}>{escape(question.code)}</pre>" if question.code else ""
    replies = "".join(reply_items(question, None if question.is_kept else question.right()))
    fold = folded("Reply to each answer", f"<ul{_PLAIN_LIST}>{replies}</ul><p>{marked(question.reason)}</p>")
    attributes = (
        f'data-kvmplanes-question="{question.control}" data-kvmplanes-keeps="{question.kept_as}" '
        f'data-kind="{question.kind}" data-lm-suppress-shortcuts="true"'
    )
    body = (
        f"<fieldset{bare}><legend{css(padding='0')}><b>{WORD[question.kind]}.</b> {marked(question.prompt)}</legend>"
        f"{code}{_answers(question)}</fieldset>{fold}"
    )
    return Html(f"{framed(LIVE, body, attributes)}{_LIVE}", _text(question))


def judged_html(question: Question) -> Html:
    """The verdict on each answer of a question of an earlier page."""
    right = question.right()
    asked = f"<b>In notebook {question.notebook}:</b> {marked(question.prompt)}"
    replies = "".join(reply_items(question, right, later=True))
    fold = folded("What is said to each answer", f"<ul{_PLAIN_LIST}>{replies}</ul>")
    frame = framed(LIVE, f"<p>{asked}</p>{fold}", f'data-kvmplanes-verdict="{question.kept_as}"')
    head = f"In notebook {question.notebook}: {question.prompt}"
    said = [
        f"  {question.named(place)} {option.label} {verdict(option == right)}: {option.judged or option.reply}"
        for place, option in enumerate(question.options)
    ]
    return Html(f"{frame}{_LIVE}", "\n".join([head, *said]))


def _answers(question: Question) -> str:
    """The options, or where an answer is typed, its label."""
    if question.entry:
        return f"<p{css(margin='6px 0')}><label>Your answer, {marked(question.entry)}: </label></p>"
    return option_list(question)


def option_list(question: Question, look: str = _PLAIN_LIST) -> str:
    """The options, each ready for a radio button of the script; the look of the list is a style attribute."""
    labels = (f"{question.named(place)} {marked(option.label)}" for place, option in enumerate(question.options))
    items = "".join(f"<li><label><span>{label}</span></label></li>" for label in labels)
    return f"<ul{look}>{items}</ul>"


def reply_items(question: Question, right: Option | None, *, later: bool = False, look: str = _GAP) -> Iterator[str]:
    """The reply to each answer, marked for the script: the right one, or without one that all are kept.

    Later, the answer in words comes first, and then what is said to it there. Other ways to type an answer have items
    of their own, which only the script reads.

    Args:
        question: whose answers they are.
        right: the right one; None where a later page judges.
        later: whether they stand apart from the options, as on a later page.
        look: of an item, a style attribute.
    """
    for place, option in enumerate(question.options):
        mark = " class=kp-kept" if right is None else " class=kp-right" if option == right else ""
        label = f" {marked(option.label)}" if later else ""
        said = option.judged if later and option.judged else option.reply
        sign = badge(*judged(None if right is None else option == right))
        value = f' data-value="{escape(plain(option.value, question.control))}"' if question.entry else ""
        yield f"<li{value}{mark}{look}>{marked(question.named(place))}{label} {sign} {marked(said)}</li>"
        for spelt in option.also:
            value = f' data-value="{escape(plain(spelt, question.control))}" hidden'
            yield f"<li{value}{mark}>{sign} {marked(said)}</li>"
    if question.otherwise:
        yield f"<li{look}>Anything else: {badge(*judged(False))} {marked(question.otherwise)}</li>"


def _text(question: Question) -> str:
    answers = [f"  {question.named(place)} {option.label}" for place, option in enumerate(question.options)]
    if question.entry:
        answers = [f"  Your answer: {question.entry}."]
    code = [f"    {line}" for line in question.code.splitlines()]
    hint = f'  reply("{question.id}", ...) checks an answer.'
    return "\n".join([f"{WORD[question.kind]}. {question.prompt}", *code, *answers, hint])
