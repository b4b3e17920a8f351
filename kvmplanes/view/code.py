# SPDX-License-Identifier: GPL-2.0-only
"""C in a notebook: `c` shows a function as a version has it, `%%c NAME` lets a cell hold a reader's own.

The words of a function have no colours of their own: an output does not know whether its page is light or dark (see
`style`).
"""

import keyword
import sys
from collections.abc import Sequence
from typing import Any

from kvmplanes.given import flag
from kvmplanes.model.series import Version, version
from kvmplanes.runs.words import listed
from kvmplanes.view.diff import DiffRow, shown_as
from kvmplanes.view.page.html import Html
from kvmplanes.view.refusals import add_refusals


def c(which: str | Version, function: str, *, jumps: bool = False) -> Html:
    """Show a function of a version, with the line numbers of its file and the id of each posted line.

    Args:
        which: the version.
        function: one of its functions.
        jumps: say beside each call that can fail which label its failure jumps to, beside each label which failures
            land there, and beside each line after it what that undoes. Calls have the numbers of `run(fail=number)`.

    Raises:
        ValueError: no such version, it has no such function, or nothing is known of that function's jumps.
    """
    chosen = version(which)
    flag(jumps, "jumps")
    code = chosen.function(function)
    beside = _jumps(chosen, function) if jumps else {}
    indent = 4 if jumps else 8  # two columns have less room
    rows = tuple(
        DiffRow(line.id, number, line.text.expandtabs(indent), beside=beside.get(number, ""))
        for number, line in enumerate(code.lines, code.first)
    )
    head = "if the call fails" if jumps else ""
    return shown_as((code.file, f"{function}() in {chosen}", rows), beside=head)


def _jumps(chosen: Version, function: str) -> dict[int, str]:
    """What to say beside the lines of a function."""
    from kvmplanes.runs.unwinding.jumps import jumps_of  # it needs the parser, and no other view here does

    found = jumps_of(chosen, function)
    words = {line: _numbers(taking.numbers) or taking.call.partition("(")[0] for line, taking in found.takings.items()}
    said: dict[int, str] = {}
    for line, taking in found.takings.items():
        said[line] = f"{words[line]} → {taking.label or 'return'}" if taking.numbers else "cannot fail"
    for line, lands in found.landings.items():
        said[line] = f"← {_numbers(lands)}"
    for line, undone in found.undoings.items():
        said[line] = f"undoes {listed([words[at] for at in undone])}"
    return said


def _numbers(numbers: Sequence[int]) -> str:
    """Numbers in a row are a range: "3", "7 to 11"."""
    if len(numbers) > 1 and numbers[-1] - numbers[0] + 1 == len(numbers):
        return f"{numbers[0]} to {numbers[-1]}"
    return listed([*map(str, numbers)])


class MagicError(ValueError):
    """The magic's line says no name; IPython shows the sentence alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def add_magic(shell: Any = None) -> None:
    """Give an IPython shell the magic `%%c NAME`, and short errors; without one, the IPython that runs this, if any."""
    if shell is None:
        ipython = sys.modules.get("IPython")  # IPython is not imported for it
        shell = ipython.get_ipython() if ipython else None

    def c(line: str, cell: str) -> None:
        """Keep the C of this cell: `%%c NAME` makes it a text in the variable NAME."""
        name = line.strip()
        if not name.isidentifier() or keyword.iskeyword(name):
            raise MagicError(f"%%c wants the name of a variable for the C below it, such as %%c mine; {name!r} is none")
        shell.push({name: cell})

    if shell is not None:
        shell.register_magic_function(c, "cell")
        add_refusals(shell)
