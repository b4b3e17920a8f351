# SPDX-License-Identifier: GPL-2.0-only
"""Say in one line why this Python cannot make the environment; the syntax is one that old versions read."""

import sys

me = sys.executable
if sys.version_info < (3, 11):
    sys.exit(
        "kvmplanes needs Python 3.11 or newer, and {} is {}.{}.{}: "
        "name another one, as in `make lab PYTHON=python3.11`.".format(me, *sys.version_info[:3])
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError as error:
    sys.exit(
        "{} comes without its module `{}`, which makes environments: "
        "install it (Debian, Ubuntu: apt install python3-venv), then try again.".format(me, error.name)
    )
