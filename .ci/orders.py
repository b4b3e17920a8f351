# SPDX-License-Identifier: GPL-2.0-only
"""Validate the notebooks in random orders: whatever ran before, each gives its stored outputs, byte for byte.

Usage: orders.py COUNT [SEED]: so many orders, the same for the same seed.
"""

import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = ("-q", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=120", "-n2", "--dist=loadscope")


def main(count: int, seed: int = 1) -> int:
    """Print each order and what pytest says of it in the end; 1 if one differs."""
    chance, failed = random.Random(seed), 0  # noqa: S311 - reproducible, not secret
    names = sorted(path.name for path in ROOT.joinpath("notebooks").glob("*.ipynb"))
    for number in range(1, count + 1):
        chance.shuffle(names)
        command = [sys.executable, "-m", "pytest", *OPTIONS, "--no-loadscope-reorder"]
        done = subprocess.run(
            [*command, *(f"notebooks/{name}" for name in names)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        print(f"{number:3} {' '.join(name[:2] for name in names)}: {done.stdout.strip().splitlines()[-1]}", flush=True)
        if done.returncode:
            failed = 1
            print(done.stdout)
    return failed


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
