# SPDX-License-Identifier: GPL-2.0-only
"""What user space does, and what it is told when it asks for something that is not allowed."""

from collections.abc import Sequence
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.runs.op import OPS
from tests.helpers import facts


def test_the_usual_run() -> None:
    trace = kp.run()
    assert trace.version is kp.VERSIONS["09"]
    assert trace.scenario == "KVM_CREATE_VM, close(vm)"
    assert trace.results == (("KVM_CREATE_VM", "fd 4"),)
    assert (trace.errno, trace.failed) == (None, ())
    assert [op for i, op in enumerate(s.op for s in trace.steps) if not i or trace.steps[i - 1].op != op] == [
        "KVM_CREATE_VM",
        "close(vm)",
    ]


def test_planes_are_created_in_order_and_closed_before_the_vm() -> None:
    trace = kp.run("29", planes=(3, 1))
    assert trace.results == (("KVM_CREATE_VM", "fd 4"), ("KVM_CREATE_PLANE 3", "fd 5"), ("KVM_CREATE_PLANE 1", "fd 6"))
    ops = list(dict.fromkeys(step.op for step in trace.steps))
    assert ops[-3:] == ["close(plane 3)", "close(plane 1)", "close(vm)"]


def test_a_version_can_be_given_itself() -> None:
    assert kp.run(kp.VERSIONS["11"]) == kp.run("11")


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_by_number_by_name_and_by_function(version: str) -> None:
    calls = kp.run(version).calls
    for n, call in enumerate(calls, 1):
        by_number, by_name = kp.run(version, fail=n), kp.run(version, fail=call)
        assert by_number.steps == by_name.steps
        assert by_number.failed == by_name.failed == ((call, by_number.errno),)
        assert by_number.calls == calls[:n]
    assert kp.run(version, fail="kzalloc").failed[0][0] == "kzalloc(KVM_MMIO_BUS)"


def test_failslab_can_fail_several_calls() -> None:
    ops = ("KVM_CREATE_VM",) * 4
    trace = kp.run("11", ops=ops, fail=kp.Failslab(100, 1, 3))
    assert [call for call, _ in trace.failed] == ["kvm_create_plane(kvm, 0)"] * 3
    assert [result for _, result in trace.results] == ["ENOMEM"] * 3 + ["fd 4"]
    assert trace.errno == "ENOMEM"
    assert trace.defects == ()


def test_failslab_may_fail_nothing() -> None:
    assert kp.run("09", fail=kp.Failslab(probability=0)).failed == ()


@pytest.mark.parametrize(("version", "again"), [("29", "EEXIST"), ("29-fixed", "fd 5")])
def test_retry_after_a_failing_getfile(version: str, again: str) -> None:
    trace = kp.run(version, planes=(1,), fail="anon_inode_getfile(plane 1)", retry=True)
    assert trace.results[1:] == (("KVM_CREATE_PLANE 1", "ENOMEM"), ("KVM_CREATE_PLANE 1", again))
    assert trace.errno == "ENOMEM"
    assert bool(trace.defects) == (version == "29")


def test_retry_asks_once_more_and_for_planes_alone() -> None:
    assert len(kp.run("29", planes=(1,), fail="kvm_create_plane(kvm, 1)", retry=True).results) == 3
    assert len(kp.run("29", planes=(1,), fail="kvm_create_plane", retry=True).results) == 1


def test_29_as_posted() -> None:
    """The failing path does no wrong itself; teardown follows the plane's kvm (10/60), then frees it again."""
    trace = kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 1)", retry=True)
    assert [(d.kind, d.obj, d.access, d.field) for d in trace.defects] == [
        ("use-after-free", "plane#1", "read", "kvm"),
        ("double-free", "plane#1", "free", ""),
    ]


@pytest.mark.parametrize(
    ("freed", "found", "oops"),
    [
        ("kept", {("use-after-free", "read"): 16, ("use-after-free", "write"): 1}, False),
        ("zeroed", {("use-after-free", "read"): 16, ("leak", ""): 1}, False),  # init_on_free=1: the plane leaks
        ("poisoned", {("use-after-free", "read"): 1, ("leak", ""): 5}, True),  # slub_debug=P: an Oops in kfree
    ],
)
def test_09_as_measured(freed: Any, found: dict[tuple[str, str], int], oops: bool) -> None:
    trace = kp.run("09", freed=freed)
    counted: dict[tuple[str, str], int] = {}
    for defect in trace.defects:
        counted[defect.kind, defect.access] = counted.get((defect.kind, defect.access), 0) + 1
    assert counted == found
    assert (trace.oops is not None) == oops
    assert ("plane#0" in [d.obj for d in trace.defects if d.kind == "leak"]) == (freed != "kept")


