# SPDX-License-Identifier: GPL-2.0-only
"""What the notebooks state is what they take.

    minutes = words / 180 + 1 a question + 5 an exercise + 2 a widget, or cell to change and run again

`tests/helpers/minutes.py` says which words count. README.md repeats what the notebooks state (`test_readme.py`).
"""

import re
from pathlib import Path

import pytest

from tests.helpers.minutes import ROOT, reading

WALK = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
COURSE = [path for path in WALK if path.name < "09"]  # 09 is practice for whoever has finished it
WHOLE_COURSE = 300  # minutes


def stated(notebook: Path) -> int:
    (minutes,) = re.findall(r'"About (\d+) minutes\. ', notebook.read_text(encoding="utf-8"))
    return int(minutes)


@pytest.mark.parametrize("notebook", WALK, ids=lambda path: path.stem)
def test_stated_minutes_are_within_a_fifth_of_the_computed(notebook: Path) -> None:
    computed = reading(notebook)
    assert computed.questions
    assert computed.tries
    assert abs(stated(notebook) - computed.minutes) <= computed.minutes / 5


def test_the_course_is_five_hours_at_most() -> None:
    assert sum(reading(notebook).minutes for notebook in COURSE) <= WHOLE_COURSE
    assert sum(map(stated, COURSE)) <= WHOLE_COURSE
