# SPDX-License-Identifier: GPL-2.0-only
"""What checkers of source said about a line, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from kvmplanes.view.page.html import Html, badge, escape, marked, ruled, tabled
from kvmplanes.view.page.style import BAD, CLEAN

_HEADS: Final = ("checker", "+54", "what it says of 09 as posted", "control")


class Checker(Protocol):
    """A row; `kvmplanes.oracle.instruments.checkers` has them."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def command(self) -> str:
        """How it was run."""

    @property
    def posted(self) -> str:
        """What it said."""

    @property
    def control(self) -> str:
        """What it said of something else."""

    @property
    def sees(self) -> bool:
        """Whether it says anything about the line."""


def checkers_html(rows: Sequence[Checker]) -> Html:
    """The table; each command is folded under its checker.

    Args:
        rows: in the order to show them.
    """
    heads = "".join(f'<th scope="col"{ruled(font_weight="bold")}>{head}</th>' for head in _HEADS)
    body = "".join(
        f'<tr><th scope="row"{ruled()}><details><summary><b>{escape(row.name)}</b></summary>'
        f"{escape(row.version)}<br/><code>{escape(row.command)}</code></details></th>"
        f"<td{ruled(white_space='nowrap')}>{badge(CLEAN if row.sees else BAD, _verdict(row))}</td>"
        f"<td{ruled()}>{marked(row.posted)}</td><td{ruled()}>{marked(row.control)}</td></tr>"
        for row in rows
    )
    text = (f"{_verdict(row)}: {row.name} ({row.version}): {row.posted}. Control: {row.control}.\n    {row.command}"
            for row in rows)  # fmt: skip
    html = tabled(f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody>")
    return Html(html, "\n".join(text).replace("`", ""))


def _verdict(row: Checker) -> str:
    return "finds" if row.sees else "misses"
