# SPDX-License-Identifier: GPL-2.0-only
"""The ladder joins what was acquired to what undid it, and crosses every mismatch, in mutants too."""

import pytest

import kvmplanes as kp
from kvmplanes.runs.unwinding import Ladder, ladder
from kvmplanes.runs.unwinding.columns import TEARDOWN
from tests.helpers import facts

NINE = kp.VERSIONS["09"]
UNWIND, FREE_VM, DROP = "kvm_destroy_planes(kvm);", "kvm_arch_free_vm(kvm);", "mmdrop(current->mm);"
BUSES = "for (i = 0; i < KVM_NR_BUSES; i++)\n    kfree(kvm->buses[i]);"
SRCU = "cleanup_srcu_struct(&kvm->{});\nout_err_no_irq_srcu:\ncleanup_srcu_struct(&kvm->{});"
MUTANTS = {
    "dropped": NINE.edit("09 dropped", "+52 left out", ("kvm_create_vm", UNWIND, "")),
    "swapped": NINE.edit(
        "09 swapped",
        "+52 and the free of struct kvm change places",
        ("kvm_create_vm", UNWIND, FREE_VM),
        ("kvm_create_vm", f"{FREE_VM}\n{DROP}", f"{UNWIND}\n{DROP}"),
    ),
    "wrong label": NINE.edit(
        "09 wrong label",
        "a failing irq_srcu jumps one label too far down",
        ("kvm_create_vm", "goto out_err_no_irq_srcu;", "goto out_err_no_srcu;"),
    ),
    "buses kept": NINE.edit("09 buses", "no bus is freed", ("kvm_create_vm", BUSES, "")),
    "mm twice": NINE.edit("09 mm", "mmdrop twice", ("kvm_create_vm", DROP, f"{DROP}\n{DROP}")),
    "srcu first": NINE.edit(
        "09 srcu",
        "the two SRCU labels undo each other's",
        ("kvm_create_vm", SRCU.format("irq_srcu", "srcu"), SRCU.format("srcu", "irq_srcu")),
    ),
}  # fmt: skip


def joined(shown: Ladder) -> dict[str, list[str]]:
    """Rung -> the statements that undo it in this run."""
    pairs: dict[str, list[str]] = {}
    for link in shown.links:
        if link.done:
            pairs.setdefault(shown.rungs[link.rung].words, []).append(shown.rows[link.row].words)
    return pairs


def wrong(shown: Ladder) -> dict[str, list[str]]:
    return {row.words: row.wrong for row in shown.rows if row.wrong}


def left(shown: Ladder) -> dict[str, list[str]]:
    return {rung.words: rung.left for rung in shown.rungs if rung.left}


# -- the law ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [*kp.VERSIONS.values(), *MUTANTS.values()], ids=str)
def test_a_ladder_has_a_mismatch_exactly_where_the_certificate_is_not_clean(version: kp.Version) -> None:
    for path in kp.certify(version).paths:
        shown = ladder(path.trace)
        bad = [wrongs for wrongs in shown.mismatches if "out of order" not in wrongs]  # untidy, but no defect in itself
        assert bool(bad or shown.later) == (path.outcome != "clean"), path.call


# -- against the facts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_labels_stand_in_the_order_of_the_c(version: str) -> None:
    shown = ladder(kp.run(version, fail="kvm_create_vm_debugfs"))
    labels = [row.words for row in shown.rows if row.kind == "label"]
    assert labels == [*facts.LADDER[version], "put_kvm", "put_fd"]


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_every_failure_reaches_the_labels_of_the_c(version: str) -> None:
    for call in facts.create_vm_calls(version):
        shown = ladder(kp.run(version, fail=call.name))
        assert [r.words for r in shown.rows if r.kind == "label" and r.reached] == facts.labels_passed(version, call)
        failed = [rung for rung in shown.rungs if rung.failed]
        assert [(rung.failed, rung.label) for rung in failed] == [(call.errnos[0], call.label)]


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_teardown_stands_in_the_order_of_the_c(version: str) -> None:
    rows = [
        row.words.partition("(")[0] for row in ladder(kp.run(version)).rows if row.block == "" and row.kind != "heading"
    ]
    inner = rows[rows.index("kvm_destroy_pm_notifier") : rows.index("mmdrop") + 1]
    same = {"kvm_destroy_plane": None, "kfree": "kvm_io_bus_destroy"}
    wanted = dict.fromkeys(step.partition("(")[0] for step in facts.destroy_vm_steps(version))
    assert [name for name in dict.fromkeys(same.get(r, r) for r in inner) if name] == list(wanted)


