# SPDX-License-Identifier: GPL-2.0-only
"""One variant of the kernel beside one version of the model: creating and closing VMs, with and without failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from kvmplanes.model.version import Version
from kvmplanes.oracle.measured import Closes, Variant
from kvmplanes.oracle.measured.sees import (
    CREATE_VM,
    FREED,
    VMALLOC,
    Check,
    about,
    by_kind,
    kasan,
    leaked,
    oopses,
    traced,
)
from kvmplanes.oracle.measured.sweeps import plane_size, sweep_checks


def vm_checks(variant: Variant, version: Version, others: Mapping[str, Variant]) -> Iterator[Check]:
    """Everything measured of KVM_CREATE_VM and close in a variant.

    Args:
        variant: the kernel.
        version: the model's version of the same text.
        others: every variant, for those whose rows were kept elsewhere.
    """
    yield from _closes("create + close", variant.create_close, version, variant.vmalloc)
    yield from _closes("20 closes", variant.normal_closes, version, variant.vmalloc)
    yield from sweep_checks(variant, version, others)
    for options, closes in variant.no_kasan.items():
        yield from _without_kasan(options, closes, version, variant.vmalloc)
    yield from _sizes(variant, version)


def _closes(what: str, closes: Closes, version: Version, vmalloc: bool) -> Iterator[Check]:
    seen, died = kasan(traced(version, CREATE_VM)), closes.oopses
    limit = "vmalloc" * bool(died)
    yield oopses(what, died, closes.closes * bool(seen) * vmalloc)
    yield Check(f"{what}: closes that return", closes.returned, about(closes.closes, less=died), limit)
    for access in ("read", "write"):
        one = sum(n for (_, a), n in seen.items() if a == access)
        lost = died * (one - (access == "read"))  # a close that dies has made one read at least
        yield Check(f"{what}: KASAN reports of a {access}", closes.accesses.get(access, 0),
                    about(one * closes.closes, less=lost), limit)  # fmt: skip
    less = died * (seen.total() - 1)
    yield Check(f"{what}: KASAN reports", closes.kasan_reports, about(seen.total() * closes.closes, less=less), limit)
    yield _names(what, closes.kinds, closes.kasan_reports, by_kind(seen), vmalloc)


def _names(what: str, found: Mapping[str, int], reports: int, model: Counter[str], vmalloc: bool) -> Check:
    """KASAN's kinds; for memory from vmalloc it has one name only (limit: vmalloc)."""
    named = dict.fromkeys([VMALLOC] if vmalloc else model, reports) if model else {}
    return Check(f"{what}: KASAN reports by kind", dict(found), named, "vmalloc" * vmalloc)


def _without_kasan(options: str, closes: Closes, version: Version, vmalloc: bool) -> Iterator[Check]:
    spared = vmalloc and FREED[options] == "poisoned"  # SLUB poisons what a slab gets back (limit: vmalloc)
    trace = traced(version, CREATE_VM, freed="kept" if spared else FREED[options])
    limit, what = "vmalloc" * spared, f"no KASAN, {options}"
    died = closes.closes * (trace.oops is not None)
    yield Check(f"{what}: closes that return", closes.returned, closes.closes - died, limit)
    yield Check(f"{what}: Oopses", closes.oopses, died, limit)
    yield Check(f"{what}: planes leaked", closes.plane_leaks, closes.closes * leaked(trace, "plane"), limit)
    # A dead task leaves its credentials behind, too (limit: exit).
    objects = closes.closes * leaked(trace) + died
    yield Check(f"{what}: objects leaked", closes.leaks, objects, "exit" if died else limit)


def _sizes(variant: Variant, version: Version) -> Iterator[Check]:
    sizes, array = variant.sizes, _array_size(version)
    yield Check("bytes of a struct kvm_plane", sizes.get("struct_kvm_plane", 0), plane_size(version))
    yield Check("bytes of planes[]", sizes.get("planes_array", 0), array)
    if "offsetof_planes" in sizes:  # so planes[16] is a member, and KASAN has nothing to report (limit: layout)
        yield Check("where the next member begins", sizes["offsetof_online_vcpus"], sizes["offsetof_planes"] + array)
    for block, (closes, reports) in variant.ubsan.items():
        bad = sum(d.kind == "out-of-bounds" for d in traced(version, CREATE_VM).defects)
        # UBSAN reports a place in the source once a boot.
        yield Check(f"UBSAN, {closes} closes ({block}): reports", reports, min(1, bad * closes))


def step_checks(variant: Variant, version: Version, before: Variant, old: Version) -> Iterator[Check]:
    """What a change to the text adds: failable allocations, and bytes of struct kvm.

    Args:
        variant: the kernel.
        version: the model's version of it.
        before: the kernel it was made from.
        old: the model's version of that.
    """
    if variant.vmalloc == before.vmalloc:  # else the allocation of struct kvm itself makes another number of steps
        calls = len(traced(version, CREATE_VM).calls) - len(traced(old, CREATE_VM).calls)
        more = variant.sweep.failable - before.sweep.failable
        yield Check(f"failable allocations more than in {before.name}", more, calls)
    grown = _array_size(version) - _array_size(old)
    for size in ("struct_kvm", "offsetof_online_vcpus"):
        yield Check(f"{size}: bytes more than in {before.name}", variant.sizes[size] - before.sizes[size], grown)


def _array_size(version: Version) -> int:
    """Bytes of planes[] in a version's struct kvm; 0 where there is none."""
    members = version.unit.structs["kvm"]
    return sum(member.width * (member.length or 1) for member in members if member.name == "planes")
