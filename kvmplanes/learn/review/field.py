# SPDX-License-Identifier: GPL-2.0-only
"""A field for a reader's own findings: first they write, then they see what is known, and which of it their lines meet.

What is known is there as a fold, for a reader without scripts. Where scripts run, `field.js` puts a text box before it,
which is kept in the reader's browser and sent nowhere, and opens the fold when they ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kvmplanes.learn.review import Review, in_short, told
from kvmplanes.learn.review.finding import Finding, findings_on
from kvmplanes.runs.words import many
from kvmplanes.view.page.html import Html, css, escape, folded, framed
from kvmplanes.view.page.script import script_element
from kvmplanes.view.page.style import LIVE, NEVER_USED

ASK: Final = "Write what you see, one finding a row, and name its lines: {0}16, or {0}22..{0}26."
_LIVE: Final = script_element("kvmplanes.learn.review", "field", f".kp-field{{--rule:{NEVER_USED.line}}}")
_PLAIN_LIST: Final = css(list_style="none", padding="0", margin="4px 0")


def findings_field(patch: str = "29") -> Html:
    """The field for "09" or "29"; ValueError for another patch."""
    review = Review(patch)
    task = ASK.format(review.document.lines[0].id[0])
    known = f"print(report_html(Review({patch!r}), reveal=True))"
    return Html(_html(review, task), f"Your findings. {task}\nThen see what is known: {known}")


def _html(review: Review, task: str) -> str:
    patch, known = review.document.version, review.known
    alarms = [finding for finding in findings_on(patch) if finding.weight == "false alarm"]
    defects = many(sum(finding.weight == "defect" for finding in known), "defect")
    head = f"{many(len(known), 'finding')} on this code are known here, {defects} among them. The list is not complete."
    fold = folded(
        "What is known: write your own findings down first",
        f"<p{css(margin='6px 0')}>{escape(head)}</p>{''.join(_list(known))}"
        f"<p{css(margin='6px 0')}>And what looks wrong here, and is not:</p>{''.join(_list(alarms))}",
    )
    asked = f"<p{css(margin='4px 0')}><b>Your findings.</b> {escape(task)}</p>"
    attributes = f'data-kvmplanes-findings="{escape(patch)}" data-lm-suppress-shortcuts="true"'
    return f"{framed(LIVE, f'{asked}{fold}', attributes)}{_LIVE}"


def _list(findings: Iterable[Finding]) -> Iterator[str]:
    """Findings with their lines, which the script compares with the reader's."""
    yield f"<ul{_PLAIN_LIST}>"
    for finding in findings:
        lines = sorted({*finding.lines})
        places = f"{escape(in_short(lines))}: " if lines else "The mail: "
        alarm = " data-alarm" if finding.weight == "false alarm" else ""
        yield f'<li data-lines="{" ".join(lines)}"{alarm}><b>{places}</b>{told(finding).html}</li>'
    yield "</ul>"