# -- what each kind of ladder shows -----------------------------------------------------------------------------


def test_a_failure_inside_kvm_create_vm_falls_from_its_label_to_the_end() -> None:
    shown = ladder(kp.run("09", fail="init_srcu_struct(&kvm->irq_srcu)"))
    assert joined(shown) == {
        "get_unused_fd_flags": ["put_unused_fd(fd)"],
        "kvm_arch_alloc_vm": ["kvm_arch_free_vm(kvm)"],
        "mmgrab(current->mm)": ["mmdrop(current->mm)"],
        "kvm_create_plane(kvm, 0)": ["kvm_destroy_planes(kvm)"],
        "init_srcu_struct(&kvm->srcu)": ["cleanup_srcu_struct(&kvm->srcu)"],
    }
    assert shown.mismatches == ()
    assert [bool(rung.keys) for rung in shown.rungs] == [True] * 5 + [False] * 13
    assert [rung.words for rung in shown.rungs if rung.failed] == ["init_srcu_struct(&kvm->irq_srcu)"]
    assert sum(not link.done for link in shown.links) > 5
    assert shown.verdict == "Everything acquired was undone, and nothing else."


def test_the_close_of_09_crosses_the_undo_that_touches_freed_memory() -> None:
    shown = ladder(kp.run("09"))
    assert wrong(shown) == {"kvm_destroy_planes(kvm)": ["16 reads and 1 write after free"]}
    assert [row.words for row in shown.rows if row.kind != "statement"] == ["close(vm)", f"{TEARDOWN}()"]
    assert shown.verdict == "Mismatch: kvm_destroy_planes(kvm): 16 reads and 1 write after free."


def test_a_failing_anon_inode_getfile_leads_through_put_kvm_into_the_teardown() -> None:
    shown = ladder(kp.run("09", fail="anon_inode_getfile"))
    kinds = [(row.kind, row.words) for row in shown.rows]
    assert kinds[1:4] == [("label", "put_kvm"), ("statement", "kvm_put_kvm(kvm)"), ("heading", f"{TEARDOWN}()")]
    assert kinds[-2:] == [("label", "put_fd"), ("statement", "put_unused_fd(fd)")]
    assert "kvm_destroy_planes(kvm)" in wrong(shown)
    assert wrong(ladder(kp.run("11", fail="anon_inode_getfile"))) == {}


def test_29_leaves_its_slot_and_29_fixed_does_not() -> None:
    trace = kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 1)", retry=True)
    shown = ladder(trace)
    assert [rung.words for rung in shown.rungs] == [
        "get_unused_fd_flags(plane 1)", "kvm_create_plane(kvm, 1)", "kvm_get_kvm(kvm)", "anon_inode_getfile(plane 1)",
    ]  # fmt: skip
    assert [rung.numbers for rung in shown.rungs] == [(18,), (19,), (), (20,)]
    assert left(shown) == {"kvm_create_plane(kvm, 1)": ["planes[1] never emptied"]}
    assert [defect.kind for defect in shown.later] == ["use-after-free", "double-free"]
    assert "planes[1] never emptied; later in this run, 1 read after free; 1 double free" in shown.verdict
    fixed = ladder(kp.run("29-fixed", planes=(1, 3), fail="anon_inode_getfile(plane 1)"))
    assert joined(fixed)["kvm_create_plane(kvm, 1)"] == ["kvm_destroy_one_plane(plane)", "kvm->planes[id] = NULL"]
    assert (fixed.mismatches, fixed.later) == ((), ())


