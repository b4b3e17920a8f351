# SPDX-License-Identifier: GPL-2.0-only
"""How structs lie in memory."""

from kvmplanes.model.heap import POISON
from kvmplanes.model.layout import layout
from kvmplanes.model.series import ALL


def test_sizes_and_places_are_those_of_a_64_bit_machine() -> None:
    """Against gcc's own, in oracle/: here the figures that a reader meets."""
    plane, kvm = (layout(ALL["09"].unit, name, 1 << 20) for name in ("kvm_plane", "kvm"))
    assert list(plane.zero) == ["kvm", "level"]
    assert list(plane.poison.values()) == [POISON, 0x6B6B6B6B]
    assert kvm.arrays == {"planes": 16, "buses": 5}
    assert [n for n in range(24) if layout(ALL["09"].unit, "kvm_plane", n).beyond] == list(range(12))
    assert layout(ALL["09"].unit, "kvm_plane", 8).beyond == {"level"}


def test_structs_inside_a_struct_have_flat_names() -> None:
    names = list(layout(ALL["08"].unit, "kvm", 1 << 20).zero)
    assert {"slots_generation", "slots_node_idx", "mmu_notifier_ops", "mmu_notifier_users"} < {*names}
    assert {"users_count", "srcu", "irq_srcu", "arch", "vcpu_array"} < {*names}, (
        "one with a single member is that member"
    )
    assert not {"lock", "vm_list", "gpc_lock", "mmu_lock"} & {*names}, "a type without members shows nothing"
