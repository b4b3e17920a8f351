# SPDX-License-Identifier: GPL-2.0-only
"""`make kernel KERNEL_SRC=path`: the patch on a kernel of your own, built, booted, measured and compared.

The tree is only read. Everything that is made stays in one folder, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from kvmplanes.oracle.measured.evidence import with_model
from kvmplanes.oracle.measured.guest import needs, repeat
from kvmplanes.oracle.measured.guest.boot import boot
from kvmplanes.oracle.measured.guest.build import build_kernel
from kvmplanes.oracle.measured.guest.evidence import as_json, measured
from kvmplanes.oracle.measured.guest.progress import Failed, alone, say
from kvmplanes.oracle.measured.guest.sources import cap_planes
from kvmplanes.oracle.measured.guest.variants import DEFAULT_BOOTS, DEFAULT_VARIANTS, TEXTS, plan

_MOST_DIFFERENCES = 20  # that are printed


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and compare.

    Returns:
        0: equal; 1: something differs; 2: nothing was started, because something is missing or a step failed.
    """
    chosen = _arguments(arguments)
    tree = Path(chosen.tree).resolve() if chosen.tree else None
    work = Path(chosen.work).resolve()
    try:
        todo = plan(chosen.variants, chosen.boots)
        faults = [*needs.machine_faults(), *needs.tree_faults(tree)]
        if lacking := needs.missing():
            faults.append(needs.install(lacking))
        if faults or tree is None:
            raise Failed("\n".join(faults))
        say(f"Linux {needs.release(tree)}: {needs.estimate(todo, tree, work, chosen.jobs)}")
        number = cap_planes(tree)
        with alone(work):
            for variant, kernel, boots in todo:
                made = build_kernel(variant, kernel, tree, work, chosen.jobs)
                for name in boots:
                    boot(variant, name, made, work, number)
            return _compared(work)
    except (Failed, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. The same command goes on from here.\n")
    return 2


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    known = "\n".join(
        f"  {name:9} {variant.text}\n            boots: {variant.boots}" for name, variant in TEXTS.items()
    )
    parser = argparse.ArgumentParser(
        prog="kvmplanes kernel",
        description=__doc__,
        epilog=f"variants:\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tree", nargs="?", default="", help="KERNEL_SRC: an unpacked kernel tree")
    parser.add_argument("--work", default="build/kernel", help="WORK: where everything goes that is made")
    parser.add_argument("--variants", nargs="+", default=DEFAULT_VARIANTS, help="VARIANTS: which texts")
    parser.add_argument("--boots", nargs="+", default=DEFAULT_BOOTS, help="BOOTS: which boots of each, or all")
    parser.add_argument("--jobs", type=int, default=2, help="JOBS: how many processors compile")
    return parser.parse_args(arguments)


def _compared(work: Path) -> int:
    """Write down everything that was measured in this folder, and say how it compares."""
    evidence = measured(work)
    variants, kernel = evidence["variants"], evidence["kernel"]
    results = work / "evidence.json"
    results.write_text(as_json(evidence), encoding="utf-8")
    say(f"every figure is in {results}")
    write = sys.stdout.write
    write(f"\n{repeat.headlines(variants)}\n")
    stored = repeat.repeated(variants)
    write(
        f"\n{kernel} beside the stored figures of {stored.kernel}: {stored.equal} equal, "
        f"{len(stored.differences)} differ.\n"
    )
    for difference in stored.differences[:_MOST_DIFFERENCES]:
        write(f"  {difference.where}: stored {difference.stored}, now {difference.now}\n")
    comparison = with_model(variants, kernel.removeprefix("Linux "))
    write(f"\n{kernel} beside the model:\n{comparison}\n")
    same_kernel = kernel.split(".")[:2] == stored.kernel.split(".")[:2]  # another one may well differ
    return 1 if comparison.wrong or (same_kernel and stored.differences) else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so make and QEMU are ended, too
    sys.exit(main())
