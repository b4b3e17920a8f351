# SPDX-License-Identifier: GPL-2.0-only
"""The limits of the model as a table."""

from __future__ import annotations

import re
from textwrap import wrap

from kvmplanes.limits import ABOUT, LIMITS, Limit
from kvmplanes.view.html import Html, css, escape
from kvmplanes.view.style import NEVER_USED


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
    table = (
        f"<table{css(border_collapse='collapse', font_size='13px')}>"
        f"<thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table>"
    )
    html = f'<div{css(overflow_x="auto")} tabindex="0">{table}</div>'
    return Html(html, "\n".join(_lines(limit) for limit in chosen))


def _cells(limit: Limit) -> str:
    first = f'<th scope="row"{_cell(white_space="nowrap")}><code>{escape(limit.id)}</code></th>'
    return first + "".join(f"<td{_cell()}>{_code(text)}</td>" for text in (limit.left_out, limit.consequence))


def _code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _lines(limit: Limit) -> str:
    body = wrap(f"{limit.left_out} {limit.consequence}".replace("`", ""), 100)
    return "\n".join([limit.id, *(f"    {line}" for line in body)])


def _cell(**more: str) -> str:
    line = f"1px solid {NEVER_USED.line}"
    usual = {"text_align": "left", "vertical_align": "top", "font_weight": "normal", "padding": "4px 10px 4px 0"}
    return css(**{**usual, "border_bottom": line, **more})
