# SPDX-License-Identifier: GPL-2.0-only
"""What a reader has done, kept in their browser and sent nowhere: its script, and the mark of a right answer."""

from __future__ import annotations

from typing import Final

from kvmplanes.view.page.script import script_element
from kvmplanes.view.page.style import CLEAN, NEVER_USED

_PALETTE: Final = (
    f".kp-done{{--clean-fill:{CLEAN.fill};--clean-ink:{CLEAN.ink}}}.kp-progress{{--rule:{NEVER_USED.line}}}"
)
SCRIPT: Final = script_element("kvmplanes.learn.progress", "progress", _PALETTE)


def done_as(exercise: str) -> str:
    """The name under which a browser keeps that an exercise is done."""
    return f"exercise:{exercise}"


def solved(exercise: str) -> str:
    """HTML that has the browser which shows it keep that an exercise is done."""
    return f'<span data-kvmplanes-done="{exercise}"></span>{SCRIPT}'
