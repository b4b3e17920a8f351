# SPDX-License-Identifier: GPL-2.0-only
"""The C beside the kernel's: functions, calls and labels in its order, and code that says where the C stands."""

import re

import pytest

import kvmplanes as kp
from kvmplanes.model.series import ALL
from tests.helpers import facts

# What neither fails nor needs undoing; `facts` leaves it out.
_ASIDE = {
    "if", "for", "sizeof", "ERR_PTR", "PTR_ERR", "IS_ERR", "BUILD_BUG_ON", "WARN_ON_ONCE", "mutex_init", "xa_init",
    "refcount_set", "refcount_dec_and_test",
    "xa_destroy",  # stands in an #ifdef
}  # fmt: skip
_KERNEL_S_NAME = {"kvm_alloc_bus": "kzalloc"}  # the kernel has no function for it


def calls(text: str) -> list[str]:
    """The names of the functions called, in order of the text."""
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return [_KERNEL_S_NAME.get(name, name) for name in re.findall(r"(\w+)\(", code) if name not in _ASIDE]


def body(version: str, name: str) -> str:
    return kp.VERSIONS[version].functions[name].source.partition("{\n")[2]


def test_functions_keep_the_order_of_the_kernel() -> None:
    made, _, undone = body("09", "kvm_create_vm").partition("out_err_no_debugfs:\n")
    assert calls(made) == facts.SUCCESS_CREATE_VM
    assert calls(undone) == facts.ERROR_CREATE_VM
    assert calls(body("09", "kvm_destroy_vm")) == facts.DESTROY_VM


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_labels_stand_in_the_order_of_the_kernel(version: str) -> None:
    text = body(version, "kvm_create_vm")
    assert re.findall(r"^(\w+):$", text, re.MULTILINE) == list(facts.LADDER[version])
    jumps = [call.label for call in facts.create_vm_calls(version) if call.label not in ("", "put_fd", "put_kvm")]
    assert list(dict.fromkeys(re.findall(r"goto (\w+);", text))) == list(dict.fromkeys(jumps))


def test_the_functions_of_each_version() -> None:
    base = [
        "kvm_create_vm_debugfs", "kvm_destroy_vm_debugfs", "kvm_create_vm", "kvm_destroy_vm", "kvm_put_kvm",
        "kvm_vm_release", "kvm_vm_ioctl_check_extension", "kvm_dev_ioctl_check_extension", "kvm_vm_ioctl",
        "kvm_dev_ioctl_create_vm", "kvm_dev_ioctl", "kvm_enable_virtualization", "kvm_disable_virtualization",
        "kvm_arch_alloc_vm", "kvm_arch_free_vm", "kvm_arch_init_vm", "kvm_arch_destroy_vm", "kvm_alloc_bus",
        "kvm_init_irq_routing", "kvm_free_irq_routing", "kvm_init_mmu_notifier", "kvm_coalesced_mmio_init",
        "kvm_coalesced_mmio_free",
    ]  # fmt: skip
    planes = {"kvm_create_plane", "kvm_destroy_one_plane", "kvm_destroy_planes"}
    vcpus = planes | {"kvm_destroy_vcpus"}
    ioctl = vcpus | {"kvm_arch_max_planes", "kvm_plane_release", "kvm_vm_ioctl_create_plane", "kvm_get_kvm"}
    added: dict[str, set[str]] = {
        "rfc": {"kvm_create_vm_plane", "kvm_destroy_plane"},
        "08": set(),
        "09": planes,
        "10": vcpus,
        "11": vcpus,
        "29": ioctl,
        "29-fixed": ioctl,
        "09-fixed": planes,
        "09-twice": planes,
        "09-level16": planes,
    }
    for name, version in ALL.items():
        assert [function for function in version.functions if function in base] == base
        assert set(version.functions) - {*base} == added[name]
        assert list(version.functions) == list(version.unit.functions)


@pytest.mark.parametrize("version", ALL)
def test_code_says_the_file_and_the_lines_of_the_c(version: str) -> None:
    """So a traceback, a debugger and linecache speak of the C."""
    ours = ALL[version]
    for name, function in ours.functions.items():
        code, place = ours.unit.functions[name], ours.unit.places[name]
        assert (code.co_filename, code.co_firstlineno) == (function.file, function.first)
        assert (place.file, place.first, place.last) == (
            function.file,
            function.first,
            function.first + len(function.lines) - 1,
        )
        ran = {line for _, _, line in code.co_lines() if line}
        assert min(ran) == function.first
        assert max(ran) <= place.last
        for line in ran:
            assert function.line(line), f"{name}:{line} is empty"
        assert [line.text for line in function.lines] == function.source.splitlines()
        assert [
            line.text for line in ours.tree[function.file][function.first - 1 : place.last]
        ] == function.source.splitlines()
