# SPDX-License-Identifier: GPL-2.0-only
"""A review in pictures and words: the coverage meter, and what the matcher makes of the comments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kvmplanes.learn.review.finding import Finding
from kvmplanes.learn.review.review import Review
from kvmplanes.runs.words import listed, many
from kvmplanes.view.page.html import Html, badge, css, escape, marked
from kvmplanes.view.page.style import BAD, CHANGED, CLEAN, NEVER_USED, Role

WEIGHT: dict[str, Role] = {"defect": BAD, "latent": CHANGED, "question": CHANGED, "style": NEVER_USED}


def coverage_html(review: Review) -> Html:
    """The meter: lines seen at work, ways out taken, lines commented; and what is left."""
    found = review.coverage
    rows = [
        ("lines seen at work", found.seen, found.lines),
        ("ways out taken", found.taken, found.exits),
        ("lines with a comment", found.commented, found.lines),
    ]
    html = "".join(_bar(*row) for row in rows)
    text = [f"{name}: {len(part)} of {len(whole)}" for name, part, whole in rows]
    left = [(name, _spans([one for one in whole if one not in part])) for name, part, whole in rows[:2]]
    for name, missing in left:
        if missing:
            html += f"<p{css(margin='2px 0')}>Not yet among the {name}: {escape(missing)}.</p>"
            text.append(f"not yet among the {name}: {missing}")
    return Html(html, "\n".join(text))


def report_html(review: Review, reveal: bool = False) -> Html:
    """What the comments cover: findings with their evidence, false alarms with what speaks against them.

    Args:
        review: the review.
        reveal: name the findings that are missing; otherwise only how many there are, and in which hunks.
    """
    html, text = [], []
    for number, comment in enumerate(review.comments, 1):
        head = f"Comment {number}, on {_spans(comment.lines)}"
        meant = review.meant(comment)
        html.append(f"<p{css(margin='6px 0 2px 0')}><b>{escape(head)}</b></p>")
        text.append(head)
        if not meant:
            said = "Kept as it is; the matcher looks for words on lines, and knows none of these here."
            html.append(f"<p{css(margin='2px 0')}>{said}</p>")
            text.append(f"  {said}")
        html += [_told(one) for one in meant]
        text += [f"  {_words(one)}" for one in meant]
    missed, known = review.missed, review.known
    head = f"{len(known) - len(missed)} of {many(len(known), 'known finding')} covered."
    html.insert(0, f"<p{css(margin='4px 0')}><b>{head}</b> {escape(_hint(review, missed, reveal))}</p>")
    text.insert(0, f"{head} {_hint(review, missed, reveal)}".rstrip())
    if reveal:
        html += [_told(one) for one in missed]
        text += [f"  {_words(one)}" for one in missed]
    return Html("".join(html), "\n".join(text))


def _hint(review: Review, missed: Sequence[Finding], reveal: bool) -> str:
    if not missed:
        return "Nothing that is known here is missing."
    if reveal:
        return "The others stand at the end."
    places = {review.document.line(one.lines[0]).place if one.lines else "the mail as a whole" for one in missed}
    heavy = sum(one.weight == "defect" for one in missed)
    more = f", {many(heavy, 'defect')} among them" if heavy else ""
    return f"{many(len(missed), 'finding')} missing{more}. Look again at {listed(sorted(places))}."


def _told(finding: Finding) -> str:
    role, word = _sign(finding)
    claim = marked(_claim(finding))
    shown = f"<br>{escape(finding.shown())}"
    return f"<p{css(margin='2px 0 2px 12px')}>{badge(role, word)} {claim}{shown}</p>"


def _words(finding: Finding) -> str:
    return f"{_sign(finding)[1]}: {_claim(finding)} {finding.shown()}"


def _sign(finding: Finding) -> tuple[Role, str]:
    if finding.weight == "false alarm":
        return CLEAN, "not so"
    return WEIGHT[finding.weight], finding.weight


def _claim(finding: Finding) -> str:
    """A false alarm is told as what is not so."""
    return f"It is not so {finding.claim}" if finding.weight == "false alarm" else finding.claim


def _bar(name: str, part: Sequence[str], whole: Sequence[str]) -> str:
    share = round(100 * len(part) / len(whole))
    outer = css(border=f"1px solid {NEVER_USED.line}", border_radius="4px", height="12px", max_width="420px")
    inner = css(background_color=CLEAN.fill, width=f"{share}%", height="12px")
    label = f"{name}: <b>{len(part)} of {len(whole)}</b>"
    return f"<div{css(margin='4px 0')}>{label}<div{outer}><div{inner}></div></div></div>"


def _spans(ids: Iterable[str]) -> str:
    """Ids in short: "+01..+12 +14"; labels as they are."""
    runs: list[list[str]] = []
    for one in ids:
        number = one[1:]
        last = runs[-1][-1] if runs else ""
        follows = number.isdecimal() and last[1:].isdecimal() and int(number) == int(last[1:]) + 1
        if follows and last[0] == one[0]:
            runs[-1].append(one)
        else:
            runs.append([one])
    return " ".join(run[0] if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs)
