# SPDX-License-Identifier: GPL-2.0-only
"""The fail-nth sweep over KVM_CREATE_VM beside the model: row by row, in total, and what it leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from struct import calcsize
from typing import Final

from kvmplanes.model.faults import CALLS, base
from kvmplanes.model.version import Version
from kvmplanes.oracle.measured import Row, Variant
from kvmplanes.oracle.measured.sees import (
    CREATE_VM,
    VMALLOC,
    Check,
    about,
    answer,
    by_kind,
    kasan,
    leaked,
    oopses,
    traced,
)
from kvmplanes.oracle.measured.sites import Failure, failures
from kvmplanes.runs.trace import Trace

CLOSING_ROWS: Final = 2  # METHOD.md: a sweep stops after two N without an injection

# Calls of the model that take no slab object in 6.12: the fifth bus came later (limit: buses), and nothing in
# kvm_arch_init_vm is allocated from a slab (limit: arch).
_NOT_SWEPT: Final = {"kzalloc(KVM_IOCSR_BUS)", "kvm_arch_init_vm"}

Runs = Sequence[tuple[Failure, Trace]]


def sweep_checks(variant: Variant, version: Version, others: Mapping[str, Variant]) -> Iterator[Check]:
    """Everything measured of the sweep; arguments as for `vm_checks`."""
    plain = traced(version, CREATE_VM)
    found = failures(rows_of(variant, others), plain.calls)
    runs = [(failure, traced(version, CREATE_VM, failure.fail)) for failure in found]
    for failure, trace in runs:
        row = failure.row
        if row.n in variant.sweep.rows:
            got = (*answer(trace.results[0][1]), kasan(trace).total())
            yield Check(f"N={row.n} {failure.fail or 'nothing fails'}", (row.errno, row.fd_returned, row.kasan_reports),
                        got, failure.limit, row=True)  # fmt: skip
    yield from _calls(variant, plain, runs)
    yield from _answers(variant, runs)
    at_risk = variant.vmalloc * sum(bool(kasan(trace)) for trace in (*_traces(runs), *[plain] * CLOSING_ROWS))
    yield from _reports(variant, plain, runs, at_risk)
    yield from _leaks(variant, plain, runs, at_risk)


def rows_of(variant: Variant, others: Mapping[str, Variant]) -> list[Row]:
    """Every row of the variant's sweep; rows that were not kept have the sites of the variant it is like.

    METHOD.md and the "same_sites" marks say which; the totals of the sweep are compared, so a wrong guess shows.
    """
    known = variant.sweep.rows
    if len(known) == variant.sweep.failable:
        return list(known.values())
    like = rows_of(others[f"{variant.name}k" if variant.vmalloc else variant.base], others)
    more = variant.sweep.failable - len(like)
    first = min(known, default=1)
    numbers = range(1, variant.sweep.failable + 1)
    return [known.get(n) or replace(like[n - 1 - more * (n > first)], n=n) for n in numbers]


def plane_size(version: Version) -> int:
    """Bytes of a version's struct kvm_plane; 0 where there is none."""
    members = version.unit.structs.get("kvm_plane", ())
    return calcsize("".join("Q" if member.width == calcsize("Q") else "I" for member in members) + "0Q")


def _traces(runs: Runs) -> list[Trace]:
    return [trace for _, trace in runs]


def _calls(variant: Variant, plain: Trace, runs: Runs) -> Iterator[Check]:
    """Which calls fail, and in which order."""
    reached = dict.fromkeys(trace.failed[0][0] for trace in _traces(runs) if trace.failed)
    in_order = dict.fromkeys(call for call in plain.calls if call in reached)
    yield Check("sweep: calls in the order they fail", tuple(reached), tuple(in_order))
    spared = {call for call in plain.calls if not CALLS[base(call)][1]} | _NOT_SWEPT
    if variant.vmalloc:
        spared.discard("kvm_arch_alloc_vm")  # __vmalloc() has slab objects of its own, and no fallback
    if variant.sweep.stages["buses"][0] == 5:
        spared.discard("kzalloc(KVM_IOCSR_BUS)")  # 7.2 has the fifth bus
    yield Check("sweep: calls that no N reaches", set(plain.calls) - set(reached), spared, "failslab")
    planes = [f.row.n for f, trace in runs if trace.failed and base(trace.failed[0][0]) == "kvm_create_plane"]
    yield Check("sweep: first N at which a plane is refused", variant.sweep.plane_nth, min(planes, default=None))


