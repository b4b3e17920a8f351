# SPDX-License-Identifier: GPL-2.0-only
"""`kvmplanes oracle`: the model beside compiled C and beside two measured kernels, and how many mutants are seen."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from kvmplanes.model.series import applied
from kvmplanes.oracle.compiled import results
from kvmplanes.oracle.compiled.build import MISSING, compilers
from kvmplanes.oracle.instruments import cases
from kvmplanes.oracle.measured.evidence import both
from kvmplanes.runs import mutation

PROVES: Final = """\
Machine and compilers run the same text: agreement shows that machine and heap do what compilers and sanitizers do.
It does not show that the text is the kernel's; the comparison with two measured kernels below is for that."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparisons; 1 if anything disagrees."""
    parser = argparse.ArgumentParser(prog="kvmplanes oracle", description=__doc__)
    parser.add_argument(
        "--store", action="store_true", help="write the C's results to kvmplanes/oracle/compiled/results.json"
    )
    parser.add_argument("--stored", action="store_true", help="compare with the stored results; compile nothing")
    chosen = parser.parse_args(arguments)
    wrong = _compiled(chosen.stored, chosen.store)
    kernels = both()
    sys.stdout.write(f"\n{kernels}\n\n{mutation.kill_count()}\n")
    return 1 if wrong or kernels.wrong else 0


def _compiled(stored: bool, store: bool) -> int:
    """Compare the model with compiled C, and return how many scenarios disagree."""
    say = sys.stdout.write
    if stored or not compilers():
        say("" if stored else f"{MISSING}\nThe results stored with the package are compared instead.\n")
        return _show(results.stored())
    hunks = applied("09")
    offsets = sorted(hunk.offset for hunk in hunks)
    say(
        f"The patch as posted: {len(hunks)} hunks applied without fuzz, offsets {offsets[0]} to {offsets[-1]} (the "
        f"scaffold is that much shorter than the kernel's files).\n{PROVES}\n"
    )
    wrong = 0
    for compiler in compilers():
        say(f"\n{compiler.version}\n")
        runs = list(results.fresh(compiler=compiler))
        wrong += _show(runs)
        if store and compiler is compilers()[0]:
            results.STORED.write_text(results.dump(runs), encoding="utf-8")
            cases.store()
    return wrong


def _show(runs: Sequence[results.CRun]) -> int:
    rows = results.agreement(runs)
    sys.stdout.write(f"{results.agreement_table(rows)}\n")
    for row in rows:
        for what, why in row.wrong[:3]:
            sys.stdout.write(f"{row.version}: {what}\n  " + "\n  ".join(why) + "\n")
    return sum(len(row.wrong) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
