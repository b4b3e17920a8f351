# SPDX-License-Identifier: GPL-2.0-only
"""The model beside two real kernels: every recorded row and figure, and what the model gives in its place."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from kvmplanes.given import brief, known, some, written
from kvmplanes.model.series import ALL, DESTROY_PLANES, Version, diff_of
from kvmplanes.oracle.measured import VARIANTS, CreatePlane, Variant, evidence_text, load, read_create_plane
from kvmplanes.oracle.measured.checks import Check
from kvmplanes.oracle.measured.planes import plane_checks
from kvmplanes.oracle.measured.vms import step_checks, vm_checks
from kvmplanes.runs.shown import Bundle, Shown, bundle
from kvmplanes.runs.words import columns
from kvmplanes.view.page.html import Html, badge, escape, folded, table
from kvmplanes.view.page.style import BAD, CLEAN


def _with(version: Version, patch: str, name: str, title: str) -> Version:
    """A version with a patch of the series on top that stands on another one there."""
    diff = diff_of(patch)
    return version.apply(diff.read_text(encoding="utf-8"), name, title) if diff else version


# What METHOD.md calls the change of each variant, as a version of the model; a final k is no change for the model.
V2: Final = ALL["09-fixed"]
V3: Final = V2.edit(
    "09-fixed without +52",
    "a failing kvm_create_vm no longer frees its plane",
    ("kvm_create_vm", DESTROY_PLANES, ""),
)
W29: Final = _with(V2, "29", "29 without 10", "KVM_CREATE_PLANE as posted in 29, on planes that have no vcpu_array yet")
W29FIX: Final = _with(W29, "29-fixed", "29-fixed without 10", "the failing path empties the slot")
MODELS: Final[Mapping[str, Version]] = {
    "V0k": ALL["08"],
    "V1k": ALL["09"],
    "V2k": V2,
    "V3k": V3,
    "V0": ALL["08"],
    "V1": ALL["09"],
    "V2": V2,
    "V3": V3,
    "W29": W29,
    "W29fix": W29FIX,
    "W09twice": ALL["09-twice"],
    "W09oob": ALL["09-level16"],
}

# The measured kernels; on the second the patch applies as posted, but for the number of its capability.
OLDER: Final = "6.12.117"
NEWER: Final = "7.2.13"
STORED: Final[Mapping[str, str]] = MappingProxyType({OLDER: "kernel-evidence.json", NEWER: "evidence-7.2.json"})

# What `vm_checks` needs of a variant, and `plane_checks` of its block create_plane.
_WHOLE: Final = ("create_close", "normal_closes", "sweep", "kmemleak")
_PLANES: Final = ("a_ids_and_close_orders", "b_sweep_with_retry", "c_sweep_without_retry", "d_no_fault_injection",
                  "f_sweep_with_full_fd_table", "kmemleak", "e_no_kasan")  # fmt: skip
_NO_SHEAVES: Final = ", without sheaves"

# On one side only -> the limit that says why.
LEFT_OUT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "how many allocations there are, and the N of each": "failslab",
        "failing calls that take no slab object: a descriptor, a page, SVM itself": "failslab",
        "KVM_IOCSR_BUS, which 6.12 does not have": "buses",
        "names of the slab caches": "layout",
        "KVM_CREATE_VCPU: ENOTTY on a plane's descriptor, EINVAL where planes[16] overwrote max_vcpus": "vcpus",
        "EIO for a process with another address space": "process",
        "a plane's descriptor that a child inherited": "dup",
    }
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One variant of the kernel beside its version of the model."""

    linux: str
    variant: str
    model: str
    checks: tuple[Check, ...]

    @property
    def name(self) -> str:
        """Which kernel, such as "6.12.117 V1k"."""
        return f"{self.linux} {self.variant}"

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
class Comparison(Shown):
    """All variants; shown as a table.

    Attributes:
        compared: one variant each.
        lacking: kernel -> why it is compared in part, or not at all.
    """

    compared: tuple[Compared, ...]
    lacking: Mapping[str, str] = field(default_factory=dict)

    @property
    def wrong(self) -> tuple[tuple[str, Check], ...]:
        """Every disagreement with its kernel."""
        return tuple((variant.name, check) for variant in self.compared for check in variant.wrong)

    @property
    def through(self) -> Counter[str]:
        """How many checks go through each limit, over all variants."""
        return sum((variant.through for variant in self.compared), Counter[str]())

    def table(self) -> tuple[tuple[str, ...], ...]:
        """Header, one row a variant, the sum of each Linux below its variants, and the sum of all as the last row."""
        numbers = ("fail-nth rows", "other figures", "equal", "in a range", "disagree")
        rows: list[tuple[str, ...]] = [("kernel", "model", *numbers, "through a limit")]
        kernels = dict.fromkeys(variant.linux for variant in self.compared)
        for linux in kernels:
            own = [variant for variant in self.compared if variant.linux == linux]
            rows += map(_line, (*own, _sum(linux, own)))
        if len(kernels) > 1:
            rows.append(_line(_sum("both", self.compared)))
        return tuple(rows)

    def notes(self) -> tuple[tuple[str, ...], ...]:
        """Header, and one row for each thing that has no counterpart on the other side, with the limit or reason."""
        return (("not compared", "limit, or reason"), *LEFT_OUT.items(), *self.lacking.items())

    def __str__(self) -> str:
        rows = self.table()
        wrong = [f"{name}: {c.what}: kernel {c.kernel}, model {c.model}" for name, c in self.wrong]
        return "\n".join([columns(rows, right=_numbers(rows)), "", columns(self.notes()), *wrong])

    __repr__ = __str__


