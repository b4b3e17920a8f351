# SPDX-License-Identifier: GPL-2.0-only
"""What the logs of a work folder say, as evidence: figures in the form of `kernel-evidence.json`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kvmplanes.oracle.measured.guest.blocks import dangling_slots, every_row, failable, plane_blocks
from kvmplanes.oracle.measured.guest.build import folder_of, kernel_options, log_of
from kvmplanes.oracle.measured.guest.log import GuestStep, LeakList, functions_in, leaks, oops_count, reports, steps
from kvmplanes.oracle.measured.guest.progress import output, read_text
from kvmplanes.oracle.measured.guest.variants import BOOTS, KERNELS, TEXTS

Figures = dict[str, Any]
_UBSAN: Final = "UBSAN: "
# The evidence's names of the boots without KASAN.
_OPTIONS: Final = {
    "plain": "plain",
    "init_on_free": "init_on_free=1",
    "init_on_free-no-sheaves": "init_on_free=1, without sheaves",
    "poison": "slub_debug=FPZU",
    "e": "plain",
    "e-kmemleak": "plain, kmemleak on",
    "e-init_on_free": "init_on_free=1, kmemleak on",
    "e-poison": "slub_debug=FPZU, kmemleak on",
}


def measured(work: Path) -> dict[str, Any]:
    """Read the logs of every kernel that was built in this folder.

    Returns:
        Kernel, compiler, QEMU, configuration and builds; `variants` has the form of kernel-evidence.json.
    """
    evidence: dict[str, Any] = {
        "kernel": "",
        "compiler": output(["gcc", "--version"]).splitlines()[0],
        "qemu": output(["qemu-system-x86_64", "--version"]).splitlines()[0],
        "config": {},
        "builds": {},
        "variants": {},
    }
    for variant, about in TEXTS.items():
        logs: dict[str, list[str]] = {}
        sizes: dict[str, int] = {}
        for kernel in KERNELS:
            folder = folder_of(work, variant, kernel)
            if not (folder / "build.json").exists():
                continue
            built = json.loads(read_text(folder / "build.json"))
            evidence["kernel"] = f"Linux {built['release']}"
            config = dict(re.findall(r"^(CONFIG_\w+)=(.*)$", read_text(folder / ".config"), re.MULTILINE))
            evidence["config"][kernel] = {name: config.get(name, "n") for name in kernel_options(kernel)}
            keys = ("seconds", "objects", "notes", "warnings", "options_not_taken")
            evidence["builds"][f"{variant}-{kernel}"] = {key: built[key] for key in keys}
            sizes = sizes or built["sizes"]
            for boot in about.boots.split():
                log = log_of(work, variant, boot)
                if BOOTS[boot].kernel == kernel and log.exists():
                    logs[boot] = read_text(log).splitlines()
        if logs:
            evidence["variants"][variant] = figures(variant, logs, sizes)
    return evidence


def figures(variant: str, logs: Mapping[str, Sequence[str]], sizes: Mapping[str, int]) -> Figures:
    """Everything that was measured of a variant.

    Args:
        variant: a key of `TEXTS`.
        logs: boot -> the lines of its decoded log; only logs that are finished.
        sizes: of the structs, as `build.sizes` gives them.
    """
    about = TEXTS[variant]
    made: Figures = {"description": about.text, "base": about.base or None, "sizes": dict(sizes)}
    for boot, lines in logs.items():
        name, taken, kernel = f"{variant}-{boot}", steps(lines), BOOTS[boot].kernel
        only = {step.name: step for step in taken}
        if boot == "create":
            made["create_close"] = {"log": name, **reports(only["create_close"].lines)}
        elif boot in ("sweep", "sweep-no-sheaves"):
            _sweep_boot(made, name, boot, taken)
        elif boot == "cache":
            made["cache"] = {"log": name, **_caches(only["cache"])}
        elif boot == "vcpu":
            (asked,) = only["vcpu"].pairs_of("vcpu")
            made["vcpu"] = {"log": name, "KVM_CREATE_VCPU 0": asked["answer"], **reports(only["vcpu"].lines)}
        elif kernel == "ubsan":
            made["ubsan_bounds"] = {"closes": {"log": name, **_bounds(only["normal_closes"])}}
        elif boot == "planes":
            made.setdefault("create_plane", {}).update(plane_blocks(name, taken))
        elif "e_dangling_slot" in only:
            of_block = made.setdefault("create_plane", {}).setdefault("e_no_kasan", {})
            of_block[_OPTIONS[boot]] = {"log": name, **dangling_slots(only["e_dangling_slot"], lines, _after(taken, 1))}
        else:
            made.setdefault("no_kasan", {})[_OPTIONS[boot]] = {"log": name, **_without_kasan(taken)}
    return made


def _after(taken: Sequence[GuestStep], place: int) -> LeakList | None:
    """What kmemleak lists after a step; the first step "leaks" is the one before everything."""
    scans = [leaks(step) for step in taken if step.name == "leaks"]
    return scans[place] if place < len(scans) else None


def closes(step: GuestStep) -> Figures:
    """How many closes there were, and how many returned."""
    return {"closes": len(list(step.pairs_of("closing"))), "closes_returned": len(list(step.pairs_of("closed")))}


def _sweep_boot(made: Figures, name: str, boot: str, taken: Sequence[GuestStep]) -> None:
    """A boot with 20 closes, a sweep, and kmemleak's list before, between and after."""
    only = {step.name: step for step in taken}
    before, normal, after = (scan or LeakList(Counter(), Counter()) for scan in (_after(taken, i) for i in range(3)))
    swept = sweep(only["sweep"])
    of_kmemleak = {
        "log": name,
        "before": before.sizes.total(),
        "after_normal": normal.sizes.total(),
        "after_normal_sizes": dict(normal.sizes),
        "after_normal_sites": dict(normal.sites),
        "after_sweep": after.sizes.total(),
        "sizes": dict(after.sizes),
        "sites": dict(after.sites),
        "sweep_of_this_boot": {
            key: swept[key] for key in ("failable", "plane_nth", "errnos", "kasan_reports", "oopses")
        },
    }
    if boot == "sweep":
        of_closes = only["normal_closes"]
        made["normal_closes"] = {"log": name, **closes(of_closes), **reports(of_closes.lines)}
        made["sweep"] = {"log": name, **swept}
        made["kmemleak"] = of_kmemleak
    else:
        made["kmemleak_without_sheaves"] = of_kmemleak


