# SPDX-License-Identifier: GPL-2.0-only
"""The C tree: the posted patch fits it without force, and it has the shape that the facts give."""

import re
from collections import Counter
from collections.abc import Callable
from difflib import unified_diff

import pytest

from kvmplanes.oracle import BOTH, MISSING, applied, tree
from kvmplanes.oracle.edits import KVM_MAIN, functions_of, statements
from kvmplanes.oracle.scaffold import BASE, HERE, diff_of, have_patch
from kvmplanes.patch import PATCH


@pytest.fixture(autouse=True)
def _patch(need: Callable[[object, str], None]) -> None:
    need(have_patch(), MISSING)


def test_the_patch_as_posted_applies_without_fuzz() -> None:
    hunks = applied("09")
    assert [hunk.file for hunk in hunks] == [hunk.file for hunk in PATCH.hunks]
    assert {hunk.fuzz for hunk in hunks} == {0}
    assert all(hunk.offset < 0 for hunk in hunks), "the scaffold's files are shorter than the kernel's"


def test_what_it_adds_is_the_patch_and_nothing_else() -> None:
    added = []
    for name in tree("08"):
        before, after = (tree(version)[name].splitlines() for version in ("08", "09"))
        lines = [line for line in unified_diff(before, after, n=0, lineterm="") if line[:3] not in ("+++", "---")]
        assert not [line for line in lines if line.startswith("-")]
        added += [line[1:] for line in lines if line.startswith("+")]
    assert Counter(added) == Counter(line.text for line in PATCH.added)


@pytest.mark.parametrize("name", sorted(set(BASE) - {"09"}))
def test_our_own_diffs_apply_exactly(name: str) -> None:
    assert applied(name)
    assert {(hunk.offset, hunk.fuzz) for hunk in applied(name)} == {(0, 0)}


def test_the_array_is_not_the_end_of_struct_kvm() -> None:
    members = tree("09")["include/linux/kvm_host.h"].partition("planes[KVM_MAX_PLANES];")[2].partition("};")[0]
    names = re.findall(r"(\w+)(?:\[\w+\])?;", members)
    assert names[:3] == ["online_vcpus", "max_vcpus", "created_vcpus"]
    assert "users_count" in names


def labels(text: str, function: str) -> list[str]:
    body = re.split(rf"\b{function}\(.*\)\n{{\n", text)[1].partition("\n}\n")[0]
    return re.findall(r"^(\w+):$", body, re.MULTILINE)


@pytest.mark.parametrize("name", BOTH)
def test_labels_stand_in_the_models_order(name: str) -> None:
    for function in functions_of(BOTH[name]):
        model = re.findall(r'\.label\("(\w+)"\)', BOTH[name].functions[function].source)
        assert labels(tree(name)[KVM_MAIN], function) == model


@pytest.mark.parametrize("name", BOTH)
def test_undo_statements_pair(name: str) -> None:
    for function in functions_of(BOTH[name]):
        model, c = statements(BOTH[name], tree(name), function)
        assert model == c
        assert len(model) >= {"kvm_create_vm": 11, "kvm_destroy_vm": 14}.get(function, 2)


def test_every_file_names_its_licence() -> None:
    files = [path for path in HERE.rglob("*") if path.is_file()]
    assert len(files) >= 15
    for path in files:
        mark = "# " if path.suffix == ".patch" else "// "
        assert path.read_text(encoding="utf-8").startswith(f"{mark}SPDX-License-Identifier: GPL-2.0-only\n"), path


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="the scaffold has no version '12'; it has 08, rfc, 09"):
        diff_of("12")
