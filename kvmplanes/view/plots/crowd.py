# SPDX-License-Identifier: GPL-2.0-only
"""Many VMs under failing allocations, and what planes cost in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from kvmplanes.model.constants import KVM_MAX_PLANES
from kvmplanes.model.sizes import ARRAY, DESIGNS, PADDING, PLANE, STRUCT_KVM, allocations, in_memory, kmalloc_class
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.words import listed, many
from kvmplanes.view.page.style import BAD, CHANGED, CLEAN, LIVE, Role
from kvmplanes.view.plots.sheet import PAD, SMALL, Plot, Sheet, house, soft, wide

NO_VM: Final = -1  # column of the VMs that never came to life
_HEIGHT: Final = 170.0  # points: the part of the cost plot that counts bytes
_MOST: Final = 400  # bytes at its top
_LOOK: Final[dict[str, tuple[Role, bool]]] = {
    "09 as posted": (LIVE, False),
    "plane 0 in struct kvm": (CHANGED, True),
    "array when needed": (CLEAN, False),
}


def filled(trace: Trace) -> int:
    """How many slots hold a live plane when nothing more is asked for; `NO_VM` without a VM."""
    made = [step for step in trace.steps if step.what == "return" and not step.op.startswith("close")]
    if not made or not trace.results or not trace.results[0][1].startswith("fd"):
        return NO_VM
    return made[-1].state.occupancy.count("live")


def plot_crowd(groups: Mapping[str, Sequence[Trace]]) -> Plot:
    """Many VMs in groups: how many slots of each end up filled.

    Args:
        groups: a group's name -> its runs.

    Raises:
        ValueError: no group, or one without runs.
    """
    if not groups or not all(groups.values()):
        raise ValueError("a plot of a crowd needs at least one group, and a run in each")
    counts = {name: Counter(map(filled, traces)) for name, traces in groups.items()}
    left = PAD + 6 + max(map(wide, groups))
    with house():
        sheet = Sheet(
            "How many of the sixteen slots end up filled",
            ["A row is a group of VMs, a number counts them; the darker the cell, the larger their share."],
            [(name, name, 22.0) for name in groups], (NO_VM - 1.5, KVM_MAX_PLANES + 0.5), left=left, top=66,
        )  # fmt: skip
        sheet.write(NO_VM - 0.5, 58, "no VM", size=SMALL, ha="center")
        for slots in range(1, KVM_MAX_PLANES + 1):
            sheet.write(slots, 58, str(slots), size=SMALL, ha="center")
        for name, count in counts.items():
            for column, vms in sorted(count.items()):
                x = column - 0.5 if column == NO_VM else column
                role = BAD if column == NO_VM else LIVE
                share = vms / count.total()
                sheet.boxes(f"_{name}{column}", [(x, x, name)], **soft(role, 0.1 + 0.6 * share, linewidth=0))
                sheet.write(x, sheet.middle(name), str(vms), size=SMALL, ha="center", va="center")
        return sheet.plot("\n".join(_crowd_words(name, count) for name, count in counts.items()))


def _crowd_words(name: str, count: Counter[int]) -> str:
    live = sorted(column for column in count if column != NO_VM)
    alive = sum(count[column] for column in live)
    mean = sum(column * count[column] for column in live) / alive if alive else 0
    spread = f"{live[0]} to {live[-1]} slots filled, {mean:.1f} on average" if live else "no slot filled"
    return f"{name}: {many(count.total(), 'VM')}, {count[NO_VM]} never came to life; {spread}"


def plot_cost() -> Plot:
    """Bytes that the planes of one VM take, by the number of planes, in three designs."""
    rounded = kmalloc_class(max(STRUCT_KVM.values()))
    first = listed([str(in_memory(name, 1)) for name in DESIGNS])
    with house():
        sheet = Sheet(
            "What planes cost one VM in memory",
            [f"{ARRAY} bytes for the slots and {kmalloc_class(PLANE)} for a plane, {PADDING} of which are padding.",
             f"A measured struct kvm takes {rounded} bytes with or without slots: a first plane costs {first} there."],
            [("bytes", "", _HEIGHT)], (0.5, KVM_MAX_PLANES + 0.5), left=52, top=64, xlabel="planes",
        )  # fmt: skip
        top, bottom = sheet.rows["bytes"]

        def height(size: float) -> float:
            return bottom - (bottom - top) * size / _MOST

        for size in range(0, _MOST + 1, 100):
            sheet.write(0.3, height(size) + 3, str(size), size=SMALL, ha="right")
        for name, cost in DESIGNS.items():
            role, dotted = _LOOK[name]
            places = [(planes, height(cost(planes))) for planes in range(1, KVM_MAX_PLANES + 1)]
            sheet.lines(name, [places], role.line, 2, dotted)
        return sheet.plot("\n".join(map(_cost_words, DESIGNS)))


def _cost_words(name: str) -> str:
    cost = DESIGNS[name]
    told = [f"{cost(n)} bytes in {many(allocations(name, n), 'allocation')} for {many(n, 'plane')}" for n in (1, 2, 16)]
    real = listed([f"{in_memory(name, n)} for {n}" for n in (1, 2, 16)])
    return f"{name}: {listed(told)}; bytes taken from the allocator of a measured kernel: {real}"
