# SPDX-License-Identifier: GPL-2.0-only
"""Reading logs. Those in logs/ are of Linux 7.2.13: cut short, and of most reports only the heads are left."""

from pathlib import Path

import pytest

from kvmplanes.oracle.measured.guest import log
from kvmplanes.oracle.measured.guest.blocks import NO_TRACE, dangling_slots, every_row, failable, plane_blocks, stage_of
from kvmplanes.oracle.measured.guest.evidence import closes, sweep

LOGS = Path(__file__).parent / "logs"


def text(name: str) -> str:
    return (LOGS / f"{name}.txt").read_text(encoding="utf-8")


def steps(name: str) -> list[log.GuestStep]:
    return log.steps(log.lines_of(text(name)))


SWEEP = "V1-sweep"
LINES = log.lines_of(text("kasan-V1"))


def test_one_close_of_the_posted_patch_has_17_reports() -> None:
    """The log is as the serial line printed it, with the kernel's time stamps."""
    assert "] guest: closing round=1" in text("V1-create")
    assert log.finished(text("V1-create"))
    (step,) = steps("V1-create")
    assert step.name == "create_close"
    assert closes(step) == {"closes": 1, "closes_returned": 1}
    assert log.reports(step.lines) == {
        "kasan_reports": 17,
        "kinds": {"slab-use-after-free": 17},
        "accesses": {"read": 16, "write": 1},
        "oopses": 0,
    }


def test_a_log_without_its_end_does_not_count() -> None:
    whole = text("V1-create")
    assert not log.finished(whole.replace("guest: all-done", ""))
    assert not log.finished(f"{whole}** 34 printk messages dropped **\n")


def test_a_step_that_does_not_end_is_no_step() -> None:
    lines = [line for line in log.lines_of(text("V1-create")) if not line.startswith("guest: end")]
    assert log.steps(lines) == []


def test_reports_and_oopses_are_counted_apart() -> None:
    assert log.reports(LINES)["accesses"] == {"read": 1}
    for name in ("oops-poison", "oops-W29p10"):
        lines = log.lines_of(text(name))
        assert log.reports(lines) == {"kasan_reports": 0, "oopses": 1}


@pytest.mark.parametrize(
    ("head", "access"),
    [("Read of size 8 at addr ff11", "read"), ("Write of size 8 at addr ff11", "write"), ("Free of addr ff11", "free")],
)
def test_every_access_has_a_name(head: str, access: str) -> None:
    counted = log.reports(["BUG: KASAN: double-free in kvm_put_kvm+0x1/0x2", f"{head} by task init/25"])
    assert counted == {"kasan_reports": 1, "kinds": {"double-free": 1}, "accesses": {access: 1}, "oopses": 0}


def test_the_guest_says_pairs_whose_values_may_have_spaces() -> None:
    line = "guest: plane id=3 result=EEXIST when=A1 after close of its fd"
    (pairs,) = log.pairs_of([line, "guest: planes id=4", "BUG: guest: plane id=5"], "plane")
    assert pairs == {"id": "3", "result": "EEXIST", "when": "A1 after close of its fd"}


def test_the_sweep_row_by_row() -> None:
    *_, step, _ = steps(SWEEP)
    rows = {row["n"]: row for row in every_row(step)}
    assert list(rows) == [1, 2, 3, 12, 201, 207, 208]
    assert failable(list(rows.values())) == 206
    assert rows[1]["site"] == NO_TRACE
    assert (rows[1]["stage"], rows[1]["errno"], rows[1]["fd_returned"], rows[1]["kasan_reports"]) == (
        "alloc_vm",
        None,
        True,
        17,
    )
    assert rows[2]["site"] == "kvm_create_plane < kvm_create_vm < kvm_dev_ioctl_create_vm < kvm_dev_ioctl"
    assert (rows[2]["at"], rows[2]["stage"], rows[2]["errno"]) == ("kvm_main.c:1100", "plane", "ENOMEM")
    assert (rows[3]["stage"], rows[3]["kasan_reports"]) == ("srcu", 0)
    assert (rows[12]["stage"], rows[12]["fd_returned"]) == ("debugfs", True)
    assert (rows[201]["stage"], rows[201]["errno"], rows[201]["kasan_reports"]) == ("anon_inode", "ENOMEM", 17)
    assert (rows[207]["injected"], rows[207]["site"], rows[207]["stage"]) == (False, None, None)


