# SPDX-License-Identifier: GPL-2.0-only
"""A C function as a version has it: line numbers of its file, and the id of each posted line.

Its words have no colours of their own: an output does not know whether its page is light or dark (see `style`).
"""

from kvmplanes.model.series import Version, version
from kvmplanes.view.diff import Row, shown_as
from kvmplanes.view.page.html import Html


def c(which: str | Version, function: str) -> Html:
    """Show a function of a version.

    Args:
        which: a version, or its name.
        function: name of one of its C functions.

    Raises:
        ValueError: no such version, or it has no such function.
    """
    made = version(which)
    if function not in made.functions:
        raise ValueError(f"{made} has no function {function!r}; it has {', '.join(made.functions)}")
    found = made.functions[function]
    rows = (Row(line.id, number, line.text.expandtabs(8)) for number, line in enumerate(found.lines, found.first))
    return shown_as((found.file, f"{function}() in {made}", tuple(rows)))
