# SPDX-License-Identifier: GPL-2.0-only
"""The files that install the project agree with each other, and what they install is whole."""

import contextlib
import importlib.util
import os
import re
import tomllib
import zipfile
from collections import defaultdict
from email.parser import Parser
from pathlib import Path

import pytest
import yaml
from hatchling.build import build_wheel
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
SETS = PROJECT["optional-dependencies"] | PYPROJECT["dependency-groups"]

# conda-forge splits matplotlib: its base needs no Qt.
CONDA_NAMES = {"matplotlib": "matplotlib-base", "jupyter-client": "jupyter_client"}

# What these hold stands as its author or its tool wrote it, or its format has no comments.
NO_LICENCE_LINE = {".ipynb", ".json", ".md", ".patch", ".png", ".svg", ".txt", ".log", ".typed"}


def requirements(*names: str) -> dict[str, SpecifierSet]:
    """Canonical name -> range, of the run-time dependencies and the named sets."""
    texts = PROJECT["dependencies"] + [text for name in names for text in SETS[name]]
    ranges: dict[str, SpecifierSet] = {}
    for requirement in map(Requirement, texts):
        name = canonicalize_name(requirement.name)
        assert ranges.setdefault(name, requirement.specifier) == requirement.specifier, (
            f"pyproject.toml gives {name} two ranges"
        )
    return ranges


def pins() -> dict[str, list[Version]]:
    """Canonical name -> pinned versions; more than one where they differ by platform."""
    versions: dict[str, list[Version]] = defaultdict(list)
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text:
            requirement = Requirement(text)
            (pin,) = requirement.specifier
            assert pin.operator == "==", f"not a pin: {line}"
            versions[canonicalize_name(requirement.name)].append(Version(pin.version))
    return versions


def test_every_requirement_is_pinned_inside_its_range() -> None:
    pinned = pins()
    for name, allowed in requirements(*SETS).items():
        assert pinned.get(name), f"{name} is not in constraints.txt: run `make lock`"
        for version in pinned[name]:
            assert version in allowed, f"{name} {version} is outside {allowed}: run `make lock`"


def test_each_pin_has_the_hashes_of_its_files() -> None:
    """What `INSTALLER=uv` installs is compared with them."""
    blocks = (ROOT / ".ci" / "hashes.txt").read_text().replace(" \\\n", "").splitlines()
    hashed = [block.partition("--hash=") for block in blocks if not block.startswith("#")]
    pinned = [line.partition("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    assert [pin.strip() for pin, _, _ in hashed] == [pin for pin in pinned if pin]
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}( +--hash=sha256:[0-9a-f]{64})*", hashes) for _, _, hashes in hashed)


@pytest.mark.parametrize("name", ["constraints.txt", ".ci/hashes.txt"])
def test_constraints_name_no_address(name: str) -> None:
    assert "://" not in (ROOT / name).read_text()


def test_conda_gets_the_same_set() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    python, *specs, pip = environment["dependencies"]
    assert pip == {"pip": ["-e ."]}

    conda = {}
    for name, _, allowed in (spec.partition(" ") for spec in specs):
        assert name not in conda, f"environment.yml names {name} twice"
        conda[name] = SpecifierSet(allowed)
    version = python.removeprefix("python=")
    assert version in SpecifierSet(PROJECT["requires-python"])
    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]
    assert conda.pop("pip") == SpecifierSet()
    assert conda == {CONDA_NAMES.get(name, name): allowed for name, allowed in requirements("lab", "test").items()}


def test_the_wheel_is_built_by_what_its_tests_have() -> None:
    assert PYPROJECT["build-system"]["requires"] == [text for text in SETS["test"] if text.startswith("hatchling")]


def test_every_requirement_says_what_it_is_for() -> None:
    lines = [line.strip() for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()]
    for text in {*PROJECT["dependencies"], *(text for texts in SETS.values() for text in texts)}:
        stated = [line for line in lines if line.startswith(f'"{text}"')]
        assert stated
        assert all(line.startswith(f'"{text}",  # ') for line in stated), f"why does the project need {text}?"


def test_the_tests_run_on_this_checkout() -> None:
    spec = importlib.util.find_spec("kvmplanes")
    assert spec is not None
    assert spec.origin == str(ROOT / "kvmplanes" / "__init__.py")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built as pip builds it, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    with contextlib.chdir(ROOT):
        return zipfile.ZipFile(folder / build_wheel(str(folder)))


def test_the_wheel_is_the_package_and_the_notebooks(wheel: zipfile.ZipFile, project_files: list[Path]) -> None:
    packed = {name: wheel.read(name) for name in wheel.namelist() if ".dist-info/" not in name}
    expected = {path.as_posix(): path for path in project_files if path.parts[0] == "kvmplanes"}
    notebooks = [path for path in project_files if path.parent == Path("notebooks") and path.suffix == ".ipynb"]
    expected |= {f"kvmplanes/notebooks/{path.name}": path for path in notebooks}
    assert set(packed) == set(expected)
    assert [name for name, path in expected.items() if packed[name] != (ROOT / path).read_bytes()] == []


def test_the_wheel_asks_for_what_a_reader_needs_and_says_who_made_it(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    extras = {text.partition("extra == ")[2].strip("'\"") for text in metadata.get_all("Requires-Dist", [])}
    assert extras == {"", "lab"}
    assert metadata["Author"] == "The kvmplanes authors"
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert f"Source, {citation['repository-code']}" in metadata.get_all("Project-URL", [])
    assert metadata.get_payload() == (ROOT / "README.md").read_text(encoding="utf-8")


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
