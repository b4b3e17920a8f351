# SPDX-License-Identifier: GPL-2.0-only
"""Five questions that a reviewer asks of a text, asked by a program: reading as one more instrument.

They are asked of a version's C. They were written by people who knew the defects: that a question finds one shows that
the text alone is enough, not that every reader would have asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from kvmplanes.model.machine.preprocess import bare_lines
from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.model.version import Version

# function -> its lines, the head first, without comments and indentation
_Functions = Mapping[str, tuple[str, ...]]
_FREES: Final = re.compile(r"(?:kvm_arch_free_vm|kfree|kvm_destroy_one_plane)\((.+)\);")
_CREATES: Final = re.compile(r"\bkvm_create_plane\(kvm, (\w+)\)")


def objections(version: Version) -> Iterator[tuple[str, str, str]]:
    """What the questions find in a version of the model: (question, function, statement)."""
    text = {
        name: tuple(line.strip() for line in bare_lines(function.source))
        for name, function in version.functions.items()
    }
    for question, ask in ASKED.items():
        yield from ((question, function, line) for function, line in ask(text))


def _used_after_free(text: _Functions) -> Iterator[tuple[str, str]]:
    for function, lines in text.items():
        for at, line in enumerate(lines):
            freed = _FREES.fullmatch(line)
            if not freed:
                continue
            name = rf"(?<![\w.>]){re.escape(freed[1])}(?!\w)"
            later = next((other for other in lines[at + 1 :] if re.search(name, other)), "")
            if later and not re.match(rf"{name} =", later):
                yield function, later


def _left_in_its_slot(text: _Functions) -> Iterator[tuple[str, str]]:
    for function, lines in text.items():
        emptied = any(re.fullmatch(r"kvm->planes\[\w+\] = NULL;", line) for line in lines)
        yield from ((function, line) for line in lines if line.startswith("kvm_destroy_one_plane(") and not emptied)


def _not_undone(text: _Functions) -> Iterator[tuple[str, str]]:
    lines = text["kvm_create_vm"]
    label = next((n for n, line in enumerate(lines) if re.fullmatch(r"\w+:", line)), len(lines))
    made = next((line for line in lines[:label] if re.search(r"\bkvm_create_\w*plane\(", line)), "")
    if made and not any(re.match(r"kvm_destroy_planes\(|kfree\(kvm->planes", line) for line in lines[label:]):
        yield "kvm_create_vm", made
    for function in ("kvm_destroy_plane", "kvm_destroy_one_plane"):
        if function in text and not any(line.startswith("kfree(") for line in text[function]):
            yield function, text[function][0]


def _unchecked_index(text: _Functions) -> Iterator[tuple[str, str]]:
    for function, line, index in _creations(text):
        check = re.compile(rf"\b{index} >= (?:KVM_MAX_PLANES|kvm_arch_max_planes\()")
        checked = any(check.search(other) for other in text[function])
        if not checked and not (index.isdecimal() and int(index) < KVM_MAX_PLANES):
            yield function, line


def _filled_again(text: _Functions) -> Iterator[tuple[str, str]]:
    seen = Counter[tuple[str, str]]()
    for function, line, index in _creations(text):
        seen[function, index] += 1
        if seen[function, index] > 1:
            yield function, line


def _creations(text: _Functions) -> Iterator[tuple[str, str, str]]:
    for function, lines in text.items():
        for line in lines:
            yield from ((function, line, call[1]) for call in _CREATES.finditer(line))


ASKED: Final[Mapping[str, Callable[[_Functions], Iterator[tuple[str, str]]]]] = {
    "Is anything used after the statement that frees it?": _used_after_free,
    "Is the slot emptied where its plane is destroyed?": _left_in_its_slot,
    "Is what was made undone under the labels and at the end?": _not_undone,
    "Is an index compared with the array's size before it is used?": _unchecked_index,
    "Is a slot filled that was filled before?": _filled_again,
}