def test_each_of_the_three_calls_of_kvm_create_plane_has_its_ladder() -> None:
    for call in facts.create_plane_calls(3):
        shown = ladder(kp.run("29", planes=(1, 3), fail=call.name))
        assert [rung.words for rung in shown.rungs if rung.failed] == [call.name]
        assert [row.words for row in shown.rows if row.kind == "heading"] == ["kvm_vm_ioctl_create_plane()"]


def test_planes_of_one_ladder_share_their_rungs() -> None:
    shown = ladder(kp.run("29", planes=(1, 3)))
    assert [(r.words, r.numbers) for r in shown.rungs[-4:]] == [
        ("get_unused_fd_flags(plane N)", (18, 21)),
        ("kvm_create_plane(kvm, N)", (19, 22)),
        ("kvm_get_kvm(kvm)", ()),
        ("anon_inode_getfile(plane N)", (20, 23)),
    ]
    assert [row.words for row in shown.rows if row.kind == "heading"] == ["close(plane)", "close(vm)", f"{TEARDOWN}()"]
    assert shown.mismatches == ()


def test_the_rfc_never_frees_plane_0() -> None:
    shown = ladder(kp.run("rfc"))
    assert left(shown) == {"kvm_create_vm_plane(kvm, 0)": ["plane#0 never freed"]}
    row = next(row for row in shown.rows if row.words == "kvm_destroy_plane(kvm->planes[i])")
    assert (row.reached, row.undone, row.wrong) == (True, [], [])


def test_an_oops_ends_the_right_column() -> None:
    shown = ladder(kp.run("09", freed="poisoned"))
    assert wrong(shown)["kvm_destroy_planes(kvm)"] == ["1 read after free", "Oops: nothing more is undone"]
    assert [row.words for row in shown.rows if row.kind == "statement" and not row.reached] == [
        "preempt_notifier_dec()", "kvm_disable_virtualization()", "mmdrop(mm)",
    ]  # fmt: skip
    assert left(shown)["mmgrab(current->mm)"] == ["current->mm never given back"]


def test_nothing_acquired_is_no_success_to_boast_of() -> None:
    assert ladder(kp.run("09", fail="get_unused_fd_flags")).verdict == "Nothing was acquired."


def test_what_a_call_that_succeeds_in_spite_of_a_failure_holds_is_not_undone() -> None:
    own = kp.VERSIONS["11"].edit("mine", "", ("kvm_create_vm", "if (r)\ngoto out_err_no_debugfs;", ""))
    shown = ladder(kp.run(own, fail="kvm_create_vm_debugfs"))
    assert shown.mismatches == ()
    assert sum(len(rung.keys) > len(rung.undone) for rung in shown.rungs) > 10
    assert shown.verdict == "The call succeeds, and what it acquired is held."


# -- mutants ------------------------------------------------------------------------------------------------------


def test_a_dropped_undo_is_a_lost_rung() -> None:
    shown = ladder(kp.run(MUTANTS["dropped"], fail="kvm_init_irq_routing"))
    assert left(shown) == {"kvm_create_plane(kvm, 0)": ["plane#0 never freed"]}


def test_swapped_undos_are_out_of_order_and_touch_freed_memory() -> None:
    assert wrong(ladder(kp.run(MUTANTS["swapped"], fail="kvm_init_irq_routing"))) == {
        "kvm_arch_free_vm(kvm)": ["out of order, before plane#0"],
        "kvm_destroy_planes(kvm)": ["16 reads and 1 write after free"],
    }


def test_a_jump_too_far_skips_an_undo() -> None:
    shown = ladder(kp.run(MUTANTS["wrong label"], fail="init_srcu_struct(&kvm->irq_srcu)"))
    assert left(shown) == {"init_srcu_struct(&kvm->srcu)": ["srcu never freed"]}
    assert next(rung.label for rung in shown.rungs if rung.failed) == "out_err_no_srcu"


