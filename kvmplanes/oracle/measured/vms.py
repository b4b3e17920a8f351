# SPDX-License-Identifier: GPL-2.0-only
"""One variant of the kernel beside one version of the model: creating and closing VMs, with and without failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from kvmplanes.model.faults import CALLS, base
from kvmplanes.model.sizes import size_of_member, size_of_struct
from kvmplanes.model.version import Version
from kvmplanes.oracle.measured import Closes, SweepRow, Variant
from kvmplanes.oracle.measured.checks import (
    CREATE_VM,
    FREED_BY,
    VMALLOC,
    Check,
    FailedRow,
    about,
    answer,
    by_kind,
    failed_rows,
    kasan,
    leaked,
    oops_check,
    traced,
)
from kvmplanes.runs.trace import Trace

CLOSING_ROWS: Final = 2  # METHOD.md: a sweep stops after two N without an injection

# Calls of the model that take no slab object in 6.12: the fifth bus came later (limit: buses), and nothing in
# kvm_arch_init_vm is allocated from a slab (limit: arch).
_NOT_SWEPT: Final = {"kzalloc(KVM_IOCSR_BUS)", "kvm_arch_init_vm"}

_Runs = Sequence[tuple[FailedRow, Trace]]


def vm_checks(variant: Variant, version: Version, others: Mapping[str, Variant]) -> Iterator[Check]:
    """Everything measured of KVM_CREATE_VM and close in a variant.

    Args:
        variant: the kernel.
        version: the model's version of the same text.
        others: every variant, for those whose rows were kept elsewhere.
    """
    yield from _closes("create + close", variant.create_close, version, variant.vmalloc)
    yield from _closes("20 closes", variant.normal_closes, version, variant.vmalloc)
    yield from sweep_checks(variant, version, others)
    for options, closes in variant.no_kasan.items():
        yield from _without_kasan(options, closes, version, variant.vmalloc)
    yield from _sizes(variant, version)


def _closes(what: str, closes: Closes, version: Version, vmalloc: bool) -> Iterator[Check]:
    reports, died = kasan(traced(version, CREATE_VM)), closes.oopses
    limit = "vmalloc" if died else ""
    yield oops_check(what, died, closes.closes if reports and vmalloc else 0)
    yield Check(f"{what}: closes that return", closes.returned, about(closes.closes, less=died), limit)
    for access in ("read", "write"):
        of_close = sum(n for (_, how), n in reports.items() if how == access)
        of_dying = 1 if access == "read" else 0  # a close that dies has made one read at least
        yield Check(f"{what}: KASAN reports of a {access}", closes.accesses.get(access, 0),
                    about(of_close * closes.closes, less=died * (of_close - of_dying)), limit)  # fmt: skip
    whole = about(reports.total() * closes.closes, less=died * (reports.total() - 1))
    yield Check(f"{what}: KASAN reports", closes.kasan_reports, whole, limit)
    # For memory from vmalloc KASAN has one name only (limit: vmalloc).
    named = dict.fromkeys([VMALLOC] if vmalloc else by_kind(reports), closes.kasan_reports) if reports else {}
    yield Check(f"{what}: KASAN reports by kind", dict(closes.kinds), named, "vmalloc" if vmalloc else "")


def _without_kasan(options: str, closes: Closes, version: Version, vmalloc: bool) -> Iterator[Check]:
    spared = vmalloc and FREED_BY[options] == "poisoned"  # SLUB poisons what a slab gets back (limit: vmalloc)
    trace = traced(version, CREATE_VM, freed="kept" if spared else FREED_BY[options])
    limit, what = "vmalloc" if spared else "", f"no KASAN, {options}"
    died = 0 if trace.oops is None else closes.closes
    yield Check(f"{what}: closes that return", closes.returned, closes.closes - died, limit)
    yield Check(f"{what}: Oopses", closes.oopses, died, limit)
    yield Check(f"{what}: planes leaked", closes.plane_leaks, closes.closes * leaked(trace, "plane"), limit)
    # A dead task leaves its credentials behind, too (limit: exit).
    objects = closes.closes * leaked(trace) + died
    yield Check(f"{what}: objects leaked", closes.leaks, objects, "exit" if died else limit)


def _sizes(variant: Variant, version: Version) -> Iterator[Check]:
    sizes, array = variant.sizes, size_of_member(version, "kvm", "planes")
    yield Check("bytes of a struct kvm_plane", sizes.get("struct_kvm_plane", 0), size_of_struct(version, "kvm_plane"))
    yield Check("bytes of planes[]", sizes.get("planes_array", 0), array)
    if "offsetof_planes" in sizes:  # so planes[16] is a member, and KASAN has nothing to report (limit: layout)
        yield Check("where the next member begins", sizes["offsetof_online_vcpus"], sizes["offsetof_planes"] + array)
    for block, (closes, reports, _) in variant.ubsan.items():
        bad = sum(defect.kind == "out-of-bounds" for defect in traced(version, CREATE_VM).defects)
        # UBSAN reports a place in the source once a boot.
        yield Check(f"UBSAN, {closes} closes ({block}): reports", reports, min(1, bad * closes))


def step_checks(variant: Variant, version: Version, before: Variant, old: Version) -> Iterator[Check]:
    """What a change to the text adds to `before`, of which `old` is the model's version: allocations, and bytes."""
    if variant.vmalloc == before.vmalloc:  # else the allocation of struct kvm itself makes another number of steps
        calls = len(traced(version, CREATE_VM).calls) - len(traced(old, CREATE_VM).calls)
        more = variant.sweep.failable - before.sweep.failable
        yield Check(f"failable allocations more than in {before.name}", more, calls)
    grown = size_of_member(version, "kvm", "planes") - size_of_member(old, "kvm", "planes")
    for size in ("struct_kvm", "offsetof_online_vcpus"):
        yield Check(f"{size}: bytes more than in {before.name}", variant.sizes[size] - before.sizes[size], grown)


