# SPDX-License-Identifier: GPL-2.0-only
"""What has to be here before anything starts, and what it will take."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from kvmplanes.oracle.measured.guest.progress import read_text
from kvmplanes.oracle.measured.guest.variants import BOOTS

GET_A_TREE: Final = """\
A kernel tree is needed, unpacked and never compiled in. Two ways to one on which the patch applies as posted:
  Debian:      apt-get install linux-source-7.2   (from its unstable suite)
               mkdir linux-7.2; tar -C linux-7.2 --strip-components=1 -xf /usr/src/linux-source-7.2.tar.xz
  kernel.org:  https://cdn.kernel.org/pub/linux/kernel/v7.x/, any linux-7.2.*.tar.xz
Then: make kernel KERNEL_SRC=linux-7.2
It takes VARIANTS="V0 V1 V2" BOOTS="create sweep" JOBS=2 WORK=build/kernel as well;
python -m kvmplanes.oracle.measured.guest -h
lists all of them."""


class Need(NamedTuple):
    """A program (or, if it says so, a header or a library) and the packages that have it."""

    what: str
    debian: str
    fedora: str


PROGRAMS: Final = (
    Need("gcc", "gcc", "gcc"),
    Need("make", "make", "make"),
    Need("patch", "patch", "patch"),
    Need("flex", "flex", "flex"),
    Need("bison", "bison", "bison"),
    Need("bc", "bc", "bc"),
    Need("addr2line", "binutils", "binutils"),
    Need("pahole", "pahole", "dwarves"),
    Need("qemu-system-x86_64", "qemu-system-x86", "qemu-system-x86-core"),
)
# What is compiled to find out, how it is linked, what it stands for.
COMPILED: Final = (
    ("#include <gelf.h>\nint main(void) { return elf_version(EV_CURRENT); }", ("-lelf",),
     Need("libelf with its headers", "libelf-dev", "elfutils-libelf-devel")),
    ("int main(void) { return 0; }", ("-static",), Need("a static C library", "libc6-dev", "glibc-static")),
)  # fmt: skip


def machine_faults() -> list[str]:
    """Why this machine will not do; empty if it will."""
    if sys.platform == "linux" and platform.machine() == "x86_64":
        return []
    return [
        f"The kernel is compiled for x86_64 with the machine's own gcc; this is {platform.machine()}, {sys.platform}."
    ]


def missing() -> list[Need]:
    """Everything that is not here."""
    absent = [need for need in PROGRAMS if not shutil.which(need.what)]
    if any(need.what == "gcc" for need in absent):
        return absent + [need for _, _, need in COMPILED]
    return absent + [need for text, flags, need in COMPILED if not _compiles(text, flags)]


def _compiles(text: str, flags: Sequence[str]) -> bool:
    command = ["gcc", "-xc", "-", "-o", "/dev/null", *flags]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False).returncode == 0


def install(needs: Sequence[Need]) -> str:
    """What is missing, and one command for each family of systems that brings it."""
    debian, fedora = (" ".join(sorted({need[i] for need in needs})) for i in (1, 2))
    return (
        f"Missing here: {', '.join(need.what for need in needs)}.\n"
        f"  Debian, Ubuntu:  apt-get install --no-install-recommends {debian}\n"
        f"  Fedora:          dnf install {fedora}"
    )


def tree_faults(tree: Path | None) -> list[str]:
    """Why this is no tree to work with; empty if it is one."""
    if tree is None:
        return [GET_A_TREE]
    if not (tree / "virt/kvm/kvm_main.c").is_file() or not (tree / "Makefile").is_file():
        return [f"{tree} is no kernel tree: it has no Makefile or no virt/kvm/kvm_main.c.\n{GET_A_TREE}"]
    if "struct kvm_plane" in read_text(tree / "include/linux/kvm_host.h"):
        return [f"{tree} has struct kvm_plane already: give a tree without the series."]
    if any((tree / name).exists() for name in (".config", "include/config", "arch/x86/include/generated")):
        return [f"{tree} was compiled in, and make would refuse to build beside it: give a freshly unpacked one."]
    return []


def release(tree: Path) -> str:
    """The kernel's version, such as 7.2.13, from its Makefile."""
    head = dict(
        re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$", read_text(tree / "Makefile")[:500], re.MULTILINE)
    )
    return ".".join(head.get(name, "0") for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL"))


# Measured: processor minutes of one core, and megabytes.
_FIRST_BUILD: Final = (15, 250)
_NEXT_BUILD: Final = (1.5, 30)
_COPY: Final = 100  # megabytes of directories, if the links can be hard ones; else the tree's whole size


def estimate(plan: Sequence[tuple[str, str, Sequence[str]]], tree: Path, work: Path, jobs: int) -> str:
    """What it will take, in one sentence: minutes, and megabytes of the disk.

    Args:
        plan: what `variants.plan` returned.
        tree: the kernel's sources.
        work: where everything that is made goes.
        jobs: how many processors compile.

    Raises:
        OSError: the disk of `work` cannot be asked.
    """
    firsts, nexts = len({kernel for _, kernel, _ in plan}), len(plan) - len({kernel for _, kernel, _ in plan})
    boots = [BOOTS[name] for _, _, names in plan for name in names]
    minutes = firsts * _FIRST_BUILD[0] / jobs + nexts * _NEXT_BUILD[0] + sum(boot.minutes / 8 for boot in boots)
    above = next(folder for folder in (work, *work.parents) if folder.exists())
    copy = _COPY if above.stat().st_dev == tree.stat().st_dev else 2000
    disk = copy + firsts * _FIRST_BUILD[1] + len(plan) * _NEXT_BUILD[1] + 30 * len(boots)
    free = shutil.disk_usage(above).free // 1_000_000
    kernels = ", ".join(f"{variant}-{kernel}" for variant, kernel, _ in plan)
    sentence = (
        f"{len(plan)} kernels ({kernels}) and {len(boots)} boots: about {minutes:.0f} minutes with {jobs} free "
        f"processors, and {disk} MB in {work}, where {free} MB are free."
    )
    if free < disk:
        raise OSError(f"{sentence} That is not enough; WORK=... names another folder.")
    return sentence
