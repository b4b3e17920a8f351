# SPDX-License-Identifier: GPL-2.0-only
"""What is compiled: the model's own text, on a floor that declares what the machine's declares."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmplanes.model.machine.declared import declared_types
from kvmplanes.model.machine.tree import text_of
from kvmplanes.model.machine.unit import joined, pieces_of
from kvmplanes.model.series import ALL, applied, diff_of
from kvmplanes.model.version import UNITS
from kvmplanes.oracle import compilers, tree
from kvmplanes.oracle.compiled.build import FLOOR, unpack

SHIM = text_of(ALL["08"].tree, "shim.h")
MACROS = {"_IO", "BUILD_BUG_ON", "kzalloc"}  # for compilers; each uses every argument that it is given


@pytest.mark.parametrize("name", ALL)
def test_compilers_and_machine_are_given_one_text(name: str) -> None:
    files, version = tree(ALL[name]), ALL[name]
    assert {*version.tree} - {"shim.h"} == {*files} - {path.name for path in FLOOR.iterdir()} - {"fields.c"}
    for file in {*version.tree} - {"shim.h"}:
        assert files[file] == text_of(version.tree, file)
    assert {*UNITS} <= {*files}


HUNK = re.compile(r"Hunk #(\d+) succeeded at (\d+)(?: with fuzz (\d+))?(?: \(offset (-?\d+) lines?\))?")


def test_the_patch_program_puts_the_posted_hunks_where_the_model_does(
    need: Callable[[object, str], None], tmp_path: Path
) -> None:
    need(shutil.which("patch"), "patch is needed for this check, and there is none.")
    unpack({name: text_of(ALL["08"].tree, name) for name in ALL["08"].tree}, tmp_path)
    command = ["patch", "-p1", "--verbose", "-i", str(diff_of("09"))]
    done = subprocess.run(command, cwd=tmp_path, env={"LC_ALL": "C"}, capture_output=True, text=True, check=True)
    hunks = [tuple(int(word or 0) for word in numbers) for numbers in HUNK.findall(done.stdout)]
    assert [(number, line, offset) for number, line, _, offset in hunks] == [
        (hunk.number, hunk.line, hunk.offset) for hunk in applied("09")
    ]
    assert {fuzz for _, _, fuzz, _ in hunks} == {0}
    assert all(offset < 0 for *_, offset in hunks), "the scaffold's files are shorter than the kernel's"


def test_the_array_is_not_the_end_of_struct_kvm() -> None:
    header = text_of(ALL["09"].tree, "include/linux/kvm_host.h")
    members = header.partition("planes[KVM_MAX_PLANES];")[2].partition("};")[0]
    names = re.findall(r"(\w+)(?:\[\w+\])?;", members)
    assert names[:3] == ["online_vcpus", "max_vcpus", "created_vcpus"]
    assert "users_count" in names


# -- the two floors ---------------------------------------------------------------------------------------------------


def compiled(files: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Check a tree's `check.c`."""
    unpack(files, folder)
    command = [compilers()[0].command, "-std=gnu11", "-fsyntax-only", "-Wall", "-Iinclude", "-I.", "check.c"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def prototypes() -> dict[str, str]:
    """The prototypes of the machine's header: name -> the text, with the name in brackets."""
    declared = re.findall(r"^(?:extern )?([\w *]*?\*?)\b(\w+)(\(.*\));$", SHIM, re.MULTILINE)
    return {name: f"{result}[{name}]{arguments}" for result, name, arguments in declared}


def type_checks(instead: str = "") -> str:
    """C that compares the type of each function with its prototype of the machine."""
    return '#include <linux/kvm_host.h>\n#include "shim.h"\n' + "".join(
        f"typedef {text.replace(f'[{name}]', f'machine_{name}')};\n"
        f'_Static_assert(__builtin_types_compatible_p(__typeof__({instead or name}), machine_{name}), "{name}");\n'
        for name, text in prototypes().items()
        if name not in MACROS
    )


@pytest.mark.usefixtures("compiler")
def test_each_function_of_the_floor_has_the_machines_prototype(tmp_path: Path) -> None:
    """So none of them is a macro, which could drop an argument."""
    assert len(prototypes()) >= 40
    assert {*prototypes()} >= MACROS
    done = compiled({**tree(ALL["09"]), "check.c": type_checks()}, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert compiled({**tree(ALL["09"]), "check.c": type_checks("kfree")}, tmp_path).returncode == 1


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("name", ALL)
def test_compilers_lay_structs_out_as_the_machine_does(name: str, tmp_path: Path) -> None:
    declared, _ = pieces_of(ALL[name].tree, UNITS)
    types = declared_types(joined(declared))
    places = {(struct, member): at for struct in types.structs for member, (at, _) in types.places(struct).items()}
    named = {key: at for key, at in places.items() if key[0] not in types.typedefs}
    checks = "".join(
        f'_Static_assert(offsetof(struct {struct}, {member}) == {at}, "{struct}.{member}");\n'
        for (struct, member), at in named.items()
    )
    assert ("kvm", "users_count") in named
    done = compiled({**tree(ALL[name]), "check.c": f"#include <linux/kvm_host.h>\n{checks}"}, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_file_names_its_licence() -> None:
    files = [path for path in FLOOR.iterdir() if path.is_file()]
    assert len(files) == 6
    for path in files:
        assert path.read_text(encoding="utf-8").startswith("// SPDX-License-Identifier: GPL-2.0-only\n"), path
