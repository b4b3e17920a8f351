# SPDX-License-Identifier: GPL-2.0-only
"""The model's tests on a second Python: the one that runs in browsers, here under Node.

The package is installed from its wheel. What needs git, a C compiler, a subprocess or a browser is tested elsewhere.
"""

import subprocess
import sys
from pathlib import Path

from notebooks.site.builder import layout
from notebooks.site.builder.pyodide import assemble

SCRIPT = Path(__file__).with_suffix(".mjs")
TESTS = (
    "tests/model", "tests/patch", "tests/runs/test_certificate.py", "tests/runs/test_laws.py",
    "tests/runs/test_recorder.py", "tests/runs/test_scenario.py", "tests/runs/test_trace.py",
)  # fmt: skip


def main() -> int:
    """Assemble a Pyodide with pytest, run the tests in it; pytest's own exit status."""
    node = layout.node()
    folder = layout.CACHE / "pyodide-test"
    assemble(folder, "pytest", "hypothesis")
    command = [node, str(SCRIPT), str(folder), str(layout.ROOT), *TESTS, *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