# -- the fail-nth sweep over KVM_CREATE_VM: row by row, in total, and what it leaks ----------------------------------


def sweep_checks(variant: Variant, version: Version, others: Mapping[str, Variant]) -> Iterator[Check]:
    """Everything measured of the sweep; arguments as for `vm_checks`."""
    plain = traced(version, CREATE_VM)
    failures = failed_rows(sweep_rows(variant, others), plain.calls)
    runs = [(failure, traced(version, CREATE_VM, failure.fail)) for failure in failures]
    for failure, trace in runs:
        row = failure.row
        if row.n in variant.sweep.rows:
            model = (*answer(trace.results[0][1]), kasan(trace).total())
            yield Check(f"N={row.n} {failure.fail or 'nothing fails'}", (row.errno, row.fd_returned, row.kasan_reports),
                        model, failure.limit, row=True)  # fmt: skip
    yield from _calls(variant, plain, runs)
    yield from _answers(variant, runs)
    traces = [trace for _, trace in runs] + [plain] * CLOSING_ROWS
    at_risk = len([trace for trace in traces if kasan(trace)]) if variant.vmalloc else 0
    yield from _reports(variant, plain, runs, at_risk)
    yield from _leaks(variant, plain, runs, at_risk)


def sweep_rows(variant: Variant, others: Mapping[str, Variant]) -> list[SweepRow]:
    """Every row of the variant's sweep; rows that were not kept have the sites of the variant it is like.

    METHOD.md and the "same_sites" marks say which; the totals of the sweep are compared, so a wrong guess shows.
    """
    known = variant.sweep.rows
    if len(known) == variant.sweep.failable:
        return list(known.values())
    like = sweep_rows(others[f"{variant.name}k" if variant.vmalloc else variant.base], others)
    more = variant.sweep.failable - len(like)
    first = min(known, default=1)

    def row(n: int) -> SweepRow:
        there = n - more if n > first else n  # the rows that this variant has more stand at the first known one
        return known.get(n) or replace(like[there - 1], n=n)

    return [row(n) for n in range(1, variant.sweep.failable + 1)]


def _calls(variant: Variant, plain: Trace, runs: _Runs) -> Iterator[Check]:
    """Which calls fail, and in which order."""
    reached = dict.fromkeys(trace.failed[0][0] for _, trace in runs if trace.failed)
    in_order = dict.fromkeys(call for call in plain.calls if call in reached)
    yield Check("sweep: calls in the order they fail", tuple(reached), tuple(in_order))
    spared = {call for call in plain.calls if not CALLS[base(call)][1]} | _NOT_SWEPT
    if variant.vmalloc:
        spared.discard("kvm_arch_alloc_vm")  # __vmalloc() has slab objects of its own, and no fallback
    if variant.sweep.stages["buses"][0] == 5:
        spared.discard("kzalloc(KVM_IOCSR_BUS)")  # 7.2 has the fifth bus
    yield Check("sweep: calls that no N reaches", set(plain.calls) - set(reached), spared, "failslab")
    refused = [
        failure.row.n for failure, trace in runs if trace.failed and base(trace.failed[0][0]) == "kvm_create_plane"
    ]
    yield Check("sweep: first N at which a plane is refused", variant.sweep.plane_nth, min(refused, default=None))


