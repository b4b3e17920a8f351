# SPDX-License-Identifier: GPL-2.0-only
"""The commands a reader types: what they say when they cannot work, and the form they store."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXECUTE = ROOT / ".ci" / "execute_notebooks.py"

OLD_PYTHON = "sys.version_info = (3, 10, 13, 'final', 0)"
NO_ENSUREPIP = "sys.modules['ensurepip'] = None"


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in a copy of the project's outer files, where no environment exists yet."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (OLD_PYTHON, "kvmplanes needs Python 3.11 or newer"),
        (NO_ENSUREPIP, "comes without its module `ensurepip`"),
    ],
)
@pytest.mark.parametrize("target", ["lab", "test"])
def test_an_unfit_python_gets_one_clear_line(tmp_path: Path, target: str, change: str, sentence: str) -> None:
    python = tmp_path / "python"
    python.write_text(
        f"#!{sys.executable}\nimport runpy, sys\n{change}\nrunpy.run_path(sys.argv[1], run_name='__main__')\n"
    )
    python.chmod(0o755)
    result = make(tmp_path, target, f"PYTHON={python}")
    first, *rest = result.stderr.splitlines()
    assert result.returncode == 2
    assert sentence in first
    assert all(line.startswith("make: ***") for line in rest)
    assert not (tmp_path / ".venv").exists()


def test_an_absent_python_gets_one_clear_line(tmp_path: Path) -> None:
    result = make(tmp_path, "test", "PYTHON=python-that-is-not-here")
    assert result.returncode == 2
    assert result.stderr.startswith("There is no python-that-is-not-here here: install Python 3.11")


def test_every_target_is_phony_and_make_alone_explains_it(tmp_path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    targets = re.findall(r"^(\.?[a-z][a-z-]*):", makefile, re.MULTILINE)
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert set(phony.split()) == set(targets)
    explained = make(tmp_path).stdout
    asked = [target for target in targets if not target.startswith(".")]
    assert [target for target in asked if f"make {target} " not in explained] == []


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with an environment that has a set installed, as far as make can see."""
    folder = tmp_path_factory.mktemp("checkout")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(folder / ".venv")], check=True)
    (packages,) = (folder / ".venv").glob("lib/python3*/site-packages")
    (packages / "kvmplanes-0.dist-info").mkdir()
    for name in (".created", ".has-test"):
        (folder / ".venv" / name).touch()
    return folder


def as_made(folder: Path) -> Path:
    return folder


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(folder, folder.with_name("copy"), symlinks=True))


def moved(folder: Path) -> Path:
    return folder.rename(folder.with_name("elsewhere"))


def without_libraries(folder: Path) -> Path:
    shutil.rmtree(folder / ".venv" / "lib")
    return folder


def without_python(folder: Path) -> Path:
    for link in (folder / ".venv" / "bin").glob("python*"):
        link.unlink()
    return folder


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (as_made, ""),
        (copied, "was made in another folder"),
        (moved, "was made in another folder"),
        (without_libraries, "lacks what was installed in it"),
        (without_python, "The Python that the environment .venv was made of is gone"),
    ],
)
def test_an_environment_that_cannot_serve_gets_one_sentence(
    made: Path, tmp_path: Path, harm: Callable[[Path], Path], sentence: str
) -> None:
    folder = tmp_path / "checkout"
    shutil.copytree(made, folder, symlinks=True)
    settings = folder / ".venv" / "pyvenv.cfg"
    settings.write_text(settings.read_text().replace(str(made), str(folder)))
    result = make(harm(folder), ".folder")
    assert (result.returncode == 0) == (sentence == "")
    first = result.stderr.partition("\n")[0]
    assert sentence in first
    assert ("run `make clean`, then try again." in first) == (sentence != "")


def notebook(*sources: str) -> dict[str, object]:
    """A notebook as an editor might leave it: old outputs, editor metadata, a cell without id."""
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"kept-{place}",
            "metadata": {"tags": ["x"], "collapsed": False, "execution": {"started": "now"}},
            "execution_count": 99,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}],
            "source": source,
        }
        for place, source in enumerate(sources)
    ]
    del cells[0]["id"]
    metadata = {"widgets": {"state": {}}, "language_info": {"name": "python", "version": "9.9"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def execute(path: Path, content: dict[str, object]) -> str | None:
    """Run the script, in this process; what it ends with: a failure in words, or None."""
    path.write_text(json.dumps(content))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(EXECUTE), str(path)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(EXECUTE), run_name="__main__")
    said = ended.value.code
    assert said is None or isinstance(said, str)
    return said


def test_executed_notebooks_have_one_form(tmp_path: Path) -> None:
    path = tmp_path / "page.ipynb"
    content = notebook("import ipywidgets\nprint(1)\nprint(2)", "ipywidgets.HTML('<p>seen</p>')", "1 + 1")
    assert execute(path, content) is None
    first = path.read_bytes()
    assert execute(path, content) is None
    assert path.read_bytes() == first

    stored = json.loads(first)
    assert set(stored["metadata"]) == {"kernelspec", "language_info"}
    assert stored["metadata"]["language_info"] == {"name": "python"}
    assert [cell["id"] for cell in stored["cells"]] == ["page-00", "kept-1", "kept-2"]
    assert [cell["metadata"] for cell in stored["cells"]] == [{"tags": ["x"]}] * 3
    assert [cell["execution_count"] for cell in stored["cells"]] == [1, 2, 3]
    printed, widget, value = (cell["outputs"] for cell in stored["cells"])
    assert [output["text"] for output in printed] == [["1\n", "2\n"]]
    assert [set(output["data"]) for output in widget] == [{"text/plain"}]
    assert [output["data"] for output in value] == [{"text/plain": ["2"]}]


def test_a_failing_cell_leaves_the_notebook_alone(tmp_path: Path) -> None:
    path = tmp_path / "page.ipynb"
    content = notebook("1 / 0")
    assert "ZeroDivisionError" in (execute(path, content) or "")
    assert json.loads(path.read_text()) == content
