# SPDX-License-Identifier: GPL-2.0-only
"""The five questions of a review as a checklist: how to ask each with a pencil, and what it finds in which case."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from kvmplanes.given import items
from kvmplanes.model.series import ALL
from kvmplanes.model.version import Version
from kvmplanes.oracle.instruments.cases import ABOUT_09, case
from kvmplanes.oracle.instruments.reading import ASKED, objections
from kvmplanes.view.page.html import Html, bold, css, escape, table
from kvmplanes.view.page.style import CLEAN

# How a reader asks, in the order of ASKED; the page notebooks/site/five-questions.md has the same.
PENCIL: Final = (
    (
        'Mark each free, and each call that may free: names with "free", "put", "destroy" or "release". Look inside '
        "those. Below each, circle the freed name, and each name that is reached through it. Functions too: what does "
        "a called function read?"
    ),
    "For each free, list the places that hold the address. Each must be overwritten or freed first.",
    (
        "Two columns: what is acquired, downwards; what is released, upwards. Once for the error path, once for the "
        "normal end. Draw lines."
    ),
    "Follow the index back to its origin: a constant, a caller, a program.",
    "At each store: what was there? Who frees that?",
)
NOTHING_FOUND: Final = "nothing here"
# A text that is read and not run: the slot keeps its pointer, and nobody is harmed, since struct kvm is freed next.
WITHOUT_42: Final = "without +42"
READ: Final = (*ABOUT_09, WITHOUT_42)


def text_under(name: str) -> Version:
    """The text in which the questions are asked; ValueError when there is no case of that name."""
    if name != WITHOUT_42:
        return case(name).version
    return ALL["09-fixed"].edit(
        name, "the repair, without line +42", ("kvm_destroy_planes", "kvm->planes[i] = NULL;", "")
    )


def five_questions(cases: Collection[str] = READ) -> Html:
    """The checklist.

    Args:
        cases: names of the cases in whose C the questions are asked, and `WITHOUT_42`.

    Raises:
        ValueError: no such case.
    """
    rule = f"cases must be a list of names, such as {', '.join(READ[:3])}"
    found = [(name, *row) for name in items(cases, str, rule) for row in objections(text_under(name))]
    rows: list[tuple[str, Html, str, Html]] = []
    for number, (question, pencil) in enumerate(zip(ASKED, PENCIL, strict=True), 1):
        hits = [(name, function, line) for name, asked, function, line in found if asked == question]
        rows.append((f"☐ {number}", bold(question), pencil, _hits(hits)))
    head = ("", "ask", "with a pencil", "what it finds")
    looks = {0: {"white_space": "nowrap"}, 1: {"min_width": "13em"}, 2: {"min_width": "15em"}}
    drawn = table(head, rows, looks=looks, size="13px", padding="5px 12px 5px 0")
    text = [f"{box} {question.text}\n    {hits.text}" for box, question, _, hits in rows]
    return Html(drawn.html, "\n".join(text))


def _hits(hits: list[tuple[str, str, str]]) -> Html:
    """The lines that a question names, each with its case and its function."""
    if not hits:
        return Html(escape(NOTHING_FOUND), NOTHING_FOUND)
    gap = css(margin="0 0 4px")
    html = "".join(
        f"<div{gap}>{CLEAN.sign}\u00a0<b>{escape(name)}</b>, {escape(function)}: <code>{escape(line)}</code></div>"
        for name, function, line in hits
    )
    return Html(html, "\n    ".join(f"{name}, {function}: {line}" for name, function, line in hits))
