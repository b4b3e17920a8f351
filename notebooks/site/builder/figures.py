# SPDX-License-Identifier: GPL-2.0-only
"""The figures of the page "How it is checked": counted in the repository, and read from the tests' last reports."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import kvmplanes as kp
from kvmplanes.learn import EXERCISES, QUESTIONS
from kvmplanes.learn.review.finding import findings_on
from kvmplanes.runs.mutation import kill_count
from kvmplanes.runs.orders import PUZZLES
from notebooks.site.builder import layout
from tests.helpers.every_place import PLACES
from tests.learn.attacks import attacks, hangs

REPORTS = layout.BUILD / "reports"
NAMES = {
    "unit": "Unit tests (`make unit`)",
    "nbval": "Notebook cells (`make nbval`)",
    "browser": "JupyterLab in Chromium (`make test-browser`)",
    "site": "This site in Chromium (`make test-site`)",
}


def figures() -> dict[str, str]:
    """Every figure by its name in checked.md."""
    names = layout.notebooks()
    cells = sum(map(_code_cells, names))
    comparisons = _oracle()
    scenarios, disagree = _sum("together", comparisons)[:2]
    rows, others, equal, between, apart = _sum("both together", comparisons)[:5]
    return {
        "notebooks": str(len(names)),
        "cells": str(cells),
        "questions": str(len(QUESTIONS)),
        "replies": str(sum(len(question.options) for question in QUESTIONS)),
        "exercises": str(len(EXERCISES)),
        "wrong": str(sum(len(task.wrong) for task in EXERCISES.values())),
        "findings": str(sum(len(findings_on(patch)) for patch in ("09", "29"))),
        "orders": str(sum(len(puzzle.orders) for puzzle in PUZZLES.values())),
        "mutants": kill_count(),
        "scenarios": scenarios,
        "disagree": disagree,
        "evidence": f"{rows} measured rows of fault injection and {others} other figures are compared with the model: "
        f"{equal} are equal, {between} lie inside a range that the kernel's Oopses leave open, {apart} disagree.",
        "paths": str(sum(len(kp.certify(name).paths) for name in kp.VERSIONS)),
        "versions": str(len(kp.VERSIONS)),
        "bad": f"{sum(1 for place in PLACES for _ in place.bad):,}",
        "attacks": str(sum(1 for _ in (*attacks(), *hangs()))),
        "runs": runs(REPORTS),
        "bench": (layout.ROOT / ".ci" / "bench.md").read_text(encoding="utf-8"),
    }


def runs(folder: Path) -> str:
    """A table of the last run's totals from JUnit reports; what was not run is said to be so."""
    rows = ["| tests | passed | failed | skipped |", "|---|---|---|---|"]
    for name, title in NAMES.items():
        report = folder / f"{name}.xml"
        if not report.is_file():
            rows.append(f"| {title} | not run here | | |")
            continue
        suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 - written by our own tests
        total, failed, skipped = (
            sum(int(suite.get(key, 0)) for suite in suites for key in keys)
            for keys in (("tests",), ("failures", "errors"), ("skipped",))
        )
        rows.append(f"| {title} | {total - failed - skipped} | {failed} | {skipped} |")
    return "\n".join(rows)


def _oracle() -> str:
    """What `kvmplanes oracle` prints; SystemExit when it fails."""
    command = subprocess.run([sys.executable, "-m", "kvmplanes", "oracle"], capture_output=True, text=True, check=False)
    if command.returncode:
        sys.exit(f"kvmplanes oracle failed:\n{command.stdout[-2000:]}{command.stderr[-2000:]}")
    return command.stdout


def _sum(name: str, tables: str) -> list[str]:
    """The numbers in the row of that name; SystemExit when there is none."""
    row = re.search(rf"^{name} +(.*)$", tables, re.MULTILINE)
    if row is None:
        sys.exit(f"kvmplanes oracle prints no row named {name}:\n{tables}")
    return re.findall(r"\b\d+\b", row[1])


def _code_cells(name: str) -> int:
    return len([cell for cell in layout.read(name).cells if cell.cell_type == "code"])
