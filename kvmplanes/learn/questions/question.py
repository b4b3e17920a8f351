# SPDX-License-Identifier: GPL-2.0-only
"""One question: its data, and how it is shown and checked.

The right answer is nowhere written down: `Question.key` asks the model each time. Shown as HTML a question is a
list of options and a folded list of replies, readable as it stands where scripts are dropped (untrusted
notebooks, code hosts, print). Where they run, `form.js` turns the list into radio buttons or an input, checks in
the page, and opens the replies only after the first answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Final, Literal

from kvmplanes.view.page.html import Html, badge, css, escape, marked, packed
from kvmplanes.view.page.style import BAD, CLEAN, LIVE, Role

Value = str | int
Key = Callable[[], Value]
Kind = Literal["recall", "predict", "why"]

WORD: Final[dict[Kind, str]] = {"recall": "Recall", "predict": "Predict", "why": "Explain"}


_STYLE, _SCRIPT = (packed("kvmplanes.learn.questions", name) for name in ("question.css", "question.js"))
_LIVE: Final = f"<style>\n{_STYLE}\n</style><script>\n{_SCRIPT}\n</script>"  # in every output


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that a reader may give.

    Attributes:
        value: what the key is compared with; for a typed answer also what is to be typed.
        label: the answer in words; "" for a typed answer.
        reply: why it is right, or what is wrong with the thought behind it.
    """

    value: Value
    label: str
    reply: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question. In its texts `backquotes` mark code.

    Attributes:
        id: such as "nb05-order"; the two digits are the notebook.
        kind: recall of what the reader brings, prediction before a reveal, or why.
        prompt: the question.
        options: the answers to choose from, or the typed answers that are foreseen.
        key: computes the right option's value from the model.
        reason: what to keep, shown with the right answer.
        code: lines of C that the question is about.
        entry: what is to be typed, such as "a number of paths"; "" where an option is chosen.
        otherwise: the reply to a typed answer that is not foreseen.
    """

    id: str
    kind: Kind
    prompt: str
    options: tuple[Option, ...]
    key: Key
    reason: str
    code: str = ""
    entry: str = ""
    otherwise: str = ""

    @property
    def notebook(self) -> str:
        """The notebook it belongs to, such as "05"."""
        return self.id[2:4]

    @property
    def control(self) -> Literal["radio", "number", "text"]:
        """The type of the input that takes the answer."""
        if not self.entry:
            return "radio"
        return "number" if all(isinstance(option.value, int) for option in self.options) else "text"

    def right(self) -> Option:
        """The right option, computed now.

        Raises:
            ValueError: the model's answer is none of the options.
        """
        key = self.key()
        for option in self.options:
            if option.value == key:
                return option
        raise ValueError(f"{self.id}: the model says {key!r}; options are {[option.value for option in self.options]}")

    def named(self, place: int) -> str:
        """How the option at a place is named: "b)" where one is chosen, what is typed elsewhere."""
        return f"`{self.options[place].value}`:" if self.entry else f"{ascii_lowercase[place]})"

    def reply(self, answer: Value) -> tuple[bool, str]:
        """Check an answer.

        Args:
            answer: a letter where an option is chosen, otherwise what the reader typed.

        Returns:
            Whether it is right, and the reply to it.

        Raises:
            ValueError: no option has that letter, or what is typed is no number where one is wanted.
        """
        given = plain(answer, self.control)
        names = list(ascii_lowercase[: len(self.options)])
        if self.entry:
            names = [plain(option.value, self.control) for option in self.options]
        if given in names:
            option = self.options[names.index(given)]
            return option == self.right(), option.reply
        if not self.entry:
            raise ValueError(f"{self.id}: answer with one of {', '.join(names)}, not {answer!r}")
        return False, self.otherwise


def plain(answer: Value, control: str) -> str:
    """An answer in the form in which answers are compared; form.js does the same."""
    text = str(answer).strip()
    if control != "number":
        return re.sub(r"[\s;`]", "", text)
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"the answer is a number, not {answer!r}") from None
    return str(int(number)) if number.is_integer() else str(number)


def show(question: Question) -> Html:
    """A question, ready to be answered, the right answer computed now."""
    return Html(_html(question), _text(question))


def _html(question: Question) -> str:
    right = question.right()
    plainly = css(list_style="none", padding="0")
    if question.entry:
        answers = f"<p{css(margin='6px 0')}><label>Your answer, {marked(question.entry)}: </label></p>"
    else:
        labels = (f"{question.named(i)} {marked(o.label)}" for i, o in enumerate(question.options))
        items = "".join(f"<li><label><span>{label}</span></label></li>" for label in labels)
        answers = f"<ul{plainly}>{items}</ul>"
    gap = css(margin="0 0 6px")
    replies = [
        f"<li{_value(question, option)}{' class=kp-right' * (option == right)}{gap}>{marked(question.named(i))} "
        f"{badge(*judged(option == right))} {marked(option.reply)}</li>"
        for i, option in enumerate(question.options)
    ]
    if question.otherwise:
        replies.append(f"<li{gap}>Anything else: {badge(*judged(False))} {marked(question.otherwise)}</li>")
    code = f"<pre{css(white_space='pre-wrap')}>{escape(question.code)}</pre>" * bool(question.code)
    frame = css(border_left=f"4px solid {LIVE.line}", padding="4px 12px", margin="8px 0")
    bare = css(border="none", margin="0", padding="0", min_width="0")
    return (
        f'<div class="kp-ask" data-type="{question.control}" data-lm-suppress-shortcuts="true"{frame}>'
        f"<fieldset{bare}><legend{css(padding='0')}><b>{WORD[question.kind]}.</b> {marked(question.prompt)}</legend>"
        f"{code}{answers}</fieldset>"
        f"<details><summary>Reply to each answer</summary><ul{plainly}>{''.join(replies)}</ul>"
        f"<p>{marked(question.reason)}</p></details></div>{_LIVE}"
    )


def _text(question: Question) -> str:
    options = [f"  {question.named(i)} {o.label}" for i, o in enumerate(question.options)]
    answers = [f"  Your answer: {question.entry}."] if question.entry else options
    code = [f"    {line}" for line in question.code.splitlines()]
    hint = f'  reply("{question.id}", ...) checks an answer.'
    return "\n".join([f"{WORD[question.kind]}. {question.prompt}", *code, *answers, hint])


def judged(right: bool) -> tuple[Role, str]:
    """The sign and the words for an answer; form.js has them too."""
    return (CLEAN, "right") if right else (BAD, "not so")


def _value(question: Question, option: Option) -> str:
    return f' data-value="{escape(plain(option.value, question.control))}"' if question.entry else ""
