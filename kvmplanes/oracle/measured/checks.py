# SPDX-License-Identifier: GPL-2.0-only
"""A measured figure beside the model's, what a run means to the kernel's instruments, and which call an allocation is.

The model fails calls, the kernel fails allocations. Most often one is the other; where it is not, the limit of the
model (`kvmplanes.model.limits`) that stands between them is named.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from kvmplanes.model.faults import base
from kvmplanes.model.heap import Freed
from kvmplanes.model.version import Version
from kvmplanes.oracle.measured import SweepRow
from kvmplanes.runs.scenario import run
from kvmplanes.runs.trace import Trace, is_errno

CREATE_VM: Final = ("KVM_CREATE_VM", "close(vm)")
# Boot options -> what they let freeing do to the bytes.
FREED_BY: Final[Mapping[str, Freed]] = {"plain": "kept", "init_on_free=1": "zeroed", "slub_debug=FPZU": "poisoned"}

# (defect, access) -> the kind that KASAN reports, when struct kvm comes from a slab.
_REPORTED: Final[Mapping[tuple[str, str], str]] = {
    ("use-after-free", "read"): "slab-use-after-free",
    ("use-after-free", "write"): "slab-use-after-free",
    ("double-free", "free"): "double-free",
}
VMALLOC: Final = "vmalloc-out-of-bounds"  # KASAN's name for the same accesses to vmalloc memory


@dataclass(frozen=True, slots=True)
class Check:
    """Something measured beside what the model gives.

    Attributes:
        what: which row or figure.
        kernel: as measured.
        model: as derived; a `range` where an Oops leaves the model without an exact figure.
        limit: the limit of the model through which the two are compared, "" if they are the same thing.
        row: whether it is a row of a fail-nth sweep.
    """

    what: str
    kernel: object
    model: object
    limit: str = ""
    row: bool = False

    @property
    def agrees(self) -> bool:
        """Whether the kernel's figure is the model's, or in its range."""
        return self.kernel in self.model if isinstance(self.model, range) else self.kernel == self.model


@cache
def traced(version: Version, ops: tuple[str, ...], fail: int | str | None = None, freed: Freed = "kept") -> Trace:
    """A run of the model, kept: many rows ask for the same one."""
    return run(version, ops=ops, fail=fail, freed=freed)


def kasan(trace: Trace) -> Counter[tuple[str, str]]:
    """What KASAN reports, by kind and access; not a bad index that stays inside the allocation (limit: layout)."""
    defects = ((defect.kind, defect.access) for defect in trace.defects)
    return Counter((_REPORTED[defect], defect[1]) for defect in defects if defect in _REPORTED)


def by_kind(reports: Counter[tuple[str, str]]) -> Counter[str]:
    """Reports by kind alone."""
    return Counter(kind for kind, _ in reports.elements())


def alive(trace: Trace) -> int:
    """How many VMs are left at the end."""
    return sum(o.kind == "kvm" and o.live for o in trace.steps[-1].state.objects)


def leaked(trace: Trace, kind: str = "") -> int:
    """How many objects kmemleak finds; counted references are no objects."""
    objects = {o.name for o in trace.steps[-1].state.objects if o.name.startswith(kind)}
    return sum(d.kind == "leak" and d.obj in objects for d in trace.defects)


def answer(result: str) -> tuple[str | None, bool]:
    """A result in the words of a row: the errno, and whether a descriptor came back."""
    return (result, False) if is_errno(result) else (None, result.startswith("fd"))


def oops_check(what: str, died: int, at_risk: int) -> Check:
    """Oopses where the model has none: memory of a freed struct kvm whose mapping is gone (limit: vmalloc)."""
    return Check(f"{what}: Oopses", died, about(0, more=at_risk), "vmalloc" if at_risk else "")


def about(exact: int, less: int = 0, more: int = 0) -> int | range:
    """A figure, or the range around it that Oopses leave open."""
    return range(exact - less, exact + more + 1) if less or more else exact


# -- where a kernel's allocation failed -> which call of the model fails ----------------------------------------------

# "stage: site" as recorded -> (the model's call, or "" when the kernel's call goes on without the memory; the limit).
# Without a limit each row is a call of its own: rows that share a site are told apart by their order, as the model's
# calls are. With one, every such row is the same call, or none (limit: files).
SITES: Final[tuple[tuple[str, str, str], ...]] = (
    (r"alloc_vm: \(trace suppressed", "", "kvzalloc"),
    (r"alloc_vm: .* < kvm_arch_alloc_vm < ", "kvm_arch_alloc_vm", "vmalloc"),
    (r"plane: kvm_create_plane < ", "kvm_create_plane", ""),
    (r"srcu: init_srcu_struct_fields < ", "init_srcu_struct", ""),
    (r"irq_routing: kvm_init_irq_routing < ", "kvm_init_irq_routing", ""),
    (r"buses: kvm_create_vm < ", "kzalloc", ""),
    (r"mmu_notifier: .* < kvm_init_mmu_notifier < ", "kvm_init_mmu_notifier", ""),
    (r"debugfs: kvm_create_vm_debugfs < ", "kvm_create_vm_debugfs", "debugfs"),
    (r"debugfs: .* < kvm_create_vm_debugfs < ", "", "debugfs"),
    (r"anon_inode: .* < anon_inode_getfile < ", "anon_inode_getfile", "files"),
    (r"fd_table: alloc_fdtable < .*alloc_fd < ", "get_unused_fd_flags", "files"),
    (r"uevent: (.* < )?kvm_uevent_notify_change < ", "", "uevent"),
    (r": $", "", ""),  # no injection
)


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row in the model's words: which failable call fails (`fail` of `kvmplanes.run`), through which limit."""

    row: SweepRow
    fail: int | str | None
    limit: str


def call_of(row: SweepRow) -> tuple[str, str]:
    """The model's call, or "", and the limit, or "", of a row.

    Raises:
        ValueError: a stage and site that nobody has judged.
    """
    where = f"{row.stage}: {row.site}"
    if judged := _judged(where):
        return judged
    raise ValueError(f"N={row.n}: no call of the model for {where!r}; add it to SITES")


@cache
def _judged(where: str) -> tuple[str, str] | None:
    """A call and a limit of `SITES`, or None."""
    return next(((call, limit) for pattern, call, limit in SITES if re.match(pattern, where)), None)


def failed_rows(rows: Iterable[SweepRow], calls: Sequence[str], start: int = 0) -> Iterator[FailedRow]:
    """Rows of one sweep, in order, as failures of the model.

    Args:
        rows: of the kernel.
        calls: the failable calls that the model reaches when nothing fails.
        start: how many of them come before the system call that was swept.

    Raises:
        ValueError: a row whose call the model does not make, or not as often.
    """
    seen, all_places = Counter[str](), dict[str, list[int]]()
    for n, name in enumerate(calls, 1):
        if n > start:
            all_places.setdefault(base(name), []).append(n)
    for row in rows:
        call, limit = call_of(row)
        if not call:
            yield FailedRow(row, None, limit)
            continue
        places = all_places.get(call, [])
        if seen[call] >= len(places):
            raise ValueError(f"N={row.n}: the kernel's {call} number {seen[call] + 1} is not among the model's {calls}")
        number = places[seen[call]]
        if not limit:
            seen[call] += 1
        name = calls[number - 1]
        yield FailedRow(row, f"{name}: ENOMEM" if calls.count(name) == 1 else number, limit)  # failslab: out of memory
