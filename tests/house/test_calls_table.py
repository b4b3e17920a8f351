# SPDX-License-Identifier: GPL-2.0-only
"""Notebook 03's table of the calls that can fail: their order, and what gives back what each takes, from runs."""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

import kvmplanes as kp
from kvmplanes.view.describe import use_of

PAGE = Path(__file__).resolve().parents[2] / "notebooks" / "03-when-kzalloc-says-no.ipynb"
WHOLE = kp.run("09")
AGAIN = "the same loop"  # as in the row above


class Row(NamedTuple):
    """One line of the table: the call, what it is for, and the function that undoes it after which label, or where."""

    number: int
    call: str
    use: str
    undo: str
    place: str


def table() -> list[Row]:
    cells = nbformat.read(PAGE, as_version=4).cells
    (source,) = [cell.source for cell in cells if cell.id == "nb03-calls"]
    rows: list[Row] = []
    for line in re.findall(r"^\| \d.*\|$", source, re.MULTILINE):
        number, call, use, _, undo = (part.strip(" *") for part in line.strip("|").split(" | "))
        names = re.findall(r"`(\w+)`", undo)
        undo, place = (rows[-1].undo, rows[-1].place) if undo == AGAIN else names or ("", "")
        rows.append(Row(int(number), call.strip("`"), use, undo, place))
    return rows


ROWS = table()


def given_back(number: int) -> dict[str, list[tuple[str, str, str]]]:
    """What the run gives back in which this call fails: object -> (function, label passed last, line) on the stack."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    label: dict[str, str] = {}  # function -> the label that control passed last
    for step in kp.run("09", fail=number).syscalls[0]:
        if step.what == "label":
            label[step.function] = step.obj
        if step.what in ("free", "put"):
            found[step.obj] = [(frame.function, label.get(frame.function, ""), frame.line) for frame in step.stack]
    return found


def undone_as_said(row: Row, stack: list[tuple[str, str, str]]) -> bool:
    """Whether the row's function is called after the row's label, or in the row's function."""
    return any(f"{row.undo}(" in line and row.place in (function, label) for function, label, line in stack)


def test_the_rows_are_the_failable_calls_of_09_in_order() -> None:
    assert [row.call for row in ROWS] == list(WHOLE.calls)
    assert [row.number for row in ROWS] == [*range(1, len(WHOLE.calls) + 1)]
    assert all(kp.run("09", fail=row.number).failed[0][0] == row.call for row in ROWS)


def test_what_a_call_is_for_takes_six_words_at_most() -> None:
    assert all(0 < len(re.sub(r"\]\([^)]*\)", "", row.use).split()) <= 6 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.call)
def test_rungs_of_a_ladder_say_the_same(row: Row) -> None:
    said = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", row.use)
    assert use_of(row.call).endswith(said.removeprefix("the same for "))


@pytest.mark.parametrize("row", ROWS[:-1], ids=lambda row: row.call)
def test_what_a_call_took_is_given_back_as_the_row_says(row: Row) -> None:
    """The call after it fails: what is given back now, and was not when the call itself failed, is what it took."""
    before, after = given_back(row.number), given_back(row.number + 1)
    taken = [obj for obj in after.keys() - before.keys() if undone_as_said(row, after[obj])]
    assert len(taken) == 1, (taken, after.keys() - before.keys())
    for later in range(row.number + 1, len(ROWS)):  # kvm_create_vm's own labels, or its caller's
        assert undone_as_said(row, given_back(later)[taken[0]])
    stack = given_back(len(ROWS))[taken[0]]  # when the last call fails, kvm_destroy_vm does it, or the caller
    place = row.place if row.number == 1 else "kvm_destroy_vm"
    assert undone_as_said(row._replace(place=place), stack)


def test_the_one_more_thing_and_the_last_call_are_as_the_page_says() -> None:
    assert (ROWS[-1].undo, ROWS[-1].place) == ("", "")
    grabbed = given_back(3).keys() - given_back(2).keys() - {"kvm#1"}
    assert grabbed == {"current->mm"}
    assert undone_as_said(Row(0, "", "", "mmdrop", "out_no_planes"), given_back(3)["current->mm"])
    freed = [obj for obj, stack in given_back(len(ROWS)).items() if "kvm_destroy_vm" in {name for name, *_ in stack}]
    assert "kvm#1" in freed
    assert not any(step.what == "label" and step.function == "kvm_create_vm" for step in kp.run("09", fail=17).steps)
