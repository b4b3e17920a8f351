# SPDX-License-Identifier: GPL-2.0-only
"""The model against the recorded kernel: they agree, and a wrong model or a wrong figure would be noticed."""

import copy
import doctest
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from kvmplanes.model.limits import LIMITS
from kvmplanes.model.series import ALL, Version
from kvmplanes.oracle import measured
from kvmplanes.oracle.measured import VARIANTS, evidence
from kvmplanes.oracle.measured.checks import SITES, call_of, failed_rows
from kvmplanes.oracle.measured.evidence import MODELS, compare

RAW: dict[str, Any] = json.loads(measured.evidence_text("kernel-evidence.json"))["variants"]


def figure(variant: str, what: str) -> tuple[object, object]:
    """Kernel's and model's side of one check."""
    (check,) = [c for c in compare(only=variant).compared[0].checks if c.what == what]
    return check.kernel, check.model


# -- they agree ----------------------------------------------------------------------------------------------------


def test_nothing_disagrees() -> None:
    table = compare()
    assert table.wrong == ()
    assert [variant.variant for variant in table.compared] == list(RAW)


def test_nothing_disagrees_on_7_2() -> None:
    """The patch's own base: whole variants as on 6.12, and KVM_CREATE_PLANE of two others."""
    table = evidence.both()
    assert table.wrong == ()
    newer = {variant.variant: variant for variant in table.compared if variant.linux == "7.2.13"}
    assert list(newer) == ["V0", "V1", "V2", "V3", "W09oob", "W29", "W29fix"]
    assert all(len(variant.checks) > 30 for variant in newer.values())
    recorded = evidence.recorded_figures("7.2.13")
    assert {name.split()[1] for name in table.lacking} == set(recorded) - {"V0", "V1", "V2", "V3", "W09oob"}
    assert table.lacking["7.2.13 V0h"] == "the model has no version with this text"
    assert sum(variant.rows for variant in newer.values()) > 800


def test_the_sums_are_those_of_each_kernel_and_of_both() -> None:
    sums = {row[0]: [int(cell) for cell in row[2:7]] for row in evidence.both().table() if row[0].endswith("together")}
    assert list(sums) == ["6.12.117 together", "7.2.13 together", "both together"]
    older, newer, both = sums.values()
    assert older == [901, 664, 1550, 15, 0]
    assert both == [a + b for a, b in zip(older, newer, strict=True)]
    assert newer[3:] == [0, 0]
    assert newer[0] + newer[1] == newer[2] > 1200


def test_every_recorded_row_is_compared() -> None:
    """Counted in the file itself: the sweeps' rows, and those of blocks b, c and f."""

    def rows(figures: dict[str, Any]) -> int:
        sweep, blocks = figures["sweep"], figures.get("create_plane", {}).values()
        recorded = sweep.get("rows", sweep.get("rows_first", [sweep["extra_row"]] if "extra_row" in sweep else []))
        return len(recorded) + sum(len(block.get("rows", ())) for block in blocks)

    assert {variant.variant: variant.rows for variant in compare().compared} == {
        name: rows(v) for name, v in RAW.items()
    }
    assert sum(variant.rows for variant in compare().compared) > 900


def test_every_limit_on_the_way_is_explained() -> None:
    used = {limit for _, _, limit in SITES} | set(evidence.LEFT_OUT.values()) | set(evidence.both().through)
    assert used - {""} <= set(LIMITS)


@pytest.mark.parametrize("variant", ["W29", "W29fix", "W09twice", "W09oob"])
def test_rows_are_borrowed_only_where_the_sites_are_the_same(variant: str) -> None:
    sweep = RAW[variant]["sweep"]
    assert sweep.get("same_sites_as_V2k") or sweep["same_sites_as_V2k_but_for_that_row"]


def test_the_example_runs() -> None:
    assert doctest.testmod(measured).failed == 0


# -- the figures that the notebooks tell ---------------------------------------------------------------------------


def test_17_reports_for_each_destroyed_vm() -> None:
    assert figure("V1k", "create + close: KASAN reports") == (17, 17)
    assert figure("V1k", "create + close: KASAN reports of a read") == (16, 16)
    assert figure("V1k", "20 closes: KASAN reports") == (17 * 20, 17 * 20)
    assert figure("V1k", "sweep: KASAN reports") == (17 * 134, 17 * 134)
    assert figure("V1k", "sweep: failing N with a report") == ((197, 198), (197, 198))


def test_the_patch_adds_one_failable_allocation() -> None:
    assert (VARIANTS["V0k"].sweep.failable, VARIANTS["V1k"].sweep.failable) == (201, 202)
    assert figure("V1k", "failable allocations more than in V0k") == (1, 1)


