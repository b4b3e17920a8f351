# SPDX-License-Identifier: GPL-2.0-only
"""What planes cost a VM in memory, by the layout rules of a 64-bit kernel; measured sizes agree (a test).

>>> from kvmplanes.model.sizes import ARRAY, PLANE, kmalloc_class
>>> ARRAY, PLANE, kmalloc_class(PLANE)
(128, 16, 16)
>>> from kvmplanes.model.sizes import in_memory
>>> in_memory("09 as posted", 1), in_memory("plane 0 in struct kvm", 1)
(16, 0)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from kvmplanes.given import among, brief, typed, whole, written
from kvmplanes.model.machine.translated import Member
from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.model.version import Version

_POINTER: Final = 8  # LP64
_UNSIGNED: Final = 4
_LARGEST: Final = 1 << 20  # bytes of one member
# Sizes that kmalloc rounds up to; source: Linux 6.12, mm/slab_common.c, kmalloc_info. What is larger takes whole pages.
CLASSES: Final = (8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192)
# Bytes of struct kvm without the patch, as measured; the patch adds `ARRAY`, and 8192 bytes are taken in each case.
STRUCT_KVM: Final[Mapping[str, int]] = MappingProxyType({"6.12.117": 6296, "7.2.13": 6208})


def sizeof(*members: int) -> int:
    """Bytes of a C struct whose members have these sizes, each aligned to its own, the whole to the largest."""
    for size in members:
        whole(size, "a member's size", 1, _LARGEST)
    end = 0
    for size in members:
        end = _up(end, size) + size
    return _up(end, max(members, default=1))


def _up(end: int, to: int) -> int:
    """The next multiple."""
    return -(-end // to) * to


def size_of_struct(version: Version, struct: str) -> int:
    """Bytes of a struct of a version's C; 0 where there is none."""
    members = _members(version, struct)
    return sizeof(*(member.width for member in members for _ in range(_slots(member))))


def size_of_member(version: Version, struct: str, name: str) -> int:
    """Bytes of a member of a struct of a version's C, of an array those of all its slots; 0 where there is none."""
    members = _members(version, struct)
    written(name, "name")
    return sum(member.width * _slots(member) for member in members if member.name == name)


def _members(version: Version, struct: str) -> tuple[Member, ...]:
    typed(version, Version, "version must be a Version, such as VERSIONS['09']")
    return version.unit.structs.get(written(struct, "struct"), ())


def _slots(member: Member) -> int:
    return 1 if member.length is None else member.length


def kmalloc_class(size: int) -> int:
    """Bytes that kmalloc takes for an object; ValueError for one that it does not serve from a class here."""
    whole(size, "size", 1, CLASSES[-1], f"1 to {CLASSES[-1]} bytes")
    return next(served for served in CLASSES if served >= size)


PLANE: Final = sizeof(_POINTER, _UNSIGNED)  # struct kvm_plane of 09: kvm, level
PADDING: Final = PLANE - _POINTER - _UNSIGNED
ARRAY: Final = KVM_MAX_PLANES * _POINTER  # kvm->planes[]

# Name -> those of a design's bytes that lie in struct kvm, and so are rounded up together with it.
INSIDE: Final[Mapping[str, int]] = MappingProxyType(
    {"09 as posted": ARRAY, "plane 0 in struct kvm": ARRAY + PLANE, "array when needed": _POINTER + PLANE}
)
# Name -> bytes that a VM with so many planes (1 to 16) takes for them.
DESIGNS: Final[Mapping[str, Callable[[int], int]]] = MappingProxyType(
    {
        "09 as posted": lambda planes: ARRAY + planes * kmalloc_class(PLANE),
        "plane 0 in struct kvm": lambda planes: ARRAY + PLANE + (planes - 1) * kmalloc_class(PLANE),
        "array when needed": lambda planes: (
            _POINTER + PLANE + (kmalloc_class(ARRAY) if planes > 1 else 0) + (planes - 1) * kmalloc_class(PLANE)
        ),
    }
)


def in_memory(design: str, planes: int, linux: str = "7.2.13") -> int:
    """Bytes that the planes of a VM take from the allocator, beyond those that struct kvm takes without them.

    Args:
        design: a key of `DESIGNS`.
        planes: how many, 1 to 16.
        linux: a key of `STRUCT_KVM`.

    Raises:
        ValueError: an unknown design or kernel, or a number of planes outside 1..16.
    """
    _checked(design, planes)
    if not isinstance(linux, str) or linux not in STRUCT_KVM:
        raise ValueError(f"no size of struct kvm for {brief(linux)}; there are {', '.join(STRUCT_KVM)}")
    before, inside = STRUCT_KVM[linux], INSIDE[design]
    return DESIGNS[design](planes) - inside + kmalloc_class(before + inside) - kmalloc_class(before)


def allocations(design: str, planes: int) -> int:
    """How many allocations the planes of a VM take, beside that of struct kvm itself.

    Raises:
        ValueError: an unknown design, or a number of planes outside 1..16.
    """
    _checked(design, planes)
    inside = design != "09 as posted"  # plane 0 lies in struct kvm
    array = design == "array when needed" and planes > 1
    return planes - (1 if inside else 0) + (1 if array else 0)


def _checked(design: str, planes: int) -> None:
    among(design, "design", DESIGNS)
    whole(planes, "planes", 1, KVM_MAX_PLANES)
