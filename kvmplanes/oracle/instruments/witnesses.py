# SPDX-License-Identifier: GPL-2.0-only
"""One function for each instrument: from a case to what the text, the C's runs and the kernel's figures say of it.

The last three instruments change what freeing does to the bytes; of slub_debug=FPZU it is P that does, and F checks
the allocator's own lists. The C plays them only where no kernel was booted, because a second free meets another
allocator there. `init_on_free` is credited with the leaks that are not there without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kvmplanes.model.faults import CALLS, base
from kvmplanes.model.heap import Freed
from kvmplanes.oracle.compiled.results import Run
from kvmplanes.oracle.instruments.cases import Case, recorded, sanitizer_reports
from kvmplanes.oracle.instruments.reading import QUESTIONS, answers
from kvmplanes.oracle.measured import Closes, Variant, text

Runs = Sequence[Run]


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


def _reading(one: Case, _: Runs, __: Variant | None) -> Iterator[Witness]:
    found = [f"{question} {function}: {line}" for question, function, line in answers(one.version)]
    yield Witness(
        "the text", len(found), _lines(len(found), "line", f"by {len(QUESTIONS)} questions"), "\n".join(found)
    )


def _injection(one: Case, runs: Runs, kernel: Variant | None) -> Iterator[Witness]:
    """Each failable call fails in turn, and only the answers are watched: the errno, and what a second try gives."""
    failing = [r for r in runs if r.version == one.c and r.scenario.fail and r.scenario.freed == "kept"]
    if failing:
        odd = [said for r in failing for said in _odd_answers(r)]
        yield Witness("the C", len(odd), _lines(len(odd), "odd answer", f"in {len(failing)} runs"),
                      "\n".join(dict.fromkeys(odd)))  # fmt: skip
    if kernel and kernel.create_plane:
        rows = [row for row in kernel.create_plane.sweeps["b"] if row.errno]
        odd = [f"N={row.n}: {row.errno}, then a second try gives {row.retry}" for row in rows if row.retry != "fd"]
        says = _lines(len(odd), "odd answer", f"in {len(rows)} failures, each tried again")
        yield Witness(f"kernel {kernel.name}", len(odd), says, "\n".join(odd))
    elif kernel:
        odd = [errno for errno in kernel.sweep.errnos if errno not in ("success", "ENOMEM")]
        says = _lines(len(odd), "odd answer", f"in {kernel.sweep.failable} failures")
        yield Witness(f"kernel {kernel.name}", len(odd), says)


def _odd_answers(one: Run) -> Iterator[str]:
    injected = _injected(one)
    failed = ""
    for op, result in one.result.results:
        if failed == op and not result.startswith("fd"):
            yield f"{op}: {injected}, then a second try gives {result}"
        elif failed != op and result.startswith("E"):
            failed = op
            if result != injected:
                yield f"{op}: {result}, where {injected} was injected"


def _injected(one: Run) -> str:
    """The errno that a run made its failing call give."""
    fail = one.scenario.fail
    if isinstance(fail, str) and ": " in fail:
        return fail.rpartition(": ")[2]
    call = one.result.calls[fail - 1] if isinstance(fail, int) else str(fail)
    return CALLS[base(call)][0][0]


def _address(one: Case, runs: Runs, kernel: Variant | None) -> Iterator[Witness]:
    yield from _sanitizer(one, runs, "asan", "report")
    if not kernel:
        return
    if kernel.create_plane:
        rows = [row for row in kernel.create_plane.sweeps["c"] if row.stage == "anon_inode"]
        count, when = sum(row.kasan_reports for row in rows), f"in {len(rows)} VMs"
    elif one.fail:
        count, when = kernel.sweep.kasan_reports, f"in {kernel.sweep.failable} failures"
    else:
        count, when = kernel.create_close.kasan_reports, f"in {kernel.create_close.closes} close"
    yield _of(kernel, count, "report", when, lambda: recorded(f"kasan-{kernel.name}.txt"))


def _undefined(one: Case, runs: Runs, kernel: Variant | None) -> Iterator[Witness]:
    yield from _sanitizer(one, runs, "ubsan", "report")
    for block, (closes, reports) in (kernel.ubsan if kernel else {}).items():
        if kernel and closes == 1:
            data = json.loads(text("kernel-evidence.json"))["variants"][kernel.name]["ubsan_bounds"][block]
            lines: list[str] = data["first"]
            yield _of(kernel, reports, "report", "in 1 close", "\n".join(lines).__str__)


def _leak(one: Case, runs: Runs, kernel: Variant | None) -> Iterator[Witness]:
    yield from _sanitizer(one, runs, "lsan", "object")
    if not kernel:
        return
    if kernel.create_plane:
        figures = kernel.create_plane.without_kasan["plain, kmemleak on"]
        doubled = figures["kmemleak_overlap_then_disabled"]
        says = _lines(doubled, "address handed out twice|addresses handed out twice", f"in {figures['injected']} VMs")
        yield Witness(f"kernel {kernel.name}", doubled, says, recorded("kasan-W29.txt", "without KASAN and without"))
    elif one.fail:
        when = f"after {kernel.sweep.failable} failures"
        yield _of(kernel, kernel.kmemleak.after_sweep, "object", when, lambda: recorded(f"kmemleak-{kernel.name}.txt"))
    else:
        closes = kernel.normal_closes.closes
        yield _of(kernel, kernel.kmemleak.after_normal, "object", f"in {closes} closes", str)


def _sanitizer(one: Case, runs: Runs, which: str, unit: str) -> Iterator[Witness]:
    if one.c:
        result = one.result_in(runs).result
        count = result.lsan if which == "lsan" else sum(row[0] == which for row in result.reports)
        report = sanitizer_reports()[one.name].get(which, "")
        yield Witness("the C", count, _lines(count, unit, "in 1 run"), report)


def _bytes(options: str, freed: Freed, shows: str) -> Callable[[Case, Runs, Variant | None], Iterator[Witness]]:
    def ask(one: Case, runs: Runs, kernel: Variant | None) -> Iterator[Witness]:
        if kernel and kernel.create_plane:
            boots = kernel.create_plane.without_kasan
            key = options if options == "plain" else f"{options}, kmemleak on"
            yield _symptoms(kernel, boots[key], boots["plain, kmemleak on"], shows)
        elif kernel and options in kernel.no_kasan:
            yield _symptoms(kernel, _figures(kernel.no_kasan[options]), _figures(kernel.no_kasan["plain"]), shows)
        elif one.c:
            result, kept = one.result_in(runs, freed).result, one.result_in(runs).result
            oops = any(row[0] == "oops" for row in result.events)
            more = 0 if oops else max(0, result.lsan - kept.lsan)
            yield Witness("the C", oops + more, _lines(oops + more, shows, "in 1 run"))

    return ask


def _figures(closes: Closes) -> Mapping[str, int]:
    return {"injected": closes.closes, "oopses": closes.oopses, "leaks": closes.plane_leaks}


def _symptoms(kernel: Variant, boot: Mapping[str, int], plain: Mapping[str, int], shows: str) -> Witness:
    """Oopses and messages of the allocator; of leaks, those that a plain boot does not have."""
    died, twice = boot["oopses"], boot.get("slub_object_already_free", 0)
    more = max(0, boot.get("leaks", 0) - plain.get("leaks", 0)) if not died else 0
    of = f"in {boot['injected']} closes"
    if twice:
        behind = recorded("kasan-W29.txt", "without KASAN, slub_debug")
        return Witness(f"kernel {kernel.name}", twice, _lines(twice, _AGAIN, of), behind)
    behind = recorded("oops-poison.txt") if died else ""
    return Witness(f"kernel {kernel.name}", died + more, _lines(died + more, shows, of), behind)


def _of(kernel: Variant, count: int, unit: str, when: str, report: Callable[[], str]) -> Witness:
    """A witness from a kernel; its report is looked up only if there is something to report."""
    return Witness(f"kernel {kernel.name}", count, _lines(count, unit, when), report() if count else "")


def _lines(count: int, unit: str, when: str) -> str:
    """Such as "17 reports in 1 run"; a plural without s follows a bar."""
    if not count:
        return f"nothing {when}"
    one, _, many = unit.partition("|")
    return f"{count} {one if count == 1 else many or one + 's'} {when}"


_AGAIN: Final = 'message "Object already free"|messages "Object already free"'
FREED: Final[Mapping[str, Freed]] = {"init_on_free": "zeroed", "slub_debug=FPZU": "poisoned"}
INSTRUMENTS: Final[Mapping[str, Callable[[Case, Runs, Variant | None], Iterator[Witness]]]] = {
    "reading": _reading,
    "failure injection": _injection,
    "ASan / KASAN": _address,
    "UBSan": _undefined,
    "LSan / kmemleak": _leak,
    "init_on_free": _bytes("init_on_free=1", "zeroed", "new leak"),
    "slub_debug=FPZU": _bytes("slub_debug=FPZU", "poisoned", "Oops|Oopses"),
    "plain run": _bytes("plain", "kept", "Oops|Oopses"),
}
