# SPDX-License-Identifier: GPL-2.0-only
"""Texts and functions that belong together: what is missing or too much is named."""

import pytest

from kvmplanes.learn import EXERCISES
from kvmplanes.learn.exercises import EXERCISE_SHAPE
from kvmplanes.learn.texts import read

WHOLE = '[nth-plane]\nlevel = 1\nnotebook = "03"\ntitle = "a"\ntask = "a"\nform = "a"\ncells = 0\n'
WHOLE += 'solution = 3\nwhy = "a"\n'
WRONG = '[[nth-plane.wrong]]\nidea = "a"\nanswer = 1\nreply = "a"\n'


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[other]\nlevel = 1", "other has a text and no judge; nth-plane has a judge and no text"),
        ("[nth-plane]\nlevel = 1", "cells, form, hints, notebook, solution, task, title, why, wrong is missing; the"),
        ("[nth-plane]\nanswer = 1", "there is no member answer; the members are level, notebook"),
        (f"{WHOLE}hints = []\n{WRONG * 2}", "nth-plane: hints: 1 to 3 are wanted, not 0"),
        (f"{WHOLE}hints = ['a', 'b', 'c', 'd']\n{WRONG * 2}", "nth-plane: hints: 1 to 3 are wanted, not 4"),
        (f"{WHOLE}hints = ['a']\n{WRONG}", "nth-plane: wrong: 2 to 9 are wanted, not 1"),
    ],
)
def test_a_text_that_is_not_whole_is_refused(text: str, error: str) -> None:
    judges = {"nth-plane": EXERCISES["nth-plane"].judge}
    assert read(f"{WHOLE}hints = ['a']\n{WRONG * 2}", EXERCISE_SHAPE, "judge", judges)[0].given == ""
    with pytest.raises(ValueError, match=error):
        read(text, EXERCISE_SHAPE, "judge", judges)
