# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel's checkers would print, had they lines of the C and of the patch for addresses.

The layouts follow KASAN, UBSAN, kmemleak and the Oops; the words are ours, and each report says so. `anatomy` takes a
report of the kernel's own apart, with the model's beside it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from kvmplanes.given import A_RUN, brief, typed, written
from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.runs.certificate import classify, findings
from kvmplanes.runs.trace import Defect, Object, Step, Trace
from kvmplanes.view.live.jump import Leading, steps_marked
from kvmplanes.view.page.html import Html, badge, css, escape
from kvmplanes.view.page.style import BACK_POINTER, BAD, NEVER_USED, outcome_role

RULE: Final = "=" * 66


def report(trace: Trace, nth: int = 0) -> Leading:
    """The report of one defect; each step that it names leads there.

    Args:
        trace: the run.
        nth: which of `trace.defects`, from 0.

    Raises:
        ValueError: the run has no such defect.
    """
    count = len(typed(trace, Trace, A_RUN).defects)
    if type(nth) is not int or not 0 <= nth < count:
        has = f"defects 0..{count - 1}" if count else "no defect"
        raise ValueError(f"no defect {brief(nth)}: {brief(f'{trace.version} {trace.scenario}')[1:-1]} has {has}")
    defect = trace.defects[nth]
    head, *lines = [*_facts(trace, defect), *_stacks(trace, defect)]
    prose = " ".join([*_memory(trace, defect), *_about(trace, nth)])
    frame = css(border_left=f"4px solid {BAD.line}", padding="2px 0 2px 12px", margin="4px 0")
    pre = css(margin="0", overflow_x="auto", white_space="pre", font_size="12.5px")
    body = _marked("\n".join(lines))
    return Leading(
        f'<div{frame}><pre{pre} tabindex="0"><b>{escape(head)}</b>\n{body}</pre>'
        f"<p{css(margin='8px 0 2px 0', font_size='13px')}>{escape(prose)}</p></div>",
        "\n".join([RULE, head, *lines, "", *textwrap.wrap(prose, 78, break_on_hyphens=False), RULE]),
        (trace,),
    )


def _marked(lines: str) -> str:
    """Lines as HTML, in which "step 43" leads there; what is indented is C."""
    return "\n".join(escape(line) if line.startswith(" ") else steps_marked(line) for line in lines.split("\n"))


def summary(trace: Trace) -> Html:
    """What each system call returned and what went wrong, in two lines."""
    typed(trace, Trace, A_RUN)
    outcome = classify(trace)
    results = ", ".join(f"{op} returns {result}" for op, result in trace.results) or "no system call returns"
    calls = f"Version {trace.version}: {results}."
    clean = "No defect: whatever was taken has been given back."
    wrong = clean if outcome == "clean" else f"Defects: {findings(trace)}."
    if trace.oops:
        wrong = f"{trace.oops.text} {wrong}"
    sign = badge(outcome_role(outcome), outcome)
    html = f"<div{css(margin='4px 0')}>{sign} {escape(calls)}<br/>{escape(wrong)}</div>"
    return Html(html, f"{outcome}. {calls}\n{wrong}")


def _about(trace: Trace, nth: int) -> Iterator[str]:
    watched = [defect for defect in trace.defects if defect.kind == "use-after-free" or defect.access == "free"]
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
            if step.slot is not None:
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
    before = [step for step in reversed(trace.steps[: defect.step]) if step.obj == defect.obj and not step.defect]
    for title, what in (("Allocated by", "alloc"), ("Taken by", "get"), ("Freed by", "free")):
        step = next((step for step in before if step.what == what), None)
        if step:
            yield from _stack(f"{title} {step.op}, step {step.index}", step)


def _stack(title: str, step: Step) -> Iterator[str]:
    yield ""
    yield f"{title}:"
    for frame in step.stack:
        line = frame.line if len(frame.line) <= 42 else f"{frame.line[:41]}…"
        place = f"{frame.file}:{frame.lineno}"
        yield f" {frame.function:25} {place:24} | {' '.join(frame.ids):3} {line}".rstrip()
    yield f" {step.op}" if step.stack else f" {step.op}, outside this C"


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
    beyond = (defect for defect in trace.defects if defect.kind == "out-of-bounds" and not _by_index(defect))
    return any(defect.obj == obj.name for defect in beyond)


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


