# SPDX-License-Identifier: GPL-2.0-only
"""C on the page: a function with its numbers and ids, and the magic for cells that hold C."""

import subprocess
import sys
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import kvmplanes as kp
from kvmplanes.view.code import add_magic, c

MINE = "static void kvm_destroy_plane(struct kvm_plane *plane)\n{\n\t/* it's ours */\n\tkfree(plane);\n}\n"


@pytest.mark.parametrize("name", kp.VERSIONS["09"].functions)
def test_a_function_is_shown_line_by_line(name: str) -> None:
    function = kp.VERSIONS["09"].functions[name]
    table = ET.fromstring(c("09", name).html)  # noqa: S314 - our own text
    rows = [["".join(cell.itertext()) for cell in row] for row in table.iterfind("tbody/tr")]
    assert rows == [
        [line.id, str(number), line.text.expandtabs(8)] for number, line in enumerate(function.lines, function.first)
    ]
    assert "".join(table[0].itertext()) == f"{function.file}: {name}() in 09"


def test_posted_lines_have_their_id_and_a_tint_and_the_text_says_the_same() -> None:
    function = kp.VERSIONS["09"].functions["kvm_destroy_planes"]
    table = ET.fromstring(c("09", "kvm_destroy_planes").html)  # noqa: S314 - our own text
    heads = {"".join(cell.itertext()): cell.get("style") or "" for cell in table.iterfind("tbody/tr/th")}
    assert set(heads) == {line.id for line in function.lines if line.id}
    assert all("rgba(0,158,115,0.1)" in style for style in heads.values())
    first, *rows = str(c("09", "kvm_destroy_planes")).splitlines()
    assert first == "virt/kvm/kvm_main.c: kvm_destroy_planes() in 09"
    assert [row[:3].strip() for row in rows] == [line.id for line in function.lines]
    assert [row[11:] for row in rows] == [line.text.expandtabs(8) for line in function.lines]


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="08 has no function 'kvm_create_plane'; did you mean 'kvm_create_vm'"):
        c("08", "kvm_create_plane")
    with pytest.raises(ValueError, match="unknown version '9'"):
        c("9", "kvm_create_vm")


def test_beside_a_line_is_what_the_runs_say_of_it() -> None:
    plain, noted = c("09", "kvm_create_vm"), c("09", "kvm_create_vm", jumps=True)
    _, *rows = table_of(noted.html)
    found = {row[2].strip(): row[3] for row in rows if row[3]}
    assert found["struct kvm *kvm = kvm_arch_alloc_vm();"] == "2 \u2192 return"
    assert found["mmgrab(current->mm);"] == "cannot fail"
    assert found["kvm->buses[i] = kvm_alloc_bus(i);"] == "7 to 11 \u2192 out_err_no_arch_destroy_vm"
    assert found["out_err_no_arch_destroy_vm:"] == "\u2190 7 to 12"
    assert found["kvm_destroy_planes(kvm);"] == "undoes 3"
    assert found["mmdrop(current->mm);"] == "undoes mmgrab"
    assert [[*row[:2], row[2].split()] for row in rows] == [
        [*row[:2], row[2].split()] for row in table_of(plain.html)[1:]
    ]
    assert "overflow-x:auto" in noted.html
    assert "overflow-x:auto" not in plain.html

    _, *lines = noted.text.splitlines()
    column = next(line.index("undoes ") for line in lines if "undoes " in line)
    assert [line[:column].split() for line in lines] == [line.split() for line in plain.text.splitlines()[1:]]
    assert [line[column:] for line in lines] == [row[3] for row in rows]


def test_jumps_of_another_function_are_refused() -> None:
    with pytest.raises(ValueError, match=r"jumps are followed in kvm_create_vm, .* not in 'kvm_destroy_vm'"):
        c("09", "kvm_destroy_vm", jumps=True)


def table_of(html: str) -> list[list[str]]:
    """The head and the rows of the only table."""
    (table,) = ET.fromstring(f"<x>{html}</x>").iter("table")  # noqa: S314 - our own text
    return [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]


def test_the_magic_keeps_the_text_of_its_cell(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    add_magic()
    result = shell.run_cell(f"%%c mine\n{MINE}")
    assert result.success
    assert (result.result, capsys.readouterr().out) == (None, "")
    assert shell.user_ns["mine"] == MINE
    shell.user_ns["version"] = kp.VERSIONS["09"]
    made = shell.run_cell("version.replace(mine)").result
    assert made.functions["kvm_destroy_plane"].source == MINE


@pytest.mark.parametrize("name", ["", "my fix", "3", "class"])
def test_a_bad_name_gets_one_sentence(shell: Any, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    add_magic(shell)
    assert not shell.run_cell(f"%%c {name}\n{MINE}").success
    sentence = f"%%c wants the name of a variable for the C below it, such as %%c mine; {name!r} is none"
    assert capsys.readouterr().out.splitlines() == [sentence]


def test_without_ipython_nothing_happens() -> None:
    script = "import sys; from kvmplanes.view.code import add_magic; add_magic(); assert 'IPython' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