@bundle.register
def _bundle(comparison: Comparison) -> Bundle:
    """The table with its verdict as caption, what disagrees, and folded below it what was not compared."""
    head, *rows = comparison.table()
    wrong = [f"<li>{escape(f'{name}: {check.what}')}</li>" for name, check in comparison.wrong]
    verdict = badge(BAD, f"{len(wrong)} disagree") if wrong else badge(CLEAN, "no disagreement")
    sums = [number for number, row in enumerate(rows) if row[0].endswith("together")]
    html = table(head, rows, caption=Html(verdict, ""), right=_numbers(rows), sums=sums).html
    if wrong:
        html += f"<ul>{''.join(wrong)}</ul>"
    head, *notes = comparison.notes()
    reasons = [(Html(escape(what), what), reason) for what, reason in notes]
    html += folded("What was not compared, and why", table(head, reasons).html)
    return {"text/html": html, "text/plain": str(comparison)}


def compare(
    variants: Mapping[str, Variant] = VARIANTS,
    models: Mapping[str, Version] = MODELS,
    *,
    only: str = "",
    linux: str = OLDER,
) -> Comparison:
    """Compare what was measured with the model.

    Args:
        variants: the kernels, as `load` gives them.
        models: variant -> the version of the model that has the same text.
        only: one variant's name, or "" for all.
        linux: the release that was measured.

    Raises:
        ValueError: no such variant, a variant without a version, or an allocation that nobody has mapped to a call.
    """
    for what, given in (("variants", variants), ("models", models)):
        if not isinstance(given, Mapping):
            raise TypeError(f"{what} must be name -> kernel, as {what.upper()} has them, not {brief(given)}")
    if missing := set(variants) - set(models):
        raise ValueError(f"no version of the model for {some(sorted(map(str, missing)))}")
    if not isinstance(only, str) or only:
        known(only, "variant", variants)
    written(linux, "linux", 100)
    return Comparison(
        tuple(_compared(linux, variants[name], variants, models) for name in variants if only in ("", name))
    )


def with_model(now: Mapping[str, Mapping[str, Any]], linux: str) -> Comparison:
    """Compare what can be compared of figures that are not complete.

    Args:
        now: variant -> figures, in the form of `kernel-evidence.json`.
        linux: the release that was measured.
    """
    whole: dict[str, Mapping[str, Any]] = {}
    planes: dict[str, CreatePlane] = {}
    lacking: dict[str, str] = {}
    for name, figures in ((name, for_model(figures)) for name, figures in now.items()):
        missing = [key for key in _WHOLE if key not in figures]
        if name not in MODELS:
            lacking[f"{linux} {name}"] = "the model has no version with this text"
            continue
        if not missing:
            whole[name] = figures
            continue
        lacking[f"{linux} {name}"] = f"not measured: {', '.join(missing)}"
        if "create_plane" in figures:
            planes[name] = read_create_plane(figures["create_plane"])
    compared = compare(load({"variants": whole}), linux=linux).compared
    only_planes = (Compared(linux, name, MODELS[name].name, tuple(plane_checks(measured, MODELS[name])))
                   for name, measured in planes.items())  # fmt: skip
    return Comparison((*compared, *only_planes), lacking)


def for_model(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as the model can be compared with them.

    kmemleak misses objects whose old address is still in a sheaf, so where it was asked without sheaves as well, that
    answer counts. Blocks of KVM_CREATE_PLANE count when all of them are there.
    """
    made = dict(figures)
    if "kmemleak_without_sheaves" in made:
        made["kmemleak"] = made["kmemleak_without_sheaves"]
    if made.get("no_kasan", "not built") != "not built":
        boots = made["no_kasan"]
        better = {key.removesuffix(_NO_SHEAVES): boots[key] for key in boots if key.endswith(_NO_SHEAVES)}
        made["no_kasan"] = {**{key: boots[key] for key in boots if not key.endswith(_NO_SHEAVES)}, **better}
    if not set(_PLANES) <= set(made.get("create_plane", ())):
        made.pop("create_plane", None)
    return made


def recorded_figures(linux: str) -> dict[str, dict[str, Any]]:
    """Variant -> every figure that is stored of a kernel, a key of `STORED`."""
    figures: dict[str, dict[str, Any]] = json.loads(evidence_text(STORED[linux]))["variants"]
    return figures


@cache
def both() -> Comparison:
    """Both measured kernels beside the model."""
    newer = with_model(recorded_figures(NEWER), NEWER)
    return Comparison((*compare().compared, *newer.compared), newer.lacking)


def _compared(linux: str, variant: Variant, variants: Mapping[str, Variant], models: Mapping[str, Version]) -> Compared:
    version = models[variant.name]
    checks = [*vm_checks(variant, version, variants)]
    if before := variants.get(variant.base):
        checks += step_checks(variant, version, before, models[before.name])
    if variant.create_plane:
        checks += plane_checks(variant.create_plane, version)
    return Compared(linux, variant.name, version.name, tuple(checks))


def _sum(linux: str, compared: Iterable[Compared]) -> Compared:
    return Compared(linux, "together", "", tuple(check for variant in compared for check in variant.checks))


def _line(compared: Compared) -> tuple[str, ...]:
    wrong, total = len(compared.wrong), len(compared.checks)
    ranged = sum(check.agrees and isinstance(check.model, range) for check in compared.checks)
    through = ", ".join(f"{limit} {n}" for limit, n in sorted(compared.through.items()))
    numbers = (compared.rows, total - compared.rows, total - wrong - ranged, ranged, wrong)
    return (compared.name, compared.model, *map(str, numbers), through or "none")


def _numbers(rows: Sequence[Sequence[str]]) -> list[int]:
    """The columns that hold numbers, as the last row shows."""
    return [column for column, cell in enumerate(rows[-1]) if cell.isdigit()]
