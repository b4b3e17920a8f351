# SPDX-License-Identifier: GPL-2.0-only
"""A text to be taken along, such as a mail: where scripts run, with a button that copies it."""

from __future__ import annotations

from typing import Final

from kvmplanes.given import written
from kvmplanes.view.page.html import Html, escape
from kvmplanes.view.page.script import script_element
from kvmplanes.view.page.style import NEVER_USED

COPY_SCRIPT: Final = ("kvmplanes.view.page", "copy", f".kp-copied{{--rule:{NEVER_USED.line}}}")


def copied(text: str) -> Html:
    """A text as it is, to be copied; TypeError for what is none."""
    lines = written(text, "text").rstrip("\n")
    html = f"<div data-kvmplanes-copied><pre tabindex='0'>{escape(lines)}</pre></div>"
    return Html(f"{html}{script_element(*COPY_SCRIPT)}", lines)