def test_the_totals_of_the_sweep() -> None:
    *_, step, _ = steps(SWEEP)
    totals = sweep(step)
    assert (totals["failable"], totals["plane_nth"]) == (206, 2)
    assert totals["errnos"] == {"success": 2, "ENOMEM": 3}
    assert totals["stages"]["debugfs"] == {"rows": 1, "failed": 0}
    assert (totals["kasan_reports"], totals["kasan_in_rows"]) == (5 * 17, 3 * 17)
    assert totals["kinds"] == {"vmalloc-out-of-bounds": 17, "slab-use-after-free": 4 * 17}
    assert totals["failing_ioctl_with_reports"] == [201]


def test_a_sweep_that_was_cut_short_is_refused() -> None:
    *_, step, _ = steps(SWEEP)
    with pytest.raises(ValueError, match="an injection in every row"):
        failable(every_row(step)[:5])


def test_a_process_that_died_has_no_result() -> None:
    lines = ["guest: row n=4", "Oops: Oops: 0000 [#1] SMP", "guest: killed signal=9", "guest: end-row n=4"]
    (row,) = every_row(log.GuestStep("sweep", tuple(lines)))
    assert (row["injected"], row["errno"], row["fd_returned"], row["oopses"]) == (None, None, False, 1)


@pytest.mark.parametrize(
    ("functions", "stage"),
    [
        ("kvm_create_plane kvm_vm_ioctl_create_plane kvm_vm_ioctl", "plane"),
        ("__vmalloc_area_node __vmalloc_node_range kvm_arch_alloc_vm kvm_create_vm", "alloc_vm"),
        ("kvm_create_vm kvm_dev_ioctl_create_vm", "buses"),
        ("alloc_inode new_inode debugfs_create_dir kvm_create_vm_debugfs kvm_create_vm", "debugfs"),
        ("alloc_fdtable expand_files alloc_fd kvm_vm_ioctl_create_plane", "fd_table"),
        ("something_else kvm_vm_ioctl", "other"),
    ],
)
def test_the_stage_follows_from_the_callers(functions: str, stage: str) -> None:
    assert stage_of([(name, "?") for name in functions.split()]) == stage


def test_an_allocator_is_no_site_and_the_handler_is_the_end() -> None:
    names = ("should_failslab", "__kmalloc_cache_noprof", "kvm_create_plane", "kmalloc_caller", "kvm_dev_ioctl", "end")
    chain = log.cut([(name, "?") for name in names])
    assert log.in_one_line(chain) == "kvm_create_plane < kmalloc_caller < kvm_dev_ioctl"


KMEMLEAK = """\
guest: | unreferenced object 0xffff888000d4f2a0 (size 16):
guest: |   comm "init", pid 47, jiffies 4294680100
guest: |   hex dump (first 16 bytes):
guest: |     00 80 d4 00 80 88 ff ff 00 00 00 00 00 00 00 00  ................
guest: |   backtrace (crc 1a2b3c4d):
guest: |     __kmalloc_cache_noprof+0x2a1/0x320 = __kmalloc_cache_noprof@?
guest: |     kvm_dev_ioctl+0x2b3/0xd60 = kvm_create_plane@kvm_main.c:1100 kvm_create_vm@kvm_main.c:1163 kvm_dev_ioctl@?
guest: |     __x64_sys_ioctl+0x568/0xad0 = __x64_sys_ioctl@?
guest: | unreferenced object 0xffff888000d4f2c0 (size 136):
guest: |     [<00000000a1b2c3d4>] prepare_creds+0x12/0xe0
guest: |     [<00000000a1b2c3d5>] copy_creds+0x22/0x80
"""


