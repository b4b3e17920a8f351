# SPDX-License-Identifier: GPL-2.0-only
"""Sizes by the rules of the language, and the same sizes as measured."""

import pytest

import kvmplanes as kp
from kvmplanes.model import sizes as module
from kvmplanes.model.sizes import (
    ARRAY,
    DESIGNS,
    INSIDE,
    PADDING,
    PLANE,
    STRUCT_KVM,
    allocations,
    in_memory,
    kmalloc_class,
    size_of_member,
    size_of_struct,
    sizeof,
)
from kvmplanes.oracle.measured import VARIANTS
from kvmplanes.oracle.measured.evidence import OLDER, recorded_figures


def test_the_rules_give_what_was_measured() -> None:
    sizes = VARIANTS["V1k"].sizes
    assert sizes["struct_kvm_plane"] == PLANE == 16
    assert sizes["planes_array"] == ARRAY == 128
    assert sizes["struct_kvm"] - VARIANTS["V0k"].sizes["struct_kvm"] == ARRAY
    assert PADDING == 4


def test_the_c_of_each_version_gives_the_same_sizes() -> None:
    sizes = {name: size_of_struct(version, "kvm_plane") for name, version in kp.VERSIONS.items()}
    assert sizes == {
        "rfc": 16,
        "08": 0,
        "09": PLANE,
        "09-fixed": PLANE,
        **dict.fromkeys(("10", "11", "29", "29-fixed"), 24),
    }
    assert [size_of_member(kp.VERSIONS[name], "kvm", "planes") for name in ("08", "09", "29")] == [0, ARRAY, ARRAY]


def test_a_struct_is_aligned_to_its_largest_member() -> None:
    assert [sizeof(1), sizeof(8, 4), sizeof(4, 8, 1), sizeof(4, 4)] == [1, 16, 24, 8]
    assert [kmalloc_class(size) for size in (1, 16, 17, 128, 129)] == [8, 16, 32, 128, 192]
    assert kmalloc_class(5000) == 8192
    with pytest.raises(ValueError, match="1 to 8192 bytes"):
        kmalloc_class(8193)


def test_the_allocations_are_those_of_the_model() -> None:
    made = [
        step for step in kp.run("29", planes=(1, 3)).steps if step.what == "alloc" and step.obj.startswith("plane#")
    ]
    assert allocations("09 as posted", 3) == len(made)
    assert [allocations(name, 1) for name in DESIGNS] == [1, 0, 0]
    assert allocations("array when needed", 2) == 2
    with pytest.raises(ValueError, match="one of 09 as posted"):
        allocations("none", 1)


@pytest.mark.parametrize("linux", STRUCT_KVM)
def test_the_slots_take_nothing_from_the_measured_kernels(linux: str) -> None:
    figures = recorded_figures(linux)
    without, posted = (figures[f"{name}{'k' * (linux == OLDER)}"] for name in ("V0", "V1"))
    assert without["sizes"]["struct_kvm"] == STRUCT_KVM[linux]
    assert posted["sizes"]["struct_kvm"] == STRUCT_KVM[linux] + ARRAY
    assert posted["cache"]["struct_kvm"] == f"kmalloc-cg-{kmalloc_class(STRUCT_KVM[linux] + ARRAY) // 1024}k"
    assert posted["cache"]["struct_kvm_plane"] == f"kmalloc-cg-{kmalloc_class(PLANE)}"
    assert kmalloc_class(STRUCT_KVM[linux]) == kmalloc_class(STRUCT_KVM[linux] + ARRAY)
    assert [in_memory(name, 1, linux) for name in DESIGNS] == [16, 0, 0]
    assert [in_memory(name, 16, linux) for name in DESIGNS] == [256, 240, 368]


def test_a_struct_kvm_that_grows_into_the_next_class_is_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRUCT_KVM", {"near": 4096 - 100})
    assert [in_memory(name, 1, "near") for name in DESIGNS] == [16 + 4096, 4096, 0]
    with pytest.raises(ValueError, match=r"no size of struct kvm for '6\.1'; there are near"):
        in_memory("09 as posted", 1, "6.1")
    with pytest.raises(ValueError, match="one of 09 as posted"):
        in_memory("09", 1)
    assert set(INSIDE) == set(DESIGNS)


def test_only_leaving_the_array_out_saves_bytes() -> None:
    assert [cost(1) for cost in DESIGNS.values()] == [144, 144, 24]
    assert [cost(16) for cost in DESIGNS.values()] == [384, 384, 392]
