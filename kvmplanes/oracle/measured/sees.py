# SPDX-License-Identifier: GPL-2.0-only
"""What a run of the model means to the kernel's instruments, and a figure of theirs beside the model's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from kvmplanes.model.heap import Freed
from kvmplanes.model.version import Version
from kvmplanes.runs.scenario import run
from kvmplanes.runs.trace import Trace

CREATE_VM: Final = ("KVM_CREATE_VM", "close(vm)")
FREED: Final[Mapping[str, Freed]] = {"plain": "kept", "init_on_free=1": "zeroed", "slub_debug=FPZU": "poisoned"}

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
    found = ((d.kind, d.access) for d in trace.defects)
    return Counter((_REPORTED[defect], defect[1]) for defect in found if defect in _REPORTED)


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
    return (result, False) if result.startswith("E") else (None, result.startswith("fd"))


def oopses(what: str, died: int, at_risk: int) -> Check:
    """Oopses where the model has none: memory of a freed struct kvm whose mapping is gone (limit: vmalloc)."""
    return Check(f"{what}: Oopses", died, about(0, more=at_risk), "vmalloc" * bool(at_risk))


def about(exact: int, less: int = 0, more: int = 0) -> int | range:
    """A figure, or the range around it that Oopses leave open."""
    return range(exact - less, exact + more + 1) if less or more else exact
