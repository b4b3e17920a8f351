# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 06, Fix it; their text is in nb06.toml."""

import kvmplanes as kp
from kvmplanes.learn.exercises.repairs import survivors
from kvmplanes.learn.queries import edited
from kvmplanes.learn.questions.question import Key
from kvmplanes.runs.orders import PUZZLES

SERIES = ("08", "09", "10", "11", "29")


def _after_free() -> str:
    """Which of three lines stays clean below the line that frees struct kvm."""
    free = "kvm_arch_free_vm(kvm);"
    srcu = "cleanup_srcu_struct(&kvm->srcu);"
    lines = {"mmdrop": "mmdrop(mm);", "srcu": srcu, "planes": "kvm_destroy_planes(kvm);"}
    clean = []
    for name, line in lines.items():
        without = edited("11", "kvm_destroy_vm", line, "")
        moved = without.edit("moved", "one line moved", ("kvm_destroy_vm", free, f"{free}\n{line}"))
        if not kp.run(moved).defects:
            clean.append(name)
    return clean[0] if len(clean) == 1 else "none"


def _says_nothing() -> str:
    """Whether what the last version shows agrees with every version before it."""
    return "same" if len({bool(kp.run(name).defects) for name in SERIES}) == 1 else "nothing"


def _clean_orders() -> list[tuple[int, ...]]:
    """The orders of the teardown's lines in which every path is clean, run now."""
    teardown = PUZZLES["teardown"]
    return [order for order in teardown.orders if teardown.verdict(order).outcome == "clean"]


def _last() -> str:
    """What all clean orders of the teardown have in common: the line that comes last."""
    last = {order[-1] for order in _clean_orders()}
    return {3: "free", 4: "planes"}.get(last.pop(), "other") if len(last) == 1 else "several"


def _local() -> str:
    """Where one local copy is a repair."""
    clean = [name for name in ("09", "planes 0, 1 and 3") if "one local copy" in survivors(name)]
    return {(): "nowhere", ("09",): "09 only"}.get(tuple(clean), "both")


def _hook() -> str:
    """What the repairs that survive 26's hook have in common."""
    kept = set(survivors("with 26's hook"))
    if "sixteen copies" in kept:
        return "all"
    return "before" if "swap" in kept else "none"


def _when() -> str:
    """Which commits have to be tested for the defect to be seen."""
    seen = [name for name in SERIES if kp.run(name).defects]
    if not seen:
        return "never"
    return "last" if SERIES[-1] in seen else "each"


def _backport() -> str:
    """What a tree with 09 and 10, and a tree with 09 to 11, do when a VM is closed."""
    defects = [bool(kp.run(name).defects) for name in ("10", "11")]
    return {(True, False): "defect", (False, False): "fine"}.get((defects[0], defects[1]), "both bad")


KEYS: dict[str, Key] = {
    "nb06-after-free": _after_free,
    "nb06-says": _says_nothing,
    "nb06-orders": lambda: len(_clean_orders()),
    "nb06-last": _last,
    "nb06-local": _local,
    "nb06-hook": _hook,
    "nb06-when": _when,
    "nb06-backport": _backport,
}
