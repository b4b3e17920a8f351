# SPDX-License-Identifier: GPL-2.0-only
"""How many minutes a notebook takes: what a reader reads, answers, solves and works with."""

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
WORDS_A_MINUTE: Final = 180
QUESTION, EXERCISE, TRY = 1, 5, 2  # minutes

_NO_PROSE: Final = re.compile(
    r"^```.*?^```|<details>.*?</details>|</?[a-zA-Z][^>]*>|\]\([^)]*\)|^\|[-| :]+\|$", re.MULTILINE | re.DOTALL
)
_WORD: Final = re.compile(r"[^\s|*#\[\]]*\w[^\s|*#\[\]]*")
_WIDGET: Final = re.compile(r"\b(?:player|picker|instrument_picker|order_editor|order_widget|composer)\(")
_TRY: Final = re.compile(r"nb\d\d-(?:change|make|fix-source|choose)(?:-run)?")  # a cell that the text asks to change


def words(text: str) -> int:
    """How many words of a Markdown text are read: no code block, address of a link, HTML or fold counts."""
    return len(_WORD.findall(_NO_PROSE.sub(" ", text)))


@dataclass(frozen=True, slots=True)
class Reading:
    """What one notebook asks of a reader.

    Attributes:
        words: of the Markdown cells; of each question its prompt, labels, one reply of mean length and reason; of each
            exercise its title, task and reason.
        questions: how many it asks.
        exercises: how many it sets.
        tries: its widgets, and its cells that a reader changes and runs again.
    """

    words: int
    questions: int
    exercises: int
    tries: int

    @property
    def minutes(self) -> float:
        """The minutes all that takes."""
        return self.words / WORDS_A_MINUTE + self.questions * QUESTION + self.exercises * EXERCISE + self.tries * TRY


def _texts(room: str) -> dict[str, Any]:
    """Each text of a room of `kvmplanes.learn`, by its id."""
    texts: dict[str, Any] = {}
    for path in sorted((ROOT / "kvmplanes" / "learn" / room).glob("*.toml")):
        texts |= tomllib.loads(path.read_text(encoding="utf-8"))
    return texts


def _question(question: dict[str, Any]) -> float:
    """The words of a question that a reader reads."""
    options = question["options"]
    labels = sum(words(option.get("label", "")) for option in options)
    return (
        words(question["prompt"])
        + labels
        + mean(words(option["reply"]) for option in options)
        + words(question["reason"])
    )


def _called(sources: Iterable[str], function: str) -> list[str]:
    """The id in each call of the function: ask("nb00-members") -> nb00-members."""
    return [id_ for source in sources for id_ in re.findall(rf'^{function}\("([^"]+)"', source, re.MULTILINE)]


def reading(notebook: Path) -> Reading:
    """What this notebook asks of a reader."""
    questions, exercises = _texts("questions"), _texts("exercises")
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"}
    prose = sum(words("".join(cell["source"])) for cell in cells if cell["cell_type"] == "markdown")
    asked, tasks = _called(code.values(), "ask"), _called(code.values(), "exercise")
    solved = sum(words(exercises[id_][key]) for id_ in tasks for key in ("title", "task", "why"))
    return Reading(
        words=prose + round(sum(_question(questions[id_]) for id_ in asked)) + solved,
        questions=len(asked),
        exercises=len(tasks),
        tries=sum(bool(_WIDGET.search(source) or _TRY.fullmatch(id_)) for id_, source in code.items()),
    )
