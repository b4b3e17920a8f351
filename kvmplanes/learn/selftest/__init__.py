# SPDX-License-Identifier: GPL-2.0-only
"""A self-test in two forms: eight questions before the notebooks, and the same eight ideas on other code after them.

`selftest("before")` judges nothing: it keeps the answers, in the reader's browser alone. `selftest("after")` asks again
and then shows both forms side by side. The keys are computed by runs of the C that the questions show.

>>> from kvmplanes.learn import selftest
>>> print(selftest("before"))  # doctest: +ELLIPSIS
Self-test, before: eight questions...
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from kvmplanes.given import among, brief, typed
from kvmplanes.learn.selftest.drawn import after_html, before_html
from kvmplanes.learn.selftest.idea import IDEAS, STAMP
from kvmplanes.learn.selftest.keys import FORMS
from kvmplanes.view.page.html import Html, table

__all__ = ["selftest", "selftest_scores"]

_before, _after = cache(before_html), cache(after_html)
_LINE: Final = re.compile(r"kvmplanes-selftest (\w+) before=([a-e-]{8}) after=([a-e-]{8})")


def selftest(form: str) -> Html:
    """The self-test, ready to be answered.

    Args:
        form: "before", as notebook 00 has it, or "after", as notebook 09 has it.
    """
    return _before() if among(form, "form", FORMS) == "before" else _after()


def selftest_scores(*lines: str) -> Html:
    """How many answered right, idea by idea, before and after.

    Args:
        *lines: what "Copy my answers" gives, a line for each reader; without a browser they can be written by hand:
            `kvmplanes-selftest STAMP before=... after=...`, with a letter for each question and "-" for no answer.

    Raises:
        ValueError: a text that is no such line, or one that is of another edition of the questions.
    """
    taken = [_answers(line) for line in lines]
    rows, sums = list[list[str]](), [0] * len(FORMS)
    for place, idea in enumerate(IDEAS):
        row = [idea.name]
        for at, form in enumerate(FORMS):
            question = idea.forms[form]
            right = "abcde"[question.options.index(question.right())]
            given = [answers[at][place] for answers in taken if "-" not in answers[at]]
            sums[at] += given.count(right)
            row.append(f"{given.count(right)} of {len(given)}")
        rows.append(row)
    whole = [sum("-" not in answers[at] for answers in taken) for at in range(len(FORMS))]
    rows.append(["all eight", *(f"{right} of {count * len(IDEAS)}" for right, count in zip(sums, whole, strict=True))])
    return table(["idea", *FORMS], rows, right=(1, 2), sums=(len(IDEAS),))


def _answers(line: str) -> tuple[str, str]:
    """The letters of both forms."""
    rule = f"a line is 'kvmplanes-selftest {STAMP} before=abcdeabc after=abcdeabc'"
    match = _LINE.fullmatch(typed(line, str, rule).strip())
    if not match:
        raise ValueError(f"{rule}, not {brief(line)}")
    if match[1] != STAMP:
        edition = brief(match[1])[1:-1]
        raise ValueError(f"these answers are to another edition of the questions: {edition}, and this is {STAMP}")
    return match[2], match[3]
