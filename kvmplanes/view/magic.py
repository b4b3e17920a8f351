# SPDX-License-Identifier: GPL-2.0-only
"""`%%c NAME`: a cell that holds C. Its text becomes the notebook's variable NAME, for the cells below it."""

import keyword
import sys
from typing import Any


class MagicError(ValueError):
    """The magic's line says no name; IPython shows the sentence alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def load_ipython_extension(shell: Any) -> None:
    """Give an IPython shell the magic; `%load_ext kvmplanes` calls this."""

    def c(line: str, cell: str) -> None:
        """Keep the C of this cell: `%%c NAME` makes it a text in the variable NAME."""
        name = line.strip()
        if not name.isidentifier() or keyword.iskeyword(name):
            raise MagicError(f"%%c wants the name of a variable for the C below it, such as %%c mine; {name!r} is none")
        shell.push({name: cell})

    shell.register_magic_function(c, "cell")


def register() -> None:
    """Give the magic to the IPython that runs this, if one does; IPython is not imported for it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        load_ipython_extension(shell)