def test_69_planes_leak_without_the_undo_line() -> None:
    assert figure("V3k", "kmemleak after the sweep") == (69, 69)
    assert figure("V2k", "kmemleak after the sweep") == (0, 0)


@pytest.mark.parametrize(
    ("options", "what", "number"),
    [
        ("plain", "closes that return", 20),
        ("plain", "objects leaked", 0),
        ("init_on_free=1", "planes leaked", 20),
        ("slub_debug=FPZU", "Oopses", 20),
    ],
)
def test_without_kasan_20_of_20(options: str, what: str, number: int) -> None:
    assert figure("V1k", f"no KASAN, {options}: {what}") == (number, number)


def test_the_dangling_slot_of_29() -> None:
    refused = ("ENOMEM", False, "EEXIST", 1, 0)  # errno, descriptor, retry, reports, VMs left
    assert figure("W29", "b: N=2 anon_inode_getfile(plane 3): ENOMEM") == (refused, refused)
    assert figure("W29fix", "b: N=2 anon_inode_getfile(plane 3): ENOMEM")[1] == ("ENOMEM", False, "fd", 0, 0)
    assert figure("W29", "d: KASAN reports by kind") == ({"double-free": 1}, {"double-free": 1})
    poison = "e, no KASAN, slub_debug=FPZU, kmemleak on: object already free"
    assert figure("W29", poison) == (20, 20)


def test_a_bad_index_is_for_ubsan_alone() -> None:
    assert figure("W09oob", "UBSAN, 20 closes (leak): reports") == (1, 1)
    assert figure("W09oob", "20 closes: KASAN reports") == (0, 0)


# -- a wrong model is noticed --------------------------------------------------------------------------------------

V09, V11 = ALL["09"], MODELS["V2k"]


def edited(version: Version, function: str, old: str, new: str) -> Version:
    return version.edit("wrong", "wrong", (function, old, new))


