# SPDX-License-Identifier: GPL-2.0-only
"""The variants' texts, made on the package's own C tree: patch(1) sees the same diffs there as on a kernel."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmplanes.model.series import ALL
from kvmplanes.oracle.measured.guest import sources
from kvmplanes.oracle.measured.guest.progress import Failed, output, write_if_new
from kvmplanes.oracle.measured.guest.variants import BOOTS, KERNELS, TEXTS, chain, plan

ROOT = Path(sources.__file__).parents[3]
MAIN, HEADER = "virt/kvm/kvm_main.c", "include/linux/kvm_host.h"


@pytest.fixture
def tree(tmp_path: Path, need: Callable[[object, str], None]) -> Path:
    """Return a small kernel tree: the package's C, and the other files that variants touch."""
    need(shutil.which("patch"), "The variants' diffs are put on with patch, and there is none.")
    made = tmp_path / "linux"
    shutil.copytree(ROOT / "model/c", made)
    for file in sources.touched():
        (made / file).parent.mkdir(parents=True, exist_ok=True)
        (made / file).touch()
    (made / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 2\nSUBLEVEL = 13\n")
    (made / "arch/x86/kvm/Makefile").parent.mkdir(parents=True, exist_ok=True)
    (made / "arch/x86/kvm/Makefile").write_text("obj-y += x86.o\n")
    return made


def text_of(version: str, file: str) -> list[str]:
    return [line.text for line in ALL[version].tree[file]]


@pytest.mark.parametrize(
    ("variant", "version"),
    [("V0", "08"), ("V1", "09"), ("V2", "09-fixed"), ("W09twice", "09-twice")],
)
def test_a_variant_is_the_models_version(tree: Path, variant: str, version: str) -> None:
    made = sources.sources(variant, tree).files
    for file in (MAIN, HEADER):
        assert made[file].splitlines() == text_of(version, file)


def test_v3_has_one_line_less_than_v2(tree: Path) -> None:
    before, after = (sources.sources(name, tree).files[MAIN] for name in ("V2", "V3"))
    assert before.count("kvm_destroy_planes(kvm);") == after.count("kvm_destroy_planes(kvm);") + 1
    assert after == before.replace("out_err_no_srcu:\n\tkvm_destroy_planes(kvm);\n", "out_err_no_srcu:\n")


def test_w09oob_hides_the_level_from_the_compiler(tree: Path) -> None:
    made = sources.sources("W09oob", tree).files[MAIN]
    assert re.search(r"level = KVM_MAX_PLANES;\s+OPTIMIZER_HIDE_VAR\(level\);\s+kvm_create_plane\(kvm, level\);", made)


def test_v0h_has_the_headers_alone(tree: Path) -> None:
    made = sources.sources("V0h", tree).files
    assert made[MAIN] == (tree / MAIN).read_text()
    assert "struct kvm_plane *planes[KVM_MAX_PLANES];" in made[HEADER]


def test_the_tree_that_is_given_stays_as_it_is(tree: Path) -> None:
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    sources.sources("V2", tree)
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("variant", ["W29", "W29p10"])
def test_a_diff_for_the_kernel_alone_is_whole(tmp_path: Path, variant: str) -> None:
    """patch(1) puts it on a text that has its context lines and nothing else, without fuzz."""
    diff = TEXTS[variant].diff
    assert diff
    files = re.split(r"^diff --git .*\n", diff.read_text(), flags=re.MULTILINE)[1:]
    for part in files:
        name = re.search(r"^\+\+\+ b/(\S+)", part, re.MULTILINE)
        assert name
        hunks = re.split(r"^@@ -(\d+),.*\n", part, flags=re.MULTILINE)[1:]
        old: list[str] = []
        for start, hunk in zip(hunks[0::2], hunks[1::2], strict=True):
            old += [""] * (int(start) - 1 - len(old))
            old += [line[1:] for line in hunk.splitlines() if line[:1] in (" ", "-")]
        (tmp_path / name[1]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name[1]).write_text("\n".join(old) + "\n")
    printed = output(["patch", "-p1", "-d", str(tmp_path)], diff.read_text())
    assert printed.count("patching file") == len(files)
    assert "fuzz" not in printed
    assert "offset" not in printed


def test_a_diff_that_does_not_apply_is_named(tree: Path) -> None:
    with pytest.raises(Failed, match=r"W29\.patch does not apply to this kernel"):
        sources.sources("W29", tree)


# -- the capability's number ----------------------------------------------------------------------------------------

CAPS = "#define KVM_CAP_A 247\n#define KVM_CAP_B 248\n"


def test_a_free_number_stays() -> None:
    assert sources.capability(CAPS, 249) == (249, "")


def test_a_taken_number_moves_behind_the_last_one() -> None:
    taken = f"{CAPS}#define KVM_CAP_S390_HPAGE_2G 249\n#define KVM_CAP_C 250\n"
    note = "KVM_CAP_PLANES is 251, not 249: 249 is KVM_CAP_S390_HPAGE_2G in this kernel"
    assert sources.capability(taken, 249) == (251, note)


def test_the_move_is_reported_and_made(tree: Path) -> None:
    header = tree / sources.UAPI
    text = header.read_text()
    last = re.findall(r"^#define KVM_CAP_\w+ 24\d$", text, re.MULTILINE)[-1]
    header.write_text(text.replace(last, f"{last}\n#define KVM_CAP_OTHER 249"))
    made = sources.sources("V1", tree)
    assert "V1: KVM_CAP_PLANES is 250, not 249: 249 is KVM_CAP_OTHER in this kernel" in made.notes
    assert "#define KVM_CAP_OTHER 249\n#define KVM_CAP_PLANES 250\n" in made.files[sources.UAPI]
    assert sources.cap_planes(tree) == 250


# -- a tree to compile in ---------------------------------------------------------------------------------------------


def test_the_work_tree_shares_files_and_changes_its_own(tree: Path, tmp_path: Path) -> None:
    own = sources.work_tree(tree, tmp_path / "work")
    assert (own / MAIN).samefile(tree / MAIN)
    write_if_new(own / MAIN, "changed\n")
    assert (tree / MAIN).read_text() != "changed\n"
    assert (own / "arch/x86/kvm/Makefile").read_text() == "obj-y += x86.o\n\nccflags-y += -g\n"
    assert (tree / "arch/x86/kvm/Makefile").read_text() == "obj-y += x86.o\n"
    assert sources.work_tree(tree, tmp_path / "work") == own
    assert (own / MAIN).read_text() == "changed\n"


def test_a_folder_is_for_one_tree(tree: Path, tmp_path: Path) -> None:
    sources.work_tree(tree, tmp_path / "work")
    with pytest.raises(Failed, match=f"is a copy of {tree}; remove it"):
        sources.work_tree(tmp_path / "other", tmp_path / "work")


# -- what is built and booted -----------------------------------------------------------------------------------------


def test_every_boot_that_is_named_exists() -> None:
    for variant in TEXTS.values():
        assert set(variant.boots.split()) <= set(BOOTS)
        assert not variant.base or variant.base in TEXTS
    assert {boot.kernel for boot in BOOTS.values()} == set(KERNELS)


def test_every_step_is_one_of_the_guests() -> None:
    program = (ROOT / "oracle/measured/guest/init/init.c").read_text()
    known = set(re.findall(r'^\t\{ "(\w+)", \w+ \},$', program, re.MULTILINE))
    assert {step for boot in BOOTS.values() for step in boot.steps.split()} == known


def test_a_variant_stands_on_all_before_it() -> None:
    assert chain("W29fix") == ("V0", "V1", "V2", "W29", "W29fix")


def test_the_plan_takes_the_variants_of_one_kernel_together() -> None:
    made = plan(["V0", "V1"], ["create", "plain"])
    assert made == [
        ("V0", "kasan", ["create"]),
        ("V1", "kasan", ["create"]),
        ("V0", "nokasan", ["plain"]),
        ("V1", "nokasan", ["plain"]),
    ]
    assert [boot for _, _, boots in plan(["W09oob"], ["all"]) for boot in boots] == TEXTS["W09oob"].boots.split()


@pytest.mark.parametrize(("variants", "boots"), [(["V9"], ["create"]), (["V1"], ["krate"])])
def test_a_word_that_is_no_variant_or_boot_is_refused(variants: list[str], boots: list[str]) -> None:
    with pytest.raises(ValueError, match=r"no '(V9|krate)'; there are "):
        plan(variants, boots)
