# SPDX-License-Identifier: GPL-2.0-only
"""A field for a reader's own findings: first they write, then they see what is known, and which of it their lines meet.

What is known is there as a fold, for a reader without scripts. Where scripts run, `field.js` puts a text box before it,
which is kept in the reader's browser and sent nowhere, and opens the fold when they ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kvmplanes.learn.review import in_short, told
from kvmplanes.learn.review.document import document
from kvmplanes.learn.review.finding import Finding, findings_on
from kvmplanes.runs.words import many
from kvmplanes.view.page.html import Html, css, escape
from kvmplanes.view.page.script import page_script
from kvmplanes.view.page.style import LIVE, NEVER_USED

ASK: Final = "Write what you see, one finding a row, and name its lines: {0}16, or {0}22..{0}26."
_LIVE: Final = page_script("kvmplanes.learn.review", "field", f".kp-field{{--rule:{NEVER_USED.line}}}")
_PLAIN_LIST: Final = css(list_style="none", padding="0", margin="4px 0")


def findings_field(patch: str = "29") -> Html:
    """The field for "09" or "29"; ValueError for another patch."""
    task = ASK.format(document(patch).lines[0].id[0])
    known = f"print(report_html(Review({patch!r}), reveal=True))"
    return Html(_html(patch, task), f"Your findings. {task}\nThen see what is known: {known}")


def _html(patch: str, task: str) -> str:
    findings = findings_on(patch)
    known = [finding for finding in findings if finding.weight != "false alarm"]
    alarms = [finding for finding in findings if finding.weight == "false alarm"]
    defects = many(sum(finding.weight == "defect" for finding in known), "defect")
    head = f"{many(len(known), 'finding')} on this code are known here, {defects} among them. The list is not complete."
    frame = css(border_left=f"4px solid {LIVE.line}", padding="4px 12px", margin="8px 0")
    return (
        f'<div data-kvmplanes-findings="{escape(patch)}" data-lm-suppress-shortcuts="true"{frame}>'
        f"<p{css(margin='4px 0')}><b>Your findings.</b> {escape(task)}</p>"
        "<details><summary>What is known: write your own findings down first</summary>"
        f"<p{css(margin='6px 0')}>{escape(head)}</p>{''.join(_list(known))}"
        f"<p{css(margin='6px 0')}>And what looks wrong here, and is not:</p>{''.join(_list(alarms))}"
        f"</details></div><script>{_LIVE}</script>"
    )


def _list(findings: list[Finding]) -> Iterator[str]:
    """Findings with their lines, which the script compares with the reader's."""
    yield f"<ul{_PLAIN_LIST}>"
    for finding in findings:
        places = f"{escape(_lines(finding))}: " if finding.lines else "The mail: "
        alarm = " data-alarm" if finding.weight == "false alarm" else ""
        yield f'<li data-lines="{" ".join(sorted({*finding.lines}))}"{alarm}><b>{places}</b>{told(finding).html}</li>'
    yield "</ul>"


def _lines(finding: Finding) -> str:
    return in_short(sorted({*finding.lines}))
