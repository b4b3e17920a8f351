# SPDX-License-Identifier: GPL-2.0-only
"""The figures of the page "How it is checked": counted in the repository, and read from the tests' last reports."""

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import layout

import kvmplanes as kp
from kvmplanes.learn import ALL, EXERCISES
from kvmplanes.learn.review.finding import findings_on
from kvmplanes.runs.mutation import summary
from kvmplanes.runs.orders import PUZZLES

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
    cells = sum(_code_cells(layout.NOTEBOOKS / f"{name}.ipynb") for name in names)
    scenarios, disagree = _together("kvmplanes.oracle")[:2]
    rows, others, equal, between, apart = _together("kvmplanes.oracle.measured.evidence")[:5]
    return {
        "notebooks": str(len(names)),
        "cells": str(cells),
        "questions": str(len(ALL)),
        "replies": str(sum(len(question.options) for question in ALL)),
        "exercises": str(len(EXERCISES)),
        "wrong": str(sum(len(task.wrong) for task in EXERCISES.values())),
        "findings": str(sum(len(findings_on(patch)) for patch in ("09", "29"))),
        "orders": str(sum(len(puzzle.orders) for puzzle in PUZZLES.values())),
        "mutants": summary(),
        "scenarios": scenarios,
        "disagree": disagree,
        "evidence": f"{rows} measured rows of fault injection and {others} other figures are compared with the model: "
        f"{equal} are equal, {between} lie inside a range that the kernel's Oopses leave open, {apart} disagree.",
        "paths": str(sum(len(kp.certify(name).paths) for name in kp.VERSIONS)),
        "versions": str(len(kp.VERSIONS)),
        "runs": runs(REPORTS),
    }


def runs(folder: Path) -> str:
    """A table of the last run's totals from JUnit reports; what was not run is said to be so."""
    rows = ["| tests | passed | failed | skipped |", "|---|---|---|---|"]
    for name, title in NAMES.items():
        file = folder / f"{name}.xml"
        if not file.is_file():
            rows.append(f"| {title} | not run here | | |")
            continue
        suites = list(ET.parse(file).getroot().iter("testsuite"))  # noqa: S314 - written by our own tests
        total, failed, skipped = (
            sum(int(suite.get(key, 0)) for suite in suites for key in keys)
            for keys in (("tests",), ("failures", "errors"), ("skipped",))
        )
        rows.append(f"| {title} | {total - failed - skipped} | {failed} | {skipped} |")
    return "\n".join(rows)


def _together(module: str) -> list[str]:
    """The numbers in the last row of a command's table, the sum; SystemExit when it fails, or has no such row."""
    done = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, check=False)
    row = re.search(r"^(?:both )?together +(.*)$", done.stdout, re.MULTILINE)
    if done.returncode or row is None:
        sys.exit(f"python -m {module} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return re.findall(r"\b\d+\b", row[1])


def _code_cells(path: Path) -> int:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return sum(cell["cell_type"] == "code" for cell in cells)
