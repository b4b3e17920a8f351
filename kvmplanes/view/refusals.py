# SPDX-License-Identifier: GPL-2.0-only
"""What this package refuses, shown in a notebook as a sentence: not below thirty lines of its own code."""

from __future__ import annotations

import traceback
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Any, Final

_PACKAGE: Final = Path(__file__).resolve().parents[1]
HOW_TO_SEE_ALL: Final = "(In a cell of its own, %tb shows where in kvmplanes this comes from.)"


def add_refusals(shell: Any) -> None:
    """Have an IPython shell show errors that this package raises in short; a handler of somebody else's stays."""
    if not shell.custom_exceptions:
        shell.set_custom_exc((ValueError, TypeError), _show)


def _show(
    shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType, tb_offset: int | None = None
) -> None:
    """Show an error in short if this package raised it, and whole otherwise, or when it is asked for again."""
    frames = traceback.extract_tb(trace)
    if _is_ours(frames[-1]) and not hasattr(error, "_render_traceback_"):
        own = [*takewhile(lambda frame: not _is_ours(frame), frames)]
        lines = [f"{kind.__name__}: {error}", *([_place(own[-1])] if own else []), HOW_TO_SEE_ALL]

        def once() -> list[str]:
            del error._render_traceback_  # type: ignore[attr-defined]
            return lines

        error._render_traceback_ = once  # type: ignore[attr-defined] # IPython asks the error itself
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def _is_ours(frame: traceback.FrameSummary) -> bool:
    return Path(frame.filename).is_relative_to(_PACKAGE)


def _place(frame: traceback.FrameSummary) -> str:
    """The reader's own line."""
    return f"Line {frame.lineno}: {frame.line}"
