# SPDX-License-Identifier: GPL-2.0-only
"""KVM_CREATE_PLANE of the kernel beside that of the model, block by block as METHOD.md names them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.model.version import Version
from kvmplanes.oracle.measured import CreatePlane
from kvmplanes.oracle.measured.checks import (
    CREATE_VM,
    FREED_BY,
    Check,
    alive,
    answer,
    by_kind,
    failed_rows,
    kasan,
    leaked,
    traced,
)
from kvmplanes.runs.scenario import check_extension
from kvmplanes.runs.trace import Trace, is_errno

_PLANE: Final = 3  # the plane that blocks b to f ask for
_ASK: Final = f"KVM_CREATE_PLANE {_PLANE}"
_VMS: Final = 20  # per boot in block e

# Block d: what the kernel was made to run out of -> what fails in the model.
_D: Final = {"D1": f"get_unused_fd_flags(plane {_PLANE}): EMFILE", "D2": f"anon_inode_getfile(plane {_PLANE}): ENFILE"}


def plane_checks(measured: CreatePlane, version: Version) -> Iterator[Check]:
    """Everything measured of KVM_CREATE_PLANE in a variant, beside a version of the model."""
    runs: dict[str, list[Trace]] = {key: [] for key in "abcdf"}
    for block in "ad":
        for name, calls in groupby(measured.calls[block], key=lambda call: call[0][:2]):
            yield from _calls(name, list(calls), version, runs[block])
    for name, order in measured.orders.items():
        yield from _order(name, order, version, runs["a"])
    for fd, planes in measured.cap_planes.items():
        of_vm = fd != "/dev/kvm"
        model = check_extension(version, fd="vm" if of_vm else "system")
        yield Check(f"KVM_CAP_PLANES on {fd}", planes, model, "max_planes" if of_vm else "")
    for block in "bcf":
        yield from _sweep(block, measured, version, runs[block])
    for block, traces in runs.items():
        reports = sum((by_kind(kasan(trace)) for trace in traces), Counter[str]())
        yield Check(f"{block}: KASAN reports", measured.reports[block], reports.total())
        yield Check(f"{block}: KASAN reports by kind", measured.kinds[block], dict(reports))
        died = sum(trace.oops is not None for trace in traces)
        yield Check(f"{block}: Oopses", measured.oopses[block], died)
        yield Check(f"{block}: kmemleak", measured.leaks[block], sum(leaked(trace) for trace in traces))
    total = sum(kasan(trace).total() for traces in runs.values() for trace in traces)
    yield Check("all blocks in one boot: KASAN reports", measured.reports["all"], total)
    for options, figures in measured.without_kasan.items():
        yield from _without_kasan(options, figures, version)


def _calls(name: str, calls: list[tuple[str, int, str]], version: Version, runs: list[Trace]) -> Iterator[Check]:
    """One VM, asked for one plane after the other."""
    ops = ["KVM_CREATE_VM"]
    for when, plane, _ in calls:
        if "after close of its fd" in when:
            ops.append(f"close(plane {plane})")
        ops.append(f"KVM_CREATE_PLANE {plane}")
    trace = traced(version, tuple(ops), _D.get(name))
    runs.append(trace)
    modelled = [result for op, result in trace.results if op.verb == "KVM_CREATE_PLANE"]
    for (when, plane, measured), result in zip(calls, modelled, strict=True):
        yield Check(f"{when}: KVM_CREATE_PLANE {plane}", measured, answer(result)[0] or "fd")


def _order(name: str, order: Mapping[str, object], version: Version, runs: list[Trace]) -> Iterator[Check]:
    """A VM and its fifteen planes, closed in some order: after which close is the VM gone?"""
    creates = [f"KVM_CREATE_PLANE {plane}" for plane in range(1, KVM_MAX_PLANES)]
    names = str(order["closes"]).split()
    closes = [f"close({name.replace('p', 'plane ')})" for name in names]
    trace = traced(version, ("KVM_CREATE_VM", *creates, *closes))
    runs.append(trace)
    last = {str(step.op): step.state.kvm for step in trace.steps}
    alive_after_each = "".join("1" if kvm.live else "0" for kvm in map(last.get, closes) if kvm)
    yield Check(f"{name}: VM alive after each close", order["alive_after_each"], alive_after_each)
    destroyed_by = [*names, "process exit"][alive_after_each.count("1")]
    yield Check(f"{name}: what destroys the VM", order["vm_destroyed_by"], destroyed_by)
    failed = sum(is_errno(result) for _, result in trace.results)
    yield from _measured(f"{name}: planes refused", order, "planes_failed", failed)
    yield from _measured(f"{name}: VMs alive at the end", order, "alive_after_exit", alive(trace))


def _sweep(block: str, measured: CreatePlane, version: Version, runs: list[Trace]) -> Iterator[Check]:
    rows = measured.sweeps[block]
    asks = (_ASK, _ASK) if any(row.retry for row in rows) else (_ASK,)
    ops = ("KVM_CREATE_VM", *asks, "close(vm)")
    calls, start = traced(version, ops).calls, len(traced(version, CREATE_VM).calls)
    for failure in failed_rows(rows, calls, start):
        trace, row = traced(version, ops, failure.fail), failure.row
        runs.append(trace)
        first, *others = [answer(result) for op, result in trace.results if op == _ASK]
        retry = next((errno or "fd" for errno, _ in others), "")
        yield Check(f"{block}: N={row.n} {failure.fail or 'nothing fails'}",
                    (row.errno, row.fd_returned, row.retry, row.kasan_reports, row.alive),
                    (*first, retry, kasan(trace).total(), alive(trace)), failure.limit, row=True)  # fmt: skip


def _without_kasan(options: str, figures: Mapping[str, int], version: Version) -> Iterator[Check]:
    """Block e: anon_inode_getfile fails for plane 3, plane 4 is created, the VM is closed."""
    boot, _, kmemleak = options.partition(", ")
    ops = ("KVM_CREATE_VM", _ASK, "KVM_CREATE_PLANE 4", "close(vm)")
    trace = traced(version, ops, f"anon_inode_getfile(plane {_PLANE})", FREED_BY[boot])
    results, twice = dict[str, str](trace.results), by_kind(kasan(trace))["double-free"]
    checked = boot.startswith("slub_debug")  # only SLUB's own checks look at a second free
    what = f"e, no KASAN, {options}"
    yield Check(f"{what}: failures injected", figures["injected"], _VMS if trace.failed else 0)
    created = _VMS if answer(results["KVM_CREATE_PLANE 4"])[1] else 0
    yield from _measured(f"{what}: plane 4 created", figures, "plane_4_created", created)
    died = 0 if trace.oops is None else _VMS
    yield Check(f"{what}: closes that return", figures["closes_returned"], _VMS - died)
    yield Check(f"{what}: Oopses", figures["oopses"], died)
    yield Check(f"{what}: object already free", figures["slub_object_already_free"], _VMS * twice if checked else 0)
    # An allocator that takes an object back twice gives it out twice; kmemleak notices, and stops for good.
    given_twice = bool(twice and kmemleak and not checked)
    yield Check(f"{what}: kmemleak meets an address twice", figures["kmemleak_overlap_then_disabled"],
                int(given_twice), "reuse" if given_twice else "")  # fmt: skip
    yield from _measured(f"{what}: objects leaked", figures, "leaks", _VMS * leaked(trace))


def _measured(what: str, figures: Mapping[str, object], key: str, model: object) -> Iterator[Check]:
    """A figure that was not taken on every kernel."""
    if key in figures:
        yield Check(what, figures[key], model)
