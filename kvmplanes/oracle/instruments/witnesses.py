# SPDX-License-Identifier: GPL-2.0-only
"""One function for each instrument: from a case to what the text, the C's runs and the kernel's figures say of it.

The last three instruments change what freeing does to the bytes; of slub_debug=FPZU it is P that does, and F checks
the allocator's own lists. The C plays them only where no kernel was booted, because a second free meets another
allocator there. `init_on_free` is credited with the leaks that are not there without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kvmplanes.model.faults import CALLS, base
from kvmplanes.model.heap import Freed
from kvmplanes.oracle.compiled.results import CRun
from kvmplanes.oracle.instruments.cases import Case, recorded, sanitizer_reports
from kvmplanes.oracle.instruments.reading import ASKED, objections
from kvmplanes.oracle.measured import Closes, Variant
from kvmplanes.runs.trace import is_errno
from kvmplanes.runs.words import many


@dataclass(frozen=True, slots=True)
class Witness:
    """What one run, or one boot, gives for a cell.

    Attributes:
        source: "the text", "the C", or a kernel such as "kernel V1k".
        count: how much it shows; 0 is nothing.
        says: count and circumstances, in words.
        report: the report behind it as it was printed, "" where none is kept.
    """

    source: str
    count: int
    says: str
    report: str = ""


# How an instrument is asked: the case, the C's runs, the kernel if one was measured.
_Ask = Callable[[Case, Sequence[CRun], Variant | None], Iterator[Witness]]


def _witness(source: str, count: int, unit: str, when: str, report: str = "") -> Witness:
    """A witness that says such as "17 reports in 1 run"; a unit whose plural has no s has it after a bar."""
    singular, _, plural = unit.partition("|")
    counted = f"{count} {plural}" if plural and count != 1 else many(count, singular)
    return Witness(source, count, f"{counted if count else 'nothing'} {when}", report if count else "")


def _reading(case: Case, _: Sequence[CRun], __: Variant | None) -> Iterator[Witness]:
    lines = [f"{question} {function}: {line}" for question, function, line in objections(case.version)]
    yield _witness("the text", len(lines), "line", f"by {len(ASKED)} questions", "\n".join(lines))


def _injection(case: Case, runs: Sequence[CRun], kernel: Variant | None) -> Iterator[Witness]:
    """Each failable call fails in turn, and only the answers are watched: the errno, and what a second try gives."""
    failing = [run for run in runs if run.version == case.c and run.scenario.fail and run.scenario.freed == "kept"]
    if failing:
        odd = [answer for run in failing for answer in _odd_answers(run)]
        yield _witness("the C", len(odd), "odd answer", f"in {len(failing)} runs", "\n".join(dict.fromkeys(odd)))
    if kernel and kernel.create_plane:
        rows = [row for row in kernel.create_plane.sweeps["b"] if row.errno]
        odd = [f"N={row.n}: {row.errno}, then a second try gives {row.retry}" for row in rows if row.retry != "fd"]
        when = f"in {len(rows)} failures, each tried again"
        yield _witness(f"kernel {kernel.name}", len(odd), "odd answer", when, "\n".join(odd))
    elif kernel:
        odd = [errno for errno in kernel.sweep.errnos if errno not in ("success", "ENOMEM")]
        yield _witness(f"kernel {kernel.name}", len(odd), "odd answer", f"in {kernel.sweep.failable} failures")


def _odd_answers(run: CRun) -> Iterator[str]:
    injected = _injected(run)
    failed = ""
    for op, result in run.result.results:
        if failed == op and not result.startswith("fd"):
            yield f"{op}: {injected}, then a second try gives {result}"
        elif failed != op and is_errno(result):
            failed = op
            if result != injected:
                yield f"{op}: {result}, where {injected} was injected"


def _injected(run: CRun) -> str:
    """The errno that a run made its failing call give."""
    fail = run.scenario.fail
    if isinstance(fail, str) and ": " in fail:
        return fail.rpartition(": ")[2]
    call = run.result.calls[fail - 1] if isinstance(fail, int) else str(fail)
    return CALLS[base(call)][0][0]


def _address(case: Case, runs: Sequence[CRun], kernel: Variant | None) -> Iterator[Witness]:
    yield from _sanitizer(case, runs, "asan", "report")
    if not kernel:
        return
    if kernel.create_plane:
        rows = [row for row in kernel.create_plane.sweeps["c"] if row.stage == "anon_inode"]
        count, when = sum(row.kasan_reports for row in rows), f"in {len(rows)} VMs"
    elif case.fail:
        count, when = kernel.sweep.kasan_reports, f"in {kernel.sweep.failable} failures"
    else:
        count, when = kernel.create_close.kasan_reports, f"in {kernel.create_close.closes} close"
    report = recorded(f"kasan-{kernel.name}.txt") if count else ""
    yield _witness(f"kernel {kernel.name}", count, "report", when, report)


def _undefined(case: Case, runs: Sequence[CRun], kernel: Variant | None) -> Iterator[Witness]:
    yield from _sanitizer(case, runs, "ubsan", "report")
    if kernel:
        for closes, reports, first in kernel.ubsan.values():
            if closes == 1:
                yield _witness(f"kernel {kernel.name}", reports, "report", "in 1 close", first)


def _leak(case: Case, runs: Sequence[CRun], kernel: Variant | None) -> Iterator[Witness]:
    yield from _sanitizer(case, runs, "lsan", "object")
    if not kernel:
        return
    source = f"kernel {kernel.name}"
    if kernel.create_plane:
        figures = kernel.create_plane.without_kasan["plain, kmemleak on"]
        doubled, when = figures["kmemleak_overlap_then_disabled"], f"in {figures['injected']} VMs"
        report = recorded("kasan-W29.txt", "without KASAN and without")
        yield _witness(source, doubled, "address handed out twice|addresses handed out twice", when, report)
    elif case.fail:
        objects = kernel.kmemleak.after_sweep
        report = recorded(f"kmemleak-{kernel.name}.txt") if objects else ""
        yield _witness(source, objects, "object", f"after {kernel.sweep.failable} failures", report)
    else:
        yield _witness(source, kernel.kmemleak.after_normal, "object", f"in {kernel.normal_closes.closes} closes")


def _sanitizer(case: Case, runs: Sequence[CRun], which: str, unit: str) -> Iterator[Witness]:
    if case.c:
        result = case.result_in(runs).result
        count = result.lsan if which == "lsan" else sum(row[0] == which for row in result.reports)
        yield _witness("the C", count, unit, "in 1 run", sanitizer_reports()[case.name].get(which, ""))


def _bytes(options: str, freed: Freed, shows: str) -> _Ask:
    def ask(case: Case, runs: Sequence[CRun], kernel: Variant | None) -> Iterator[Witness]:
        if kernel and kernel.create_plane:
            boots = kernel.create_plane.without_kasan
            key = options if options == "plain" else f"{options}, kmemleak on"
            yield _symptoms(kernel, boots[key], boots["plain, kmemleak on"], shows)
        elif kernel and options in kernel.no_kasan:
            yield _symptoms(kernel, _figures(kernel.no_kasan[options]), _figures(kernel.no_kasan["plain"]), shows)
        elif case.c:
            result, untouched = case.result_in(runs, freed).result, case.result_in(runs).result
            oops = any(row[0] == "oops" for row in result.events)
            count = 1 if oops else max(0, result.lsan - untouched.lsan)
            yield _witness("the C", count, shows, "in 1 run")

    return ask


def _figures(closes: Closes) -> Mapping[str, int]:
    return {"injected": closes.closes, "oopses": closes.oopses, "leaks": closes.plane_leaks}


def _symptoms(kernel: Variant, boot: Mapping[str, int], plain: Mapping[str, int], shows: str) -> Witness:
    """Oopses and messages of the allocator; of leaks, those that a plain boot does not have."""
    source, when = f"kernel {kernel.name}", f"in {boot['injected']} closes"
    if twice := boot.get("slub_object_already_free", 0):
        return _witness(source, twice, _AGAIN, when, recorded("kasan-W29.txt", "without KASAN, slub_debug"))
    if died := boot["oopses"]:
        return _witness(source, died, shows, when, recorded("oops-poison.txt"))
    return _witness(source, max(0, boot.get("leaks", 0) - plain.get("leaks", 0)), shows, when)


_AGAIN: Final = 'message "Object already free"|messages "Object already free"'
FREED_UNDER: Final[Mapping[str, Freed]] = MappingProxyType(
    {"init_on_free + kmemleak": "zeroed", "slub_debug=FPZU": "poisoned"}
)
INSTRUMENTS: Final[Mapping[str, _Ask]] = MappingProxyType(
    {
        "reading": _reading,
        "failure injection": _injection,
        "ASan / KASAN": _address,
        "UBSan": _undefined,
        "LSan / kmemleak": _leak,
        "init_on_free + kmemleak": _bytes("init_on_free=1", "zeroed", "new leak"),
        "slub_debug=FPZU": _bytes("slub_debug=FPZU", "poisoned", "Oops|Oopses"),
        "plain run": _bytes("plain", "kept", "Oops|Oopses"),
    }
)
