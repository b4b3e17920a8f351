# SPDX-License-Identifier: GPL-2.0-only
"""A cell that is run again closes what it made before: asked of a kernel, as JupyterLab asks it to run a cell."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from jupyter_client.manager import start_new_kernel

from kvmplanes import view

Cell = Callable[..., str]
RUNS = 200 if os.environ.get("EVERY") else 8  # EVERY=1: once a week
# `tracemalloc` would say the same, and make everything four times as slow.
BEGIN = """
import gc, sys
import kvmplanes as kp
from kvmplanes import learn, oracle, view
from ipywidgets.widgets.widget import _instances as models

def kilobytes():
    gc.collect()
    reached = gc.get_referents(*gc.get_objects())
    return sum(map(sys.getsizeof, dict(zip(map(id, reached), reached)).values())) // 1000
"""
LINES = '["kvm_arch_free_vm(kvm);", "kvm_destroy_planes(kvm);"]'
# What a reader's cell says -> how many kilobytes one more run of it may leave behind: IPython keeps the cell's text.
CELLS = {
    'view.picker("29")': 15,
    "learn.composer()": 15,
    'view.player_widget(kp.run("09"))': 25,
    f'view.order_widget("09", "kvm_destroy_vm", {LINES})': 90,
    'oracle.instrument_picker(oracle.instrument_table(cases=["09"]))': 25,
}


@pytest.fixture(scope="module")
def cell() -> Iterator[Cell]:
    """Runs a cell in a kernel; what it prints."""
    manager, client = start_new_kernel(kernel_name="python3")

    def run(code: str, cell: str = "", deleted: tuple[str, ...] = ()) -> str:
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        about = {"cellId": cell, "deletedCells": [*deleted]} if cell else {}
        message = client.session.msg("execute_request", content, metadata=about)
        client.shell_channel.send(message)
        said = []
        while True:
            answer = client.get_iopub_msg(timeout=120)
            if answer["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            assert answer["msg_type"] != "error", answer["content"]
            if answer["msg_type"] == "stream":
                said.append(answer["content"]["text"])
            if answer["content"].get("execution_state") == "idle":
                return "".join(said).strip()

    run(BEGIN)
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def ask(cell: Cell, what: str) -> int:
    """A number that the kernel prints."""
    return int(cell(f"print({what})"))


@pytest.mark.parametrize("code", CELLS)
def test_many_runs_leave_the_models_and_the_memory_of_one(cell: Cell, code: str) -> None:
    name = f"cell of {code[:20]}"
    begin = ask(cell, "len(models)")
    for _ in range(6):
        cell(code, name)
    models, memory = ask(cell, "len(models)"), ask(cell, "kilobytes()")
    for _ in range(RUNS):
        cell(code, name)
    assert ask(cell, "len(models)") == models > begin
    assert ask(cell, "kilobytes()") - memory < RUNS * CELLS[code]
    cell("1", "another", (name,))
    assert ask(cell, "len(models)") == models  # closed when a widget is made, not before
    cell("view.picker()", "another", (name,))
    cell("0", "x")
    cell("view.picker()", "y", ("another",))
    assert ask(cell, "len(models)") < begin + 130


def test_what_one_run_makes_lives_side_by_side_and_another_cell_s_stays(cell: Cell) -> None:
    cell('here = view.picker("09")\nthere = view.picker("11")', "two")
    cell("other = view.picker()", "one")
    alive = "print(*[shown.comm is not None for shown in (here, there, other)])"
    assert cell(alive) == "True True True"
    cell("before = here, there\nthere = view.picker()", "two")
    assert cell("print(*[shown.comm is not None for shown in (*before, there, other)])") == "False False True True"
    assert "text/plain" in cell("print(get_ipython().display_formatter.format(before[0])[0].keys())")


def test_a_player_inside_a_composer_ends_with_it(cell: Cell) -> None:
    cell("review = learn.composer()", "composer")
    models = ask(cell, "len(models)")
    for _ in range(3):
        cell("review._run(None); review._open(None)")
        assert ask(cell, "len(models)") > models
        cell("review._open(None)")
        assert ask(cell, "len(models)") == models


def test_without_a_page_nothing_is_closed() -> None:
    first, second = view.picker(), view.picker()
    assert first.comm is not None
    assert second.comm is not None
    for shown in (first, second):
        shown.close()


def test_edits_leave_nothing_for_ever(cell: Cell) -> None:
    """What is worked out for a version is kept for the last few of them."""
    cell("""
def edit(number):
    lines = ("kvm_destroy_one_plane", "kfree(plane);", f"int x = {number};\\nkfree(plane);")
    mine = kp.VERSIONS["11"].edit("mine", "mine", lines)
    kp.ladder(kp.run(mine, fail=3))
    view.c(mine, "kvm_destroy_one_plane")
""")
    # 34: more than any cache of what belongs to a version has room for.
    cell("for number in range(34): edit(number)")
    versions, memory = "[type(it) for it in gc.get_objects()].count(type(kp.VERSIONS['11']))", ask(cell, "kilobytes()")
    before = ask(cell, versions)
    cell("for number in range(34, 44): edit(number)")
    assert ask(cell, versions) == before
    assert ask(cell, "kilobytes()") - memory < 10 * 100  # caches of single functions are not full yet