def test_operations_one_by_one() -> None:
    trace = kp.run(
        "29",
        ops=("KVM_CHECK_EXTENSION system", "KVM_CREATE_VM", "KVM_CHECK_EXTENSION vm", "KVM_CREATE_PLANE 4294967301",
             "close(vm)", "KVM_CREATE_PLANE 2"),
    )  # fmt: skip
    assert [result for _, result in trace.results] == ["1", "fd 4", "16", "fd 5"]
    assert trace.defects == ()
    assert trace.steps[-1].op == "close(plane 4294967301)"  # at exit


def test_exit_closes_the_lowest_descriptor_first() -> None:
    trace = kp.run("29", ops=("KVM_CREATE_VM", "KVM_CREATE_PLANE 7", "KVM_CREATE_PLANE 2"))
    ops = list(dict.fromkeys(step.op for step in trace.steps))
    assert ops[-3:] == ["close(vm)", "close(plane 7)", "close(plane 2)"]
    assert trace.steps[-1].state.refs == ()


def test_a_plane_outlives_its_vm_s_descriptor() -> None:
    """The plane of the first VM keeps it alive beside the second, which has a plane of the same id."""
    ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "close(vm)", "KVM_CREATE_VM", "KVM_CREATE_PLANE 1",
           "close(plane 1)", "close(plane 1)", "close(vm)")  # fmt: skip
    trace = kp.run("29", ops=ops)
    assert [result for _, result in trace.results] == ["fd 4", "fd 5", "fd 4", "fd 6"]
    freed = [(step.op, step.obj) for step in trace.steps if step.what == "free" and step.obj.startswith("kvm#")]
    assert freed == [("close(plane 1)", "kvm#1"), ("close(vm)", "kvm#1'")]
    assert trace.defects == ()


def test_calls_that_cannot_be_made_are_left_out() -> None:
    assert kp.run("29", ops=("close(vm)", "KVM_CREATE_PLANE 1", "KVM_CHECK_EXTENSION vm", "close(plane 3)")).steps == ()
    twice = kp.run("11", ops=("KVM_CREATE_VM", "KVM_CREATE_VM"))
    assert twice.results == (("KVM_CREATE_VM", "fd 4"),)


def test_the_scenario_in_words() -> None:
    trace = kp.run("29", planes=(1,), fail="anon_inode_getfile(plane 1)", retry=True, freed="zeroed")
    assert trace.scenario == (
        "KVM_CREATE_VM, KVM_CREATE_PLANE 1, close(plane 1), close(vm); anon_inode_getfile(plane 1) fails; "
        "a failed plane is asked for again; freed memory is zeroed"
    )
    assert kp.run("09", fail=5).scenario == "KVM_CREATE_VM, close(vm); init_srcu_struct(&kvm->irq_srcu) fails (call 5)"
    assert "; init_srcu_struct(&kvm->irq_srcu) fails (call 5): 3" in repr(kp.run("09", fail=5))
    rule = kp.Failslab(30, 2, -1, seed=7)
    assert "failslab probability 30 interval 2 times -1 seed 7" in kp.run("09", fail=rule).scenario


