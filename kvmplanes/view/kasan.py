# SPDX-License-Identifier: GPL-2.0-only
"""A KASAN report of a use after free taken apart, part by part, with the model's report beside it."""

from __future__ import annotations

import re
from typing import Final

from kvmplanes.runs.trace import Trace
from kvmplanes.view.page.html import Html, css, escape
from kvmplanes.view.page.style import BACK_POINTER, NEVER_USED
from kvmplanes.view.report import report

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


def anatomy(kernel: str, trace: Trace, nth: int = 0) -> Html:
    """Both reports, part by part, each part with a sentence on how to read it.

    Args:
        kernel: a KASAN report of a use after free, as the kernel printed it.
        trace: the model's run.
        nth: which of `trace.defects`, from 0.

    Raises:
        ValueError: a part is missing in the kernel's report, or the run has no such defect.
    """
    model = report(trace, nth).text
    html, text = [], []
    for number, (title, ours, theirs, note) in enumerate(PARTS, 1):
        pair = [("kernel", _part(kernel, ours, title)), ("model", _part(model, theirs, title) if theirs else "")]
        head = f"{number}. {title}"
        html.append(f"<p{css(margin='12px 0 2px 0')}><b>{escape(head)}.</b> {escape(note)}</p>")
        html += [_quoted(who, body) for who, body in pair if body]
        text += ["", f"{head}. {note}", *(f"[{who}]\n{body}" for who, body in pair if body)]
    return Html("".join(html), "\n".join(text[1:]))


def _part(text: str, pattern: str, title: str) -> str:
    found = re.search(pattern, text)
    if not found:
        raise ValueError(f"no part {title!r} in this report:\n{text}")
    return found[0].rstrip()


def _quoted(who: str, body: str) -> str:
    line = BACK_POINTER.line if who == "model" else NEVER_USED.line
    frame = css(border_left=f"4px solid {line}", padding="0 0 0 10px", margin="2px 0 6px 0")
    pre = css(margin="0", overflow_x="auto", font_size="12px")
    return f'<div{frame}><b{css(font_size="12px")}>{who}</b><pre{pre} tabindex="0">{escape(body)}</pre></div>'
