# SPDX-License-Identifier: GPL-2.0-only
"""What the judges of several exercises share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import kvmplanes as kp
from kvmplanes.learn.exercises.exercise import Answer, Failing, Judged, is_whole
from kvmplanes.runs.trace import Trace

Judge = Callable[[Answer], Judged]

# How kvm_create_vm makes plane 0 since 09.
CREATE = """
if (kvm_create_plane(kvm, 0) == NULL) {
	r = -ENOMEM;
	goto out_no_planes;
}
"""
HOOK = "kvm->debugfs_dentry = ERR_PTR(-ENOENT);"  # the first line after the patch's hook
RIGHT = "kvm_destroy_planes(kvm);\nkvm_arch_free_vm(kvm);"  # the teardown's order since 11
POSTED = "kvm_arch_free_vm(kvm);\nkvm_destroy_planes(kvm);"  # the order of 09 and 10


@cache
def old_order() -> kp.Version:
    """29-fixed with the teardown order of 09: no other defect gets in the way."""
    return kp.VERSIONS["29-fixed"].edit("29, old order", "29 with the order of 09", ("kvm_destroy_vm", RIGHT, POSTED))


def unless(condition: bool, judged: Judged, where: str, what: str, trace: Trace) -> Judged:
    """The same judgement, with one more failing run when a condition does not hold."""
    return judged if condition else Judged(judged.told, (*judged.failing, Failing(where, "wrong result", what, trace)))


def parts(answer: Answer, names: Iterable[str]) -> tuple[Answer, ...]:
    """The parts of an answer that is a table.

    Raises:
        ValueError: no table, or another one.
    """
    names = tuple(names)
    if not isinstance(answer, dict) or set(answer) != set(names):
        wanted = ", ".join(f'"{name}": ...' for name in names)
        raise ValueError(f"the answer is a table {{{wanted}}}, not {answer!r}")
    return tuple(answer[name] for name in names)


def pieces(answer: Answer, names: Iterable[str]) -> tuple[Answer, ...]:
    """The parts of an answer that is a table of C; whole functions or a diff in one text stand for every part."""
    return (answer,) * len(tuple(names)) if is_whole(answer) else parts(answer, names)


def listed(answer: Answer, what: str) -> list[str]:
    """A list of texts; ValueError for anything else."""
    if not isinstance(answer, list | tuple) or not all(isinstance(item, str) for item in answer):
        raise ValueError(f"the answer is a list of {what}, each a text, not {answer!r}")
    return list(answer)


def number(answer: Answer) -> int:
    """A whole number; ValueError for anything else."""
    if isinstance(answer, bool) or not isinstance(answer, int):
        raise ValueError(f"the answer is a whole number, not {answer!r}")
    return answer


def word(answer: Answer, what: str) -> str:
    """A text; ValueError for anything else."""
    if not isinstance(answer, str) or not answer.strip():
        raise ValueError(f"the answer is {what}, as a text, not {answer!r}")
    return answer.strip()
