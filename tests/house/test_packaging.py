# SPDX-License-Identifier: GPL-2.0-only
"""The files that install the project agree with each other, and what they install is whole."""

import importlib.util
import os
import tomllib
import zipfile
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from flit_core import buildapi
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]

# conda-forge splits matplotlib: its base needs no Qt.
CONDA_NAMES = {"matplotlib": "matplotlib-base"}

# What these hold stands as its author or its tool wrote it, or its format has no comments.
NO_LICENCE_LINE = {".ipynb", ".json", ".md", ".patch", ".png", ".svg", ".txt", ".log", ".typed"}


def requirements(*groups: str) -> dict[str, SpecifierSet]:
    """Canonical name -> range, of the run-time dependencies and the named extras."""
    texts = PROJECT["dependencies"] + [text for group in groups for text in EXTRAS[group]]
    found: dict[str, SpecifierSet] = {}
    for requirement in map(Requirement, texts):
        name = canonicalize_name(requirement.name)
        assert found.setdefault(name, requirement.specifier) == requirement.specifier, (
            f"pyproject.toml gives {name} two ranges"
        )
    return found


def pins() -> dict[str, list[Version]]:
    """Canonical name -> pinned versions; more than one where they differ by platform."""
    found = defaultdict(list)
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text:
            requirement = Requirement(text)
            (pin,) = requirement.specifier
            assert pin.operator == "==", f"not a pin: {line}"
            found[canonicalize_name(requirement.name)].append(Version(pin.version))
    return found


def test_every_requirement_is_pinned_inside_its_range() -> None:
    pinned = pins()
    for name, allowed in requirements(*EXTRAS).items():
        assert pinned.get(name), f"{name} is not in constraints.txt: run `make lock`"
        for version in pinned[name]:
            assert version in allowed, f"{name} {version} is outside {allowed}: run `make lock`"


def test_constraints_name_no_address() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text()


def test_conda_gets_the_same_set() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    *specs, pip = environment["dependencies"]
    assert pip == {"pip": ["-e ."]}

    conda = {}
    for name, _, allowed in (spec.partition(" ") for spec in specs):
        assert name not in conda, f"environment.yml names {name} twice"
        conda[name] = SpecifierSet(allowed)
    assert conda.pop("python") == SpecifierSet(PROJECT["requires-python"])
    assert conda.pop("pip") == SpecifierSet()
    assert conda == {CONDA_NAMES.get(name, name): allowed for name, allowed in requirements("lab", "test").items()}


def test_every_requirement_says_what_it_is_for() -> None:
    lines = [line.strip() for line in (ROOT / "pyproject.toml").read_text().splitlines()]
    for text in {*PROJECT["dependencies"], *(text for group in EXTRAS.values() for text in group)}:
        said = [line.removeprefix(f'"{text}",  # ') for line in lines if line.startswith(f'"{text}"')]
        assert said
        assert not any(line.startswith('"') for line in said), f"why does the project need {text}?"


def test_the_tests_run_on_this_checkout() -> None:
    spec = importlib.util.find_spec("kvmplanes")
    assert spec is not None
    assert spec.origin == str(ROOT / "kvmplanes" / "__init__.py")


def test_the_wheel_holds_every_file_of_the_package(
    project_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    wheel = tmp_path / buildapi.build_wheel(str(tmp_path))
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == {str(path) for path in project_files if path.parts[0] == "kvmplanes"}


def test_every_source_file_names_its_licence(project_files: list[Path]) -> None:
    unmarked = []
    for path in project_files:
        if path.name == "LICENSE" or (path.suffix in NO_LICENCE_LINE and path.name != "constraints.txt"):
            continue
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        first = lines[1:2] if lines[:1] and lines[0].startswith("#!") else lines[:1]
        if lines and not (first and "SPDX-License-Identifier: GPL-2.0-only" in first[0]):
            unmarked.append(str(path))
    assert not unmarked, f"no SPDX line at the head of {', '.join(unmarked)}"


def test_scripts_can_be_run(project_files: list[Path]) -> None:
    for path in project_files:
        if path.suffix == "" and (ROOT / path).read_bytes().startswith(b"#!"):
            assert os.access(ROOT / path, os.X_OK), f"{path} is not executable"
