# SPDX-License-Identifier: GPL-2.0-only
"""`python -m kvmplanes.oracle`: one text on the machine and compiled; `--store` keeps what the compiled C does."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from kvmplanes.model.series import applied
from kvmplanes.oracle.compiled import results
from kvmplanes.oracle.compiled.build import MISSING, compilers
from kvmplanes.oracle.instruments import cases

PROVES: Final = """\
Machine and compilers run the same text: agreement shows that machine and heap do what compilers and sanitizers do.
It does not show that the text is the kernel's:
python -m kvmplanes.oracle.measured.evidence compares with a measured kernel."""


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if anything disagrees."""
    parser = argparse.ArgumentParser(prog="python -m kvmplanes.oracle", description=__doc__)
    parser.add_argument(
        "--store", action="store_true", help="write the C's results to kvmplanes/oracle/compiled/results.json"
    )
    parser.add_argument("--stored", action="store_true", help="compare with the stored results; compile nothing")
    chosen = parser.parse_args(arguments)
    say = sys.stdout.write
    wrong = 0
    if chosen.stored or not compilers():
        say("" if chosen.stored else f"{MISSING}\nThe results stored with the package are compared instead.\n")
        wrong += _show(results.stored())
    else:
        hunks = applied("09")
        offsets = sorted(hunk.offset for hunk in hunks)
        say(
            f"The patch as posted: {len(hunks)} hunks applied without fuzz, offsets {offsets[0]} to {offsets[-1]} (the "
            f"scaffold is that much shorter than the kernel's files).\n{PROVES}\n"
        )
        for compiler in compilers():
            say(f"\n{compiler.version}\n")
            runs = list(results.fresh(compiler=compiler))
            wrong += _show(runs)
            if chosen.store and compiler is compilers()[0]:
                results.STORED.write_text(results.dump(runs), encoding="utf-8")
                cases.store()
    return min(wrong, 1)


def _show(runs: list[results.Run]) -> int:
    rows = results.agreement(runs)
    sys.stdout.write(f"{results.table(rows)}\n")
    for row in rows:
        for what, why in row.wrong[:3]:
            sys.stdout.write(f"{row.version}: {what}\n  " + "\n  ".join(why) + "\n")
    return sum(len(row.wrong) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
