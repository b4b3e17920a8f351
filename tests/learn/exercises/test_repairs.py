# SPDX-License-Identifier: GPL-2.0-only
"""The repairs of the teardown: what is said of each in words is what running it shows."""

import shutil
import subprocess
from pathlib import Path

import pytest

import kvmplanes as kp
from kvmplanes import oracle
from kvmplanes.learn.exercises.repairs import (
    BASES,
    REPAIRS,
    Repair,
    base_version,
    repairs_table,
    survivors,
)
from kvmplanes.model.version import UNITS


def test_without_a_repair_every_base_has_the_defect_of_09() -> None:
    for base in BASES:
        assert kp.certify(base_version(base)).counts["use-after-free"] >= 2


def test_which_repairs_hold_where() -> None:
    assert survivors("09") == ("swap", "earlier", "in the free", "one local copy", "sixteen copies")
    assert "one local copy" not in survivors("planes 0, 1 and 3")
    assert survivors("with 26's hook") == ("swap", "earlier", "in the free")


def test_the_swap_is_11s_and_nothing_shorter_holds() -> None:
    swapped = REPAIRS["swap"].version().functions["kvm_destroy_vm"].source
    assert swapped == kp.VERSIONS["11"].functions["kvm_destroy_vm"].source
    holds = survivors("with 26's hook")
    assert min(REPAIRS.values(), key=lambda one: (one.name not in holds, one.lines)).name == "swap"


def test_the_lines_of_a_repair_are_those_of_its_diff() -> None:
    assert {name: repair.lines for name, repair in REPAIRS.items()} == {
        "swap": 2,
        "earlier": 2,
        "in the free": 5,
        "one local copy": 3,
        "sixteen copies": 8,
        "left out": 1,
        "in both places": 1,
    }
    for name, repair in REPAIRS.items():
        again = kp.VERSIONS["09"].apply(repair.diff)
        assert again.diff(repair.version()) == "", name
        assert kp.certify(again).counts == repair.certificate().counts, name


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc here")
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("repair", REPAIRS.values(), ids=REPAIRS)
def test_a_compiler_takes_every_repair(repair: Repair, base: str, tmp_path: Path) -> None:
    version = repair.version(base)
    scaffold = Path(oracle.__file__).parent / "compiled" / "c"
    for name in (name for name in version.tree if "/" in name):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line.text}\n" for line in version.tree[name]), encoding="utf-8")
    flags = ("-fsyntax-only", "-Wall", "-Werror", f"-I{scaffold}", f"-I{tmp_path}", f"-I{tmp_path}/include")
    subprocess.run(["gcc", *flags, *(str(tmp_path / unit) for unit in UNITS)], check=True)


def test_the_table_has_every_repair_and_its_verdicts() -> None:
    shown = repairs_table("09", "planes 0, 1 and 3")
    assert shown.html.count("<tr>") == len(REPAIRS) + 1
    assert all(f"{repair.name}: " in shown.text for repair in REPAIRS.values())
    assert "leak: 17 of 24 paths clean; plane#1 and plane#3 leaked" in shown.text
    with pytest.raises(ValueError, match="no base '10'; there are 09, "):
        repairs_table("10")
