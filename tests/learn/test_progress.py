# SPDX-License-Identifier: GPL-2.0-only
"""What there is to do: each page's questions and exercises, by the names under which a browser keeps them."""

import re

import pytest

from kvmplanes.learn import EXERCISES, QUESTIONS, check, exercise, progress
from kvmplanes.learn.progress.pages import PAGES, overview
from kvmplanes.learn.selftest.idea import IDEAS
from tests.helpers.minutes import ROOT, cells_of

FOLDER = ROOT / "notebooks"


def names(html: str) -> list[set[str]]:
    """The names of each count, in order."""
    return [set(found.split()) for found in re.findall(r'data-kvmplanes-names="([^"]+)"', html)]


def test_the_pages_are_the_notebooks_that_ask() -> None:
    asking = {question.notebook for question in QUESTIONS} | {task.notebook for task in EXERCISES.values()}
    assert set(PAGES) == asking
    for page, (file, title) in PAGES.items():
        assert file.startswith(page)
        heading = "".join(cells_of(FOLDER / f"{file}.ipynb")[0]["source"]).partition("\n")[0]
        assert heading == f"# {title}"


def test_every_question_and_exercise_is_counted_once() -> None:
    kept = [question.kept_as for question in QUESTIONS]
    kept += [question.kept_as for idea in IDEAS for question in idea.forms.values()]
    done = [f"exercise:{id_}" for id_ in EXERCISES]
    *pages, questions, exercises = names(progress().html)
    assert (questions, exercises) == (set(kept), set(done))
    assert sorted(name for listed in pages for name in listed) == sorted(kept + done)
    assert pages == [listed for page in PAGES for listed in names(progress(page).html)]


def test_a_page_says_what_there_is() -> None:
    assert progress("05").text == "On this page: 10 questions, 2 exercises."
    assert progress("02").text == "On this page: 7 questions, 1 exercise."
    assert progress("01").text == "On this page: 8 questions."
    with pytest.raises(ValueError, match=r"no page '10'; there are 00, 01, .*, ap"):
        progress("10")


def test_links_lead_to_pages() -> None:
    for suffix in (".ipynb", ".html"):
        links = re.findall(r'href="([^"]+)"', overview(suffix).html)
        assert links == [f"{file}{suffix}" for file, _ in PAGES.values()]


def test_only_a_right_answer_is_kept_as_done() -> None:
    mark = 'data-kvmplanes-done="nth-plane"'
    assert mark in check("nth-plane", 3)._repr_mimebundle_()["text/html"]
    for answer in (1, 2, "three"):
        assert mark not in check("nth-plane", answer)._repr_mimebundle_()["text/html"]
    assert 'data-kvmplanes-exercise="nth-plane"' in exercise("nth-plane").html
