# SPDX-License-Identifier: GPL-2.0-only
"""The guest's sweeps, and its steps with KVM_CREATE_PLANE -> figures; METHOD.md has the letters of the blocks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from kvmplanes.oracle.measured.guest.log import (
    GuestStep,
    LeakList,
    in_one_line,
    leaks,
    oops_count,
    pairs_of,
    reports,
    rows,
    slub,
    stack,
)

_VM_FIRST: Final = "p0"  # the guest's number of the VM's own descriptor
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


def sweep_row(n: int, lines: Sequence[str]) -> dict[str, Any]:
    """A row in the evidence's words.

    Args:
        n: the number written to fail-nth.
        lines: what the log has of that row's process.

    Returns:
        The row; `injected` is None when the process died before it could say.
    """
    forced = next((place for place, line in enumerate(lines) if "FAULT_INJECTION: forcing a failure" in line), None)
    chain = stack(lines[forced:]) if forced is not None else []
    result = next(pairs_of(lines, "result"), None)
    injected = result["injected"] == "1" if result else None
    answer = result["answer"] if result else None
    figures = {
        "n": n,
        "injected": injected,
        "site": (in_one_line(chain) or NO_TRACE) if injected else None,
        "at": next((at for _, at in chain if at != "?"), None),
        "stage": stage_of(chain) if injected else None,
        "errno": None if answer == "fd" else answer,
        "fd_returned": answer == "fd",
        "kasan_reports": reports(lines)["kasan_reports"],
    }
    if oops_count(lines):
        figures["oopses"] = oops_count(lines)
    for retry in pairs_of(lines, "retry"):
        figures["retry_plane_3"] = retry["answer"]
    for alive in pairs_of(lines, "alive"):
        figures["vms_alive_after_close"] = int(alive["vms"])
    return figures


def every_row(step: GuestStep) -> list[dict[str, Any]]:
    """The rows of a step that is a sweep."""
    return [sweep_row(n, lines) for n, lines in rows(step)]


def failable(sweep: Sequence[dict[str, Any]]) -> int:
    """How many allocations can fail: the first N that finds nothing to fail, minus one.

    Raises:
        ValueError: the sweep ended before such an N.
    """
    without = [row["n"] for row in sweep if row["injected"] is False]
    if not without:
        raise ValueError(f"the sweep ended at N={len(sweep)}, and there was an injection in every row")
    return int(min(without)) - 1


# -- KVM_CREATE_PLANE --------------------------------------------------------------------------------------------------


def plane_blocks(log: str, taken: Sequence[GuestStep]) -> dict[str, Any]:
    """Blocks a, b, c, f and d of one boot, each followed by kmemleak's list.

    Args:
        log: the name of the log.
        taken: the steps of the boot; a step "leaks" belongs to the one before it.
    """
    blocks: dict[str, Any] = {}
    kmemleak: dict[str, Any] = {"log": log}
    for step, after in pairwise(taken):
        if step.name == "leaks":
            continue
        blocks[step.name] = {"log": log, **_block(step), **reports(step.lines)}
        kmemleak[f"after_{step.name[0]}"] = leaks(after).sizes.total()
    kmemleak["kasan_reports"] = sum(block["kasan_reports"] for block in blocks.values())
    return {**blocks, "kmemleak": kmemleak}


def _block(step: GuestStep) -> dict[str, Any]:
    if step.name.startswith("a_"):
        return _ids_and_orders(step)
    if step.name.startswith("d_"):
        return {"calls": _calls(step)}
    rows = every_row(step)
    return {"failable": failable(rows), "rows": rows}


def _calls(step: GuestStep) -> list[dict[str, Any]]:
    calls = step.pairs_of("plane")
    return [{"when": call["when"], "id": int(call["id"]), "result": call["result"]} for call in calls]


def _ids_and_orders(step: GuestStep) -> dict[str, Any]:
    return {
        "calls": _calls(step),
        "orders": dict(_orders(step)),
        "cap_planes": {line["fd"]: int(line["planes"]) for line in step.pairs_of("cap")},
        "other_ioctls": {line["what"]: line["result"] for line in step.pairs_of("other")},
        "plane_fd_in_another_process": [
            {"when": line["when"], "vms_alive": int(line["vms"])} for line in step.pairs_of("inherited")
        ],
    }


def _orders(step: GuestStep) -> list[tuple[str, dict[str, Any]]]:
    """Each order of closing: which descriptors, how many VMs are alive after each, and which close ended the VM."""
    orders = []
    starts = [place for place, line in enumerate(step.lines) if line.startswith("guest: order ")]
    for start, end in zip(starts, [*starts[1:], len(step.lines)], strict=True):
        part = GuestStep(step.name, step.lines[start:end])
        (order,), (gone,) = part.pairs_of("order"), part.pairs_of("gone")
        closed = [(f"p{line['plane']}".replace(_VM_FIRST, "vm"), line["vms"]) for line in part.pairs_of("closed")]
        names, alive = [name for name, _ in closed], "".join(vms for _, vms in closed)
        orders.append((order["name"], {
            "closes": " ".join(names),
            "alive_after_each": alive,
            "planes_failed": int(order["failed"]),
            "alive_after_exit": int(gone["vms"]),
            "vm_destroyed_by": names[alive.index("0")] if "0" in alive else "process exit",
            "only_the_last_close_destroys": alive.find("0") == len(alive) - 1 if alive else None,
        }))  # fmt: skip
    return orders


def dangling_slots(step: GuestStep, lines: Sequence[str], after: LeakList | None) -> dict[str, Any]:
    """Block e: 20 VMs whose plane 3 left its pointer behind.

    Args:
        step: the step of the guest.
        lines: the whole log, because kmemleak stops itself at a time of its own.
        after: kmemleak's list, None if kmemleak was off.
    """
    rounds = list(step.pairs_of("round"))
    words: Counter[str] = slub(step.lines)
    stopped = any("kmemleak: Cannot insert" in line for line in lines)
    figures: dict[str, Any] = {
        "injected": sum(line["injected"] == "1" for line in rounds),
        "plane_4_created": sum(line["next"] == "fd" for line in rounds),
        "closes_returned": len(list(step.pairs_of("closed"))),
        "oopses": oops_count(step.lines),
        "slub_object_already_free": words["Object already free"],
        "kmemleak_overlap_then_disabled": int(stopped),
    }
    if other := {word: n for word, n in words.items() if word != "Object already free"}:
        figures["slub_reports"] = other
    if after and not stopped:
        figures["leaks"] = after.sizes.total()
    return figures
