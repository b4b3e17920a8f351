# SPDX-License-Identifier: GPL-2.0-only
"""A variant's kernel: configured, compiled, and kept with what is needed to read its logs."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kvmplanes.oracle.measured.guest.progress import Failed, output, read_text, say, watch, write_if_new
from kvmplanes.oracle.measured.guest.sources import sources, work_tree
from kvmplanes.oracle.measured.guest.variants import BOOTS, GUEST, KERNELS, TEXTS

OBJECTS: Final = 720  # that a first build compiles, about; `needs` says how long that takes
_OPTION: Final = re.compile(r"^(CONFIG_\w+)=(.*)$", re.MULTILINE)
_KEPT: Final = ("arch/x86/boot/bzImage", "System.map", "vmlinux", ".config")
# struct -> (the object that knows it, members whose place is wanted)
_SIZES: Final = {
    "kvm": ("virt/kvm/kvm_main.o", ("planes", "online_vcpus")),
    "kvm_plane": ("virt/kvm/kvm_main.o", ()),
    "kvm_svm": ("arch/x86/kvm/svm/avic.o", ()),
}


def folder_of(work: Path, variant: str, kernel: str) -> Path:
    """Where a kernel is kept."""
    return work / "kernels" / f"{variant}-{kernel}"


def log_of(work: Path, variant: str, boot: str) -> Path:
    """Where the decoded log of a boot that came to its end is kept."""
    return work / "logs" / f"{variant}-{boot}.log"


def build_kernel(variant: str, kernel: str, tree: Path, work: Path, jobs: int) -> Path:
    """Compile a variant, unless the same text and configuration is compiled already.

    Args:
        variant: a key of `VARIANTS`.
        kernel: a key of `KERNELS`.
        tree: the kernel's sources, which are only read.
        work: where everything that is made goes.
        jobs: for make -j.

    Returns:
        The folder with bzImage, vmlinux, System.map, .config and build.json.

    Raises:
        Failed: a diff does not apply, or make fails.
    """
    kept, made = folder_of(work, variant, kernel), work / "build" / kernel
    log = work / "logs" / f"make-{variant}-{kernel}"
    text, wanted = sources(variant, tree), kernel_options(kernel)
    parts = (dict(text.files), sorted(wanted.items()), str(tree), output(["gcc", "--version"]))
    stamp = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    if (kept / "build.json").exists() and json.loads(read_text(kept / "build.json"))["stamp"] == stamp:
        say(f"{variant}-{kernel}: the kernel is there")
        return kept
    own = work_tree(tree, work)
    changed = [file for file, new in text.files.items() if write_if_new(own / file, new)]
    after = f"after {len(changed)} changed files" if (made / "vmlinux").exists() else "a first build"
    say(f"{variant}-{kernel}: make, {after}")
    for note in text.notes:
        say(f"  {note}")
    _configure(own, made, wanted)
    log.parent.mkdir(parents=True, exist_ok=True)
    status, seconds = watch(["make", "-C", str(made), "ARCH=x86_64", f"-j{jobs}", "bzImage"], log, _objects)
    printed = read_text(log)
    if status:
        raise Failed(f"make fails; the end of {log}:\n{printed[-3000:]}")
    config = dict(_OPTION.findall(read_text(made / ".config")))
    about = {
        "stamp": stamp,
        "release": read_text(made / "include/config/kernel.release").strip(),
        "seconds": round(seconds, 1),
        "objects": printed.count("  CC "),
        "notes": text.notes,
        "warnings": [line for line in printed.splitlines() if "warning:" in line],
        # This kernel does not have them, or others switch them off.
        "options_not_taken": [name for name, value in wanted.items() if config.get(name, "n") != value],
        "sizes": sizes(made),
    }
    for name in TEXTS[variant].boots.split():
        if BOOTS[name].kernel == kernel:
            log_of(work, variant, name).unlink(missing_ok=True)
    kept.mkdir(parents=True, exist_ok=True)
    for file in _KEPT:
        shutil.copyfile(made / file, kept / Path(file).name)
    (kept / "build.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    say(f"{variant}-{kernel}: {about['objects']} objects in {seconds:.0f} s")
    return kept


def kernel_options(kernel: str) -> Mapping[str, str]:
    """The configuration that is asked for, on top of allnoconfig."""
    wanted = dict(_OPTION.findall(read_text(GUEST / "config")))
    return wanted | dict(_OPTION.findall("\n".join(KERNELS[kernel])))


def _configure(own: Path, made: Path, wanted: Mapping[str, str]) -> None:
    made.mkdir(parents=True, exist_ok=True)
    fragment = made / "fragment"
    new = write_if_new(fragment, "".join(f"{name}={value}\n" for name, value in wanted.items()))
    if new or not (made / ".config").exists():
        setting = f"KCONFIG_ALLCONFIG={fragment}"
        output(["make", "-s", "-C", str(own), f"O={made}", "ARCH=x86_64", setting, "allnoconfig"])


def _objects(log: str) -> str:
    done = log.count("  CC ")
    return f"{done} objects (a first build has about {OBJECTS})"


def sizes(made: Path) -> Mapping[str, int]:
    """Sizes and offsets in bytes, as pahole reads them from debug information; a struct that is not there has none."""
    sizes: dict[str, int] = {}
    for struct, (file, members) in _SIZES.items():
        path = str(made / file)
        known = (made / file).exists() and struct in output(["pahole", "--sizes", path]).split()
        text = output(["pahole", "-C", struct, path]) if known else ""
        if size := re.search(r"/\* size: (\d+)", text):
            sizes[f"struct_{struct}"] = int(size[1])
        for member in members:
            place = re.search(rf"\b{member}\b[^;]*;\s*/\*\s*(\d+)\s+(\d+)", text)
            if place:
                sizes[f"offsetof_{member}"] = int(place[1])
                if member == "planes":
                    sizes["planes_array"] = int(place[2])
    return sizes
