# SPDX-License-Identifier: GPL-2.0-only
"""A model's trace and a C run, put into the same words and compared.

Who sees what: AddressSanitizer sees a use or a second free of freed memory, and where a bad pointer leads;
UndefinedBehaviorSanitizer an index out of bounds, which AddressSanitizer cannot see, because the array is not the end
of its allocation; LeakSanitizer an object that nothing points to any more. A counted reference given back too often,
or never, is memory to none of them: there the scaffold's own counters speak.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from difflib import SequenceMatcher
from itertools import zip_longest
from types import MappingProxyType
from typing import Final

from kvmplanes.given import A_RUN, typed
from kvmplanes.oracle.compiled.run import LogRow, Played, again
from kvmplanes.runs.trace import Trace

# (defect, access) -> the report it must give; access "put" and a leaked reference give none.
SEES: Final[Mapping[tuple[str, str], LogRow]] = MappingProxyType(
    {
        ("use-after-free", "read"): ("asan", "heap-use-after-free", "read"),
        ("use-after-free", "write"): ("asan", "heap-use-after-free", "write"),
        ("double-free", "free"): ("asan", "double-free", "free"),
        ("out-of-bounds", "index"): ("ubsan", "out-of-bounds-index", ""),
    }
)


def model_events(trace: Trace) -> tuple[LogRow, ...]:
    """A trace in the words of the C side's log.

    What the log cannot have is left out: accesses that are not defects, and `goto` (its label follows). Of several bad
    indexes at one place only the first is kept: UndefinedBehaviorSanitizer reports a place once in a process.
    """
    typed(trace, Trace, A_RUN)
    rows: list[LogRow] = []
    places = set()
    for step in trace.steps:
        defect = step.defect or ""
        match step.what:
            case "alloc" | "free" | "leak":
                rows.append((step.what, step.obj, "", defect))
            case "get" | "put" | "fail" | "return":
                rows.append((step.what, step.obj, step.value, defect))
            case "label" | "print":
                rows.append((step.what, step.obj, "", ""))
            case "oops":
                rows.append((step.what, "", "", defect))
            case "read" | "write" if defect == "out-of-bounds":
                place = (step.stack[0].file, step.stack[0].lineno)
                if place not in places:
                    rows.append(("index", step.field, "", defect))
                places.add(place)
            case "read" | "write" if defect and not again((step.what, step.obj, step.field, defect), rows[-1:]):
                rows.append((step.what, step.obj, step.field, defect))
            case _:
                pass
    return tuple(rows)


def disagreements(trace: Trace, result: Played) -> list[str]:
    """What the two sides do not say alike, one sentence each; empty when they agree.

    Compared are: what each system call returned; the failable calls reached; every acquisition, release, label and
    defect, in order; the sanitizers' reports, by kind and number, with those that the defects must give; and
    LeakSanitizer's count with the objects leaked.
    """
    typed(result, Played, "result must be what Driver.run() gives")
    events, wrong = model_events(trace), []
    if trace.results != result.results:
        wrong.append(f"results: model {trace.results}, C {result.results}")
    if trace.calls != result.calls:
        wrong.append(f"failable calls: model {trace.calls}, C {result.calls}")
    if events != result.events:
        at = next(n for n, (a, b) in enumerate(zip_longest(events, result.events)) if a != b)
        wrong.append(f"event {at}: model {_at(events, at)}, C {_at(result.events, at)}")
    want = Counter(SEES[row[3], row[0]] for row in events if (row[3], row[0]) in SEES)
    oops = any(row[0] == "oops" for row in events)  # has a report of its own, which differs from compiler to compiler
    seen = Counter({row: n for row, n in result.counts.items() if row in SEES.values() or not oops})
    if want != seen:
        wrong.append(f"reports: the model's defects give {dict(want)}, the sanitizers gave {dict(seen)}")
    objects = {row[1] for row in events if row[0] == "alloc"}
    leaked = sum(row[0] == "leak" and row[1] in objects for row in events)
    if not oops and leaked != result.lsan:  # a dead task's stack still holds pointers
        wrong.append(f"leaks: the model has {leaked} leaked objects, LeakSanitizer {result.lsan}")
    return wrong


def left_open(trace: Trace) -> bool:
    """Whether a run uses a variable that nothing has set: what happens then C leaves open, so nothing is compared."""
    return trace.oops is not None and trace.oops.obj.endswith("nothing set it before")


def side_by_side(trace: Trace, result: Played) -> str:
    """Both event lists, line by line, with a mark where they differ: what a shrunk disagreement is printed as."""
    typed(result, Played, "result must be what Driver.run() gives")
    left, right = ([" ".join(filter(None, row)) for row in rows] for rows in (model_events(trace), result.events))
    width = max(map(len, ["model", *left]))
    lines = [*disagreements(trace, result), f"{trace.version} {trace.scenario}", f"   {'model':{width}}  C"]
    for tag, i, j, m, n in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        mark = "  " if tag == "equal" else "->"
        lines += [f"{mark} {a:{width}}  {b}".rstrip() for a, b in zip_longest(left[i:j], right[m:n], fillvalue="")]
    return "\n".join(lines)


def _at(events: tuple[LogRow, ...], at: int) -> str:
    return " ".join(filter(None, events[at])) if at < len(events) else "nothing"