def sweep(step: GuestStep) -> Figures:
    """A sweep over KVM_CREATE_VM: totals, and every row with an injection."""
    every = every_row(step)
    injected = [row for row in every if row["injected"]]
    stages: dict[str, dict[str, int]] = {}
    for row in injected:
        stage = stages.setdefault(row["stage"], {"rows": 0, "failed": 0})
        stage["rows"] += 1
        if not row["fd_returned"]:
            stage["failed"] += 1
    return {
        "failable": failable(every),
        "rows_with_injection": len(injected),
        "plane_nth": next((row["n"] for row in injected if row["stage"] == "plane"), None),
        "errnos": dict(Counter(row["errno"] or "success" for row in injected)),
        "stages": stages,
        "kinds": {},
        **reports(step.lines),
        "kasan_in_rows": sum(row["kasan_reports"] for row in injected),
        "failing_ioctl_with_reports": [row["n"] for row in injected if row["kasan_reports"] and not row["fd_returned"]],
        "rows": [{key: value for key, value in row.items() if key != "injected"} for row in injected],
    }


def _caches(step: GuestStep) -> Figures:
    """The slab cache that each struct came from, by the function that allocated it."""
    caches: Figures = {}
    cache = ""
    for line in step.lines:
        if line.startswith("guest: cache name="):
            cache = line.partition("=")[2]
        for key, maker in (("struct_kvm_plane", "kvm_create_plane"), ("struct_kvm", "kvm_arch_alloc_vm")):
            if functions_in(line)[:1] and functions_in(line)[0][0] == maker:
                caches[key] = cache
    return caches


def _bounds(step: GuestStep) -> Figures:
    first = [place for place, line in enumerate(step.lines) if line.startswith(_UBSAN)]
    return {
        **closes(step),
        "ubsan_reports": len(first),
        "kasan_reports": reports(step.lines)["kasan_reports"],
        "first": list(step.lines[first[0] : first[0] + 2]) if first else [],
    }


def _without_kasan(taken: Sequence[GuestStep]) -> Figures:
    (step,) = (step for step in taken if step.name == "normal_closes")
    after = _after(taken, 1) or LeakList(Counter(), Counter())
    return {
        **closes(step),
        "oopses": oops_count(step.lines),
        "leaks": after.sizes.total(),
        "leak_sizes": dict(after.sizes),
        "leak_sites": dict(after.sites),
        "plane_leaks": after.planes,
    }


def as_json(figures: Mapping[str, Any]) -> str:
    """Figures as JSON, a row of a sweep or a call in one line."""
    text = json.dumps(figures, indent=1)
    # A site may have braces in its name, so a row is what is between two lines of one depth.
    rows = re.compile(r'^( +)\{\n\s+("(?:n|when)": (?:.*\n)*?)\1\}', re.MULTILINE)
    return rows.sub(lambda row: f"{row[1]}{{{' '.join(row[2].split())}}}", text) + "\n"
