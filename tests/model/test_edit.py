# SPDX-License-Identifier: GPL-2.0-only
"""`Version.edit`: old lines of a function become new ones; posted lines keep their ids."""

from dataclasses import replace

import pytest

import kvmplanes as kp
from kvmplanes.model.machine.tree import CError
from kvmplanes.model.series import ALL
from kvmplanes.model.version import MAIN, UNITS
from tests.helpers.trees import FREE, PLANES, SWAP, ids, texts

V09, V11 = kp.VERSIONS["09"], kp.VERSIONS["11"]


def test_a_repair_by_an_edit() -> None:
    repaired = V09.edit("mine", "the order of 11", SWAP)
    assert (repaired.name, repaired.title, repaired.based_on) == ("mine", "the order of 11", "09")
    assert repaired.edits == (SWAP,)
    assert str(kp.certify(V09)).startswith("09: 18 paths, 2 use-after-free, 16 clean; ")
    assert str(kp.certify(repaired)).startswith("mine: 18 paths, 18 clean; ")
    assert texts(repaired) == texts(ALL["09-fixed"])


def test_a_line_that_moves_keeps_its_id() -> None:
    repaired = V09.edit("mine", "the order of 11", SWAP)
    assert {key: place[::2] for key, place in ids(repaired).items()} == {k: place[::2] for k, place in ids(V09).items()}
    assert ids(repaired)["+54"][1] == 172
    freed = next(step for step in kp.run(repaired).steps if step.what == "free" and step.obj == "plane#0")
    assert [(frame.function, frame.lineno, frame.ids) for frame in freed.stack] == [
        ("kvm_destroy_one_plane", 37, ("+31",)),
        ("kvm_destroy_planes", 47, ("+41",)),
        ("kvm_destroy_vm", 172, ("+54",)),
        ("kvm_put_kvm", 182, ()),
        ("kvm_vm_release", 189, ()),
    ]
    assert "teardown planes" in freed.events


def test_a_line_that_changes_or_goes_loses_its_id_and_no_other_does() -> None:
    changed = V09.edit("m", "m", ("kvm_create_plane", "plane->level = plane_level;", "plane->level = 0;"))
    assert set(ids(V09)) - set(ids(changed)) == {"+22"}
    gone = V09.edit("m", "m", ("kvm_destroy_planes", "kvm->planes[i] = NULL;", ""))
    assert set(ids(V09)) - set(ids(gone)) == {"+42"}
    more = V09.edit("m", "m", ("kvm_create_plane", "plane->kvm = kvm;", "plane->kvm = kvm;\nplane->kvm = kvm;"))
    assert {key: place[::2] for key, place in ids(more).items()} == {key: place[::2] for key, place in ids(V09).items()}


def test_an_edit_does_not_look_at_indentation() -> None:
    for old in (f"\t{PLANES}", f"        {PLANES}", f"\n\n  {PLANES}  \n", PLANES.replace("(", "(")):
        assert texts(V09.edit("m", "m", ("kvm_destroy_vm", old, ""))) == texts(
            V09.edit("m", "m", ("kvm_destroy_vm", PLANES, ""))
        )
    over_a_gap = V09.edit(
        "m", "m", ("kvm_create_plane", "plane->level = plane_level;\nkvm->planes[plane_level] = plane;", "")
    )
    assert "level" not in over_a_gap.functions["kvm_create_plane"].source.partition("{")[2].replace("plane_level", "")


@pytest.mark.parametrize("step", ["    ", "        ", "\t"])
def test_new_lines_are_indented_as_the_old_ones_stand(step: str) -> None:
    new = f"if (kvm->planes[i]) {{\n{step}if (i)\n{step}{step}kvm->planes[i] = NULL;\n}}"
    changed = V09.edit("m", "m", ("kvm_destroy_planes", "kvm->planes[i] = NULL;", new))
    assert [line.text for line in changed.functions["kvm_destroy_planes"].lines[8:12]] == [
        "\t\tif (kvm->planes[i]) {",
        "\t\t\tif (i)",
        "\t\t\t\tkvm->planes[i] = NULL;",
        "\t\t}",
    ]


