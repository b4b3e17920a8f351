# SPDX-License-Identifier: GPL-2.0-only
"""The reader's copies: brought up to date while they are as laid, and never lost when they are not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kvmplanes import lab
from kvmplanes.lab import lay, shipped, trust

NAME = "05-teardown.ipynb"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped notebooks, in a package of the test's own that may get a next edition."""
    package = tmp_path / "package"
    shutil.copytree(shipped(), package / "notebooks", ignore=shutil.ignore_patterns("site"))
    monkeypatch.setattr(lab, "PACKAGE", package)
    return package / "notebooks"


@pytest.fixture
def folder(tmp_path: Path, source: Path) -> Path:
    """A folder in which the copies have been laid."""
    folder = tmp_path / "reader" / "copies"
    laid = lay(folder)
    assert laid.written == tuple(sorted(path.name for path in source.iterdir()))
    assert laid.kept == ()
    return folder


def change(path: Path, edit: Callable[[Any], None]) -> bytes:
    """Edit a notebook as an editor does, and return what then is in the file."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    edit(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path.read_bytes()


def write(notebook: Any) -> None:
    notebook["cells"][1]["source"] = "my own note"


def execute(notebook: Any) -> None:
    """What running a notebook in JupyterLab leaves in its file: outputs, counts, times, the kernel's version."""
    for cell in notebook["cells"]:
        cell["metadata"]["execution"] = {"iopub.execute_input": "now"}
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 7, "outputs": []}
    notebook["metadata"]["language_info"]["version"] = "3.99"


def mend(notebook: Any) -> None:
    notebook["cells"][0]["source"] = "# A new edition"


def test_copies_are_the_shipped_notebooks(folder: Path, source: Path) -> None:
    for original in source.iterdir():
        assert (folder / original.name).read_bytes() == original.read_bytes()
    assert lay(folder).written == ()


def test_a_next_edition_reaches_copies_that_were_only_run(folder: Path, source: Path) -> None:
    change(folder / NAME, execute)
    new = change(source / NAME, mend)
    laid = lay(folder)
    assert (laid.written, laid.kept) == ((NAME,), ())
    assert (folder / NAME).read_bytes() == new


def test_outputs_of_the_reader_stay_while_there_is_no_next_edition(folder: Path) -> None:
    executed = change(folder / NAME, execute)
    assert lay(folder).written == ()
    assert (folder / NAME).read_bytes() == executed


@pytest.mark.parametrize(
    "edit",
    [
        write,
        lambda notebook: notebook["cells"].append({"cell_type": "code", "id": "mine", "source": ["1 + 1"]}),
        lambda notebook: notebook["cells"].pop(),
        lambda notebook: notebook["cells"].reverse(),
        lambda notebook: notebook["cells"][0].update(attachments={"picture.png": {"image/png": "AAAA"}}),
        lambda notebook: notebook.clear(),
    ],
    ids=["a note", "a new cell", "a cell less", "another order", "a picture", "nothing left"],
)
def test_what_the_reader_changed_stays_and_is_named(folder: Path, source: Path, edit: Callable[[Any], None]) -> None:
    own = change(folder / NAME, edit)
    change(source / NAME, mend)
    laid = lay(folder)
    assert (laid.written, laid.kept) == ((), (NAME,))
    assert (folder / NAME).read_bytes() == own
    assert NAME in str(laid)
    assert "--reset 05" in str(laid)


def test_a_file_that_is_no_notebook_any_more_stays(folder: Path) -> None:
    (folder / NAME).write_text("{ broken", encoding="utf-8")
    assert lay(folder).kept == (NAME,)


def test_without_a_record_every_other_copy_stays(folder: Path) -> None:
    own = change(folder / NAME, write)
    for broken in ("", "[]", "{"):
        (folder / lab.RECORD).write_text(broken)
        assert lay(folder).kept == (NAME,)
        assert (folder / NAME).read_bytes() == own


def test_a_copy_that_was_deleted_is_laid_again(folder: Path) -> None:
    (folder / NAME).unlink()
    assert lay(folder).written == (NAME,)


@pytest.mark.parametrize("name", ["05", "05-teardown", NAME])
def test_a_reset_moves_the_readers_copy_aside(folder: Path, source: Path, name: str) -> None:
    first = change(folder / NAME, write)
    laid = lay(folder, [name])
    assert laid.moved == {NAME: "05-teardown.yours.ipynb"}
    assert "Your copy of 05-teardown.ipynb is now 05-teardown.yours.ipynb." in str(laid)
    second = change(folder / NAME, write)
    assert lay(folder, [name]).moved == {NAME: "05-teardown.yours-2.ipynb"}
    assert (folder / "05-teardown.yours.ipynb").read_bytes() == first
    assert (folder / "05-teardown.yours-2.ipynb").read_bytes() == second
    assert (folder / NAME).read_bytes() == (source / NAME).read_bytes()


def test_a_reset_of_a_copy_that_was_only_run_leaves_nothing_beside_it(folder: Path, source: Path) -> None:
    change(folder / NAME, execute)
    laid = lay(folder, ["05"])
    assert (laid.written, laid.moved) == ((NAME,), {})
    assert (folder / NAME).read_bytes() == (source / NAME).read_bytes()


def test_bad_folders_and_names_are_refused_before_anything_is_written(tmp_path: Path, source: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for folder, sentence in ((file, "is a file"), (source, "the project's own notebooks"), (source / "x", "own")):
        with pytest.raises(ValueError, match=sentence):
            lay(folder)
    with pytest.raises(
        ValueError, match=r"no notebook '5'; there are 00, 01, .*, 09, appendix, glossary, limits, references$"
    ):
        lay(tmp_path / "new", ["5"])
    assert not (tmp_path / "new").exists()
    with pytest.raises(OSError, match="Not a directory"):
        lay(file / "below")


def test_an_installation_without_notebooks_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "PACKAGE", tmp_path / "bare")
    with pytest.raises(ValueError, match="has no notebooks"):
        lay(tmp_path / "new")


def test_only_copies_that_are_as_shipped_are_trusted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat
    from nbformat.sign import NotebookNotary

    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    change(folder / NAME, write)
    trust(folder)
    read = {path.name: nbformat.read(path, as_version=4) for path in folder.glob("*.ipynb")}
    notary = NotebookNotary()
    assert [name for name, notebook in read.items() if not notary.check_signature(notebook)] == [NAME]
