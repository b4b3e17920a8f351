# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel's checkers would print, had they lines of the C and of the patch for addresses.

The layouts follow KASAN, UBSAN, kmemleak and the Oops; the words are ours, and each report says so.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from kvmplanes.model.constants import KVM_MAX_PLANES
from kvmplanes.runs.certificate import classify, findings
from kvmplanes.runs.trace import Defect, Frame, Object, Step, Trace
from kvmplanes.view.page.html import Html, badge, css, escape
from kvmplanes.view.page.style import BAD, outcome_role

RULE: Final = "=" * 66


def report(trace: Trace, nth: int = 0) -> Html:
    """The report of one defect.

    Args:
        trace: the run.
        nth: which of `trace.defects`, from 0.

    Raises:
        ValueError: the run has no such defect.
    """
    count = len(trace.defects)
    if not 0 <= nth < count:
        has = f"defects 0..{count - 1}" if count else "no defect"
        raise ValueError(f"no defect {nth}: {trace.version} {trace.scenario} has {has}")
    defect = trace.defects[nth]
    head, *facts = _facts(trace, defect)
    stacks = list(_stacks(trace, defect))
    prose = " ".join([*_memory(trace, defect), *_about(trace, nth)])
    frame = css(border_left=f"4px solid {BAD.line}", padding="2px 0 2px 12px", margin="4px 0")
    pre = css(margin="0", overflow_x="auto", white_space="pre", font_size="12.5px")
    inside = escape("\n".join([*facts, *stacks]))
    return Html(
        f'<div{frame}><pre{pre} tabindex="0"><b>{escape(head)}</b>\n{inside}</pre>'
        f"<p{css(margin='8px 0 2px 0', font_size='13px')}>{escape(prose)}</p></div>",
        "\n".join([RULE, head, *facts, *stacks, "", *textwrap.wrap(prose, 78, break_on_hyphens=False), RULE]),
    )


def summary(trace: Trace) -> Html:
    """What each system call returned and what went wrong, in two lines."""
    outcome = classify(trace)
    results = ", ".join(f"{op} returns {result}" for op, result in trace.results) or "no system call returns"
    line = f"Version {trace.version}: {results}."
    words = "No defect: whatever was taken has been given back."
    if outcome != "clean":
        words = f"Defects: {findings(trace)}."
    if trace.oops:
        words = f"{trace.oops.text} {words}"
    sign = badge(outcome_role(outcome), outcome)
    return Html(
        f"<div{css(margin='4px 0')}>{sign} {escape(line)}<br/>{escape(words)}</div>", f"{outcome}. {line}\n{words}"
    )


def _about(trace: Trace, nth: int) -> Iterator[str]:
    watched = [d for d in trace.defects if d.kind == "use-after-free" or d.access == "free"]
    yield f"Report {nth + 1} of {len(trace.defects)} for this run of version {trace.version}."
    if trace.defects[nth] in watched and len(watched) > 1:
        yield "By default KASAN prints only the first report of a boot."
    yield (
        "This is the model's report, not the kernel's: lines of the C that ran, and added lines of 09/60, stand where"
        " a kernel prints addresses."
    )


