# SPDX-License-Identifier: GPL-2.0-only
"""What the notebooks state is what they take.

    minutes = words / 180 + 1 a question + 5 an exercise + 2 a widget, or cell to change and run again

`tests/helpers/minutes.py` says which words count. README.md repeats what the notebooks state (`test_readme.py`).
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from notebooks.site.builder.landing import values
from tests.helpers.minutes import ROOT, cells_of, headings_of, reading, reading_of, sections

WALK = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
APPENDIX = ROOT / "notebooks" / "appendix.ipynb"  # it has exercises and no widget
COURSE = [path for path in WALK if path.name < "09"]  # 09 is practice for whoever has finished it
WHOLE_COURSE = 300  # minutes
# The route of 90 minutes: how many minutes of a page belong to it, at most.
ROUTE = 90
PARTS = {"00": 15, "01": 15, "02": 6, "03": 3, "04": 8, "05": 20, "06": 10, "07": 4, "08": 16}
SKIPPED = "skip this page."


def stated(notebook: Path) -> int:
    (minutes,) = re.findall(r'"About (\d+) minutes\. ', notebook.read_text(encoding="utf-8"))
    return int(minutes)


@pytest.mark.parametrize("notebook", [*WALK, APPENDIX], ids=lambda path: path.stem)
def test_stated_minutes_are_within_a_fifth_of_the_computed(notebook: Path) -> None:
    computed = reading(notebook)
    assert computed.questions
    assert computed.exercises if notebook == APPENDIX else computed.tries
    assert abs(stated(notebook) - computed.minutes) <= computed.minutes / 5


def test_the_course_is_five_hours_at_most() -> None:
    assert sum(reading(notebook).minutes for notebook in COURSE) <= WHOLE_COURSE
    assert sum(map(stated, COURSE)) <= WHOLE_COURSE


# -- the route of 90 minutes ---------------------------------------------------------------------------------


def route_line(cells: list[dict[str, Any]]) -> str:
    """What the title cell says of the route, after "The 90-minute route:"."""
    lines = re.findall(r"^\*\*The 90-minute route:\*\* (.+)$", "".join(cells[0]["source"]), re.MULTILINE)
    assert len(lines) == 1, "one line `**The 90-minute route:** ...` in the title cell"
    return str(lines[0])


def links_of(line: str) -> list[str]:
    """The headings that a line of the route links; ValueError for a line of another form."""
    if line == SKIPPED:
        return []
    link = r"\[([^\]]+)\]\(#([^)\s]+)\)"
    if not re.fullmatch(rf"{link}(?:, {link})*\.", line):
        raise ValueError(f"the route is links to headings and a full stop, or {SKIPPED!r}, not {line!r}")
    links = re.findall(link, line)
    if wrong := [text for text, anchor in links if anchor != text.replace("`", "").replace(" ", "-")]:
        raise ValueError(f"these links lead to another heading than they name: {wrong}")
    return [text.replace("`", "") for text, _ in links]


def on_route(notebook: Path) -> float:
    """The minutes of a page that belong to the route."""
    cells = cells_of(notebook)
    return reading_of(sections(cells, links_of(route_line(cells)))).minutes


@pytest.mark.parametrize("notebook", COURSE, ids=lambda path: path.stem)
def test_the_route_names_headings_of_the_page_in_their_order(notebook: Path) -> None:
    cells = cells_of(notebook)
    texts = [text for level, text in headings_of(cells) if level > 1]
    wanted = links_of(route_line(cells))
    assert [text for text in texts if text in wanted] == wanted


@pytest.mark.parametrize("notebook", COURSE, ids=lambda path: path.stem)
def test_a_page_has_its_share_of_the_route(notebook: Path) -> None:
    assert on_route(notebook) <= PARTS[notebook.name[:2]]


def test_the_route_takes_90_minutes() -> None:
    assert sum(map(on_route, COURSE)) <= ROUTE


def test_the_readme_states_the_route_and_names_no_notebook_off_it() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (place,) = [part for part in re.split(r"\n\n|\n(?=- )", text) if re.search(r"\b90-minute route", part)]
    named = re.findall(r"\((?:notebooks/)?(\d\d-[a-z0-9-]+)\.ipynb", place)
    assert named in ([], [notebook.stem for notebook in COURSE if links_of(route_line(cells_of(notebook)))])


def test_the_landing_page_leads_to_each_part_of_the_route() -> None:
    page = (ROOT / "notebooks" / "site" / "index.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"<section [^>]*>(?:(?!</section>).)*\b90-minute route.*?</section>", page, re.DOTALL)
    assert section.count("$route") == 1
    links = re.findall(r'href="(\d\d-[a-z0-9-]+)\.html#([^"]+)"', values()["route"])
    first = {notebook.stem: links_of(route_line(cells_of(notebook)))[:1] for notebook in COURSE}
    wanted = [(name, texts[0].replace(" ", "-")) for name, texts in first.items() if texts]
    assert [(name, unquote(anchor)) for name, anchor in links] == wanted


def markdown(*texts: str) -> list[dict[str, Any]]:
    return [{"id": f"nb99-{at}", "cell_type": "markdown", "source": text} for at, text in enumerate(texts)]


def test_a_section_ends_at_the_next_heading_of_its_level_or_a_higher_one() -> None:
    code = {"id": "nb99-code", "cell_type": "code", "source": 'ask("nb00-rfc")'}
    cells = markdown("# Page", "## One\nfirst", "### Deeper\nsecond", "## Two\nthird\n\n## Three\nfourth")
    cells.insert(2, code)

    def text(*wanted: str) -> list[str]:
        return ["".join(cell["source"]).strip() for cell in sections(cells, wanted)]

    assert text("One") == ["## One\nfirst", 'ask("nb00-rfc")', "### Deeper\nsecond"]
    assert text("Deeper") == ["### Deeper\nsecond"]
    assert text("Two") == ["## Two\nthird"]
    assert text("One", "Three") == [*text("One"), "## Three\nfourth"]
    assert text("One", "Deeper") == text("One")
    assert text() == []
    assert reading_of(sections(cells, ["One"])).questions == 1
    assert reading_of(sections(cells, ["Two"])).questions == 0


@pytest.mark.parametrize("line", ["[One](#One), [Two](#Two)", "all of it.", "[One](#Two).", "", "[One](#One).."])
def test_a_route_of_another_form_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"the route is links|lead to another heading"):
        links_of(line)