ALLOWED = r"allowed are ids 1\.\.15, each once; plane 0 comes with the VM"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"which": "12"}, "unknown version '12'; versions are rfc, 08, 09, 09-fixed, 10, 11, 29, 29-fixed"),
        ({"which": "29", "planes": (16,)}, ALLOWED),
        ({"which": "29", "planes": (0,)}, ALLOWED),
        ({"which": "29", "planes": (-1,)}, ALLOWED),
        ({"which": "29", "planes": (1, 2, 1)}, f"twice: {ALLOWED}"),
        ({"which": "29", "planes": ("1",)}, ALLOWED),
        ({"which": "29", "planes": (True,)}, ALLOWED),
        ({"which": "29", "planes": 1}, ALLOWED),
        ({"which": "09", "planes": (1,)}, "version 09 has no KVM_CREATE_PLANE; versions with it are 29, 29-fixed"),
        ({"which": "11", "ops": ("KVM_CREATE_PLANE 1",)}, "version 11 has no KVM_CREATE_PLANE; .* 29, 29-fixed"),
        ({"ops": ("KVM_RUN",)}, "unknown system call 'KVM_RUN'; allowed are KVM_CREATE_VM, .*close.vm."),
        ({"which": "29", "ops": ("KVM_CREATE_PLANE -1",)}, "unknown system call 'KVM_CREATE_PLANE -1'; allowed are"),
        ({"which": "29", "ops": ("KVM_CREATE_PLANE",)}, "unknown system call"),
        ({"which": "29", "ops": ("KVM_CREATE_VM",), "planes": (1,)}, "either planes or ops"),
        ({"fail": "kmalloc"}, "no failable call 'kmalloc' here; 09 reaches 1 get_unused_fd_flags, .*17 anon_inode_get"),
        ({"fail": ""}, "no failable call '' here; 09 reaches 1 get_unused_fd_flags, "),
        ({"fail": (3, 17)}, r"no failable call \(3, 17\) here; 09 reaches 1 get_unused_fd_flags, .*3 kvm_create_plane"),
        ({"fail": "kvm_arch_init_vm: EPERM"}, "kvm_arch_init_vm fails with ENOMEM or EINVAL, not 'EPERM'"),
        ({"fail": 0}, "fail counts failable calls from 1, not 0"),
        ({"fail": 19}, "no failable call 19 here; 09 reaches 1 get_unused_fd_flags, .*17 anon_inode_getfile"),
        (
            {"which": "08", "fail": "kvm_create_plane"},
            "no failable call 'kvm_create_plane' here; 08 reaches 1 get",
        ),
        ({"which": "29", "fail": "anon_inode_getfile(plane 1)"}, "no failable call 'anon_inode_getfile.plane 1.' here"),
        ({"which": "29", "planes": None}, f"planes=None: {ALLOWED}"),
        ({"freed": "burnt"}, "freed must be one of kept, zeroed, poisoned, not 'burnt'"),
    ],
)
def test_bad_input_names_what_is_allowed(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kp.run(**arguments)


def test_every_documented_operation_is_taken() -> None:
    ops: Sequence[str] = [op.replace("<id>", "3") for op in OPS]
    assert [op for op, _ in kp.run("29", ops=ops).results] == [op for op in ops if not op.startswith("close")]


@pytest.mark.parametrize("arguments", [{"fd": "plane"}, {"which": "28"}])
def test_check_extension_bad_input(arguments: dict[str, str]) -> None:
    with pytest.raises(
        ValueError, match=r"fd must be vm or system, not 'plane'|unknown version '28'; versions are rfc"
    ):
        kp.check_extension(**arguments)  # type: ignore[arg-type]


def test_several_numbers_fail_several_calls() -> None:
    ops = ("KVM_CREATE_VM", "KVM_CREATE_VM", "KVM_CREATE_VM")
    trace = kp.run("11", ops=ops, fail=(3, 6))
    assert [call for call, _ in trace.failed] == ["kvm_create_plane(kvm, 0)"] * 2
    assert [end for _, end in trace.results] == ["ENOMEM", "ENOMEM", "fd 4"]
    assert trace.scenario == (
        f"{', '.join(ops)}; kvm_create_plane(kvm, 0) fails (call 3) and kvm_create_plane(kvm, 0) fails (call 6)"
    )


def test_a_long_list_of_system_calls_is_told_by_its_ends() -> None:
    assert kp.run("29", planes=range(1, 16)).scenario == (
        "KVM_CREATE_VM, KVM_CREATE_PLANE 1, ..., KVM_CREATE_PLANE 15, close(plane 1), ..., close(vm)"
    )


def test_exit_closes_what_the_table_holds_and_user_space_was_not_told_of() -> None:
    told = "fd_install(fd, file);\nreturn fd;"
    hidden = kp.VERSIONS["29"].edit(
        "hidden", "", ("kvm_dev_ioctl_create_vm", told, told.replace("return fd", "return -EIO"))
    )
    trace = kp.run(hidden)
    assert trace.results == (("KVM_CREATE_VM", "EIO"),)
    assert list(dict.fromkeys(step.op for step in trace.steps)) == ["KVM_CREATE_VM", "close(fd 4)"]
    assert trace.defects == ()
