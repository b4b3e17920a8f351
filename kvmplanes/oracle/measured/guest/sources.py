# SPDX-License-Identifier: GPL-2.0-only
"""The text of a variant: the given tree, the patch as posted, and our diffs, each put on with patch(1)."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kvmplanes.oracle.measured.guest.progress import Failed, output, read_text, say, write_if_new
from kvmplanes.oracle.measured.guest.variants import TEXTS, chain

UAPI: Final = "include/uapi/linux/kvm.h"
_CAP: Final = re.compile(r"^#define (KVM_CAP_\w+) (\d+)[ \t]*$", re.MULTILINE)
_ASKED: Final = re.compile(r"^\+#define KVM_CAP_PLANES (\d+)$", re.MULTILINE)
_PLACED: Final = re.compile(r"^Hunk #\d+ succeeded at \d+.*$", re.MULTILINE)
_KVM_MAKEFILE: Final = "arch/x86/kvm/Makefile"
_DEBUG: Final = "\nccflags-y += -g\n"  # sites are decoded down to inlined functions, in KVM alone


@dataclass(frozen=True, slots=True)
class Sources:
    """A variant's text.

    Attributes:
        files: path -> text, of every file that any variant changes.
        notes: what was not as posted: hunks that moved, the capability's number.
    """

    files: Mapping[str, str]
    notes: tuple[str, ...]


def sources(variant: str, tree: Path) -> Sources:
    """Make a variant's text out of a kernel tree, which is only read.

    Raises:
        Failed: a diff does not apply to this kernel.
    """
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in touched():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(tree / file, folder / file)
        for step in chain(variant):
            notes += [f"{step}: {note}" for note in _put_on(step, folder)]
            for file in TEXTS[step].restored:
                shutil.copyfile(tree / file, folder / file)
        return Sources({file: read_text(folder / file) for file in touched()}, tuple(notes))


def touched() -> tuple[str, ...]:
    """Every file of the kernel that any variant changes."""
    diffs = "".join(read_text(variant.diff) for variant in TEXTS.values() if variant.diff)
    return tuple(sorted(set(re.findall(r"^\+\+\+ b/(\S+)", diffs, re.MULTILINE))))


def capability(header: str, asked: int) -> tuple[int, str]:
    """The number that a capability gets, and a note if it is not the one asked for.

    Args:
        header: the text of include/uapi/linux/kvm.h.
        asked: the number in the posted patch.
    """
    taken = {int(number): name for name, number in _CAP.findall(header)}
    if asked not in taken:
        return asked, ""
    number = max(taken) + 1
    return number, f"KVM_CAP_PLANES is {number}, not {asked}: {asked} is {taken[asked]} in this kernel"


def cap_planes(tree: Path) -> int:
    """The number that KVM_CAP_PLANES gets in this kernel."""
    return capability(read_text(tree / UAPI), _asked())[0]


def _asked() -> int:
    diff = TEXTS["V1"].diff
    line = diff and _ASKED.search(read_text(diff))
    if not line:
        raise Failed("the posted patch does not define KVM_CAP_PLANES")
    return int(line[1])


def _put_on(step: str, folder: Path) -> list[str]:
    diff = TEXTS[step].diff
    if not diff:
        return []
    text, note, number = read_text(diff), "", 0
    if _ASKED.search(text):
        number, note = capability(read_text(folder / UAPI), _asked())
        hunks = re.split(r"(?m)^(?=@@ |diff --git |-- $)", text)
        text = "".join(hunk for hunk in hunks if not _ASKED.search(hunk))
    try:
        printed = output(["patch", "-p1", "--no-backup-if-mismatch", "-d", str(folder)], text)
    except Failed as error:
        raise Failed(f"{diff.name} does not apply to this kernel:\n{error}") from None
    if number:
        _define(folder / UAPI, number)
    # Our own diffs count lines in another tree: an offset says nothing there.
    moved = [hunk for hunk in _PLACED.findall(printed) if "fuzz" in hunk or ("offset" in hunk and step == "V1")]
    return [note, *moved] if note else moved


def _define(header: Path, number: int) -> None:
    """Put the capability's line behind the last one that is there."""
    text = read_text(header)
    *_, last = _CAP.finditer(text)
    write_if_new(header, f"{text[: last.end()]}\n#define KVM_CAP_PLANES {number}{text[last.end() :]}")


def work_tree(tree: Path, work: Path) -> Path:
    """A tree to compile in: hard links to the given one, so it costs little, and changed files are new ones.

    Raises:
        Failed: the folder has a copy of another tree.
    """
    own, origin = work / "src", work / "src.from"
    if own.exists() and read_text(origin).strip() != str(tree):
        raise Failed(f"{own} is a copy of {read_text(origin).strip()}; remove it, or name another folder with WORK=...")
    if not (own / "Makefile").exists():
        say(f"copy of {tree} with hard links")
        shutil.rmtree(own, ignore_errors=True)
        half = work / "src.half"
        shutil.rmtree(half, ignore_errors=True)
        work.mkdir(parents=True, exist_ok=True)
        same_disk = tree.stat().st_dev == work.stat().st_dev
        output(["cp", "-a", *(["-l"] if same_disk else []), str(tree), str(half)])
        origin.write_text(f"{tree}\n", encoding="utf-8")
        half.replace(own)
    makefile = own / _KVM_MAKEFILE
    if _DEBUG not in read_text(makefile):
        write_if_new(makefile, read_text(makefile) + _DEBUG)
    return own