def _answers(variant: Variant, runs: Runs) -> Iterator[Check]:
    """What the ioctl returns."""
    sweep, boot = variant.sweep, variant.kmemleak
    failing = Counter(failure.row.stage for failure, trace in runs if trace.errno)
    stages = Counter(failure.row.stage for failure, _ in runs)
    yield Check("sweep: N and failing N by stage", dict(sweep.stages), {s: (n, failing[s]) for s, n in stages.items()})
    limit = "vmalloc" * bool(sweep.oopses)
    yield Check("sweep: N that return a descriptor", sweep.errnos["success"], len(runs) - failing.total())
    yield Check("sweep: N that fail with ENOMEM", sweep.errnos["ENOMEM"],
                about(failing.total(), less=sweep.oopses), limit)  # fmt: skip
    if not variant.vmalloc:  # there N shifts between boots, METHOD.md says
        again = (boot.sweep_failable, boot.sweep_errnos["success"], boot.sweep_errnos["ENOMEM"])
        yield Check("sweep with kmemleak: N, and how they end", again,
                    (len(runs), len(runs) - failing.total(), failing.total()))  # fmt: skip


def _reports(variant: Variant, plain: Trace, runs: Runs, at_risk: int) -> Iterator[Check]:
    """What KASAN says, and where."""
    sweep, died = variant.sweep, variant.sweep.oopses
    in_rows = sum((kasan(trace) for trace in _traces(runs)), Counter[tuple[str, str]]())
    whole = in_rows + Counter({key: n * CLOSING_ROWS for key, n in kasan(plain).items()})
    lost, limit = died * (kasan(plain).total() - 1), "vmalloc" * bool(died)
    yield oopses("sweep", died, at_risk)
    yield Check("sweep: KASAN reports in its rows", sweep.kasan_in_rows, about(in_rows.total(), less=lost), limit)
    yield Check("sweep: KASAN reports", sweep.kasan_reports, about(whole.total(), less=lost), limit)
    with_reports = tuple(failure.row.n for failure, trace in runs if trace.errno and kasan(trace))
    yield Check("sweep: failing N with a report", sweep.failing_with_reports, with_reports)
    if variant.vmalloc:
        named, limit = {VMALLOC: sweep.kasan_reports} if whole else {}, "vmalloc"
    else:  # where only the kmalloc try failed, struct kvm came from vmalloc
        fallback = sum(kasan(trace).total() for failure, trace in runs if failure.limit == "kvzalloc")
        named, limit = {**by_kind(whole), VMALLOC: fallback}, "kvzalloc"
        named = {kind: n - fallback * (kind != VMALLOC) for kind, n in named.items() if n}
    yield Check("sweep: KASAN reports by kind", dict(sweep.kinds), named, limit)
    if not variant.vmalloc:
        yield Check("sweep with kmemleak: KASAN reports", variant.kmemleak.sweep_reports, whole.total())


def _leaks(variant: Variant, plain: Trace, runs: Runs, at_risk: int) -> Iterator[Check]:
    """What kmemleak finds; a dead task leaves more behind (limit: exit)."""
    found, closes = variant.kmemleak, variant.normal_closes
    after, died = sum(map(leaked, _traces(runs))) + CLOSING_ROWS * leaked(plain), found.sweep_oopses
    dead = leaked(traced(plain.version, CREATE_VM, freed="poisoned")) + 1  # and its credentials
    normal, limit = about(closes.closes * leaked(plain), more=dead * closes.oopses), "exit" * bool(died)
    yield Check("kmemleak after 20 closes", found.after_normal, normal, "exit" * bool(closes.oopses))
    yield oopses("sweep with kmemleak", died, at_risk)
    yield Check("kmemleak after the sweep", found.after_sweep, about(after, more=dead * died), limit)
    planes = about(after, more=died)
    by_size = found.sizes.get(str(plane_size(plain.version)), 0)
    yield Check("kmemleak after the sweep: planes, by size", by_size, planes, limit)
    by_site = sum(n for site, n in found.sites.items() if site.startswith("kvm_create_plane <"))
    yield Check("kmemleak after the sweep: planes, by site", by_site, planes, limit)
