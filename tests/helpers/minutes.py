# SPDX-License-Identifier: GPL-2.0-only
"""How many minutes a notebook takes: what a reader reads, answers, solves and works with."""

import json
import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
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
_HEADING: Final = re.compile(r"^(#+) +(.+?) *$", re.MULTILINE)
_CODE_BLOCK: Final = re.compile("```.*?```", re.DOTALL)
_WIDGET: Final = re.compile(
    r"\b(?:player|picker|instrument_picker|order_editor|order_widget|composer|findings_field)\("
)
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
        questions: how many it asks, those of the self-test among them.
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


@cache
def _texts(room: str) -> dict[str, Any]:
    """Each text of a room of `kvmplanes.learn`, by its id."""
    texts: dict[str, Any] = {}
    for path in sorted((ROOT / "kvmplanes" / "learn" / room).glob("*.toml")):
        texts |= toml_of(path)
    return texts


def _asked(question: dict[str, Any]) -> float:
    """The words of a question until it is answered."""
    return words(question["prompt"]) + sum(words(option.get("label", "")) for option in question["options"])


def _replied(question: dict[str, Any]) -> float:
    """The words of one reply of mean length, and of the reason."""
    return mean(words(option["reply"]) for option in question["options"]) + words(question["reason"])


def _question(question: dict[str, Any]) -> float:
    """The words of a question that a reader reads."""
    return _asked(question) + _replied(question)


def _selftest(forms: Iterable[str]) -> tuple[int, float]:
    """Questions and words of the self-test in some forms; after the second one both are replied to."""
    texts = {form: [*_form(form).values()] for form in ("before", "after")}
    forms = [*forms]
    told = sum(_asked(question) for form in forms for question in texts[form])
    told += sum(_replied(question) for form in forms if form == "after" for both in texts.values() for question in both)
    return sum(len(texts[form]) for form in forms), told


@cache
def _form(form: str) -> dict[str, Any]:
    return toml_of(ROOT / "kvmplanes" / "learn" / "selftest" / f"{form}.toml")


def toml_of(path: Path) -> dict[str, Any]:
    """What a TOML file says."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _called(sources: Iterable[str], function: str) -> list[str]:
    """The id in each call of the function: ask("nb00-members") -> nb00-members."""
    return [id_ for source in sources for id_ in re.findall(rf'^{function}\("([^"]+)"', source, re.MULTILINE)]


def reading(notebook: Path) -> Reading:
    """What this notebook asks of a reader."""
    return reading_of(cells_of(notebook))


def cells_of(notebook: Path) -> list[dict[str, Any]]:
    """The cells of a notebook as they are stored."""
    return [*json.loads(notebook.read_text(encoding="utf-8"))["cells"]]


def reading_of(cells: Iterable[dict[str, Any]]) -> Reading:
    """What some cells ask of a reader."""
    questions, exercises = _texts("questions"), _texts("exercises")
    cells = [*cells]
    code = {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"}
    prose = sum(words("".join(cell["source"])) for cell in cells if cell["cell_type"] == "markdown")
    asked, tasks = _called(code.values(), "ask"), _called(code.values(), "exercise")
    solved = sum(words(exercises[id_][key]) for id_ in tasks for key in ("title", "task", "why"))
    tested, test = _selftest(_called(code.values(), "selftest"))
    return Reading(
        words=prose + round(sum(_question(questions[id_]) for id_ in asked) + test) + solved,
        questions=len(asked) + tested,
        exercises=len(tasks),
        tries=sum(bool(_WIDGET.search(source) or _TRY.fullmatch(id_)) for id_, source in code.items()),
    )


def headings_of(cells: Iterable[dict[str, Any]]) -> list[tuple[int, str]]:
    """Level and text of each heading, code marks gone."""
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    found = _HEADING.findall(_CODE_BLOCK.sub("", prose))
    return [(len(marks), text.replace("`", "")) for marks, text in found]


def sections(cells: Iterable[dict[str, Any]], wanted: Collection[str]) -> list[dict[str, Any]]:
    """The cells under some headings, each up to the next heading of its level or a higher one.

    A Markdown cell with several headings counts in parts.
    """
    inside, level = False, 0
    chosen: list[dict[str, Any]] = []
    for cell in cells:
        for part in _parts(cell):
            for depth, text in headings_of([part]):
                if text in wanted:
                    inside, level = True, depth if not inside else min(level, depth)
                elif inside and depth <= level:
                    inside = False
            if inside:
                chosen.append(part)
    return chosen


def _parts(cell: dict[str, Any]) -> list[dict[str, Any]]:
    """A Markdown cell cut in front of its headings; another cell whole."""
    if cell["cell_type"] != "markdown":
        return [cell]
    texts = re.split(r"^(?=#+ )", "".join(cell["source"]), flags=re.MULTILINE)
    return [{**cell, "source": text} for text in texts if text]
