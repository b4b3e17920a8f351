# SPDX-License-Identifier: GPL-2.0-only
"""The limits of the model as a table."""

from __future__ import annotations

from textwrap import wrap

from kvmplanes.model.limits import ABOUT, LIMITS, Limit
from kvmplanes.view.page.html import Html, escape, marked, ruled, tabled


def limits_table(about: str = "") -> Html:
    """The limits with their consequences, one a row.

    Args:
        about: one of `ABOUT`, or "" for all.

    Raises:
        ValueError: no such subject.
    """
    if about not in ("", *ABOUT):
        raise ValueError(f"about must be one of {', '.join(ABOUT)}, not {about!r}")
    chosen = [limit for limit in LIMITS.values() if about in ("", limit.about)]
    columns = "".join(
        f'<th scope="col"{_cell(font_weight="bold")}>{name}</th>'
        for name in ("id", "what is left out", "what that means to you")
    )
    rows = "".join(f"<tr>{_cells(limit)}</tr>" for limit in chosen)
    html = tabled(f"<thead><tr>{columns}</tr></thead><tbody>{rows}</tbody>", "13px")
    return Html(html, "\n".join(_lines(limit) for limit in chosen))


def _cells(limit: Limit) -> str:
    first = f'<th scope="row"{_cell(white_space="nowrap")}><code>{escape(limit.id)}</code></th>'
    return first + "".join(f"<td{_cell()}>{marked(text)}</td>" for text in (limit.left_out, limit.consequence))


def _lines(limit: Limit) -> str:
    body = wrap(f"{limit.left_out} {limit.consequence}".replace("`", ""), 100, break_on_hyphens=False)
    return "\n".join([limit.id, *(f"    {line}" for line in body)])


def _cell(**more: str) -> str:
    return ruled(**{"padding": "4px 10px 4px 0", **more})