def _facts(trace: Trace, defect: Defect) -> Iterator[str]:
    step = trace.steps[defect.step]
    obj = step.state.find(defect.obj)
    when = f"at step {step.index}, {step.op}"
    match defect.kind:
        case "use-after-free":
            yield f"BUG: KASAN-like: slab-use-after-free in {defect.function}"
            yield f"{defect.access.capitalize()} of {defect.obj}->{defect.field} {when}"
        case "double-free" if defect.access == "free":
            yield f"BUG: KASAN-like: double-free in {defect.function}"
            yield f"Free of {defect.obj} {when}"
        case "double-free":
            yield f"WARNING: reference count below zero in {defect.function}: {defect.obj}"
            yield f"Given back {when}, held by nobody; the count is now {step.value}"
        case "out-of-bounds":
            kind = "UBSAN-like: array-index" if _by_index(defect) else "BUG: KASAN-like: slab"
            yield f"{kind}-out-of-bounds in {defect.function}"
            yield f"{defect.access.capitalize()} of {defect.obj}->{defect.field} {when}"
            if defect.field.startswith("planes["):
                yield f"The index is out of range for type 'struct kvm_plane *[{KVM_MAX_PLANES}]'"
        case "null-dereference":
            yield f"BUG: Oops-like: NULL pointer dereference in {step.function or 'the kernel'}"
            yield f"{defect.obj}, {when}"
        case "leak" if obj is None:
            yield f"leaked reference: {defect.obj}"
            yield "a count without memory of its own, so kmemleak does not look for it"
        case "leak":
            yield f"unreferenced object {defect.obj}{' (size 16)' if _small(trace, obj) else ''}"
            yield "kmemleak-like: still allocated, and nothing points to it any more"


def _stacks(trace: Trace, defect: Defect) -> Iterator[str]:
    """Where it happened, and who allocated, took and freed the object before."""
    if defect.kind != "leak":
        yield from _stack("Call trace", trace.steps[defect.step])
    for title, what in (("Allocated by", "alloc"), ("Taken by", "get"), ("Freed by", "free")):
        found = [s for s in trace.steps[: defect.step] if s.obj == defect.obj and s.what == what and not s.defect]
        if found:
            yield from _stack(f"{title} {found[-1].op}, step {found[-1].index}", found[-1])


def _stack(title: str, step: Step) -> Iterator[str]:
    yield ""
    yield f"{title}:"
    yield from (_frame(frame) for frame in step.stack)
    yield f" {step.op}" if step.stack else f" {step.op}, outside this C"


def _frame(frame: Frame) -> str:
    line = frame.line if len(frame.line) <= 42 else f"{frame.line[:41]}…"
    place = f"{frame.file}:{frame.lineno}"
    return f" {frame.function:25} {place:24} | {' '.join(frame.ids):3} {line}".rstrip()


def _memory(trace: Trace, defect: Defect) -> Iterator[str]:
    obj = trace.steps[defect.step].state.find(defect.obj)
    if obj is None:
        return
    member = f", member {defect.field}" if defect.field else ""
    yield f"The object is {obj.name}, a {_TYPES.get(obj.kind, obj.kind)}{member}."
    if _small(trace, obj):
        yield "It belongs to the cache kmalloc-cg-16 of size 16."
    elif _cut(trace, obj):
        yield "It is larger than the memory that was asked for."
    elif obj.kind == "plane" and obj.get("vcpu_array"):
        yield "With the xarray of 10/60 it is too large for the cache kmalloc-cg-16."
    elif obj.kind == "kvm":
        yield "It belongs to the cache kmalloc-cg-8k, as measured on 6.12.117 with kvzalloc."
    if defect.kind == "out-of-bounds" and _by_index(defect):
        yield "KASAN is silent as long as the place lies inside the same object, as that of planes[16] does."
    if obj.kind == "plane":
        yield f"It holds {', '.join(f'{name} = {value}' for name, value in obj.fields)}."


def _small(trace: Trace, obj: Object) -> bool:
    """Whether it is the struct kvm_plane of 09/60: a pointer and an unsigned int, 16 bytes on 64 bit."""
    return obj.kind == "plane" and [name for name, _ in obj.fields] == ["kvm", "level"] and not _cut(trace, obj)


def _cut(trace: Trace, obj: Object) -> bool:
    """Whether less memory was asked for than the object takes: a member lies beyond it."""
    return any(d.obj == obj.name and d.kind == "out-of-bounds" and not _by_index(d) for d in trace.defects)


def _by_index(defect: Defect) -> bool:
    """Whether it is out of the bounds of an array inside the object, not of the object's memory."""
    return "[" in defect.field


_TYPES: Final = {
    "kvm": "struct kvm",
    "plane": "struct kvm_plane",
    "bus": "struct kvm_io_bus",
    "file": "struct file",
    "memory": "piece of memory",
}
