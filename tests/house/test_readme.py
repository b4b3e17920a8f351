# SPDX-License-Identifier: GPL-2.0-only
"""README.md: its length, its links, its picture, and every figure in it."""

import re
import subprocess
import sys
from pathlib import Path

from kvmplanes.learn import ALL, EXERCISES
from kvmplanes.oracle.compiled import results
from kvmplanes.runs.mutation import kills

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short_and_its_links_lead_somewhere() -> None:
    assert len(README.splitlines()) < 150
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)\)", README):
        assert (ROOT / target).exists(), target
    for workflow in re.findall(r"actions/workflows/(\w+\.yml)", README):
        assert (ROOT / ".github" / "workflows" / workflow).exists()


def test_the_picture_is_the_models() -> None:
    script = "import picture; print(picture.picture())"
    path = str(ROOT / ".ci" / "site")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r}); {script}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (ROOT / "notebooks/site/static/first-defect.svg").read_text(encoding="utf-8") == done.stdout


def test_the_minutes_are_those_of_the_notebooks() -> None:
    for name, minutes in re.findall(r"\(notebooks/(\d\d[\w-]*\.ipynb)\) \| (\d+) \|", README):
        assert f"About {minutes} minutes." in (ROOT / "notebooks" / name).read_text(encoding="utf-8"), name


def test_every_figure_is_counted() -> None:
    killed = [one for one in kills() if one.killed]
    wrong = sum(len(task.wrong) for task in EXERCISES.values())
    rows = results.agreement(results.stored())
    text = " ".join(README.split())
    for sentence in (
        f"**Questions**: {len(ALL)}, each key",
        f"**Exercises**: {len(EXERCISES)}, with {wrong} wrong answers",
        f"{len(kills())} one-edit mistakes, {len(killed)} killed, {len(kills()) - len(killed)} shown to be equivalent",
        f"{sum(row.scenarios for row in rows)} scenarios, {sum(len(row.wrong) for row in rows)} disagreements",
    ):
        assert sentence in text, sentence


def test_the_measured_figures_are_those_of_the_comparison() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kvmplanes.oracle.measured.evidence"], capture_output=True, text=True, check=True
    )
    row = re.search(r"^both together +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)", done.stdout, re.MULTILINE)
    assert row is not None
    kernels = re.findall(r"^(\S+) together", done.stdout, re.MULTILINE)
    assert kernels == ["6.12.117", "7.2.13", "both"]
    text = " ".join(README.split())
    assert f"{int(row[1]) + int(row[2])} figures compared, {row[5]} disagree" in text
    assert f"Linux {kernels[0]} and {kernels[1]}" in text
