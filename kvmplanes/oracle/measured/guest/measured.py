# SPDX-License-Identifier: GPL-2.0-only
"""Everything that a work folder's logs say, as one file of evidence."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from kvmplanes.oracle.measured.guest.build import folder_of, log_of, options
from kvmplanes.oracle.measured.guest.figures import figures
from kvmplanes.oracle.measured.guest.progress import output, read
from kvmplanes.oracle.measured.guest.variants import BOOTS, KERNELS, VARIANTS


def measured(work: Path) -> dict[str, Any]:
    """Read the logs of every kernel that was built in this folder.

    Returns:
        Kernel, compiler, QEMU, configuration and builds; `variants` has the form of kernel-evidence.json.
    """
    found: dict[str, Any] = {
        "kernel": "",
        "compiler": output(["gcc", "--version"]).splitlines()[0],
        "qemu": output(["qemu-system-x86_64", "--version"]).splitlines()[0],
        "config": {},
        "builds": {},
        "variants": {},
    }
    for variant, about in VARIANTS.items():
        logs: dict[str, list[str]] = {}
        sizes: dict[str, int] = {}
        for kernel in KERNELS:
            folder = folder_of(work, variant, kernel)
            if not (folder / "build.json").exists():
                continue
            built = json.loads(read(folder / "build.json"))
            found["kernel"] = f"Linux {built['release']}"
            config = dict(re.findall(r"^(CONFIG_\w+)=(.*)$", read(folder / ".config"), re.MULTILINE))
            found["config"][kernel] = {name: config.get(name, "n") for name in options(kernel)}
            keys = ("seconds", "objects", "notes", "warnings", "options_not_taken")
            found["builds"][f"{variant}-{kernel}"] = {key: built[key] for key in keys}
            sizes = sizes or built["sizes"]
            for boot in about.boots.split():
                log = log_of(work, variant, boot)
                if BOOTS[boot].kernel == kernel and log.exists():
                    logs[boot] = read(log).splitlines()
        if logs:
            found["variants"][variant] = figures(variant, logs, sizes)
    return found
