# SPDX-License-Identifier: GPL-2.0-only
"""What is compiled: the text that the model runs, and a floor for compilers in place of the machine's.

It is linked with sanitizers; objects are kept by a hash of everything that goes into them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from kvmplanes.given import brief, typed
from kvmplanes.model.floor import layout
from kvmplanes.model.machine.tree import text_of
from kvmplanes.model.runtime import SRCU
from kvmplanes.model.version import Version

FLOOR: Final = Path(__file__).parent / "c"
Files = Mapping[str, str]
# -O2 as the kernel is built: gcc then merges the test `kvm->planes[i] == NULL` and the argument `kvm->planes[i]` into
# one read, so a teardown shows 16 reads and 1 write, as measured; at -O0 it shows 17 reads (see `run.again`).
# Recovery, and one report for each access rather than for each place, is asked for in log.c.
KERNEL: Final = ("-std=gnu11", "-O2", "-fno-strict-overflow", "-funsigned-char")  # what C means in a kernel, since 6.2
_WARN: Final = ("-Wall", "-Wextra", "-Wno-unused-parameter")
# -g1: functions and lines, which the sanitizers name; no variables, which take a sixth of a compiler's time.
_COMMON: Final = (*KERNEL, "-g1", "-fno-omit-frame-pointer", *_WARN, "-Iinclude", "-I.")
# What a library asks of others it finds when it is loaded: half of a linker's time would go into looking for it.
_LINK: Final = "-Wl,--allow-shlib-undefined"
SANITIZERS: Final = MappingProxyType(
    {
        "address,undefined": (
            "-fsanitize=address,undefined",
            "-fsanitize-recover=address,undefined",
            "-DWITH_ADDRESS",
            "-DWITH_UNDEFINED",
        ),
        "address": ("-fsanitize=address", "-fsanitize-recover=address", "-DWITH_ADDRESS"),
        "undefined": ("-fsanitize=undefined", "-DWITH_UNDEFINED"),
        "none": (),
    }
)
A_COMPILER: Final = "compiler must be one of compilers() or gccs(), or None"
MISSING: Final = (
    "The C side needs Linux, and gcc or clang with AddressSanitizer and UndefinedBehaviorSanitizer; "
    "not all of them are here, so the machine is not compared with compiled C."
)


def tree(version: Version) -> Files:
    """File name -> text of everything that a version's driver is compiled from.

    Raises:
        CError: what is wrong with the version's C, or not supported.
    """
    typed(version, Version, "version must be a Version, such as VERSIONS['09']")
    floor = {path.name: path.read_text(encoding="utf-8") for path in sorted(FLOOR.iterdir())}
    kernel = {name: text_of(version.tree, name) for name in version.tree}
    return {**kernel, **floor, "fields.c": _fields(version)}


def unpack(files: Files, folder: Path) -> None:
    """Write a tree into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _fields(version: Version) -> str:
    """C that says where the members of each struct lie, so that a report can say which one was touched.

    The floor's structs are the machine's, so compilers lay out every struct as the machine does; a test compares them.
    """
    rows = [
        f'\t{{ "{layout(version.unit, struct, 0).kind}", "{member.name}", {member.at}, '
        f"{member.width * (member.length or 1)}, {0 if member.length is None else member.width} }},\n"
        for struct, members in version.unit.structs.items()
        for member in members
    ] + [f'\t{{ "{name}", "{SRCU}", 0, 8, 0 }},\n' for name in ("srcu", "irq_srcu")]
    return f'#include "log.h"\n\nconst struct shim_field shim_fields[] = {{\n{"".join(rows)}\t{{ 0 }}\n}};\n'


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C compiler that links sanitizers: its command and its first line of `--version`."""

    command: str
    version: str


@cache
def compilers() -> tuple[Compiler, ...]:
    """The usable compilers among $CC, gcc and clang, in this order; empty if there is none."""
    usable: list[Compiler] = []
    if not sys.platform.startswith("linux"):
        return ()
    for name in dict.fromkeys((os.environ.get("CC", "gcc"), "gcc", "clang")):
        command = shutil.which(name)
        if command and _links(command):
            asked = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
            usable.append(Compiler(command, asked.stdout.splitlines()[0]))
    return tuple(usable)


def _links(command: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        flags = [command, *SANITIZERS["address,undefined"], "-xc", "-", "-o", f"{folder}/a"]
        made = subprocess.run(flags, input="int main(void){return 0;}", capture_output=True, text=True, check=False)
        return made.returncode == 0 and subprocess.run([f"{folder}/a"], check=False).returncode == 0


def cache_folder() -> Path:
    """Where compiled drivers are kept: `$XDG_CACHE_HOME/kvmplanes`, else `~/.cache/kvmplanes`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kvmplanes"


