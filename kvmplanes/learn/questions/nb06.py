# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 06, Fix it; their text is in nb06.toml."""

import kvmplanes as kp
from kvmplanes.learn.exercises.repairs import survivors
from kvmplanes.learn.queries import PATCHES, Key, altered
from kvmplanes.model.series import DESTROY_PLANES, FREE_VM
from kvmplanes.runs.orders import PUZZLES

_LAST = "mmdrop(mm);"  # of kvm_destroy_vm


def _after_free() -> str:
    """Which of some lines of the repaired kvm_destroy_vm may come last, on every path."""
    lines = {
        "preempt": "preempt_notifier_dec();",
        "srcu": "cleanup_srcu_struct(&kvm->srcu);",
        "notifier": "mmu_notifier_unregister(&kvm->mmu_notifier, kvm->mm);",
        "routing": "kvm_free_irq_routing(kvm);",
    }
    clean = []
    for name, line in lines.items():
        without = altered("09-fixed", "kvm_destroy_vm", line, "")
        moved = without.edit("moved", "one line moved", ("kvm_destroy_vm", _LAST, f"{_LAST}\n{line}"))
        if kp.certify(moved).clean:
            clean.append(name)
    return clean[0] if len(clean) == 1 else "several"


def _says_nothing() -> str:
    """Whether what the last version shows agrees with every version before it."""
    return "same" if len({bool(kp.run(name).defects) for name in PATCHES}) == 1 else "nothing"


def _clean_orders() -> list[tuple[int, ...]]:
    """The orders of the teardown's lines in which every path is clean."""
    return [order for order, verdict in PUZZLES["teardown"].verdicts.items() if verdict.outcome == "clean"]


def _last() -> str:
    """What all clean orders of the teardown have in common: the line that comes last."""
    items = PUZZLES["teardown"].items
    last = {items[order[-1]] for order in _clean_orders()}
    return {FREE_VM: "free", DESTROY_PLANES: "planes"}.get(last.pop(), "other") if len(last) == 1 else "several"


def _local() -> str:
    """Where one local copy is a repair."""
    clean = [name for name in ("09", "planes 0, 1 and 3") if "one local copy" in survivors(name)]
    return {(): "nowhere", ("09",): "09 only"}.get(tuple(clean), "both")


def _hook() -> str:
    """What the repairs that survive 26's hook have in common."""
    names = survivors("with 26's hook")
    if "sixteen copies" in names:
        return "all"
    return "before" if "swap" in names else "none"


def _backport() -> str:
    """What a tree with 09 and 10, and a tree with 09 to 11, do when a VM is closed."""
    if kp.run("11").defects:
        return "both bad"
    return "defect" if kp.run("10").defects else "fine"


KEYS: dict[str, Key] = {
    "nb06-after-free": _after_free,
    "nb06-says": _says_nothing,
    "nb06-orders": lambda: len(_clean_orders()),
    "nb06-last": _last,
    "nb06-local": _local,
    "nb06-hook": _hook,
    "nb06-backport": _backport,
}
