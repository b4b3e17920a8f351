# SPDX-License-Identifier: GPL-2.0-only
"""The model's functions against a table written from the C: errno, labels and undo steps of every failable call."""

import ast
import re
from collections.abc import Iterator

import facts
import pytest

import kvmplanes as kp
from kvmplanes.model import kvm as model
from kvmplanes.trace import Step, Trace

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
        assert any(f"k.{function}(" in frame.line for frame in step.stack), f"{name}: {step.stack}"


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
    assert dict(trace.results)[op] == errno == trace.errno
    assert all(result.startswith("fd") for done, result in trace.results if done != op)
    assert labels(trace) == {"": [], "put_fd": ["put_fd"], "put_kvm": ["put_kvm", "put_fd"]}[call.label]
    wanted = facts.create_plane_undo(version, call, plane)
    check_undo(undone(trace, op), [step for step in wanted if step in facts.SHOWS])
    slot, users = f"planes[{plane}]", "users_count"
    accesses = [
        "kvm_put_kvm" if step.field == users else f"{slot} = NULL"
        for step in trace.steps
        if step.op == op and step.index > at(trace, call) and step.what == "write" and step.field in (slot, users)
    ]
    assert accesses == [step for step in wanted if step not in facts.SHOWS]
    last = [step for step in trace.steps if step.op == op][-1]
    dangling = call.label == "put_kvm" and version == "29"
    assert last.state.occupancy[plane] == ("dangling" if dangling else "empty")
    assert last.state.kvm is not None
    assert last.state.kvm.live
    # Teardown: one free per pointer that is still in a slot, in the order of the slots.
    freed = [step for step in undone(trace, "close(vm)") if step.obj.startswith("plane#")]
    kept = [n for n in (0, *planes) if n != plane or dangling]
    assert [(step.obj, step.defect) for step in freed] == [
        (f"plane#{n}", "double-free" if n == plane else None) for n in kept
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
def test_create_plane_is_bounded_whatever_the_architecture_says(version: str) -> None:
    """29/60: `id >= kvm_arch_max_planes(kvm) || WARN_ON_ONCE(id >= KVM_MAX_PLANES)`."""
    ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 3", "KVM_CREATE_PLANE 18")
    for most, results in ((1, ["EINVAL", "EINVAL"]), (20, ["fd 5", "EINVAL"])):
        changed = kp.VERSIONS[version].replace(kvm_arch_max_planes=f"def kvm_arch_max_planes(k, kvm): return {most}")
        assert [result for _, result in kp.run(changed, ops=ops).results[1:]] == results


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_check_extension(version: str) -> None:
    """KVM_CAP_PLANES is a bare number until 28/60 answers: 1 on /dev/kvm, kvm_arch_max_planes() on a VM."""
    system, vm = (1, 16) if version in facts.WITH_IOCTL else (0, 0)
    assert (kp.check_extension(version, fd="system"), kp.check_extension(version)) == (system, vm)
    assert kp.check_extension(version, cap=248) == kp.check_extension(version, cap=248, fd="system") == 0


def test_the_patch_s_numbers() -> None:
    assert (kp.KVM_MAX_PLANES, kp.KVM_CAP_PLANES) == (16, 249)
    assert facts.BUSES == model.KVM_BUSES


def with_one_more(plane: int) -> kp.Version:
    """11/60, where teardown is right, with one more kvm_create_plane() whose result nobody looks at."""
    line = "kvm.debugfs_dentry = ERR_PTR(-ENOENT)"
    more = f"k.kvm_create_plane(kvm, {plane})\n{line}"
    return kp.VERSIONS["11"].edit("11-more", "one more plane", ("kvm_create_vm", line, more))


def test_latent_in_09_an_occupied_slot_is_overwritten() -> None:
    """As measured on a kernel: the first plane leaks."""
    assert [(d.kind, d.obj) for d in kp.run(with_one_more(0)).defects] == [("leak", "plane#0")]


def test_latent_in_09_the_index_is_not_checked() -> None:
    """As measured on a kernel: written beyond the array, and no loop visits it again."""
    found = [(d.kind, d.obj, d.access) for d in kp.run(with_one_more(16)).defects]
    assert found == [("out-of-bounds", "kvm#1", "write"), ("leak", "plane#16", "")]


# -- the text beside the C -----------------------------------------------------------------------------

_NOT_C = {"range", "enumerate", "len", "label", "goto", "str"}


def calls(body: list[ast.stmt]) -> list[str]:
    """The names of the C functions called, in order of the text; Python's own and gotos left out."""
    found = [
        (node.lineno, node.col_offset, name)
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
        and (name := getattr(node.func, "attr", getattr(node.func, "id", ""))) not in _NOT_C
        and not name.isupper()
    ]
    return [name for _, _, name in sorted(found)]


def function(version: str, name: str) -> ast.FunctionDef:
    node = ast.parse(kp.VERSIONS[version].functions[name].source).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


def test_functions_keep_the_order_of_the_c() -> None:
    create = function("09", "kvm_create_vm")
    ladder = next(node for node in create.body if isinstance(node, ast.Try))
    before = [node for node in create.body if node is not ladder]
    assert calls(before) + calls(ladder.body) == facts.SUCCESS_CREATE_VM
    assert calls(ladder.handlers[0].body) == facts.ERROR_CREATE_VM
    assert calls(function("09", "kvm_destroy_vm").body) == facts.DESTROY_VM


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_labels_stand_in_the_order_of_the_c(version: str) -> None:
    source = kp.VERSIONS[version].functions["kvm_create_vm"].source
    assert re.findall(r'goto\.label\("(\w+)"\)', source) == list(facts.LADDER[version])
    jumps = [call.label for call in facts.create_vm_calls(version) if call.label not in ("", "put_fd", "put_kvm")]
    assert list(dict.fromkeys(re.findall(r'k\.goto\("(\w+)"\)', source))) == list(dict.fromkeys(jumps))


def test_the_functions_of_each_version() -> None:
    base = {
        "kvm_arch_alloc_vm", "kvm_arch_free_vm", "kvm_arch_destroy_vm", "kvm_create_vm", "kvm_destroy_vm",
        "kvm_get_kvm", "kvm_put_kvm", "kvm_vm_release", "kvm_dev_ioctl_create_vm", "kvm_vm_ioctl_check_extension",
        "kvm_dev_ioctl_check_extension",
    }  # fmt: skip
    planes = base | {"kvm_create_plane", "kvm_destroy_one_plane", "kvm_destroy_planes"}
    vcpus = planes | {"kvm_destroy_vcpus"}
    ioctl = vcpus | {"kvm_arch_max_planes", "kvm_plane_release", "kvm_vm_ioctl_create_plane"}
    wanted = {
        "rfc": base | {"kvm_create_vm_plane", "kvm_destroy_plane"},
        "08": base,
        "09": planes,
        "10": vcpus,
        "11": vcpus,
        "29": ioctl,
        "29-fixed": ioctl,
    }
    assert {name: set(version.functions) for name, version in kp.VERSIONS.items()} == wanted
