# SPDX-License-Identifier: GPL-2.0-only
"""Time what a reader waits for: the import, one run, every certificate.

Each line gives the minimum and the median of five, in milliseconds.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import kvmplanes as kp


def measure(name: str, action: Callable[[], object]) -> None:
    """Print the minimum and the median of five calls, in milliseconds."""
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        action()
        taken.append((time.perf_counter() - start) * 1000)
    print(f"{name:<28}{min(taken):9.1f}{statistics.median(taken):9.1f}")


def fresh(statement: str) -> Callable[[], object]:
    """Return a call that runs a statement in a new interpreter."""
    return lambda: subprocess.run([sys.executable, "-c", statement], check=True)


print(f"{'':<28}{'min/ms':>9}{'median':>9}")
measure("python, nothing imported", fresh("pass"))
measure("import kvmplanes", fresh("import kvmplanes"))
measure('run("09")', lambda: kp.run("09"))
for version in kp.VERSIONS:
    measure(f'certify("{version}")', partial(kp.certify, version))
