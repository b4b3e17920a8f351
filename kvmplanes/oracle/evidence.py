# SPDX-License-Identifier: GPL-2.0-only
"""The model beside a real kernel: every recorded row and figure, and what the model gives in its place.

`python -m kvmplanes.oracle.evidence` prints the table, and ends with 1 if anything disagrees.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kvmplanes.model.series import VERSIONS, Version
from kvmplanes.oracle.kernel import VARIANTS, Variant
from kvmplanes.oracle.kernel.planes import plane_checks
from kvmplanes.oracle.kernel.sees import Check
from kvmplanes.oracle.kernel.vms import step_checks, vm_checks
from kvmplanes.oracle.scaffold import BOTH

# What METHOD.md calls the change of each variant, as a version of the model; a final k is no change for the model.
V2: Final = BOTH["09-fixed"]
V3: Final = V2.edit(
    "09-fixed without +52",
    "a failing kvm_create_vm no longer frees its plane",
    ("kvm_create_vm", "k.kvm_destroy_planes(kvm)  # +52", "pass"),
)
W29: Final = V2.edit(
    "29 without 10",
    "KVM_CREATE_PLANE as posted in 29, on planes that have no vcpu_array yet",
    **{name: text for name, text in VERSIONS["29"].sources.items() if VERSIONS["11"].sources.get(name) != text},
)
W29FIX: Final = W29.edit("29-fixed without 10", "the failing path empties the slot", *VERSIONS["29-fixed"].edits)
MODELS: Final[Mapping[str, Version]] = {
    "V0k": VERSIONS["08"],
    "V1k": VERSIONS["09"],
    "V2k": V2,
    "V3k": V3,
    "V0": VERSIONS["08"],
    "V1": VERSIONS["09"],
    "V2": V2,
    "V3": V3,
    "W29": W29,
    "W29fix": W29FIX,
    "W09twice": BOTH["09-twice"],
    "W09oob": BOTH["09-level16"],
}

# On one side only -> the limit that says why.
LEFT_OUT: Final[Mapping[str, str]] = {
    "how many allocations there are, and the N of each": "failslab",
    "failing calls that take no slab object: a descriptor, a page, SVM itself": "failslab",
    "KVM_IOCSR_BUS, which 6.12 does not have": "buses",
    "names of the slab caches": "layout",
    "KVM_CREATE_VCPU: ENOTTY on a plane's descriptor, EINVAL where planes[16] overwrote max_vcpus": "vcpus",
    "EIO for a process with another address space": "process",
    "a plane's descriptor that a child inherited": "dup",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One variant of the kernel beside its version of the model."""

    variant: str
    model: str
    checks: tuple[Check, ...]

    @property
    def rows(self) -> int:
        """How many rows of fail-nth sweeps were compared one by one."""
        return sum(check.row for check in self.checks)

    @property
    def through(self) -> Counter[str]:
        """How many checks go through each limit of the model."""
        return Counter(check.limit for check in self.checks if check.limit)

    @property
    def wrong(self) -> tuple[Check, ...]:
        """The checks that disagree."""
        return tuple(check for check in self.checks if not check.agrees)


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """All variants; shown as a table."""

    compared: tuple[Compared, ...]

    @property
    def wrong(self) -> tuple[tuple[str, Check], ...]:
        """Every disagreement with its variant."""
        return tuple((one.variant, check) for one in self.compared for check in one.wrong)

    @property
    def through(self) -> Counter[str]:
        """How many checks go through each limit, over all variants."""
        return sum((one.through for one in self.compared), Counter[str]())

    def table(self) -> tuple[tuple[str, ...], ...]:
        """Header, one row a variant, and the sum."""
        numbers = ("fail-nth rows", "other figures", "equal", "in a range", "disagree")
        head = ("kernel", "model", *numbers, "through a limit")
        every = Compared("together", "", tuple(check for one in self.compared for check in one.checks))
        return (head, *(_line(one) for one in (*self.compared, every)))

    def notes(self) -> tuple[tuple[str, ...], ...]:
        """Header, and one row for each thing that has no counterpart on the other side, with the limit."""
        return (("not compared", "limit"), *LEFT_OUT.items())

    def __str__(self) -> str:
        wrong = [f"{name}: {c.what}: kernel {c.kernel}, model {c.model}" for name, c in self.wrong]
        return "\n".join([*_columns(self.table()), "", *_columns(self.notes()), *wrong])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from kvmplanes.view.agreement import agreement_html

        return agreement_html(self.table(), self.notes(), [f"{name}: {check.what}" for name, check in self.wrong])


def compare(
    variants: Mapping[str, Variant] = VARIANTS, models: Mapping[str, Version] = MODELS, *, only: str = ""
) -> Table:
    """Compare what was measured with the model.

    Args:
        variants: the kernels, as `kernel.load` gives them.
        models: variant -> the version of the model that has the same text.
        only: one variant's name, or "" for all.

    Raises:
        ValueError: no such variant, a variant without a version, or an allocation that nobody has mapped to a call.
    """
    if missing := set(variants) - set(models):
        raise ValueError(f"no version of the model for {', '.join(sorted(missing))}")
    if only and only not in variants:
        raise ValueError(f"no variant {only!r}; there are {', '.join(variants)}")
    return Table(tuple(_compared(variants[name], variants, models) for name in variants if only in ("", name)))


def _compared(variant: Variant, variants: Mapping[str, Variant], models: Mapping[str, Version]) -> Compared:
    version = models[variant.name]
    checks = [*vm_checks(variant, version, variants)]
    if before := variants.get(variant.base):
        checks += step_checks(variant, version, before, models[before.name])
    if variant.create_plane:
        checks += plane_checks(variant.create_plane, version)
    return Compared(variant.name, version.name, tuple(checks))


def _line(one: Compared) -> tuple[str, ...]:
    wrong, total = len(one.wrong), len(one.checks)
    ranged = sum(check.agrees and isinstance(check.model, range) for check in one.checks)
    through = ", ".join(f"{limit} {n}" for limit, n in sorted(one.through.items()))
    numbers = (one.rows, total - one.rows, total - wrong - ranged, ranged, wrong)
    return (one.variant, one.model, *map(str, numbers), through or "none")


def _columns(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    put = [str.rjust if rows[-1][i].isdigit() else str.ljust for i in range(len(widths))]
    return ["  ".join(f(cell, w) for f, cell, w in zip(put, row, widths, strict=True)).rstrip() for row in rows]


def main() -> int:
    """Print the table; 1 if anything disagrees."""
    table = compare()
    sys.stdout.write(f"{table}\n")
    return min(len(table.wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
