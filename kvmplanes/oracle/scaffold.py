# SPDX-License-Identifier: GPL-2.0-only
"""The C tree of every version: our scaffold, the patch as posted on top, our small diffs on top of that."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from kvmplanes.model.series import V09, VERSIONS, Version

HERE: Final = Path(__file__).parent / "c"
POSTED: Final = Path(__file__).parents[1] / "patch" / "0009-kvm-introduce-struct-kvm_plane.patch"

# Versions that only this room needs, measured on a kernel as V2k, W09twice and W09oob.
V09_FIXED: Final = V09.edit(
    "09-fixed",
    "our repair of 09: the two lines of the teardown change places",
    (
        "kvm_destroy_vm",
        "k.kvm_arch_free_vm(kvm)\nk.kvm_destroy_planes(kvm)  # +54",
        "k.kvm_destroy_planes(kvm)\nk.kvm_arch_free_vm(kvm)",
    ),
)
_DENTRY: Final = "kvm.debugfs_dentry = ERR_PTR(-ENOENT)"
V09_TWICE: Final = V09_FIXED.edit(
    "09-twice",
    "plane 0 is created a second time, and nobody looks at the result",
    ("kvm_create_vm", _DENTRY, f"k.kvm_create_plane(kvm, 0)\n{_DENTRY}"),
)
V09_LEVEL16: Final = V09_FIXED.edit(
    "09-level16",
    "a plane is created at level 16, one past the array",
    ("kvm_create_vm", _DENTRY, f"k.kvm_create_plane(kvm, KVM_MAX_PLANES)\n{_DENTRY}"),
)

# Every version that exists on both sides -> the model's, and the tree that its own diff goes on top of.
BOTH: Final[Mapping[str, Version]] = {
    **VERSIONS,
    **{v.name: v for v in (V09_FIXED, V09_TWICE, V09_LEVEL16)},
}
BASE: Final[Mapping[str, str]] = {
    "rfc": "08",
    "09": "08",
    "09-fixed": "09",
    "09-twice": "09-fixed",
    "09-level16": "09-fixed",
    "10": "09",
    "11": "10",
    "29": "11",
    "29-fixed": "29",
}

Tree = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Applied:
    """One hunk that `patch -p1` placed: its file, its number there, the line, how far off, how fuzzily."""

    file: str
    number: int
    line: int
    offset: int
    fuzz: int


def diff_of(name: str) -> Path | None:
    """The diff that makes a version out of the one it stands on; None for 08, the scaffold itself.

    Raises:
        ValueError: no such version on the C side.
    """
    if name == "08":
        return None
    if name not in BASE:
        raise ValueError(f"the scaffold has no version {name!r}; it has 08, {', '.join(BASE)}")
    return POSTED if name == "09" else HERE / "series" / f"{name}.patch"


@cache
def _made(name: str) -> tuple[Tree, tuple[Applied, ...]]:
    diff = diff_of(name)
    if diff is None:
        files = [path for path in sorted(HERE.rglob("*")) if path.suffix in (".c", ".h")]
        return {str(path.relative_to(HERE)): path.read_text(encoding="utf-8") for path in files}, ()
    with tempfile.TemporaryDirectory() as folder:
        unpack(tree(BASE[name]), Path(folder))
        out = subprocess.run(
            ["patch", "-p1", "--verbose", "--no-backup-if-mismatch", "-i", str(diff)],
            cwd=folder, env={"LC_ALL": "C", "PATH": _path()}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if out.returncode:
            raise RuntimeError(f"{diff.name} does not apply to {BASE[name]}:\n{out.stdout}{out.stderr}")
        files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        made = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}
    return made, tuple(_hunks(out.stdout))


def tree(name: str) -> Tree:
    """File name -> text of a version's C tree.

    Raises:
        ValueError: no such version on the C side.
        RuntimeError: a diff does not apply.
    """
    return _made(name)[0]


def applied(name: str) -> tuple[Applied, ...]:
    """Where `patch -p1` put each hunk of the diff that makes this version."""
    return _made(name)[1]


def unpack(files: Tree, folder: Path) -> None:
    """Write a tree into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def have_patch() -> bool:
    """Whether the `patch` program is here."""
    return shutil.which("patch") is not None


def _path() -> str:
    return str(Path(shutil.which("patch") or "patch").parent)


_FILE = re.compile(r"patching file (\S+)")
_HUNK = re.compile(r"Hunk #(\d+) succeeded at (\d+)(?: with fuzz (\d+))?(?: \(offset (-?\d+) lines?\))?")


def _hunks(report: str) -> list[Applied]:
    found, file = [], ""
    for line in report.splitlines():
        if match := _FILE.match(line):
            file = match[1]
        elif match := _HUNK.match(line):
            number, at, fuzz, offset = (int(word or 0) for word in match.groups())
            found.append(Applied(file, number, at, offset, fuzz))
    return found