def test_labels_stand_at_the_margin() -> None:
    new = "goto out;\nout:\nkfree(plane);"
    changed = V09.edit("m", "m", ("kvm_destroy_one_plane", "kfree(plane);", new))
    assert [line.text for line in changed.functions["kvm_destroy_one_plane"].lines[2:5]] == [
        "\tgoto out;", "out:", "\tkfree(plane);",
    ]  # fmt: skip


def test_several_edits_are_made_one_after_the_other() -> None:
    twice = V09.edit(
        "m", "m", ("kvm_destroy_one_plane", "kfree(plane);", "kfree(NULL);"),
        ("kvm_destroy_one_plane", "kfree(NULL);", "kfree(plane);"),
    )  # fmt: skip
    assert texts(twice) == texts(V09)


def test_an_edit_translates_the_changed_function_alone() -> None:
    base = replace(V09)  # translated now: thousands of other functions may have pushed V09's own out of the cache
    assert base.unit.functions
    repaired = base.edit("m", "m", SWAP)
    same = [name for name in base.functions if repaired.unit.functions[name] is base.unit.functions[name]]
    assert set(base.functions) - set(same) == {"kvm_destroy_vm"}, "no line moved: all other code is the same"
    longer = base.edit("m", "m", ("kvm_destroy_one_plane", "kfree(plane);", "kfree(NULL);\nkfree(plane);"))
    below = [name for name in base.functions if longer.unit.functions[name] is not base.unit.functions[name]]
    assert "kvm_create_plane" not in below
    assert {name for name in base.functions if base.functions[name].file == UNITS[1]}.isdisjoint(below)
    code, was = (v.unit.functions["kvm_destroy_vm"] for v in (longer, base))
    assert (code.co_firstlineno, code.co_code) == (was.co_firstlineno + 1, was.co_code), "it only moved"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("kvm_destroy", "", ""), "09 has no function 'kvm_destroy'; did you mean 'kvm_destroy_vm'?"),
        (("nothing_like_it", "", ""), "09 has no function 'nothing_like_it'; it has kvm_create_vm_debugfs, .*kvm_put"),
        (("kvm_destroy_vm", "nothing();", ""), "kvm_destroy_vm: the old lines stand there 0 times, not once"),
        (("kvm_destroy_vm", "", "x"), "kvm_destroy_vm: the old lines stand there 0 times, not once"),
        (("kvm_create_vm", "if (r)", ""), "kvm_create_vm: the old lines stand there 7 times, not once"),
        (("kvm_destroy_vm", "mmdrop(m);", ""), "0 times, not once; 'mmdrop.m.;' is not a line of it, 'mmdrop.mm.;' is"),
        (("kvm_destroy_vm", f"{PLANES}\n{FREE}", ""), "0 times, not once"),
        (("kvm_destroy_vm", PLANES), "an edit is .function, old lines, new lines., three texts, not .'kvm_dest"),
        ("kvm_destroy_vm", "three texts"),
        (("kvm_destroy_vm", PLANES, None), "three texts"),
    ],
)  # fmt: skip
def test_bad_edits_say_what_is_wrong(edit: tuple[str, str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        V09.edit("m", "mutant", edit)


def test_c_that_is_wrong_is_an_error_at_once() -> None:
    with pytest.raises(CError) as caught:
        V09.edit("m", "m", ("kvm_destroy_one_plane", "kfree(plane);", "kfre(plane);"))
    assert (caught.value.file, caught.value.line) == (MAIN, 37)
    assert str(caught.value) == (
        "virt/kvm/kvm_main.c:37: 'kfre' is not declared; did you mean 'kfree'?\n    kfre(plane);"
    )
