# SPDX-License-Identifier: GPL-2.0-only
"""What a question is, how an answer is compared with it, and the shape of its text."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from string import ascii_lowercase
from types import MappingProxyType
from typing import Any, Final, Literal

from kvmplanes.given import brief, need, typed
from kvmplanes.learn.queries import Key, Value
from kvmplanes.learn.texts import Shape, each, flow, one_of, verbatim
from kvmplanes.view.page.style import BAD, CLEAN, LIVE, Role

# Kind of question -> what it begins with: what an earlier page has taught, what the reader brings along, prediction
# before a reveal, why, or an answer that is kept and judged on a later page.
WORD: Final = MappingProxyType({
    "recall": "Recall", "warm-up": "Warm-up", "predict": "Predict", "why": "Explain", "commit": "Your guess",
})  # fmt: skip

_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that a reader may give.

    Attributes:
        value: what the key is compared with; for a typed answer also what is to be typed.
        reply: why it is right, or what is wrong with the thought behind it.
        label: the answer in words; "" for a typed answer.
        judged: of a "commit", what the page that judges it says instead of the reply; "" for the reply.
        also: other ways to type the same answer, which get the same reply.
    """

    value: Value
    reply: str
    label: str = ""
    judged: str = ""
    also: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question. In its texts `backquotes` mark code, *asterisks* stress.

    Attributes:
        id: such as "nb05-reads"; the two characters after "nb" are the notebook, "ap" the appendix.
        key: computes the right option's value from the model.
        kind: one of `WORD`.
        prompt: the question.
        options: the answers to choose from, or the typed answers that are foreseen.
        reason: what to keep, shown with the right answer; of a "commit" with every answer.
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
    def is_kept(self) -> bool:
        """Whether an answer gets a reply and no verdict: a later page judges it."""
        return self.kind == "commit"

    @property
    def control(self) -> Literal["radio", "number", "text"]:
        """The type of the input that takes the answer."""
        if not self.entry:
            return "radio"
        return "number" if all(isinstance(option.value, int) for option in self.options) else "text"

    @property
    def kept_as(self) -> str:
        """The name under which a browser keeps the answer; another one as soon as the question says something else."""
        said = "\n".join([self.prompt, self.code, self.entry, *(option.label for option in self.options)])
        return f"{self.id}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"

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
            TypeError: no text and no number.
            ValueError: no option has that letter, or what is typed is no number where one is wanted.
        """
        given = plain(answer, self.control)
        named = dict(zip(ascii_lowercase, self.options, strict=False))
        if self.entry:
            spelt = ((value, option) for option in self.options for value in (option.value, *option.also))
            named = {plain(value, self.control): option for value, option in spelt}
        if option := named.get(given):
            return option == self.right(), option.reply
        if not self.entry:
            raise ValueError(f"{self.id}: answer with one of {', '.join(named)}, not {brief(answer)}")
        return False, self.otherwise


def plain(answer: Value, control: str) -> str:
    """An answer as it is compared, here and in question.js.

    Raises:
        TypeError: no text and no number.
        ValueError: a number is wanted, and the text is none.
    """
    rule = f"the answer is {'a number' if control == 'number' else 'a text'}"
    typed(None if isinstance(answer, bool) else answer, (str, int, float), rule)
    text = answer.strip() if isinstance(answer, str) else brief(answer)
    if control != "number":
        return re.sub(r"[\s;`]", "", text)
    need(_NUMBER.fullmatch(text) is not None, rule, answer)
    number = float(text)
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else text


def judged(right: bool | None) -> tuple[Role, str]:
    """The sign and the words for an answer, None where a later page judges; question.js has them too."""
    return (LIVE, "kept") if right is None else (CLEAN, "right") if right else (BAD, "not so")


def verdict(right: bool | None) -> str:
    """The same in one text."""
    role, word = judged(right)
    return f"{role.sign} {word}"


def _value(value: Any) -> Value:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"a text or a whole number is wanted, not {value!r}")
    return value


OPTION_SHAPE: Final = Shape(
    Option, {"value": _value, "label": flow, "reply": flow, "judged": flow, "also": each(_value)}
)
QUESTION_SHAPE: Final = Shape(
    Question,
    {
        "kind": one_of(WORD),
        "prompt": flow,
        "code": verbatim,
        "entry": flow,
        "otherwise": flow,
        "reason": flow,
        "options": each(OPTION_SHAPE),
    },
)
