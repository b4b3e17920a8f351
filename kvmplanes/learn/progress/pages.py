# SPDX-License-Identifier: GPL-2.0-only
"""How much of a page, or of all pages, is answered and done.

What there is to do is counted here; what is done is kept in the reader's browser. Without scripts the counts alone are
shown.

>>> from kvmplanes.learn import progress
>>> print(progress("05"))
On this page: 10 questions, 2 exercises.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from kvmplanes.given import known
from kvmplanes.learn.exercises import exercises_for
from kvmplanes.learn.progress import SCRIPT, done_as
from kvmplanes.learn.questions import questions_for
from kvmplanes.learn.selftest.idea import IDEAS
from kvmplanes.learn.selftest.keys import Form
from kvmplanes.runs.words import many
from kvmplanes.view.page.html import Html, css, escape, framed, table
from kvmplanes.view.page.style import LIVE

# Each page on which there is something to do -> its file and its title; a test compares both with the notebooks.
PAGES: Final = MappingProxyType({
    "00": ("00-start-here", "00 · Start here"),
    "01": ("01-reading-the-diff", "01 · Reading the diff"),
    "02": ("02-one-plane-one-slot", "02 · One plane, one slot"),
    "03": ("03-when-kzalloc-says-no", "03 · When kzalloc says no"),
    "04": ("04-every-failure", "04 · Every failure"),
    "05": ("05-teardown", "05 · Teardown"),
    "06": ("06-fix-it", "06 · Fix it"),
    "07": ("07-what-the-tools-see", "07 · What the tools see"),
    "08": ("08-review-it", "08 · Review it"),
    "09": ("09-nine-real-ones", "09 · Nine real ones"),
    "ap": ("appendix", "Appendix"),
})  # fmt: skip
_SELFTEST: Final[dict[str, Form]] = {"00": "before", "09": "after"}


def progress(page: str = "") -> Html:
    """What there is to do on a page such as "05" or "ap", the appendix, and how much of it is done; or on all pages.

    Raises:
        ValueError: no such page.
    """
    return overview(".ipynb") if isinstance(page, str) and page == "" else _line(known(page, "page", PAGES))


def overview(suffix: str) -> Html:
    """All pages with their counts; in a browser also where the reader was last, and a way to begin again.

    Args:
        suffix: of the pages' files, such as ".html".
    """
    rows = [[_link(page, suffix), _counted(_questions(page)), _counted(_exercises(page))] for page in PAGES]
    whole = [[name for page in PAGES for name in names(page)] for names in (_questions, _exercises)]
    shown = table(["page", "questions", "exercises"], [*rows, ["all", *map(_counted, whole)]], sums=[len(rows)])
    return Html(_alive(shown.html), shown.text)


def _line(page: str) -> Html:
    parts = [
        _counted(names, word, done)
        for names, word, done in ((_questions(page), "question", "answered"), (_exercises(page), "exercise", "done"))
        if names
    ]
    html, text = (f"On this page: {', '.join(says)}." for says in zip(*((p.html, p.text) for p in parts), strict=True))
    return Html(_alive(f"<p{css(margin='4px 0')}>{html}</p>"), text)


def _alive(body: str) -> str:
    return f"{framed(LIVE, body, 'data-kvmplanes-progress class=kp-progress')}{SCRIPT}"


def _counted(names: Iterable[str], word: str = "", done: str = "") -> Html:
    """How many there are. The script finds their names, and the words for what is done."""
    listed = [*names]
    if not listed:
        return Html("none", "none")
    text = many(len(listed), word) if word else str(len(listed))
    words = f' data-words="{text.partition(" ")[2]} {done}"' if word else ""
    return Html(f'<span data-kvmplanes-names="{" ".join(listed)}"{words}>{text}</span>', text)


def _link(page: str, suffix: str) -> Html:
    file, title = PAGES[page]
    return Html(f'<a href="{file}{suffix}">{escape(title)}</a>', title)


def _questions(page: str) -> list[str]:
    """The names under which a browser keeps the answers of a page, the self-test's too."""
    tested = [idea.forms[_SELFTEST[page]] for idea in IDEAS] if page in _SELFTEST else []
    return [question.kept_as for question in (*questions_for(page), *tested)]


def _exercises(page: str) -> list[str]:
    return [done_as(task.id) for task in exercises_for(page)]
