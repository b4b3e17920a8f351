# SPDX-License-Identifier: GPL-2.0-only
"""The numbers that nb05-uses foresees are lines of kvm_destroy_vm, and its replies say of them what is there."""

import kvmplanes as kp
from kvmplanes.learn.questions import QUESTIONS

USES = next(question for question in QUESTIONS if question.id == "nb05-uses")
FUNCTION = kp.VERSIONS["09"].functions["kvm_destroy_vm"]


def test_the_foreseen_lines_are_the_free_and_all_below_it() -> None:
    named = {int(number) for option in USES.options for number in str(option.value).split(",")}
    free = next(number for number in sorted(named) if FUNCTION.line(number) == "kvm_arch_free_vm(kvm);")
    last = FUNCTION.first + len(FUNCTION.lines) - 1  # the closing brace
    assert named == set(range(free, last))


def test_the_replies_name_the_right_lines() -> None:
    assert FUNCTION.line(173) == "kvm_destroy_planes(kvm);"
    assert all(FUNCTION.line(number).endswith("();") for number in (174, 175))  # they take no argument
    assert FUNCTION.line(176) == "mmdrop(mm);"
    assert "kvm" not in FUNCTION.line(176)
    for option in USES.options:
        for number in (173, 174, 175, 176):
            assert str(number) not in option.reply or str(number) in str(option.value), option.value


def test_the_text_says_the_same_as_the_run() -> None:
    below = range(173, FUNCTION.first + len(FUNCTION.lines))
    takes_kvm = [str(number) for number in below if "kvm" in FUNCTION.line(number).partition("(")[2]]
    assert ",".join(takes_kvm) == USES.right().value
