# SPDX-License-Identifier: GPL-2.0-only
"""C in a notebook: `c` shows a function as a version has it, `%%c NAME` lets a cell hold a reader's own.

The words of a function have no colours of their own: an output does not know whether its page is light or dark (see
`style`).
"""

import keyword
import sys
from typing import Any

from kvmplanes.model.series import Version, version
from kvmplanes.view.diff import DiffRow, shown_as
from kvmplanes.view.page.html import Html


def c(which: str | Version, function: str) -> Html:
    """Show a function of a version, with the line numbers of its file and the id of each posted line.

    Raises:
        ValueError: no such version, or it has no such function.
    """
    chosen = version(which)
    if function not in chosen.functions:
        raise ValueError(f"{chosen} has no function {function!r}; it has {', '.join(chosen.functions)}")
    code = chosen.functions[function]
    rows = (DiffRow(line.id, number, line.text.expandtabs(8)) for number, line in enumerate(code.lines, code.first))
    return shown_as((code.file, f"{function}() in {chosen}", tuple(rows)))


class MagicError(ValueError):
    """The magic's line says no name; IPython shows the sentence alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def add_magic(shell: Any = None) -> None:
    """Give an IPython shell the magic `%%c NAME`; without one, the IPython that runs this, if one does."""
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
