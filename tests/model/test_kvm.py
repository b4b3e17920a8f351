# SPDX-License-Identifier: GPL-2.0-only
"""The C and its runs against a table written from the kernel's: errno, labels and undo steps of every failable call."""

import re
from collections.abc import Iterator

import pytest

import kvmplanes as kp
from kvmplanes.model.heap import Freed
from kvmplanes.runs import scenario
from kvmplanes.runs.trace import Step, Trace, slot_of
from tests.helpers import facts

# Version and planes of each run. 29 creates planes, too.
RUNS = [*((v, ()) for v in facts.VERSIONS), *((v, p) for v in facts.WITH_IOCTL for p in ((1,), (1, 3)))]


def create_vm_cases() -> Iterator[object]:
    for version, planes in RUNS:
        for call in facts.create_vm_calls(version):
            for errno in call.errnos:
                yield pytest.param(version, planes, call, errno, id=f"{version}{planes or ''} {call.name}: {errno}")


def create_plane_cases() -> Iterator[object]:
    for version, planes in RUNS:
        for plane in planes:
            for call in facts.create_plane_calls(plane):
                for errno in call.errnos:
                    name = f"{version}{planes} {call.name}: {errno}"
                    yield pytest.param(version, planes, plane, call, errno, id=name)


def undone(trace: Trace, op: str) -> list[Step]:
    """What one system call gave back."""
    return [step for step in trace.steps if step.op == op and step.what in ("free", "put")]


def labels(trace: Trace) -> list[str]:
    return [step.obj for step in trace.steps if step.what == "label"]


def check_undo(steps: list[Step], wanted: list[str]) -> None:
    """The same releases in the same order, each under the C function that gives it back."""
    assert [(step.what, step.obj) for step in steps] == [facts.SHOWS[name] for name in wanted]
    for step, name in zip(steps, wanted, strict=True):
        function = name.partition("(")[0].replace("kvm_io_bus_destroy", "kfree")
        assert any(re.search(rf"\b{function}\(", frame.line) for frame in step.stack), f"{name}: {step.stack}"


@pytest.mark.parametrize(("version", "planes"), RUNS)
def test_every_failable_call_is_reached_in_order(version: str, planes: tuple[int, ...]) -> None:
    wanted = facts.create_vm_calls(version) + [call for n in planes for call in facts.create_plane_calls(n)]
    assert list(kp.run(version, planes=planes).calls) == [call.name for call in wanted]


@pytest.mark.parametrize(("version", "planes", "call", "errno"), list(create_vm_cases()))
def test_a_failure_of_create_vm(version: str, planes: tuple[int, ...], call: facts.Call, errno: str) -> None:
    trace = kp.run(version, planes=planes, fail=f"{call.name}: {errno}")
    assert trace.failed == ((call.name, errno),)
    assert trace.results == (("KVM_CREATE_VM", errno),)
    assert trace.errno == errno
    assert next((s.obj for s in trace.steps if s.what == "goto"), "") == call.label
    assert labels(trace) == facts.labels_passed(version, call)
    check_undo(undone(trace, "KVM_CREATE_VM"), facts.create_vm_undo(version, call))
    assert not any(step.what == "alloc" for step in trace.steps if step.index > at(trace, call))
    assert trace.steps[-1].state.refs == ()


def at(trace: Trace, call: facts.Call) -> int:
    return next(step.index for step in trace.steps if step.what == "fail" and step.obj == call.name)


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_users_count_is_taken_back(version: str) -> None:
    """`WARN_ON_ONCE(!refcount_dec_and_test(&kvm->users_count))` stands under out_err_no_arch_destroy_vm."""
    for call in facts.create_vm_calls(version):
        trace = kp.run(version, fail=call.name)
        counts = [step.value for step in trace.steps if step.field == "users_count"]
        passed = {"out_err_no_arch_destroy_vm", "put_kvm"} & set(labels(trace))
        assert counts == (["1", "0"] if passed else [])