# -- a report of the kernel's own, taken apart ------------------------------------------------------------


_END: Final = r"(?=\n\n|\n </TASK>|\Z)"
# Part, where it is in the kernel's report, where in the model's ("" for nowhere), and how to read it.
PARTS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("What, and in which function", r"BUG: KASAN: .*", r"BUG: KASAN-like: .*",
     ("The kind comes first. The function is the one that the processor was in: small functions have been built into"
      " kvm_put_kvm, so the kernel can name only that one. The model has no compiler and names the function of the"
      " source.")),
    ("The access", r"(?:Read|Write|Free) of .*", r"(?:Read|Write|Free) of .*",
     ("Eight bytes are one pointer, so one slot of planes[]. The address says nothing to a reader; further down the"
      " report puts it into words.")),
    ("Who was at it", rf"Call Trace:\n[\s\S]*?{_END}", rf"Call trace:\n[\s\S]*?{_END}",
     ("Read from the top down. Lines with a question mark are addresses found on the stack that may be left over from"
      " earlier calls. The first lines are KASAN's own work.")),
    ("Who allocated the object", rf"Allocated by[\s\S]*?{_END}", rf"Allocated by[\s\S]*?{_END}",
     ("The ioctl that created the VM. KASAN keeps this stack with the object.")),
    ("Who freed it", rf"Freed by[\s\S]*?{_END}", rf"Freed by[\s\S]*?{_END}",
     ("The line to look at. It was freed in the same close: kvm_put_kvm stands here as well as in the call trace, at a"
      " smaller offset, so a little earlier in the same function.")),
    ("Which object", rf"The buggy address belongs to the object[\s\S]*?{_END}", r"The object is[\s\S]*?(?=\sReport \d)",
     ("The cache tells the size of the object, the distance tells the member. A dump of the page follows in the"
      " kernel's report; it is left out here.")),
    ("The shadow", rf"Memory state around[\s\S]*?{_END}", "",
     ("One byte of shadow memory stands for eight bytes of memory: 00 may be used, fb was freed, fc is a red zone."
      " Every access is looked up here first. The model keeps one mark for each object instead: live or freed.")),
)  # fmt: skip


def anatomy(kernel: str, trace: Trace, nth: int = 0) -> Leading:
    """Both reports, part by part, each part with a sentence on how to read it.

    Args:
        kernel: a KASAN report of a use after free, as the kernel printed it.
        trace: the model's run.
        nth: which of `trace.defects`, from 0.

    Raises:
        ValueError: a part is missing in the kernel's report, or the run has no such defect.
    """
    written(kernel, "kernel, a report as the kernel printed it,")
    model = report(trace, nth).text
    html, text = [], []
    for number, (title, in_kernel, in_model, note) in enumerate(PARTS, 1):
        quotes = [("kernel", _part(kernel, in_kernel, title))]
        if in_model:
            quotes.append(("model", _part(model, in_model, title)))
        head = f"{number}. {title}"
        html.append(f"<p{css(margin='12px 0 2px 0')}><b>{escape(head)}.</b> {escape(note)}</p>")
        for who, body in quotes:
            edge = BACK_POINTER.line if who == "model" else NEVER_USED.line
            frame = css(border_left=f"4px solid {edge}", padding="0 0 0 10px", margin="2px 0 6px 0")
            pre = css(margin="0", overflow_x="auto", font_size="12px")
            label = f"<b{css(font_size='12px')}>{who}</b>"
            quoted = _marked(body) if who == "model" else escape(body)
            html.append(f'<div{frame}>{label}<pre{pre} tabindex="0">{quoted}</pre></div>')
        text += ["", f"{head}. {note}", *(f"[{who}]\n{body}" for who, body in quotes)]
    return Leading("".join(html), "\n".join(text[1:]), (trace,))


def _part(text: str, pattern: str, title: str) -> str:
    part = re.search(pattern, text)
    if not part:
        raise ValueError(
            f"no part {title!r} in this report, which must be a KASAN report as the kernel printed it: {brief(text)}"
        )
    return part[0].rstrip()
