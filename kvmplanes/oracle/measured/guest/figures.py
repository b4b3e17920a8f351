# SPDX-License-Identifier: GPL-2.0-only
"""Logs of a variant -> its figures, in the form of `oracle/kernel/kernel-evidence.json`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kvmplanes.oracle.measured.guest.log import Leaks, Step, leaks, oopses, places, reports, steps
from kvmplanes.oracle.measured.guest.planes import create_plane, slots
from kvmplanes.oracle.measured.guest.rows import every_row, failable
from kvmplanes.oracle.measured.guest.variants import BOOTS, VARIANTS

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


def figures(variant: str, logs: Mapping[str, Sequence[str]], sizes: Mapping[str, int]) -> Figures:
    """Everything that was measured of a variant.

    Args:
        variant: a key of `VARIANTS`.
        logs: boot -> the lines of its decoded log; only logs that are finished.
        sizes: of the structs, as `build.sizes` gives them.
    """
    about = VARIANTS[variant]
    found: Figures = {"description": about.text, "base": about.base or None, "sizes": dict(sizes)}
    for boot, lines in logs.items():
        name, taken, kernel = f"{variant}-{boot}", steps(lines), BOOTS[boot].kernel
        only = {step.name: step for step in taken}
        if boot == "create":
            found["create_close"] = {"log": name, **reports(only["create_close"].lines)}
        elif boot in ("sweep", "sweep-no-sheaves"):
            _sweep_boot(found, name, boot, taken)
        elif boot == "cache":
            found["cache"] = {"log": name, **_caches(only["cache"])}
        elif boot == "vcpu":
            (said,) = only["vcpu"].said("vcpu")
            found["vcpu"] = {"log": name, "KVM_CREATE_VCPU 0": said["answer"], **reports(only["vcpu"].lines)}
        elif kernel == "ubsan":
            found["ubsan_bounds"] = {"closes": {"log": name, **_bounds(only["normal_closes"])}}
        elif boot == "planes":
            found.setdefault("create_plane", {}).update(create_plane(name, taken))
        elif "e_dangling_slot" in only:
            of_block = found.setdefault("create_plane", {}).setdefault("e_no_kasan", {})
            of_block[_OPTIONS[boot]] = {"log": name, **slots(only["e_dangling_slot"], lines, _after(taken, 1))}
        else:
            found.setdefault("no_kasan", {})[_OPTIONS[boot]] = {"log": name, **_without_kasan(taken)}
    return found


def _after(taken: Sequence[Step], place: int) -> Leaks | None:
    """What kmemleak lists after a step; the first step "leaks" is the one before everything."""
    scans = [leaks(step) for step in taken if step.name == "leaks"]
    return scans[place] if place < len(scans) else None


def closes(step: Step) -> Figures:
    """How many closes there were, and how many returned."""
    return {"closes": len(list(step.said("closing"))), "closes_returned": len(list(step.said("closed")))}


def _sweep_boot(found: Figures, name: str, boot: str, taken: Sequence[Step]) -> None:
    """A boot with 20 closes, a sweep, and kmemleak's list before, between and after."""
    only = {step.name: step for step in taken}
    before, normal, after = (scan or Leaks(Counter(), Counter()) for scan in (_after(taken, i) for i in range(3)))
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
        found["normal_closes"] = {"log": name, **closes(of_closes), **reports(of_closes.lines)}
        found["sweep"] = {"log": name, **swept}
        found["kmemleak"] = of_kmemleak
    else:
        found["kmemleak_without_sheaves"] = of_kmemleak


def sweep(step: Step) -> Figures:
    """A sweep over KVM_CREATE_VM: totals, and every row with an injection."""
    every = every_row(step)
    injected = [one for one in every if one["injected"]]
    stages: dict[str, dict[str, int]] = {}
    for one in injected:
        stage = stages.setdefault(one["stage"], {"rows": 0, "failed": 0})
        stage["rows"] += 1
        stage["failed"] += not one["fd_returned"]
    return {
        "failable": failable(every),
        "rows_with_injection": len(injected),
        "plane_nth": next((one["n"] for one in injected if one["stage"] == "plane"), None),
        "errnos": dict(Counter(one["errno"] or "success" for one in injected)),
        "stages": stages,
        "kinds": {},
        **reports(step.lines),
        "kasan_in_rows": sum(one["kasan_reports"] for one in injected),
        "failing_ioctl_with_reports": [one["n"] for one in injected if one["kasan_reports"] and not one["fd_returned"]],
        "rows": [{key: value for key, value in one.items() if key != "injected"} for one in injected],
    }


def _caches(step: Step) -> Figures:
    """The slab cache that each struct came from, by the function that allocated it."""
    found: Figures = {}
    cache = ""
    for line in step.lines:
        if line.startswith("guest: cache name="):
            cache = line.partition("=")[2]
        for key, maker in (("struct_kvm_plane", "kvm_create_plane"), ("struct_kvm", "kvm_arch_alloc_vm")):
            if places(line)[:1] and places(line)[0][0] == maker:
                found[key] = cache
    return found


def _bounds(step: Step) -> Figures:
    first = [place for place, line in enumerate(step.lines) if line.startswith(_UBSAN)]
    return {
        **closes(step),
        "ubsan_reports": len(first),
        "kasan_reports": reports(step.lines)["kasan_reports"],
        "first": list(step.lines[first[0] : first[0] + 2]) if first else [],
    }


def _without_kasan(taken: Sequence[Step]) -> Figures:
    (step,) = (step for step in taken if step.name == "normal_closes")
    after = _after(taken, 1) or Leaks(Counter(), Counter())
    return {
        **closes(step),
        "oopses": oopses(step.lines),
        "leaks": after.sizes.total(),
        "leak_sizes": dict(after.sizes),
        "leak_sites": dict(after.sites),
        "plane_leaks": after.planes,
    }


def dump(figures: Mapping[str, Any]) -> str:
    """Figures as JSON, a row of a sweep or a call in one line."""
    text = json.dumps(figures, indent=1)
    # A site may have braces in its name, so a row is what is between two lines of one depth.
    return re.sub(r'^( +)\{\n\s+("(?:n|when)": (?:.*\n)*?)\1\}', _in_one_line, text, flags=re.MULTILINE) + "\n"


def _in_one_line(found: re.Match[str]) -> str:
    return f"{found[1]}{{{' '.join(found[2].split())}}}"