@pytest.mark.parametrize(("version", "planes", "plane", "call", "errno"), list(create_plane_cases()))
def test_a_failure_of_create_plane(
    version: str, planes: tuple[int, ...], plane: int, call: facts.Call, errno: str
) -> None:
    trace = kp.run(version, planes=planes, fail=f"{call.name}: {errno}")
    op = f"KVM_CREATE_PLANE {plane}"
    assert dict[str, str](trace.results)[op] == errno == trace.errno
    assert all(result.startswith("fd") for done, result in trace.results if done != op)
    assert labels(trace) == {"": [], "put_fd": ["put_fd"], "put_kvm": ["put_kvm", "put_fd"]}[call.label]
    wanted = facts.create_plane_undo(version, call, plane)
    check_undo(undone(trace, op), [step for step in wanted if step in facts.SHOWS])
    names = {
        ("write", "users_count"): "kvm_put_kvm",
        ("write", f"planes[{plane}]"): f"planes[{plane}] = NULL",
        ("free", ""): f"kvm_destroy_one_plane(plane {plane})",
        ("put", ""): "put_unused_fd",
    }
    after = [step for step in trace.steps if step.op == op and step.index > at(trace, call)]
    assert [names[s.what, s.field] for s in after if (s.what, s.field) in names] == wanted
    last = [step for step in trace.steps if step.op == op][-1]
    dangling = call.label == "put_kvm" and version == "29"
    assert last.state.occupancy[plane] == ("dangling" if dangling else "empty")
    assert last.state.kvm is not None
    assert last.state.kvm.live
    # Teardown: one free per pointer that is still in a slot, in the order of the slots.
    freed = [step for step in undone(trace, "close(vm)") if step.obj.startswith("plane#")]
    left = [n for n in (0, *planes) if n != plane or dangling]
    assert [(step.obj, step.defect) for step in freed] == [
        (f"plane#{n}", "double-free" if n == plane else None) for n in left
    ]
    assert trace.steps[-1].state.refs == ()


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_success_and_close(version: str) -> None:
    trace = kp.run(version)
    assert trace.results == (("KVM_CREATE_VM", "fd 4"),)
    steps = undone(trace, "close(vm)")
    assert (steps[0].what, steps[0].obj) == ("put", "fd")
    assert (steps[-1].what, steps[-1].obj) == ("free", "file#kvm-vm")
    check_undo(steps[1:-1], facts.destroy_vm_steps(version))
    assert labels(trace) == []


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_what_kvm_create_vm_has_written_when_a_call_fails(version: str) -> None:
    for member, value, name in facts.WRITTEN:
        trace = kp.run(version, fail=name)
        kvm = next(step.state.kvm for step in trace.steps if step.what == "fail")
        assert kvm is not None
        assert kvm.get(member) == value, member


@pytest.mark.parametrize("version", ["rfc", *facts.WITH_PLANES])
def test_what_a_plane_holds(version: str) -> None:
    levels = (0, 3, 15) if version in facts.WITH_IOCTL else (0,)
    ops = ("KVM_CREATE_VM", *(f"KVM_CREATE_PLANE {n}" for n in levels[1:]))
    state = next(step.state for step in reversed(kp.run(version, ops=ops).steps) if step.op == ops[-1])
    assert [n for n, what in enumerate(state.occupancy) if what == "live"] == list(levels)
    for level in levels:
        plane = state.find(f"plane#{level}")
        assert plane is not None
        assert facts.plane_members(version, level).items() <= dict(plane.fields).items()
    assert state.kvm is not None
    assert sum(slot_of(name) is not None for name, _ in state.kvm.fields) == len(facts.VCPU_WALK)


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_teardown_looks_for_vcpus(version: str) -> None:
    steps = [step for step in kp.run(version).steps if step.op == "close(vm)"]
    walk = [step for step in steps if step.function == "kvm_destroy_vcpus"]
    assert [step.field for step in walk] == (facts.VCPU_WALK if version in facts.WITH_VCPU_ARRAY else [])
    freed = next(step.index for step in steps if (step.what, step.obj) == ("free", "arch"))
    assert all(step.what == "read" and step.index < freed for step in walk)


@pytest.mark.parametrize("version", ["29"])
@pytest.mark.parametrize("freed", facts.DANGLING)
def test_a_slot_that_dangles_is_followed(version: str, freed: Freed) -> None:
    trace = kp.run(version, planes=(1,), fail="anon_inode_getfile(plane 1)", freed=freed)
    bad = next(step for step in trace.steps if step.defect)
    assert (bad.op, bad.function, bad.what, bad.obj, bad.field) == (
        "close(vm)", "kvm_destroy_vcpus", "read", "plane#1", "kvm",
    )  # fmt: skip
    assert (trace.oops is not None) == facts.DANGLING[freed]
    if trace.oops:
        assert trace.oops.function == "kvm_destroy_vcpus"


@pytest.mark.parametrize("version", facts.WITH_IOCTL)
def test_plane_fds_keep_the_vm_alive(version: str) -> None:
    """A plane's file holds a reference on the VM; closing it frees no plane."""
    ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 2", "KVM_CREATE_PLANE 9", "close(vm)", "close(plane 9)", "close(plane 2)")
    trace = kp.run(version, ops=ops)
    users = {s.op: s.value for s in trace.steps if s.field == "users_count"}
    assert users == dict(zip(ops, "123210", strict=True))
    for step in trace.steps:
        if step.what == "free" and step.obj.startswith(("plane#", "kvm#")):
            assert step.op == "close(plane 2)"
    assert trace.defects == ()


