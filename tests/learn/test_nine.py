# SPDX-License-Identifier: GPL-2.0-only
"""Nine real defects: each shows itself in the model or says why it cannot, each repair is clean."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

import kvmplanes as kp
from kvmplanes.learn import NINE, QUESTIONS, nine_sources, nine_table
from kvmplanes.learn.nine import OTHER_CLOSE
from kvmplanes.oracle.instruments.reading import ASKED, objections

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks" / "09-nine-real-ones.ipynb"
each = pytest.mark.parametrize("name", NINE)
# The outcomes that the certificate of each defect has beside the clean ones.
OUTCOMES = {
    "used": {"use-after-free"},
    "ladder": {"leak"},
    "two-slots": {"double-free"},
    "unbounded": {"out-of-bounds"},
    "given-back": {"use-after-free"},
    "published": {"leak"},
    "stale": {"double-free"},
    "ignored": {"double-free"},
    "race": set(),
}
# What our program that asks the five questions says; it knows planes only, and looks at one function at a time. The 2
# is a false alarm: it does not take `kvm->planes[plane->level] = NULL;` for an emptied slot.
BY_PROGRAM = {"used": {1, 2}, "unbounded": {4}}


def cells() -> dict[str, Any]:
    """Id -> cell of the notebook."""
    notebook = nbformat.reads(NOTEBOOK.read_text(encoding="utf-8"), as_version=4)
    return {cell.id.removeprefix("nb09-"): cell for cell in notebook.cells}


def story(name: str) -> str:
    """The paragraph below the line that names the defect, its year and its commit; links without their addresses."""
    return re.sub(r"\]\([^)]*\)", "]", cells()[f"{name}-story"].source.split("\n\n")[1])


@each
def test_the_defect_shows_itself_and_the_repair_is_clean(name: str) -> None:
    real = NINE[name]
    assert set(kp.certify(real.defect).counts) - {"clean"} == OUTCOMES[name]
    assert kp.certify(real.repaired).clean
    assert [str(real.defect), str(real.repaired)] == [*real.names]


@each
def test_the_core_is_short_and_is_what_runs(name: str) -> None:
    lines = NINE[name].core.splitlines()
    assert 20 <= len(lines) <= 40
    text = "\n".join(function.source for function in NINE[name].defect.functions.values())
    assert [line for line in lines if line and f"{line}\n" not in text] == []
    (output,) = cells()[f"{name}-c"].outputs
    assert output.text.rstrip("\n") == NINE[name].core.rstrip("\n")


@each
def test_the_story_is_short_and_names_id_year_and_commit(name: str) -> None:
    real, text = NINE[name], cells()[f"{name}-story"].source
    assert len(re.findall(r"[.!?](?:\s|$)", story(name))) <= 5
    head = text.split("\n\n")[0]
    assert f"[{real.id}](" in head
    assert re.search(r"\), (20\d\d): ", head)[1] == str(real.year)  # type: ignore[index]
    assert f"https://git.kernel.org/torvalds/c/{real.commit}" in head


@each
def test_the_question_comes_before_the_answer_and_the_answer_is_folded(name: str) -> None:
    ids, order = zip(*((id_, cell.source) for id_, cell in cells().items()), strict=True)
    question, answer = f'ask("nb09-{name}")', f'NINE["{name}"].answer'
    places = [ids.index(name), *map(order.index, (f'print(NINE["{name}"].core)', question, answer))]
    assert places == sorted(places)
    assert places[-1] < ids.index(f"{name}-story")
    shown = NINE[name].answer
    assert shown.html.startswith("<details><summary>")
    for certificate in map(kp.certify, (NINE[name].defect, NINE[name].repaired)):
        assert certificate.verdict in shown.text
    before = " ".join(text for cell in cells().values() for text in [cell.source])
    assert NINE[name].reason not in before


@each
def test_a_question_is_named_that_is_one_of_the_five_or_none(name: str) -> None:
    real = NINE[name]
    assert real.question in range(len(ASKED) + 1)
    said = {[*ASKED].index(question) + 1 for question, _, _ in objections(real.defect)}
    assert said == BY_PROGRAM.get(name, set())
    assert real.question in said or name not in BY_PROGRAM
    assert [*objections(real.repaired)] == []


def test_the_five_questions_are_those_of_the_program() -> None:
    told = re.findall(r"^\d\. (.+?\?)(?= |$)", cells()["lines"].source, re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", question) for question in told]
    assert plain == [*ASKED]


def test_every_defect_has_its_question_and_its_heading() -> None:
    assert len(NINE) == 9
    ids = [question.id for question in QUESTIONS if question.notebook == "09" and question.kind != "recall"]
    assert ids == [f"nb09-{name}" for name in NINE]
    heads = [cells()[name].source.splitlines()[0] for name in NINE]
    assert [head.partition(":")[0] for head in heads] == [f"## Case {number}" for number in range(1, 10)]


@each
def test_nothing_above_the_question_says_what_is_wrong(name: str) -> None:
    above = cells()[name].source
    assert not re.findall(r"CVE-|git\.kernel\.org|\b(?:free[sd]?|twice|leak\w*|lost|dangl\w*|defect|wrong)\b", above)
    assert NINE[name].kind not in above


def test_the_page_ends_with_the_self_test() -> None:
    source = cells()["selftest"].source
    assert source == 'selftest("after")'
    assert [*cells()].index("selftest") > [*cells()].index("rests-table")


def test_the_page_says_that_the_model_cannot_see_the_race() -> None:
    assert "**The model cannot see this" in re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", cells()["race-story"].source)
    assert kp.certify(NINE["race"].defect).clean


def test_the_close_of_another_thread_is_the_one_that_the_key_rests_on() -> None:
    assert cells()["change-c"].source == f"%%c close\n{OTHER_CLOSE}".rstrip("\n")
    bad, repaired = cells()["change-run"].outputs[0].text.splitlines()
    assert "double-free" in bad
    assert re.search(r": (\d+) paths, \1 clean;", repaired)


def test_the_answer_to_the_task_is_clean_and_the_task_is_stored_unsolved() -> None:
    task = cells()
    assert re.search(r"\d+ double-free", task["fix-check"].outputs[0].text)
    line = re.search(r"```c\n(.*?)```", task["fix-answer"].source, re.DOTALL)
    assert line is not None
    edit = ("kvm_coalesced_mmio_free", task["fix-c"].source.partition("\n")[2], line[1])
    assert kp.certify(NINE["two-slots"].defect.edit("mine", "my repair", edit)).clean


def test_the_tables_have_a_row_for_each() -> None:
    for text in (nine_table().text, nine_sources().text):
        assert [line.split()[0] for line in text.splitlines()[1:]] == [real.id for real in NINE.values()]
    rows = nine_table().text.splitlines()[1:]
    assert all(" clean " in row for row in rows)
    found = sum(not row.endswith("none") for row in rows)
    assert "six of nine" in cells()["which-words"].source
    assert found == 6


def test_what_is_not_read_is_said() -> None:
    assert all(real.read and real.unread for real in NINE.values())
    assert "the message and the diff" in NINE["ignored"].unread
