# SPDX-License-Identifier: GPL-2.0-only
"""Versions as diffs of one C tree, and which of their lines are the posted ones."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import kvmplanes as kp
from kvmplanes.model.series import ALL, SERIES, applied, diff_of, version
from kvmplanes.model.version import MAIN, UNITS
from tests.helpers import facts
from tests.helpers.trees import FREE, PLANES, ids, texts

V09, V11 = kp.VERSIONS["09"], kp.VERSIONS["11"]


def test_the_versions_in_order_of_the_story() -> None:
    assert tuple(kp.VERSIONS) == facts.VERSIONS
    assert tuple(ALL) == (*facts.VERSIONS, "09-twice", "09-level16")
    assert all(ALL[name].name == str(ALL[name]) == name for name in ALL)
    assert all(kp.VERSIONS[name] is ALL[name] for name in kp.VERSIONS)
    assert repr(kp.VERSIONS) == "<versions rfc, 08, 09, 09-fixed, 10, 11, 29, 29-fixed>"
    with pytest.raises(TypeError):
        kp.VERSIONS["12"] = V09  # type: ignore[index]
    for missing in ("12", "09-twice"):
        assert missing not in kp.VERSIONS
        with pytest.raises(KeyError, match=missing):
            kp.VERSIONS[missing]


def test_08_is_the_tree_as_it_lies(root: Path) -> None:
    folder = root / "kvmplanes/model/c"
    files = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.[ch]")}
    files["shim.h"] = (root / "kvmplanes/model/shim.h").read_text()
    assert texts(ALL["08"]) == files
    assert ids(ALL["08"]) == {}
    assert diff_of("08") is None
    assert applied("08") == ()


def test_09_is_08_with_the_posted_patch() -> None:
    posted = diff_of("09")
    assert posted is not None
    assert texts(ALL["08"].apply(posted.read_text())) == texts(V09)
    diff = ALL["08"].diff(V09).splitlines()
    assert [row for row in diff if re.match(r"-(?!--)", row)] == []
    assert len([row for row in diff if re.match(r"\+(?!\+\+)", row)]) == len(kp.PATCH.added) == 54
    rows = {name: [row for row in V09.tree[name] if not row.id] for name in V09.tree}
    assert rows == {name: [*rows] for name, rows in ALL["08"].tree.items()}


def test_every_added_line_carries_its_id() -> None:
    posted = ids(V09)
    assert list(posted) == [line.id for line in kp.PATCH.added] == [f"+{n:02}" for n in range(1, 55)]
    for line in kp.PATCH.added:
        assert posted[line.id][::2] == (line.file, line.text)
    lines = {name: n for name, (_, n, _) in posted.items()}
    assert (lines["+06"], lines["+11"], lines["+24"], lines["+39"], lines["+54"]) == (53, 23, 30, 45, 173)


def test_hunks_were_placed_in_the_order_of_the_patch() -> None:
    placed = applied("09")
    assert [place.file for place in placed] == [hunk.file for hunk in kp.PATCH.hunks]
    assert [place.number for place in placed] == [1, 2, 1, 2, 1, 2, 3, 4]
    for place, hunk in zip(placed, kp.PATCH.hunks, strict=True):
        line = int(re.findall(r"\+(\d+),", hunk.ranges)[0])
        assert place.offset == place.line - line
        rows = [row.text for row in V09.tree[place.file][place.line - 1 :]]
        assert rows[: len(hunk.lines)] == [line.text for line in hunk.lines]
    assert {place.offset for name in ("11", "29-fixed", "09-fixed", "rfc") for place in applied(name)} == {0}


@pytest.mark.parametrize("name", [name for name in ALL if name != "08"])
def test_patch_s_own_program_makes_the_same(name: str, tmp_path: Path, need: Callable[[object, str], None]) -> None:
    """Without fuzz, with offsets: what `patch` would do on disk."""
    for file, text in texts(ALL[SERIES[name].base]).items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    diff = diff_of(name)
    assert diff is not None
    need(shutil.which("patch"), "patch is needed for this check, and there is none.")
    command = ["patch", "-p1", "--fuzz=0", "-i", str(diff)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert {file: (tmp_path / file).read_text() for file in ALL[name].tree} == texts(ALL[name])


@pytest.mark.parametrize(
    ("name", "base", "changed"),
    [
        ("09", "08", {"kvm_create_vm", "kvm_destroy_vm"}),
        ("rfc", "08", {"kvm_create_vm", "kvm_destroy_vm"}),
        ("10", "09", {"kvm_create_plane", "kvm_create_vm", "kvm_arch_destroy_vm"}),
        ("11", "10", {"kvm_destroy_vm"}),
        ("29", "11", {"kvm_vm_ioctl", "kvm_vm_ioctl_check_extension", "kvm_dev_ioctl_check_extension"}),
        ("29-fixed", "29", {"kvm_vm_ioctl_create_plane"}),
        ("09-fixed", "09", {"kvm_destroy_vm"}),
        ("09-twice", "09-fixed", {"kvm_create_vm"}),
        ("09-level16", "09-fixed", {"kvm_create_vm"}),
    ],
)
def test_a_version_says_only_what_differs(name: str, base: str, changed: set[str]) -> None:
    ours, theirs = ALL[name], ALL[base]
    assert ours.based_on == base
    shared = set(ours.functions) & set(theirs.functions)
    assert shared == set(theirs.functions)
    assert {f for f in shared if ours.functions[f].source != theirs.functions[f].source} == changed


def test_11_is_10_with_two_lines_swapped_and_no_more() -> None:
    before, after = texts(kp.VERSIONS["10"]), texts(V11)
    swapped = before[MAIN].replace(f"\t{FREE}\n\t{PLANES}\n\tpreempt", f"\t{PLANES}\n\t{FREE}\n\tpreempt")
    assert before[MAIN] != swapped == after[MAIN]
    assert {name: text for name, text in before.items() if name != MAIN} == {
        name: text for name, text in after.items() if name != MAIN
    }
    assert texts(ALL["09-fixed"])[MAIN] == texts(V09)[MAIN].replace(
        f"\t{FREE}\n\t{PLANES}\n\tpreempt", f"\t{PLANES}\n\t{FREE}\n\tpreempt"
    )


@pytest.mark.parametrize("name", [*facts.WITH_PLANES, "09-twice", "09-level16"])
def test_later_patches_keep_the_posted_lines(name: str) -> None:
    """None of them takes one of the 54 out, or changes it; they move."""
    ours, posted = ids(ALL[name]), ids(V09)
    assert {key: place[::2] for key, place in ours.items()} == {key: place[::2] for key, place in posted.items()}
    assert ids(ALL["rfc"]) == {}


def test_a_function_knows_its_lines_by_the_file() -> None:
    create = V09.functions["kvm_create_plane"]
    assert (create.file, create.first, len(create.lines)) == (MAIN, 20, 14)
    assert create.line(30) == "kvm->planes[plane_level] = plane;"
    assert create.ids(30) == ("+24",)
    assert [create.line(n) for n in (0, 19, 34, 999)] == [""] * 4
    assert [create.ids(n) for n in (0, 19, 34)] == [()] * 3
    assert V09.functions["kvm_arch_free_vm"].file == UNITS[1]
    assert V09.functions["kvm_arch_free_vm"].ids(12) == ()


def test_versions_are_compared_by_identity() -> None:
    same = V09.replace(V09.functions["kvm_destroy_vm"].source)
    assert same != V09
    assert texts(same) == texts(V09)
    assert len({same, V09, kp.VERSIONS["09"]}) == 2


def test_unknown_versions_name_the_known_ones() -> None:
    assert version("09") is version(V09) is V09
    for wrong in ("9", "12", "", 9):
        with pytest.raises(ValueError, match="versions are rfc, 08, 09, 09-fixed, 10, 11, 29, 29-fixed"):
            version(wrong)  # type: ignore[arg-type]
