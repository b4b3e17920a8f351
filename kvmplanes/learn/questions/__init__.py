# SPDX-License-Identifier: GPL-2.0-only
"""Every question, and the way to ask one.

A question's text, in TOML, says which answers there are and what to reply to each. It cannot say which one is right:
its key, in the module beside the text, asks the model each time. Shown as HTML a question is a list of options and a
folded list of replies, readable as it stands where scripts are dropped (untrusted notebooks, code hosts, print). Where
they run, `question.js` turns the list into radio buttons or an input, checks in the page, and opens the replies only
after the first answer.

>>> from kvmplanes.learn import ask, reply
>>> print(ask("nb05-reads"))  # doctest: +ELLIPSIS
Predict. ...
>>> reply("nb05-reads", 17).startswith("✗ not so")
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from string import ascii_lowercase
from typing import Any, Final, Literal

from kvmplanes.learn.queries import Key, Value
from kvmplanes.learn.questions import nb00, nb01, nb02, nb03, nb04, nb05, nb06, nb07, nb08, nb09
from kvmplanes.learn.texts import Shape, each, flow, load, one_of, verbatim
from kvmplanes.view.page.html import Html, badge, css, escape, marked
from kvmplanes.view.page.script import page_script
from kvmplanes.view.page.style import BAD, CLEAN, LIVE, NEVER_USED, Role

__all__ = ["QUESTIONS", "QUESTION_SHAPE", "Option", "Question", "ask", "judged", "plain", "questions_for", "reply"]

# Kind of question -> what it begins with: recall of what the reader brings, prediction before a reveal, or why.
WORD: Final = {"recall": "Recall", "predict": "Predict", "why": "Explain"}

# In every output.
_LIVE: Final = page_script("kvmplanes.learn.questions", "question", f".kp-live{{--rule:{NEVER_USED.line}}}")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_PLAIN_LIST: Final = css(list_style="none", padding="0")


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that a reader may give.

    Attributes:
        value: what the key is compared with; for a typed answer also what is to be typed.
        reply: why it is right, or what is wrong with the thought behind it.
        label: the answer in words; "" for a typed answer.
    """

    value: Value
    reply: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question. In its texts `backquotes` mark code.

    Attributes:
        id: such as "nb05-order"; the two digits are the notebook.
        key: computes the right option's value from the model.
        kind: one of `WORD`.
        prompt: the question.
        options: the answers to choose from, or the typed answers that are foreseen.
        reason: what to keep, shown with the right answer.
        code: lines of C that the question is about.
        entry: what is to be typed, such as "a number of paths"; "" where an option is chosen.
        otherwise: the reply to a typed answer that is not foreseen.
    """

    id: str
    key: Key
    kind: str
    prompt: str
    options: tuple[Option, ...]
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
        """The right option, computed now; ValueError when the model's answer is none of the options."""
        key = self.key()
        for option in self.options:
            if option.value == key:
                return option
        raise ValueError(f"{self.id}: the model says {key!r}; options are {[option.value for option in self.options]}")

    def named(self, place: int) -> str:
        """How the option at a place is named: "b)" where one is chosen, what is typed elsewhere."""
        return f"`{self.options[place].value}`:" if self.entry else f"{ascii_lowercase[place]})"

    def reply(self, answer: Value) -> tuple[bool, str]:
        """Whether an answer is right, and the reply to it.

        Args:
            answer: a letter where an option is chosen, otherwise what the reader typed.

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
    """An answer as it is compared, here and in question.js; ValueError where a number is wanted and none given."""
    text = str(answer).strip()
    if control != "number":
        return re.sub(r"[\s;`]", "", text)
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"the answer is a number, not {answer!r}")
    number = float(text)
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else text


def question_html(question: Question) -> Html:
    """A question, ready to be answered, the right answer computed now; ValueError as for `Question.right`."""
    bare = css(border="none", margin="0", padding="0", min_width="0")
    frame = css(border_left=f"4px solid {LIVE.line}", padding="4px 12px", margin="8px 0")
    code = f"<pre{css(white_space='pre-wrap')}>{escape(question.code)}</pre>" if question.code else ""
    html = (
        f'<div data-kvmplanes-question="{question.control}" data-lm-suppress-shortcuts="true"{frame}>'
        f"<fieldset{bare}><legend{css(padding='0')}><b>{WORD[question.kind]}.</b> {marked(question.prompt)}</legend>"
        f"{code}{_answers(question)}</fieldset>"
        f"<details><summary>Reply to each answer</summary><ul{_PLAIN_LIST}>{''.join(_replies(question))}</ul>"
        f"<p>{marked(question.reason)}</p></details></div><script>{_LIVE}</script>"
    )
    return Html(html, _text(question))


def _answers(question: Question) -> str:
    """The options, or where an answer is typed, its label."""
    if question.entry:
        return f"<p{css(margin='6px 0')}><label>Your answer, {marked(question.entry)}: </label></p>"
    labels = (f"{question.named(place)} {marked(option.label)}" for place, option in enumerate(question.options))
    items = "".join(f"<li><label><span>{label}</span></label></li>" for label in labels)
    return f"<ul{_PLAIN_LIST}>{items}</ul>"


def _replies(question: Question) -> Iterator[str]:
    """The reply to each answer, the right one marked for the script."""
    right = question.right()
    gap = css(margin="0 0 6px")
    for place, option in enumerate(question.options):
        value = f' data-value="{escape(plain(option.value, question.control))}"' if question.entry else ""
        mark = " class=kp-right" if option == right else ""
        verdict = badge(*judged(option == right))
        yield f"<li{value}{mark}{gap}>{marked(question.named(place))} {verdict} {marked(option.reply)}</li>"
    if question.otherwise:
        yield f"<li{gap}>Anything else: {badge(*judged(False))} {marked(question.otherwise)}</li>"


def _text(question: Question) -> str:
    answers = [f"  {question.named(place)} {option.label}" for place, option in enumerate(question.options)]
    if question.entry:
        answers = [f"  Your answer: {question.entry}."]
    code = [f"    {line}" for line in question.code.splitlines()]
    hint = f'  reply("{question.id}", ...) checks an answer.'
    return "\n".join([f"{WORD[question.kind]}. {question.prompt}", *code, *answers, hint])


def judged(right: bool) -> tuple[Role, str]:
    """The sign and the words for an answer; question.js has them too."""
    return (CLEAN, "right") if right else (BAD, "not so")


def _value(value: Any) -> Value:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"a text or a whole number is wanted, not {value!r}")
    return value


QUESTION_SHAPE: Final = Shape(
    Question,
    {
        "kind": one_of(WORD),
        "prompt": flow,
        "code": verbatim,
        "entry": flow,
        "otherwise": flow,
        "reason": flow,
        "options": each(Shape(Option, {"value": _value, "label": flow, "reply": flow})),
    },
)
_NOTEBOOKS: Final = (nb00, nb01, nb02, nb03, nb04, nb05, nb06, nb07, nb08, nb09)
QUESTIONS: Final = tuple(question for keys in _NOTEBOOKS for question in load(keys, QUESTION_SHAPE, "key", keys.KEYS))
_BY_ID: Final = {question.id: question for question in QUESTIONS}


@cache
def ask(id: str) -> Html:  # noqa: A002 - what the reader calls it
    """The question with an id such as "nb05-order", ready to be answered.

    Raises:
        ValueError: no such question, or the model's answer is none of its options.
    """
    return question_html(_question(id))


def reply(id: str, answer: Value) -> str:  # noqa: A002
    """Check an answer where no page can: the verdict and the reply to it.

    Args:
        id: the question's id.
        answer: as for `Question.reply`, errors too.
    """
    right, text = _question(id).reply(answer)
    role, word = judged(right)
    return f"{role.sign} {word}: {text}"


def questions_for(notebook: str) -> tuple[Question, ...]:
    """The questions of a notebook such as "05", in their order; ValueError when it has none."""
    chosen = tuple(question for question in QUESTIONS if question.notebook == notebook)
    if not chosen:
        known = ", ".join(dict.fromkeys(question.notebook for question in QUESTIONS))
        raise ValueError(f"no questions for notebook {notebook!r}; there are some for {known}")
    return chosen


def _question(id_: str) -> Question:
    if id_ not in _BY_ID:
        near = [known for known in _BY_ID if known[:4] == id_[:4]] or list(_BY_ID)
        raise ValueError(f"no question {id_!r}; there are {', '.join(near)}")
    return _BY_ID[id_]
