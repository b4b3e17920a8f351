# SPDX-License-Identifier: GPL-2.0-only
"""Cells that run in a page: which others they need, and that they show what the notebooks have stored."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE
from typing import IO, Any, cast

import pytest
from nbformat import NotebookNode

from kvmplanes.learn import check
from notebooks.site.builder import book, layout, policy
from notebooks.site.live import cells

# A Python as the page has it: without widgets, plots and IPython. A line that it reads has a page's lists of cells; a
# process of the page's own, as a reader's is, writes what each shows. What all of them import is imported once.
ALONE = """
import json, os, sys
for name in ("anywidget", "ipywidgets", "traitlets", "matplotlib", "numpy", "IPython"):
    sys.modules[name] = None
from kvmplanes import learn, oracle, view
from notebooks.site.live.cells import run
for line in sys.stdin:
    if not os.fork():
        print(json.dumps([run(sources) for sources in json.loads(line)]), flush=True)
        os._exit(0)
    if os.wait()[1]:
        print("null", flush=True)
"""
NOTE = "Drawn without matplotlib"


def test_a_cell_needs_what_gives_its_names_and_nothing_else() -> None:
    page = [
        "import kvmplanes as kp",
        "t = kp.run('09')",
        "kp.run('rfc')",
        "%%c mine\nkfree(plane);\n",
        "player(t)",
        "mine_again = mine",
        "for step in t.steps:\n    print(step.text)",
    ]
    assert cells.needed(page) == [0, 1, 6]
    assert cells.needed(page[:6]) == [3, 5]


def test_a_cell_needs_what_changes_its_objects() -> None:
    page = ["from x import Review", "desk = Review()", "desk.run()", "desk.mail.to = 'list'", "other = 1", "desk"]
    assert cells.needed(page) == [0, 1, 2, 3, 5]


def test_a_name_of_a_function_or_a_loop_inside_is_its_own() -> None:
    page = ["t = 1", "def f(t):\n    return t + base", "base = 2", "[t for t in range(3)]", "f(1)"]
    assert cells.needed(page) == [1, 4]
    assert cells.needed([page[2], page[1], page[4]]) == [0, 1, 2]


def test_of_the_imports_above_those_are_run_that_are_used() -> None:
    page = ["from there_is_no_such_module import a\nfrom math import pi, tau", "pi > 3", "a"]
    assert cells.run(page[:2])["outputs"] == [{"text": "True"}]
    assert "ModuleNotFoundError" in cells.run([page[0], page[2]])["outputs"][0]["text"]
    assert cells.run([page[0]])["failed"]


def test_c_is_a_text_and_a_last_expression_is_shown() -> None:
    assert cells.run(["%%c mine\nkfree(plane);", "mine"])["outputs"] == [{"text": "'kfree(plane);\\n'"}]
    assert cells.run(["print(1)\n2"])["outputs"] == [{"text": "1\n"}, {"text": "2"}]
    assert cells.run(["x = 1"]) == {"outputs": [], "passed": None, "failed": False}


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        (["x = 1\nx.y"], "AttributeError: 'int' object has no attribute 'y' (line 2 of this cell)"),
        (["def broken("], "SyntaxError: '(' was never closed (line 1 of this cell)"),
        (["x = 1 / 0", "x"], "ZeroDivisionError: division by zero (line 1 of a cell above that this one needs)"),
        (["raise SystemExit('enough')"], "SystemExit: enough (line 1 of this cell)"),
        (["import kvmplanes as kp", "\nkp.run('no')"], "(line 2 of this cell)"),
    ],
)
def test_an_error_is_a_line_with_its_place(sources: list[str], said: str) -> None:
    result = cells.run(sources)
    assert result["failed"]
    assert said in result["outputs"][-1]["text"]
    assert "\n" not in result["outputs"][-1]["text"]


def test_the_verdict_on_an_answer_is_told() -> None:
    imports = "from kvmplanes.learn import check"
    assert cells.run([imports, "check('nth-plane', 3)"])["passed"] is True
    assert cells.run([imports, "check('nth-plane', 2)"])["passed"] is False


def test_a_script_of_an_output_is_the_file_that_the_page_with_it_has(tmp_path: Path) -> None:
    answer = "check('teardown-order', 'mmdrop(mm);')"
    (shown,) = cells.run(["from kvmplanes.learn import check", answer])["outputs"]
    named = re.findall(r'<script src="(.+?)"></script>', shown["html"])
    assert named
    (tmp_path / "_static").mkdir()
    policy.strict(check("teardown-order", "mmdrop(mm);")._repr_mimebundle_()["text/html"], tmp_path)
    assert set(named) == {path.name for path in (tmp_path / "_static" / "outputs").iterdir()}


@pytest.fixture(scope="module")
def alone() -> Iterator[Callable[[list[list[str]]], list[dict[str, Any]]]]:
    """Return a function from lists of cells to what the last of each shows."""
    command = [sys.executable, "-c", ALONE]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=layout.ROOT) as python:
        asked, answers = cast("IO[str]", python.stdin), cast("IO[str]", python.stdout)

        def run(lists: list[list[str]]) -> list[dict[str, Any]]:
            print(json.dumps(lists), file=asked, flush=True)
            return cast("list[dict[str, Any]]", json.loads(answers.readline()))

        yield run


@pytest.mark.parametrize("name", layout.notebooks())
def test_every_cell_that_is_offered_shows_what_is_stored(
    name: str, alone: Callable[[list[list[str]]], list[dict[str, Any]]]
) -> None:
    notebook = book.chapter(layout.read(name))
    shown = [cell for cell in notebook.cells if cell.cell_type == "code" and book.REMOVED not in tags(cell)]
    sources = [cell.source for cell in shown]
    offered = [place for place, cell in enumerate(shown) if book.LIVE in tags(cell)]
    results = alone([sources[: place + 1] for place in offered])
    for place, result in zip(offered, results, strict=True):
        assert not result["failed"], (shown[place].id, result)
        outputs = [*map(stored, shown[place].outputs)]
        assert len(outputs) == len(result["outputs"]), shown[place].id
        for output, own in zip(outputs, result["outputs"], strict=True):
            if NOTE in own.get("html", ""):
                assert "data:image/svg+xml" in output["html"], shown[place].id
            else:
                assert own == output, shown[place].id


def tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def stored(output: NotebookNode) -> dict[str, str]:
    """A stored output, as a run in the page has it."""
    if output.output_type == "stream":
        return {"text": output.text}
    data = output.data
    return {"html": cells.with_files(data["text/html"])} if "text/html" in data else {"text": data["text/plain"]}
