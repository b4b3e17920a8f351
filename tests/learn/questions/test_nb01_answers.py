# SPDX-License-Identifier: GPL-2.0-only
"""What notebook 01 offers as answers is so: the runs that reach every line, the diff, and the line that is kept."""

import re
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import nbformat

import kvmplanes as kp
from kvmplanes.learn import QUESTIONS
from kvmplanes.learn.questions import Question

PAGE = Path(__file__).resolve().parents[3] / "notebooks" / "01-reading-the-diff.ipynb"
CELLS = {cell.id: cell.source for cell in nbformat.reads(PAGE.read_text(encoding="utf-8"), as_version=4).cells}
WANTED = {line.event for line in kp.PATCH.added}


def question(name: str) -> Question:
    return next(question for question in QUESTIONS if question.id == name)


def missing(*runs: kp.Trace) -> AbstractSet[str]:
    return WANTED - set[str]().union(*(run.events for run in runs))


def test_the_three_runs_in_the_fold_reach_every_line_and_none_is_idle() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", CELLS["nb01-make-answer"], re.DOTALL)
    names: dict[str, Any] = {"kp": kp}
    exec(code, names)  # noqa: S102 - our own
    runs = names["runs"]
    assert len(runs) == 3
    assert missing(*runs) == set()
    assert all(missing(*(other for other in runs if other is not run)) for run in runs)
    assert missing(kp.run("09")), "the list that the task begins with is not an answer"


def test_the_two_runs_in_the_reply_reach_every_line() -> None:
    (reply,) = (option.reply for option in question("nb01-runs").options if option.value == 2)
    fails = re.findall(r'fail="(\w+)"', reply)
    ops = re.findall("`((?:KVM|close)[^`]*)`", reply)
    first = kp.run("09", fail=fails[0])
    second = kp.run("09", fail=fails[1], ops=ops)
    assert missing(first, second) == set()
    assert missing(first)
    assert missing(second)


def test_the_diff_moves_the_call_and_nothing_else() -> None:
    head, _, diff = CELLS["nb01-moved-diff"].partition("\n")
    assert head == "%%c one_step_later"
    moved = kp.VERSIONS["09"].apply(diff).functions["kvm_create_vm"].source.splitlines()
    posted = kp.VERSIONS["09"].functions["kvm_create_vm"].source.splitlines()
    call = posted[17:21]
    assert "kvm_create_plane(kvm, 0)" in call[0]
    at = next(place for place in range(len(moved)) if moved[place : place + 4] == call)
    assert moved[at - 2].strip() == "if (r)"
    assert moved[:at] + moved[at + 4 :] == posted[:17] + posted[21:]


def test_the_line_that_is_kept_is_the_one_that_the_repair_moves() -> None:
    assert question("nb01-which-line").key() == "+54"
    with_the_repair = kp.certify("09-fixed")
    assert with_the_repair.counterexample is None
    assert kp.certify("09").counterexample is not None
