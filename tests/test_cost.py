# SPDX-License-Identifier: GPL-2.0-only
"""Sizes by the rules of the language, and the same sizes as measured."""

import pytest

import kvmplanes as kp
from kvmplanes.cost import ARRAY, DESIGNS, PADDING, PLANE, allocations, kmalloc_class, sizeof
from kvmplanes.oracle.kernel import VARIANTS


def test_the_rules_give_what_was_measured() -> None:
    sizes = VARIANTS["V1k"].sizes
    assert sizes["struct_kvm_plane"] == PLANE == 16
    assert sizes["planes_array"] == ARRAY == 128
    assert sizes["struct_kvm"] - VARIANTS["V0k"].sizes["struct_kvm"] == ARRAY
    assert PADDING == 4


def test_a_struct_is_aligned_to_its_largest_member() -> None:
    assert [sizeof(1), sizeof(8, 4), sizeof(4, 8, 1), sizeof(4, 4)] == [1, 16, 24, 8]
    assert [kmalloc_class(size) for size in (1, 16, 17, 128, 129)] == [8, 16, 32, 128, 192]
    with pytest.raises(ValueError, match="1 to 4096 bytes"):
        kmalloc_class(5000)


def test_the_allocations_are_those_of_the_model() -> None:
    made = [
        step for step in kp.run("29", planes=(1, 3)).steps if step.what == "alloc" and step.obj.startswith("plane#")
    ]
    assert allocations("09 as posted", 3) == len(made)
    assert [allocations(name, 1) for name in DESIGNS] == [1, 0, 0]
    assert allocations("array when needed", 2) == 2
    with pytest.raises(ValueError, match="one of 09 as posted"):
        allocations("none", 1)


def test_only_leaving_the_array_out_saves_bytes() -> None:
    assert [cost(1) for cost in DESIGNS.values()] == [144, 144, 24]
    assert [cost(16) for cost in DESIGNS.values()] == [384, 384, 392]
