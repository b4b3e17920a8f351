# SPDX-License-Identifier: GPL-2.0-only
"""Where a kernel's allocation failed -> which call of the model fails.

The model fails calls, the kernel fails allocations. Most often one is the other; where it is not, the limit of the
model (`kvmplanes.model.limits`) that stands between them is named.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kvmplanes.model.faults import base
from kvmplanes.oracle.measured import Row

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
class Failure:
    """A row in the model's words: which failable call fails (`fail` of `kvmplanes.run`), through which limit."""

    row: Row
    fail: int | str | None
    limit: str


def site(row: Row) -> tuple[str, str]:
    """The model's call, or "", and the limit, or "", of a row.

    Raises:
        ValueError: a stage and site that nobody has judged.
    """
    where = f"{row.stage}: {row.site}"
    for pattern, call, limit in SITES:
        if re.match(pattern, where):
            return call, limit
    raise ValueError(f"N={row.n}: no call of the model for {where!r}; add it to SITES")


def failures(rows: Iterable[Row], calls: Sequence[str], start: int = 0) -> Iterator[Failure]:
    """Rows of one sweep, in order, as failures of the model.

    Args:
        rows: the rows.
        calls: the failable calls that the model reaches when nothing fails.
        start: how many of them come before the system call that was swept.

    Raises:
        ValueError: a row whose call the model does not make, or not as often.
    """
    seen = Counter[str]()
    for row in rows:
        call, limit = site(row)
        if not call:
            yield Failure(row, None, limit)
            continue
        places = [n for n, name in enumerate(calls, 1) if n > start and base(name) == call]
        if seen[call] >= len(places):
            raise ValueError(f"N={row.n}: the kernel's {call} number {seen[call] + 1} is not among the model's {calls}")
        number = places[seen[call]]
        seen[call] += not limit
        name = calls[number - 1]
        yield Failure(row, f"{name}: ENOMEM" if calls.count(name) == 1 else number, limit)  # failslab: out of memory
