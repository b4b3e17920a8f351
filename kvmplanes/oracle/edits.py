# SPDX-License-Identifier: GPL-2.0-only
"""One edit of the undo code, said once and made in both texts: the model's Python and the scaffold's C.

The statements of a teardown, or of a label ladder, are paired by the kernel name in them. Everything between them
(labels, comments, statements of one side only) stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from kvmplanes.model.series import Version
from kvmplanes.oracle.scaffold import Tree

Op = Literal["move", "swap", "drop", "twice"]
OPS: Final[tuple[Op, ...]] = ("move", "swap", "drop", "twice")
KVM_MAIN: Final = "virt/kvm/kvm_main.c"

# The word that names a statement on both sides, the more particular ones first.
_WORDS: Final = (
    "kvm_destroy_pm_notifier", "kvm_destroy_vm_debugfs", "list_del", "kvm_free_irq_routing", "buses",
    "kvm_coalesced_mmio_free", "mmu_notifier_unregister", "kvm_arch_destroy_vm", "irq_srcu", "srcu", "users_count",
    "kvm_destroy_planes", "kvm_destroy_plane", "kvm_destroy_one_plane", "planes", "kvm_arch_free_vm",
    "preempt_notifier_dec", "kvm_disable_virtualization", "mmdrop", "kvm_put_kvm", "put_unused_fd",
)  # fmt: skip

# Function -> where its undo code begins in the Python, and how deep it stands there. In C it begins at the first
# label, or at the function's own brace, one tab deep.
_UNDO: Final[Mapping[str, tuple[str, int]]] = {
    "kvm_create_vm": (r"^    except Goto", 12),
    "kvm_destroy_vm": (r"^def ", 4),
    "kvm_dev_ioctl_create_vm": (r"^    except Goto", 12),
    "kvm_vm_ioctl_create_plane": (r"^    except Goto", 12),
}


@dataclass(frozen=True, slots=True)
class Edit:
    """One change to a function's undo statements.

    Args:
        function: one of `functions_of(version)`.
        op: "move" one to another's place, "swap" two, "drop" one, or do one "twice".
        at: which statement, from 0; counted round if there are fewer.
        to: the other place, for "move" and "swap".
    """

    function: str
    op: Op
    at: int
    to: int = 0

    def __str__(self) -> str:
        other = f" {self.to}" if self.op in ("move", "swap") else ""
        return f"{self.function}: {self.op} {self.at}{other}"

    def on(self, slots: list[list[str]]) -> list[list[str]]:
        """The statements, rearranged: slots in, slots out."""
        if not slots:
            return []
        made, at, to = list(slots), self.at % len(slots), self.to % len(slots)
        if self.op == "move":
            made.insert(to, made.pop(at))
        elif self.op == "swap":
            made[at], made[to] = made[to], made[at]
        else:
            made[at] = made[at] * (2 if self.op == "twice" else 0)
        return made


def functions_of(version: Version) -> tuple[str, ...]:
    """The functions of a version whose undo code can be edited."""
    return tuple(name for name in _UNDO if name in version.sources)


def statements(version: Version, tree: Tree, function: str) -> tuple[list[str], list[str]]:
    """The words that name a function's undo statements, in order: the model's, and the C's."""
    python, c = _python(version, function), _c(tree, function)
    return [word for word, _ in python.slots], [word for word, _ in c.slots]


def edited(version: Version, tree: Tree, edits: Iterable[Edit]) -> tuple[Version, Tree]:
    """Make the same edits in both texts.

    Raises:
        ValueError: the statements of the two sides do not pair.
    """
    for edit in edits:
        words = statements(version, tree, edit.function)
        if words[0] != words[1]:
            raise ValueError(f"{edit.function}: the model has {words[0]}, the C {words[1]}")
        python, c = _python(version, edit.function), _c(tree, edit.function)
        version = version.replace(**{edit.function: python.text(edit, empty="pass")})
        tree = {**tree, KVM_MAIN: c.text(edit)}
    return version, tree


@dataclass(frozen=True, slots=True)
class _Undo:
    """A text cut into what stays and the statements between: `fixed` has one part more than `slots`."""

    fixed: list[str]
    slots: list[tuple[str, str]]
    indent: str

    def text(self, edit: Edit, empty: str = "") -> str:
        placed = ["".join(slot) for slot in edit.on([[body] for _, body in self.slots])]
        filler = f"{self.indent}{empty}\n" if empty else ""
        pairs = zip(placed, self.fixed[1:], strict=True)
        return self.fixed[0] + "".join((slot or filler) + fixed for slot, fixed in pairs)


def _python(version: Version, function: str) -> _Undo:
    start, depth = _UNDO[function]
    text = version.functions[function].source
    return _cut(text, text.index("\n", _find(start, text).start()) + 1, len(text), " " * depth)


def _c(tree: Tree, function: str) -> _Undo:
    text = tree[KVM_MAIN]
    begin = _find(rf"^static .*\b{function}\(.*\)\n{{\n", text)
    end = text.index("\n}\n", begin.end()) + 1
    label = re.compile(r"^\w+:\n", re.MULTILINE).search(text, begin.end(), end)
    return _cut(text, label.end() if label else begin.end(), end, "\t")


def _find(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"no {pattern!r} in this text:\n{text}")
    return found


def _cut(text: str, start: int, end: int, indent: str) -> _Undo:
    """A statement is a line at the indent, the deeper lines after it, and a closing brace."""
    undo = _Undo([text[:start]], [], indent)
    for block in re.findall(rf"^{indent}[^\s}}].*\n(?:{indent}(?:\s.*|}})\n)*|^.*\n", text[start:end], re.MULTILINE):
        word = next((word for word in _WORDS if re.search(rf"\b{word}\b", block)), "")
        if word and block.startswith(indent) and not block[len(indent)].isspace():
            undo.slots.append((word, block))
            undo.fixed.append("")
        else:
            undo.fixed[-1] += block
    undo.fixed[-1] += text[end:]
    return undo
