# SPDX-License-Identifier: GPL-2.0-only
"""The guest's steps with KVM_CREATE_PLANE -> figures; METHOD.md has the letters of the blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from kvmplanes.oracle.measured.guest.log import Leaks, Step, leaks, oopses, reports, slub
from kvmplanes.oracle.measured.guest.rows import every_row, failable

_VM_FIRST: Final = "p0"  # the guest's number of the VM's own descriptor


def create_plane(log: str, taken: Sequence[Step]) -> dict[str, Any]:
    """Blocks a, b, c, f and d of one boot, each followed by kmemleak's list.

    Args:
        log: the name of the log.
        taken: the steps of the boot; a step "leaks" belongs to the one before it.
    """
    found: dict[str, Any] = {}
    kmemleak: dict[str, Any] = {"log": log}
    for step, after in pairwise(taken):
        if step.name == "leaks":
            continue
        found[step.name] = {"log": log, **_block(step), **reports(step.lines)}
        kmemleak[f"after_{step.name[0]}"] = leaks(after).sizes.total()
    kmemleak["kasan_reports"] = sum(block["kasan_reports"] for block in found.values())
    return {**found, "kmemleak": kmemleak}


def _block(step: Step) -> dict[str, Any]:
    if step.name.startswith("a_"):
        return _ids_and_orders(step)
    if step.name.startswith("d_"):
        return {"calls": _calls(step)}
    found = every_row(step)
    return {"failable": failable(found), "rows": found}


def _calls(step: Step) -> list[dict[str, Any]]:
    return [{"when": c["when"], "id": int(c["id"]), "result": c["result"]} for c in step.said("plane")]


def _ids_and_orders(step: Step) -> dict[str, Any]:
    return {
        "calls": _calls(step),
        "orders": dict(_orders(step)),
        "cap_planes": {said["fd"]: int(said["planes"]) for said in step.said("cap")},
        "other_ioctls": {said["what"]: said["result"] for said in step.said("other")},
        "plane_fd_in_another_process": [
            {"when": said["when"], "vms_alive": int(said["vms"])} for said in step.said("inherited")
        ],
    }


def _orders(step: Step) -> list[tuple[str, dict[str, Any]]]:
    """Each order of closing: which descriptors, how many VMs are alive after each, and which close ended the VM."""
    found = []
    starts = [place for place, line in enumerate(step.lines) if line.startswith("guest: order ")]
    for start, end in zip(starts, [*starts[1:], len(step.lines)], strict=True):
        part = Step(step.name, step.lines[start:end])
        (order,), (gone,) = part.said("order"), part.said("gone")
        closed = [(f"p{said['plane']}".replace(_VM_FIRST, "vm"), said["vms"]) for said in part.said("closed")]
        names, alive = [name for name, _ in closed], "".join(vms for _, vms in closed)
        found.append((order["name"], {
            "closes": " ".join(names),
            "alive_after_each": alive,
            "planes_failed": int(order["failed"]),
            "alive_after_exit": int(gone["vms"]),
            "vm_destroyed_by": names[alive.index("0")] if "0" in alive else "process exit",
            "only_the_last_close_destroys": alive.find("0") == len(alive) - 1 if alive else None,
        }))  # fmt: skip
    return found


def slots(step: Step, lines: Sequence[str], after: Leaks | None) -> dict[str, Any]:
    """Block e: 20 VMs whose plane 3 left its pointer behind.

    Args:
        step: the step of the guest.
        lines: the whole log, because kmemleak stops itself at a time of its own.
        after: kmemleak's list, None if kmemleak was off.
    """
    rounds = list(step.said("round"))
    words: Counter[str] = slub(step.lines)
    stopped = any("kmemleak: Cannot insert" in line for line in lines)
    found: dict[str, Any] = {
        "injected": sum(one["injected"] == "1" for one in rounds),
        "plane_4_created": sum(one["next"] == "fd" for one in rounds),
        "closes_returned": len(list(step.said("closed"))),
        "oopses": oopses(step.lines),
        "slub_object_already_free": words["Object already free"],
        "kmemleak_overlap_then_disabled": int(stopped),
    }
    if other := {word: n for word, n in words.items() if word != "Object already free"}:
        found["slub_reports"] = other
    if after and not stopped:
        found["leaks"] = after.sizes.total()
    return found
