# SPDX-License-Identifier: GPL-2.0-only
"""One N of a fail-nth sweep: where the allocation that failed stands, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from kvmplanes.oracle.measured.guest.log import Step, oopses, reports, rows, said, site, stack

NO_TRACE: Final = "(trace suppressed: the allocation has __GFP_NOWARN)"

# A function in the chain of callers -> the class of the site; the first that fits counts.
_STAGES: Final = (
    ("kvm_create_plane", "plane"),
    ("kvm_arch_alloc_vm", "alloc_vm"),
    ("init_srcu_struct", "srcu"),
    ("kvm_init_irq_routing", "irq_routing"),
    ("kvm_create_vm_debugfs", "debugfs"),
    ("kvm_init_mmu_notifier", "mmu_notifier"),
    ("kvm_arch_init_vm", "arch_init_vm"),
    ("anon_inode_getfile", "anon_inode"),
    ("kvm_uevent_notify_change", "uevent"),
    ("alloc_fd", "fd_table"),
)


def stage_of(chain: Sequence[tuple[str, str]]) -> str:
    """The class of a site; the allocation that leaves no trace is that of struct kvm."""
    if not chain:
        return "alloc_vm"
    for function, stage in _STAGES:
        if any(re.match(f"{function}(_|$)", name) for name, _ in chain):
            return stage
    return "buses" if chain[0][0] == "kvm_create_vm" else "other"


def row(n: int, lines: Sequence[str]) -> dict[str, Any]:
    """A row in the evidence's words.

    Args:
        n: the number written to fail-nth.
        lines: what the log has of that row's process.

    Returns:
        The row; `injected` is None when the process died before it could say.
    """
    forced = next((place for place, line in enumerate(lines) if "FAULT_INJECTION: forcing a failure" in line), None)
    chain = stack(lines[forced:]) if forced is not None else []
    result = next(said(lines, "result"), None)
    injected = result["injected"] == "1" if result else None
    answer = result["answer"] if result else None
    found = {
        "n": n,
        "injected": injected,
        "site": (site(chain) or NO_TRACE) if injected else None,
        "at": next((at for _, at in chain if at != "?"), None),
        "stage": stage_of(chain) if injected else None,
        "errno": None if answer == "fd" else answer,
        "fd_returned": answer == "fd",
        "kasan_reports": reports(lines)["kasan_reports"],
    }
    if oopses(lines):
        found["oopses"] = oopses(lines)
    for again in said(lines, "retry"):
        found["retry_plane_3"] = again["answer"]
    for left in said(lines, "alive"):
        found["vms_alive_after_close"] = int(left["vms"])
    return found


def every_row(step: Step) -> list[dict[str, Any]]:
    """The rows of a step that is a sweep."""
    return [row(n, lines) for n, lines in rows(step)]


def failable(found: Sequence[dict[str, Any]]) -> int:
    """How many allocations can fail: the first N that finds nothing to fail, minus one.

    Raises:
        ValueError: the sweep ended before such an N.
    """
    without = [one["n"] for one in found if one["injected"] is False]
    if not without:
        raise ValueError(f"the sweep ended at N={len(found)}, and there was an injection in every row")
    return int(min(without)) - 1
