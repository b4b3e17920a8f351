# SPDX-License-Identifier: GPL-2.0-only
"""The files around the project say what is so: commands exist, versions and Pythons agree."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml

import kvmplanes

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROSE = ("README.md", "CONTRIBUTING.md", ".github/pull_request_template.md", ".ci/run")


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))


def commands(workflow: Path) -> list[str]:
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    return [step["run"] for step in chain.from_iterable(job["steps"] for job in jobs) if "run" in step]


@pytest.mark.parametrize("name", PROSE)
def test_every_make_target_that_is_named_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    spans = re.findall(r"`(make [a-z][^`]*)`|^\s*(make [a-z].*)$", text, re.MULTILINE)
    named = {word for span in spans for word in re.findall(r"^make ((?:[a-z][a-z-]*\s?)+)", "".join(span))}
    words = set(" ".join(named).split())
    assert words
    assert words <= targets()


def test_the_workflows_run_commands_that_exist() -> None:
    run = [command for workflow in WORKFLOWS for command in commands(workflow)]
    assert "bash .ci/run" in run
    for command in run:
        program, target = command.split()[:2]
        known = {"bash": (ROOT / target).is_file(), "make": target in targets(), "sudo": target == "apt-get"}
        assert known[program], command


def test_nobody_is_asked_for_root_by_the_script_that_people_run() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "sudo" not in script
    assert "apt-get" not in script
    assert 'if [ "$(id -u)" -eq 0 ] || [ "${CI:-}" = true ]; then prepare=.ci/prepare; fi' in script.splitlines()
    assert script.count(".ci/prepare") == 1


def test_the_tests_run_on_every_supported_python_and_weekly() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())
    pythons = workflow["jobs"]["python"]["strategy"]["matrix"]["python"]
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert pythons == [f"3.{minor}" for minor in range(int(oldest.partition(".")[2]), 15)]
    for file in WORKFLOWS:
        triggers = yaml.safe_load(file.read_text())[True]  # YAML reads the key `on` as a boolean
        assert [re.fullmatch(r"\d+ \d+ \* \* \d", trigger["cron"]) is not None for trigger in triggers["schedule"]] == [
            True
        ]


def test_the_citation_names_the_version_the_licence_and_the_authors_of_the_patch() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"] == kvmplanes.__version__
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == PROJECT["authors"]
    assert citation["keywords"] == PROJECT["keywords"]
    patch = citation["references"][0]
    assert patch["title"] == kvmplanes.PATCH.subject
    assert kvmplanes.PATCH.message_id in patch["url"]
    named = [f"{author['given-names']} {author['family-names']}" for author in patch["authors"]]
    assert named == [author.partition(" <")[0] for author in kvmplanes.PATCH.authors]


def test_the_contributing_guide_names_a_question_and_rooms_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = tomllib.loads((ROOT / "kvmplanes/learn/questions/nb05.toml").read_text(encoding="utf-8"))
    assert "nb05-zeroed" in text
    assert "nb05-zeroed" in table
    named = re.findall(r"`((?:kvmplanes|notebooks|tests|\.ci)/[\w./-]+)`", text)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