def test_kmemleak_names_sizes_and_sites() -> None:
    leaks = log.leaks(log.GuestStep("leaks", tuple(KMEMLEAK.splitlines())))
    assert leaks.sizes == {"16": 1, "136": 1}
    assert leaks.sites == {"kvm_create_plane < kvm_create_vm < kvm_dev_ioctl": 1, "prepare_creds < copy_creds": 1}
    assert leaks.planes == 1


def test_slub_and_kasan_both_say_bug() -> None:
    lines = [
        "BUG kmalloc-cg-16 (Tainted: G    B             ): Object already free",
        "BUG: KASAN: double-free in kvm_put_kvm+0x1/0x2",
        "BUG kmalloc-cg-32 (Not tainted): Slab has 0 allocated objects but 1 are to be freed",
    ]
    assert log.slub(lines) == {"Object already free": 1, "Slab has 0 allocated objects but 1 are to be freed": 1}


def test_the_dangling_slot_in_figures() -> None:
    lines = [
        "guest: round n=1 injected=1 next=fd",
        "guest: closing round=1",
        "BUG kmalloc-cg-16 (Tainted: G): Object already free",
        "guest: closed round=1",
        "guest: round n=2 injected=1 next=fd",
        "guest: closing round=2",
        "Oops: Oops: 0000 [#1] SMP",
        "kmemleak: Cannot insert 0xffff888000d4f2a0 into the object search tree (overlaps existing)",
    ]
    assert dangling_slots(log.GuestStep("e_dangling_slot", tuple(lines)), lines, None) == {
        "injected": 2,
        "plane_4_created": 2,
        "closes_returned": 1,
        "oopses": 1,
        "slub_object_already_free": 1,
        "kmemleak_overlap_then_disabled": 1,
    }


def order(name: str, closes: list[int], alive: list[int], gone: int) -> list[str]:
    pairs = zip(closes, alive, strict=True)
    lines = [f"guest: closed plane={plane} vms={vms}" for plane, vms in pairs]
    return [f"guest: order name={name} failed=0", *lines, f"guest: gone vms={gone}"]


def test_ids_and_orders_of_closing() -> None:
    block = [
        "guest: cap fd=/dev/kvm planes=1",
        "guest: cap fd=the VM fd planes=16",
        "guest: plane id=4294967299 result=EEXIST when=A1 wide",
        "guest: other result=ENOTTY what=KVM_CREATE_VCPU on a plane fd",
        *order("vm-then-planes-up", [0, 1, 2], [1, 1, 0], 0),
        *order("early", [1, 0, 2], [1, 0, 0], 0),
        *order("exit-closes-all", [], [], 0),
        "guest: inherited vms=1 when=parent gone, plane fd held by the child",
    ]
    step = log.GuestStep("a_ids_and_close_orders", tuple(block))
    leaks = log.GuestStep("leaks", tuple(KMEMLEAK.splitlines()))
    made = plane_blocks("W29-planes", [log.GuestStep("leaks", ()), step, leaks])
    figures = made["a_ids_and_close_orders"]
    assert figures["cap_planes"] == {"/dev/kvm": 1, "the VM fd": 16}
    assert figures["calls"] == [{"when": "A1 wide", "id": 4294967299, "result": "EEXIST"}]
    assert figures["other_ioctls"] == {"KVM_CREATE_VCPU on a plane fd": "ENOTTY"}
    first, early, at_exit = figures["orders"].values()
    assert first == {
        "closes": "vm p1 p2",
        "alive_after_each": "110",
        "planes_failed": 0,
        "alive_after_exit": 0,
        "vm_destroyed_by": "p2",
        "only_the_last_close_destroys": True,
    }
    assert (early["vm_destroyed_by"], early["only_the_last_close_destroys"]) == ("vm", False)
    assert (at_exit["vm_destroyed_by"], at_exit["only_the_last_close_destroys"]) == ("process exit", None)
    assert figures["plane_fd_in_another_process"][0]["vms_alive"] == 1
    assert made["kmemleak"] == {"log": "W29-planes", "after_a": 2, "kasan_reports": 0}
