# SPDX-License-Identifier: GPL-2.0-only
"""README.md: its length, its links, its picture, and every figure in it."""

import re
from pathlib import Path

from kvmplanes.learn import EXERCISES, QUESTIONS
from kvmplanes.oracle.compiled import results
from kvmplanes.oracle.measured.evidence import NEWER, OLDER, both
from kvmplanes.runs.mutation import kills
from notebooks.site.builder.landing import values
from notebooks.site.builder.picture import PICTURES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short_and_its_links_lead_somewhere() -> None:
    assert len(README.splitlines()) < 155
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)\)", README):
        assert (ROOT / target).exists(), target
    for workflow in re.findall(r"actions/workflows/(\w+\.yml)", README):
        assert (ROOT / ".github" / "workflows" / workflow).exists()


def test_the_pictures_are_the_models() -> None:
    shown = re.findall(r'(?:srcset|src)="([^"]+)"', README)
    assert {ROOT / name for name in shown} == set(PICTURES)
    for path, drawn in PICTURES.items():
        assert path.read_text(encoding="utf-8") == f"{drawn()}\n", "python -m notebooks.site.builder.picture"


def test_the_course_takes_the_hours_that_its_notebooks_state() -> None:
    assert values()["course_hours"] == "5"
    assert "00 to 08: five hours" in README


def test_the_minutes_are_those_of_the_notebooks() -> None:
    rows = re.findall(r"\(notebooks/([\w-]+\.ipynb)\) \| ?(\d*) \|", README)
    assert sorted(name for name, _ in rows) == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    for name, minutes in rows:
        stated = re.findall(r"About (\d+) minutes\.", (ROOT / "notebooks" / name).read_text(encoding="utf-8"))
        assert stated == ([minutes] if minutes else []), name


def test_every_figure_is_counted() -> None:
    killed = [kill for kill in kills() if kill.killed]
    wrong = sum(len(task.wrong) for task in EXERCISES.values())
    rows = results.agreement(results.stored())
    text = " ".join(README.split())
    for sentence in (
        f"**Questions**: {len(QUESTIONS)}, each key",
        f"**Exercises**: {len(EXERCISES)}, with {wrong} wrong answers",
        f"{len(kills())} one-edit mistakes, {len(killed)} killed, {len(kills()) - len(killed)} shown to be equivalent",
        f"{sum(row.scenarios for row in rows)} scenarios, {sum(len(row.wrong) for row in rows)} disagreements",
    ):
        assert sentence in text, sentence


def test_the_measured_figures_are_those_of_the_comparison() -> None:
    table = both()
    figures = sum(len(kernel.checks) for kernel in table.compared)
    text = " ".join(README.split())
    assert f"{figures} figures compared, {len(table.wrong)} disagree" in text
    assert f"Linux {OLDER} and {NEWER}" in text
