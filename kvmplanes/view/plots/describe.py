# SPDX-License-Identifier: GPL-2.0-only
"""The plots in words: what a reader gets who does not see the picture."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from kvmplanes.runs.certificate import Certificate
from kvmplanes.runs.trace import Trace
from kvmplanes.view.plots import data
from kvmplanes.view.plots.data import NOTHING_FAILS, Mark, Run, Span, ranges


def tally(words: Iterable[str]) -> str:
    """How many of each: "16 use-after-free, 2 leaks"; "none" if there is nothing."""
    counts = Counter(words).items()
    return ", ".join(f"{n} {word}{'s' * (n > 1 and word in _PLURAL)}" for word, n in counts) or "none"


_PLURAL: Final = ("leak", "read", "write", "free")


def verdict(trace: Trace) -> str:
    """The defects, counted, or "no defect"; and whether the task died."""
    kinds = tally(defect.kind for defect in trace.defects) if trace.defects else "no defect"
    return f"{kinds}, {data.OOPS}" if trace.oops else kinds


def failures(trace: Trace) -> str:
    """What fails: "kvm_create_plane(kvm, 0) fails with ENOMEM"; more than two calls are counted."""
    told = [f"{call} fails with {errno}" for call, errno in trace.failed]
    return f"{len(told)} calls fail" if len(told) > 2 else " and ".join(told) or NOTHING_FAILS


def occupancy_text(trace: Trace) -> str:
    """`plot_occupancy` in words."""
    rows = data.slots(trace)
    lines = [
        f"Plane occupancy, {_case(trace)}.",
        "System calls: " + ", ".join(_timed(call) for call in data.calls(trace)) + ".",
        "struct kvm: " + ", ".join(f"{s.word} {_when(s)}" for s in data.array(trace)) + ".",
    ]
    for i, row in enumerate(rows):
        held = [f"{s.word} {_when(s)}" for s in row if s.word in data.HELD]
        lines += [f"planes[{i}]: {', '.join(held)}."] * bool(held)
    unused = [i for i, row in enumerate(rows) if not any(s.word in data.HELD for s in row)]
    lines += [f"Never used: planes[{ranges(unused)}]."] * bool(unused)
    return "\n".join([*lines, *_defect_lines(data.marks(trace))])


def lifetimes_text(trace: Trace, references_too: bool) -> str:
    """`plot_lifetimes` in words."""
    lines = [f"Object lifetimes, {_case(trace)}."]
    for life in data.lifetimes(trace):
        end = f"freed at {life.free}" if life.free is not None else "never freed"
        kinds, whats = tally(mark.kind for mark in life.defects), tally(mark.what for mark in life.defects)
        wrong = f"; {kinds} ({whats})" if life.defects else ""
        lines.append(f"{life.name}: allocated at {life.alloc}, {end}{wrong}{'; leaked' * life.leaked}.")
    if references_too:
        for name, counts in data.references(trace).items():
            lines.append(f"{name}: at most {max(counts)}, {counts[-1]} at the end.")
    return "\n".join(lines)


def runs_text(groups: Mapping[str, Sequence[Run]]) -> str:
    """`plot_runs` in words."""
    lines = []
    for name, runs in groups.items():
        fails = tally(run.failed[0] for run in runs if run.failed)
        live = ", ".join(f"{n} with {k}" for k, n in sorted(Counter(r.live for r in runs).items()))
        lines += [
            f"{name or 'All runs'}: {len(runs)} runs, {tally(run.outcome for run in runs)}.",
            f"  First failing call: {fails}. Live planes after creation: {live}.",
        ]
    return "\n".join(lines)


def paths_text(certificates: Sequence[Certificate]) -> str:
    """`plot_paths` in words."""
    lines = []
    for certificate in certificates:
        bad = [f"; {data.path_name(p, certificate)}: {p.outcome}" for p in certificate.paths if p.outcome != "clean"]
        lines.append(f"{certificate.verdict}: {certificate.version.title}{''.join(bad)}.")
    return "\n".join(lines)


def _case(trace: Trace) -> str:
    return f"version {trace.version}: {failures(trace)}; {verdict(trace)}; steps 0..{len(trace.steps) - 1}"


def _when(span: Span) -> str:
    return f"{span.first}..{span.last}" if span.last > span.first else str(span.first)


def _timed(call: Span) -> str:
    return f"{call.word}{f' -> {call.result}' if call.result else ''} ({_when(call)})"


def _defect_lines(found: Sequence[Mark]) -> list[str]:
    lines = []
    for kind in dict.fromkeys(mark.kind for mark in found):
        group = [mark for mark in found if mark.kind == kind]
        rows = {mark.row for mark in group}
        numbers = ranges(int(row[7:-1]) for row in rows - {data.ELSEWHERE})
        where = [f"in planes[{numbers}]"] * bool(numbers) + [data.ELSEWHERE] * (data.ELSEWHERE in rows)
        at = ranges(mark.step for mark in group)
        lines.append(f"{kind}: {tally(mark.what for mark in group)} at step {at}, {' and '.join(where)}.")
    return lines
