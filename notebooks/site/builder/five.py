# SPDX-License-Identifier: GPL-2.0-only
"""The table of the page "Five questions of a review": which question objects to which text, asked by a program."""

import kvmplanes as kp
from kvmplanes.oracle.instruments.checklist import WITHOUT_42, text_under
from kvmplanes.oracle.instruments.reading import ASKED, objections
from notebooks.site.builder import layout

# 29/60 is a task of notebook 08, so this page says nothing of it.
VERSIONS = ("rfc", "09", "09-fixed", "10", "11")
MADE_UP = (WITHOUT_42, "without +52", "09-twice", "09-level16")


def table() -> str:
    """The table, as Markdown: a row for each text, a column for each question."""
    texts = {name: kp.VERSIONS[name] for name in VERSIONS}
    texts |= {name: text_under(name) for name in MADE_UP}
    lines = []
    for name, version in texts.items():
        said = {question for question, _, _ in objections(version)}
        lines.append([f"`{name}`", *("●" if question in said else "" for question in ASKED)])
    return layout.rows(["text", *map(str, range(1, len(ASKED) + 1))], lines)
