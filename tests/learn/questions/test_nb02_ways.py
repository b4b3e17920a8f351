# SPDX-License-Identifier: GPL-2.0-only
"""The ways to write the expression of nb02-back-pointer: a compiler says where each of them leads."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from kvmplanes.learn.questions import QUESTIONS, ask, reply

(BACK,) = (question for question in QUESTIONS if question.id == "nb02-back-pointer")
PROGRAM = """
struct kvm_plane { struct kvm *kvm; unsigned level; };
struct kvm { int users; struct kvm_plane *planes[16]; };

int main(void)
{
	struct kvm vm = { 1 }, *kvm = &vm;
	struct kvm_plane plane = { kvm, 0 };

	kvm->planes[0] = &plane;
	return (%s) != kvm;
}
"""


def leads_back(way: str, folder: Path) -> bool:
    """Whether a C expression compiles without a warning, and is the pointer it began with."""
    (folder / "way.c").write_text(PROGRAM % way, encoding="utf-8")
    made = subprocess.run(["cc", "-Werror", "-o", "way", "way.c"], cwd=folder, capture_output=True, check=False)
    return not made.returncode and not subprocess.run([folder / "way"], check=False).returncode


def test_every_way_that_is_right_leads_back(tmp_path: Path, need: Callable[[object, str], None]) -> None:
    need(shutil.which("cc"), "A C compiler (cc) is needed for this check, and there is none.")
    right = BACK.right()
    assert len(right.also) > 4
    assert [way for way in (right.value, *right.also) if not leads_back(str(way), tmp_path)] == []
    wrong = [option.value for option in BACK.options if option != right and option.value != "kvm"]
    assert [way for way in wrong if leads_back(str(way), tmp_path)] == []


def test_every_way_gets_the_reply_to_the_right_answer() -> None:
    right = BACK.right()
    assert {reply(BACK.id, str(way)) for way in right.also} == {f"✓ right: {right.reply}"}
    assert reply(BACK.id, "kvm->vcpus").startswith("✗ not so: This page does not know that form.")


def test_the_script_finds_every_way_and_a_reader_without_it_sees_one() -> None:
    page = ask(BACK.id).html
    hidden = page.count(" hidden class=kp-right")
    assert (hidden, page.count(" class=kp-right")) == (len(BACK.right().also), hidden + 1)