def test_what_a_failing_rung_had_acquired_before_is_lost_too() -> None:
    shown = ladder(kp.run(MUTANTS["buses kept"], fail="kzalloc(KVM_FAST_MMIO_BUS)"))
    [lost] = left(shown).values()
    buses = ("KVM_MMIO_BUS", "KVM_PIO_BUS", "KVM_VIRTIO_CCW_NOTIFY_BUS")
    assert lost == [f"bus#{bus} never freed" for bus in buses]
    assert [rung.failed for rung in shown.rungs if rung.left] == ["ENOMEM"]


def test_what_was_not_acquired_cannot_be_given_back() -> None:
    shown = ladder(kp.run(MUTANTS["mm twice"], fail="kvm_create_plane"))
    assert wrong(shown) == {"mmdrop(current->mm)": ["current->mm was not acquired"]}


def test_undoing_the_wrong_thing_is_both_too_late_and_in_vain() -> None:
    one = ladder(kp.run(MUTANTS["srcu first"], fail="init_srcu_struct(&kvm->irq_srcu)"))
    assert left(one) == {"init_srcu_struct(&kvm->srcu)": ["srcu never freed"]}
    both = ladder(kp.run(MUTANTS["srcu first"], fail="kvm_init_irq_routing"))
    assert list(wrong(both).values()) == [["out of order, before irq_srcu"]]


EARLY_TEARDOWN = """
static void kvm_destroy_vm(struct kvm *kvm)
{
    kvm_destroy_planes(kvm);
    kvm_arch_free_vm(kvm);
}
"""


def test_a_readers_own_function_is_read_like_ours() -> None:
    shown = ladder(kp.run(NINE.replace(EARLY_TEARDOWN)))
    inner = [row.words for row in shown.rows if row.site[0] == TEARDOWN]
    assert inner == ["kvm_destroy_planes(kvm)", "kvm_arch_free_vm(kvm)"]
    assert wrong(shown) == {}
    assert left(shown)["mmgrab(current->mm)"] == ["current->mm never given back"]


def test_what_a_function_of_a_readers_own_undoes_counts_where_it_is_called() -> None:
    text = EARLY_TEARDOWN.replace("kvm_arch_free_vm(kvm);", "kvm_finish(kvm);")
    added = "\nstatic void kvm_finish(struct kvm *kvm)\n{\n    kvm_arch_free_vm(kvm);\n}\n"
    shown = ladder(kp.run(NINE.replace(added + text.replace("    kvm_destroy_planes(kvm);\n", ""))))
    assert joined(shown)["kvm_arch_alloc_vm"] == ["kvm_finish(kvm)"]
    assert left(shown)["kvm_create_plane(kvm, 0)"] == ["plane#0 never freed"]


def test_a_call_that_does_not_undo_stands_in_the_ladder_with_nothing_undone() -> None:
    told = NINE.edit("09 told", "", ("kvm_create_vm", UNWIND, f'printk("planes go\\n");\n{UNWIND}'))
    trace = kp.run(told, fail="kvm_init_irq_routing")
    assert [step.text for step in trace.steps if step.what == "print"] == ["The kernel's log says: planes go"]
    row = next(row for row in ladder(trace).rows if row.words.startswith("printk"))
    assert (row.reached, row.undone, row.wrong) == (True, [], [])
    assert ladder(trace).mismatches == ()


def test_a_run_that_creates_nothing_has_an_empty_ladder() -> None:
    shown = ladder(kp.run("09", ops=("KVM_CHECK_EXTENSION system",)))
    assert (shown.rungs, shown.rows) == ((), ())
    assert shown.verdict == "Nothing was acquired."


def test_of_several_failures_the_first_has_the_ladder() -> None:
    fail = kp.Failslab(probability=40, interval=1, times=-1, seed=3)
    trace = kp.run("29", planes=(1, 2, 3), fail=fail)
    assert len(trace.failed) > 0
    shown = ladder(trace)
    assert shown.title == f"29: {trace.failed[0][0]} fails with {trace.failed[0][1]}"