def _answers(variant: Variant, runs: _Runs) -> Iterator[Check]:
    """What the ioctl returns."""
    sweep, boot = variant.sweep, variant.kmemleak
    failing = Counter(failure.row.stage for failure, trace in runs if trace.errno)
    stages = Counter(failure.row.stage for failure, _ in runs)
    by_stage = {stage: (n, failing[stage]) for stage, n in stages.items()}
    yield Check("sweep: N and failing N by stage", dict(sweep.stages), by_stage)
    limit = "vmalloc" if sweep.oopses else ""
    yield Check("sweep: N that return a descriptor", sweep.errnos["success"], len(runs) - failing.total())
    yield Check("sweep: N that fail with ENOMEM", sweep.errnos["ENOMEM"],
                about(failing.total(), less=sweep.oopses), limit)  # fmt: skip
    if not variant.vmalloc:  # there N shifts between boots, METHOD.md says
        again = (boot.sweep_failable, boot.sweep_errnos["success"], boot.sweep_errnos["ENOMEM"])
        yield Check("sweep with kmemleak: N, and how they end", again,
                    (len(runs), len(runs) - failing.total(), failing.total()))  # fmt: skip


def _reports(variant: Variant, plain: Trace, runs: _Runs, at_risk: int) -> Iterator[Check]:
    """What KASAN says, and where."""
    sweep, died = variant.sweep, variant.sweep.oopses
    in_rows = sum((kasan(trace) for _, trace in runs), Counter[tuple[str, str]]())
    whole = in_rows + Counter({key: n * CLOSING_ROWS for key, n in kasan(plain).items()})
    lost, limit = died * (kasan(plain).total() - 1), "vmalloc" if died else ""
    yield oops_check("sweep", died, at_risk)
    yield Check("sweep: KASAN reports in its rows", sweep.kasan_in_rows, about(in_rows.total(), less=lost), limit)
    yield Check("sweep: KASAN reports", sweep.kasan_reports, about(whole.total(), less=lost), limit)
    with_reports = tuple(failure.row.n for failure, trace in runs if trace.errno and kasan(trace))
    yield Check("sweep: failing N with a report", sweep.failing_with_reports, with_reports)
    if variant.vmalloc:
        named, limit = {VMALLOC: sweep.kasan_reports} if whole else {}, "vmalloc"
    else:  # where only the kmalloc try failed, struct kvm came from vmalloc
        fallback = sum(kasan(trace).total() for failure, trace in runs if failure.limit == "kvzalloc")
        in_slab = {kind: n - fallback for kind, n in by_kind(whole).items()}
        named, limit = {**in_slab, VMALLOC: fallback} if fallback else in_slab, "kvzalloc"
    yield Check("sweep: KASAN reports by kind", dict(sweep.kinds), named, limit)
    if not variant.vmalloc:
        yield Check("sweep with kmemleak: KASAN reports", variant.kmemleak.sweep_reports, whole.total())


def _leaks(variant: Variant, plain: Trace, runs: _Runs, at_risk: int) -> Iterator[Check]:
    """What kmemleak finds; a dead task leaves more behind (limit: exit)."""
    kmemleak, closes = variant.kmemleak, variant.normal_closes
    after, died = sum(leaked(trace) for _, trace in runs) + CLOSING_ROWS * leaked(plain), kmemleak.sweep_oopses
    dead = leaked(traced(plain.version, CREATE_VM, freed="poisoned")) + 1  # and its credentials
    normal = about(closes.closes * leaked(plain), more=dead * closes.oopses)
    yield Check("kmemleak after 20 closes", kmemleak.after_normal, normal, "exit" if closes.oopses else "")
    yield oops_check("sweep with kmemleak", died, at_risk)
    limit = "exit" if died else ""
    yield Check("kmemleak after the sweep", kmemleak.after_sweep, about(after, more=dead * died), limit)
    planes = about(after, more=died)
    by_size = kmemleak.sizes.get(str(size_of_struct(plain.version, "kvm_plane")), 0)
    yield Check("kmemleak after the sweep: planes, by size", by_size, planes, limit)
    by_site = sum(n for site, n in kmemleak.sites.items() if site.startswith("kvm_create_plane <"))
    yield Check("kmemleak after the sweep: planes, by site", by_site, planes, limit)