@pytest.mark.parametrize("version", facts.WITH_IOCTL)
@pytest.mark.parametrize(
    ("argument", "result"),
    [
        (0, "EEXIST"),  # plane 0 comes with the VM
        (15, "fd 5"),
        (16, "EINVAL"),
        (2**32 - 1, "EINVAL"),
        (2**32, "EEXIST"),  # unsigned long argument, unsigned parameter
        (2**32 + 5, "fd 5"),
        (2**32 + 16, "EINVAL"),
    ],
)
def test_create_plane_checks_its_id(version: str, argument: int, result: str) -> None:
    trace = kp.run(version, ops=("KVM_CREATE_VM", f"KVM_CREATE_PLANE {argument}"))
    assert trace.results[1] == (f"KVM_CREATE_PLANE {argument}", result)
    done = [step.what for step in trace.steps if step.op.startswith("KVM_CREATE_PLANE")]
    assert ("get" in done) == result.startswith("fd"), "both checks come before the descriptor"
    assert trace.defects == ()
    if result == "fd 5":
        assert trace.steps[-1].state.find(f"plane#{argument % 2**32}") is not None


@pytest.mark.parametrize("version", facts.WITH_IOCTL)
def test_create_plane_is_bounded_by_the_architecture(version: str) -> None:
    """29/60 also has WARN_ON_ONCE(id >= KVM_MAX_PLANES); ours, like the kernel that was measured, has not."""
    ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 3", "KVM_CREATE_PLANE 18")
    own = "unsigned kvm_arch_max_planes(struct kvm *kvm)\n{{\n\t(void)kvm;\n\treturn {};\n}}\n"
    first, twenty = (kp.run(kp.VERSIONS[version].replace(own.format(most)), ops=ops) for most in (1, 20))
    assert [result for _, result in first.results[1:]] == ["EINVAL", "EINVAL"]
    assert first.defects == ()
    assert [result for _, result in twenty.results[1:]] == ["fd 5", "fd 6"]
    assert [(d.kind, d.access, d.field) for d in twenty.defects if d.access] == [
        ("out-of-bounds", "read", "planes[18]"), ("out-of-bounds", "write", "planes[18]"),
    ]  # fmt: skip


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_check_extension(version: str) -> None:
    """KVM_CAP_PLANES is a bare number until 28/60 answers: 1 on /dev/kvm, kvm_arch_max_planes() on a VM."""
    system, vm = (1, 16) if version in facts.WITH_IOCTL else (0, 0)
    assert (kp.check_extension(version, fd="system"), kp.check_extension(version)) == (system, vm)
    assert kp.check_extension(version, cap=248) == kp.check_extension(version, cap=248, fd="system") == 0


def test_numbers_that_python_s_code_needs_are_those_of_the_c() -> None:
    names = ("KVM_MAX_PLANES", "KVM_CAP_PLANES", "KVM_CREATE_VM", "KVM_CHECK_EXTENSION", "KVM_CREATE_PLANE")
    prints = "".join(f'\tprintk("%u", {name});\n' for name in names)
    own = kp.VERSIONS["29"].replace(f"static int kvm_plane_release(struct file *filp)\n{{\n{prints}\treturn 0;\n}}\n")
    lines = [step.obj for step in kp.run(own, planes=(1,)).steps if step.what == "print"]
    assert lines == [
        "16",
        "249",
        *map(str, (scenario.KVM_CREATE_VM, scenario.KVM_CHECK_EXTENSION, scenario.KVM_CREATE_PLANE)),
    ]
    assert (kp.KVM_MAX_PLANES, kp.KVM_CAP_PLANES) == (16, 249)


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_buses(version: str) -> None:
    made = [step.obj for step in kp.run(version).steps if step.what == "alloc" and step.obj.startswith("bus#")]
    assert made == [f"bus#{bus}" for bus in facts.BUSES]


def with_one_more(plane: int) -> kp.Version:
    """11/60, where teardown is right, with one more kvm_create_plane() whose result nobody looks at."""
    line = "kvm->debugfs_dentry = ERR_PTR(-ENOENT);"
    more = f"kvm_create_plane(kvm, {plane});\n{line}"
    return kp.VERSIONS["11"].edit("11-more", "one more plane", ("kvm_create_vm", line, more))


def test_latent_in_09_an_occupied_slot_is_overwritten() -> None:
    """As measured on a kernel: the first plane leaks."""
    assert [(d.kind, d.obj) for d in kp.run(with_one_more(0)).defects] == [("leak", "plane#0")]


def test_latent_in_09_the_index_is_not_checked() -> None:
    """As measured on a kernel: written beyond the array, and no loop visits it again."""
    defects = [(d.kind, d.obj, d.access) for d in kp.run(with_one_more(16)).defects]
    assert defects == [("out-of-bounds", "kvm#1", "write"), ("leak", "plane#16", "")]