def build(
    tree: Files, sanitizers: str = "address,undefined", *, compiler: Compiler | None = None, folder: Path | None = None
) -> Path:
    """Compile a tree; return the driver. What was compiled before is taken from the cache.

    Args:
        tree: file name -> text.
        sanitizers: a key of `SANITIZERS`.
        compiler: None for the first of `compilers()`.
        folder: where objects and drivers are kept; None for `cache_folder()`, whose objects serve any folder.

    Raises:
        ValueError: an unknown set of sanitizers.
        RuntimeError: no usable compiler, a cache that cannot be written, or a tree that does not compile (the message
            has the compiler's, or the linker's).
    """
    if not isinstance(sanitizers, str) or sanitizers not in SANITIZERS:
        raise ValueError(f"sanitizers must be one of {'; '.join(SANITIZERS)}, not {brief(sanitizers)}")
    rule = "tree must be file name -> text, as tree() gives it"
    if not isinstance(tree, Mapping):
        raise TypeError(f"{rule}, not {brief(tree)}")
    for name, text in tree.items():
        typed(name, str, rule)
        typed(text, str, rule)
    if folder is not None:
        typed(folder, Path, "folder must be a Path, or None")
    if compiler is None:
        if not compilers():
            raise RuntimeError(MISSING)
        compiler = compilers()[0]
    typed(compiler, Compiler, A_COMPILER)
    if not tree:
        raise ValueError(rule)
    folder = _writable(folder or cache_folder())
    flags = (*_COMMON, *SANITIZERS[sanitizers])
    # After each label, on its own line, comes a call, so that the log shows where control passes.
    sources = {name: re.sub(r"(?m)^(\w+):$", r'\1: shim_label("\1");', text)
               for name, text in tree.items() if name.endswith(".c")}  # fmt: skip
    common = (compiler.command, compiler.version, *flags)
    names = {unit: f"{_hash(*common, unit, sources[unit], *_headers(tree, unit))}.o" for unit in sources}
    driver = folder / _hash(*names.values())
    if _is_whole(driver):
        return driver
    kept = cache_folder()
    objects = {unit: kept / name if _is_whole(kept / name) else folder / name for unit, name in names.items()}
    with tempfile.TemporaryDirectory() as work:
        unpack({**tree, **sources}, Path(work))

        def make(unit: str) -> None:
            if not _is_whole(objects[unit]):
                _run([compiler.command, *flags, f"-ffile-prefix-map={work}=.", "-c", unit], work, objects[unit])

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(make, sources))
        _run([compiler.command, *SANITIZERS[sanitizers], _LINK, *map(str, objects.values())], work, driver)
    return driver


def _headers(tree: Files, unit: str) -> list[str]:
    """The texts of all headers that a unit includes, and those include: so versions share what knows none of them."""
    seen, names = dict[str, str](), [unit]
    for name in names:
        for included in re.findall(r'(?m)^#include ["<](.*)[">]', tree[name]):
            found = [header for header in tree if header.endswith(included) and header not in seen]
            seen.update((header, tree[header]) for header in found)
            names += found
    return [part for header in sorted(seen) for part in (header, seen[header])]


def _writable(folder: Path) -> Path:
    """The folder, made if it is not there; RuntimeError where no file can be kept in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        advice = "set XDG_CACHE_HOME to a folder that can be written"
        raise RuntimeError(f"compiled C is kept in {folder}, and there: {error.strerror}; {advice}") from None
    return folder


def _is_whole(path: Path) -> bool:
    """Whether a file of the cache is what the compiler wrote: a full disk or a crash may have cut it."""
    digest = _digest(path)
    return path.exists() and digest.exists() and digest.read_text(encoding="ascii") == _sum(path)


def _digest(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _run(command: list[str], work: str, result: Path) -> None:
    """Compile into a file of our own first: others may be making the same one."""
    handle, own = tempfile.mkstemp(dir=result.parent)
    os.close(handle)
    done = subprocess.run([*command, "-o", own], cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        Path(own).unlink(missing_ok=True)  # a linker that fails has deleted it
        raise RuntimeError(f"{' '.join(command)} fails:\n{done.stderr}")
    _digest(result).write_text(_sum(Path(own)), encoding="ascii")
    Path(own).replace(result)