W29FIX = MODELS["W29fix"]
ASK = W29FIX.functions["kvm_vm_ioctl_create_plane"].source
WRONG = {
    "V1k order right": ("V1k", V11),
    "V2k order as posted": ("V2k", V09),
    "V3k undo line kept": ("V3k", V11),
    "V2k undo line dropped": ("V2k", MODELS["V3k"]),
    "V0k a plane too many": ("V0k", V11),
    "W29 repaired": ("W29", MODELS["W29fix"]),
    "W29fix as posted": ("W29fix", MODELS["W29"]),
    "W29 with 10, which the kernel lacked": ("W29", ALL["29"]),
    "one slot short": ("V1k", edited(V09, "kvm_destroy_planes", "for (i = 0; i < KVM_MAX_PLANES; ++i) {",
                                     "for (i = 0; i < KVM_MAX_PLANES - 1; ++i) {")),
    "slot not emptied": ("V1k", edited(V09, "kvm_destroy_planes", "kvm->planes[i] = NULL;", "")),
    "errno lost": ("V2k", edited(V11, "kvm_create_vm", "r = kvm_init_mmu_notifier(kvm);\nif (r)",
                                 "r = kvm_init_mmu_notifier(kvm) ? -EBUSY : 0;\nif (r)")),
    "routing before SRCU": ("V2k", edited(V11, "kvm_create_vm", """
        r = init_srcu_struct(&kvm->irq_srcu);
        if (r)
            goto out_err_no_irq_srcu;

        r = kvm_init_irq_routing(kvm);
        if (r)
            goto out_err_no_irq_routing;
        """, """
        r = kvm_init_irq_routing(kvm);
        if (r)
            goto out_err_no_irq_routing;
        r = init_srcu_struct(&kvm->irq_srcu);
        if (r)
            goto out_err_no_irq_srcu;
        """)),
    "a failing file leaks the VM": ("V2k", edited(V11, "kvm_dev_ioctl_create_vm", "kvm_put_kvm(kvm);", "")),
    "no EEXIST": ("W29fix", edited(W29FIX, "kvm_vm_ioctl_create_plane",
                                   "if (kvm->planes[id])\n    return -EEXIST;", "")),
    "16 is allowed": ("W29fix", edited(W29FIX, "kvm_vm_ioctl_create_plane",
                                       "if (id >= kvm_arch_max_planes(kvm))", "if (id > kvm_arch_max_planes(kvm))")),
    "id not cut to 32 bits": ("W29fix", W29FIX.replace(ASK.replace("unsigned id)", "unsigned long id)"))),
    "plane file holds no VM": ("W29fix", edited(W29FIX, "kvm_plane_release",
                                                "kvm_put_kvm(plane->kvm);", "")),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_model_disagrees(name: str) -> None:
    variant, wrong = WRONG[name]
    table = compare(models={**MODELS, variant: wrong}, only=variant)
    assert table.wrong
    for _, check in table.wrong:
        assert check.what in str(table)


@pytest.mark.parametrize(("variant", "version"), [("V1k", "08"), ("W09twice", "11"), ("W09oob", "09")])
def test_a_model_without_the_call_is_refused(variant: str, version: str) -> None:
    with pytest.raises(ValueError, match=r"the kernel's kvm_create_plane number \d is not among the model's"):
        compare(models={**MODELS, variant: ALL[version]}, only=variant)


# -- a wrong figure is noticed --------------------------------------------------------------------------------------

# Leaves of the file that say where a figure comes from, repeat another, or belong to what `LEFT_OUT` lists.
NOT_COMPARED = re.compile(
    r"""/(log|description|note|no_kasan|what|when|at|site|before|rows_with_injection|only_the_last_close_destroys
    |base|n|injected|accesses/free|\w+/failable|same_sites\w*|struct_kvm_svm
    |leak_sizes/.*|leak_sites/.*|after_normal_\w+/.*|sweep_of_this_boot/plane_nth
    |cache/.*|other_ioctls/.*|plane_fd_in_another_process/.*|consequence/.*|what_planes_16_overwrites/.*
    |ubsan_bounds/\w+/(closes|kasan_reports|first/\d)|calls/\d+/id)$""",
    re.VERBOSE,
)


def leaves(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(node, dict | list):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(child, (*path, key))
    else:
        yield path


def changed(node: Any, path: tuple[str | int, ...]) -> Any:
    """The same figures with another one at the end of a path; what is not on the path is shared."""
    if not path:
        return not node if isinstance(node, bool) else node + 1 if isinstance(node, int) else f"{node or ''}?"
    made = copy.copy(node)
    made[path[0]] = changed(node[path[0]], path[1:])
    return made


def noticed(variant: str, figures: dict[str, Any]) -> bool:
    try:
        return bool(compare({**VARIANTS, **measured.load({"variants": {variant: figures}})}, only=variant).wrong)
    except (ValueError, KeyError):
        return True


@pytest.mark.parametrize("variant", [name for name, variant in VARIANTS.items() if not variant.vmalloc])
def test_each_figure_counts(variant: str) -> None:
    """Change any one figure, and the comparison fails; of a sweep's rows the first of each stage stand for all."""
    figures = RAW[variant]
    stages = [row["stage"] for row in figures["sweep"].get("rows", ())]
    firsts = {stages.index(stage) for stage in stages}
    missed = []
    for path in leaves(figures):
        name = "/" + "/".join(map(str, path))
        spared = path[:2] == ("sweep", "rows") and path[2] not in firsts
        if not spared and not NOT_COMPARED.search(name) and not noticed(variant, changed(figures, path)):
            missed.append(name)
    assert missed == []


# -- reading --------------------------------------------------------------------------------------------------------


def test_unknown_sites_and_names_are_refused() -> None:
    row = VARIANTS["V1k"].sweep.rows[2]
    assert call_of(row) == ("kvm_create_plane", "")
    with pytest.raises(ValueError, match="no call of the model for 'plane: kvm_other < kvm_create_vm'"):
        call_of(replace(row, site="kvm_other < kvm_create_vm"))
    with pytest.raises(ValueError, match="no call of the model"):
        call_of(replace(row, stage="debugfs"))
    with pytest.raises(ValueError, match="is not among the model's"):
        list(failed_rows([row, row], ["kvm_create_plane(kvm, 0)"]))
    with pytest.raises(ValueError, match=r"there are METHOD\.md, "):
        measured.evidence_text("nothing.txt")
    with pytest.raises(ValueError, match="no variant 'V9'"):
        compare(only="V9")
    with pytest.raises(ValueError, match="no version of the model for V0"):
        compare(models={})


def test_the_reports_beside_the_figures_are_the_same_boots() -> None:
    """Each text names its kind and count as the figures do."""
    assert "BUG: KASAN: slab-use-after-free" in measured.evidence_text("kasan-V1k.txt")
    reports = f"{VARIANTS['V1k'].create_close.kasan_reports} reports in this boot"
    assert reports in measured.evidence_text("kasan-V1k.txt")
    assert f"{VARIANTS['V3k'].kmemleak.after_sweep} records" in measured.evidence_text("kmemleak-V3k.txt")
    assert "RDI: 6b6b6b6b6b6b6b6b" in measured.evidence_text("oops-poison.txt")
    assert "BUG: KASAN: double-free" in measured.evidence_text("kasan-W29.txt")
