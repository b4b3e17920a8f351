# SPDX-License-Identifier: GPL-2.0-only
"""The self-test as HTML and as text: it can be read where scripts are dropped; `selftest.js` keeps and compares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kvmplanes.learn.questions.drawn import option_list, reply_items
from kvmplanes.learn.questions.question import Question
from kvmplanes.learn.selftest.idea import IDEAS, STAMP, Idea
from kvmplanes.learn.selftest.keys import FORMS, Form
from kvmplanes.view.page.html import Html, css, escape, folded, framed, marked
from kvmplanes.view.page.script import script_element
from kvmplanes.view.page.style import LIVE, NEVER_USED

_LIVE: Final = script_element("kvmplanes.learn.selftest", "selftest", f".kp-test{{--rule:{NEVER_USED.line}}}")
_BARE: Final = css(border="none", margin="0 0 12px", padding="0", min_width="0")
_LIST: Final = css(list_style="none", padding="0", margin="4px 0")
_PRE: Final = css(white_space="pre-wrap", margin="4px 0")
_WORDS: Final = (
    "`kzalloc` gives zeroed memory, or NULL if there is none. `kfree` frees it, and `kfree(NULL)` does nothing. "
    "`-ENOMEM` is an error number. If you do not know, say so: a lucky guess tells you nothing."
)
_ABOUT: Final[dict[Form, str]] = {
    "before": "eight questions on code that has nothing to do with the patch. No answer is judged here; notebook 09 "
    "asks again, with other code, and then shows you both.",
    "after": "the eight ideas of notebook 00 on other code. When all eight are answered, compare.",
}
_KEPT: Final = "Your answers stay in this browser. Nothing is sent."
_PAPER: Final = "Without JavaScript, write a letter for each question on paper."
# What the sum does not prove.
_LIMITS: Final = (
    "What this does not prove: eight questions are few, and one more or less is chance. The two forms are meant to be "
    "equally hard, and nobody has measured that they are. You may have got better by the first form alone. And to "
    "choose an answer is easier than to find a defect that nobody has pointed at."
)


def before_html() -> Html:
    """The first form: no key and no reply is in it."""
    return _whole("before")


def after_html() -> Html:
    """The second form, and below it both forms with their replies, folded; the keys are computed now."""
    rows = "".join(_pair(number, idea) for number, idea in enumerate(IDEAS, 1))
    return _whole(
        "after", folded("Both forms side by side", f"<p data-kvmplanes-sum></p>{rows}<p>{marked(_LIMITS)}</p>")
    )


def _whole(form: Form, below: str = "") -> Html:
    questions = [idea.forms[form] for idea in IDEAS]
    items = "".join(_fieldset(number, question) for number, question in enumerate(questions, 1))
    others = " ".join(idea.forms[FORMS[0]].kept_as for idea in IDEAS)
    attributes = (
        f'data-kvmplanes-selftest="{form}" data-kvmplanes-keeps="{STAMP}" data-before="{others}" '
        'data-lm-suppress-shortcuts="true"'
    )
    body = (
        f"<p><b>Self-test, {form}:</b> {marked(_ABOUT[form])}</p>"
        f"<p>{marked(_WORDS)} {_KEPT} <span data-kvmplanes-paper>{_PAPER}</span></p>{items}{below}"
    )
    html = f"{framed(LIVE, body, attributes)}{_LIVE}"
    lines = [line for number, question in enumerate(questions, 1) for line in _question_text(number, question)]
    head = f"Self-test, {form}: {_ABOUT[form]} {_WORDS} {_PAPER}".replace("`", "")
    hint = f'  selftest_scores("kvmplanes-selftest {STAMP} before=... after=...") checks the letters of both forms.'
    return Html(html, "\n".join([head, *lines, hint]))


def _fieldset(number: int, question: Question) -> str:
    legend = f"<legend{css(padding='0')}><b>{number}.</b> {marked(question.prompt)}</legend>"
    shown = f"{legend}<pre{_PRE}>{escape(question.code)}</pre>{option_list(question, _LIST)}"
    return f'<fieldset data-name="{question.kept_as}"{_BARE}>{shown}</fieldset>'


def _pair(number: int, idea: Idea) -> str:
    """Both questions about one idea, side by side where there is room."""
    columns = "".join(_column(form, idea.forms[form]) for form in FORMS)
    row = css(display="flex", flex_wrap="wrap", gap="16px", margin="0 0 12px")
    return f"<p><b>{number}. {escape(idea.name)}</b></p><div{row}>{columns}</div>"


def _column(form: Form, question: Question) -> str:
    replies = "".join(reply_items(question, question.right(), later=True, look=""))
    asked = folded("The question", f"<p>{marked(question.prompt)}</p><pre{_PRE}>{escape(question.code)}</pre>")
    return (
        f'<div data-of="{question.kept_as}"{css(flex="1 1 280px", min_width="0")}><p><b>{form.capitalize()}.</b></p>'
        f"{asked}<ul{_LIST}>{replies}</ul><p>{marked(question.reason)}</p></div>"
    )


def _question_text(number: int, question: Question) -> Iterator[str]:
    yield f"{number}. {question.prompt}".replace("`", "")
    yield from (f"    {line}" for line in question.code.splitlines())
    yield from (
        f"  {question.named(place)} {option.label}".replace("`", "") for place, option in enumerate(question.options)
    )
