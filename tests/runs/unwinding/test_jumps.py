# SPDX-License-Identifier: GPL-2.0-only
"""Where failures land and what is undone, against the text of the C and against the rule that a ladder keeps."""

import re

import pytest

import kvmplanes as kp
from kvmplanes.runs.unwinding.jumps import Jumps, jumps_of

CREATE_VM = "kvm_create_vm"
CLEAN_LADDERS = ("08", "09", "09-fixed", "11")


def label_below(version: kp.Version, function: str, line: int) -> str:
    """The label of the first goto after a line, before the next blank line; "" if there is none."""
    text = version.functions[function]
    rest = [row.text.strip() for row in text.lines][line - text.first + 1 :]
    near = rest[: rest.index("")]
    return next((found[1] for row in near if (found := re.fullmatch(r"goto (\w+);", row))), "")


@pytest.mark.parametrize("function", [CREATE_VM, "kvm_dev_ioctl_create_vm"])
@pytest.mark.parametrize("name", kp.VERSIONS)
def test_each_call_jumps_where_the_goto_below_it_says(name: str, function: str) -> None:
    version = kp.VERSIONS[name]
    text = version.functions[function]
    for line, taking in jumps_of(version, function).takings.items():
        assert not taking.numbers or taking.label == label_below(version, function, line)
        assert not taking.target or text.line(taking.target) == f"{taking.label}:"
        assert bool(taking.target) == bool(taking.label)


@pytest.mark.parametrize("name", CLEAN_LADDERS)
def test_from_each_label_down_is_undone_exactly_what_earlier_lines_took(name: str) -> None:
    jumps = jumps_of(kp.VERSIONS[name], CREATE_VM)
    for target in jumps.landings:
        undone = {took for line, at in jumps.undoings.items() if line >= target for took in at}
        last = max(line for line, taking in jumps.takings.items() if taking.target == target)
        assert undone == {line for line in jumps.takings if line < last}


@pytest.mark.parametrize("name", kp.VERSIONS)
def test_every_failable_call_is_in_one_place(name: str) -> None:
    inner, outer = (jumps_of(kp.VERSIONS[name], function) for function in (CREATE_VM, "kvm_dev_ioctl_create_vm"))
    calls = len(kp.run(name).calls)
    assert _numbers(inner) == [*range(2, calls)]
    assert _numbers(outer) == [*range(1, calls + 1)]
    for jumps in (inner, outer):
        landed = [number for numbers in jumps.landings.values() for number in numbers]
        assert sorted(landed) == [n for taking in jumps.takings.values() if taking.label for n in taking.numbers]


def _numbers(jumps: Jumps) -> list[int]:
    return [number for taking in jumps.takings.values() for number in taking.numbers]


def test_what_a_call_undoes_itself_is_no_line_of_the_caller() -> None:
    jumps = jumps_of(kp.VERSIONS["09"], "kvm_dev_ioctl_create_vm")
    assert all(line not in at for line, at in jumps.undoings.items())


def test_an_edit_moves_what_it_moves() -> None:
    version = kp.VERSIONS["09"]
    before = jumps_of(version, CREATE_VM)
    after = "goto out_err_no_srcu;", "goto out_no_planes;"
    low = jumps_of(version.edit("low", "one label too low", (CREATE_VM, *after)), CREATE_VM)
    (planes,) = (line for line, taking in before.takings.items() if taking.call == "kvm_create_plane(kvm, 0)")
    assert [*low.landings.values()].count((3, 4)) == 1
    assert sum(map(len, low.landings.values())) == sum(map(len, before.landings.values()))

    forgetful = jumps_of(version.edit("f", "no mmdrop", (CREATE_VM, "mmdrop(current->mm);", "")), CREATE_VM)
    (grab,) = (line for line, taking in before.takings.items() if taking.call == "mmgrab(current->mm)")
    assert [grab] in [list(at) for at in before.undoings.values()]
    assert all(grab not in at for at in forgetful.undoings.values())
    assert any(planes in at for at in forgetful.undoings.values())


def test_a_plane_of_its_own() -> None:
    jumps = jumps_of(kp.VERSIONS["29-fixed"], "kvm_vm_ioctl_create_plane")
    first = len(kp.run("09").calls) + 1
    assert _numbers(jumps) == [first, first + 1, first + 2]
    text = kp.VERSIONS["29-fixed"].functions["kvm_vm_ioctl_create_plane"]
    (made,) = (line for line, taking in jumps.takings.items() if taking.call == "kvm_create_plane(kvm, id)")
    assert {text.line(line) for line, at in jumps.undoings.items() if made in at} == {
        "kvm_destroy_one_plane(plane);",
        "kvm->planes[id] = NULL;",
    }


def test_another_function_is_refused() -> None:
    with pytest.raises(ValueError, match=r"jumps are followed in kvm_create_vm, .*, not in 'kvm_destroy_vm'"):
        jumps_of(kp.VERSIONS["09"], "kvm_destroy_vm")
