# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of the appendix; their text is in nbap.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import Key, with_arch_init
from kvmplanes.model import sizes
from kvmplanes.runs.trace import is_errno


def _crowd() -> str:
    """Share of sixty seeded VMs that come to life when slab allocations fail with 5 percent."""
    chances = [kp.Failslab(probability=5, times=-1, seed=seed) for seed in range(60)]
    alive = sum(not is_errno(kp.run("29-fixed", fail=chance).results[0][1]) for chance in chances)
    return "hardly any" if alive < 15 else "about half" if alive < 45 else "nearly all"


def _cost() -> str:
    """How the designs compare for one plane, by the layout rules."""
    posted, inside, needed = (design(1) for design in sizes.DESIGNS.values())
    if needed < posted == inside:
        return "3 < 1 = 2"
    return "3 < 2 < 1" if needed < inside < posted else "1 = 2 = 3"


def _lost_errno() -> str:
    return kp.run(with_arch_init("09"), fail="kvm_arch_plane_init").errno or "success"


KEYS: dict[str, Key] = {
    "nbap-crowd": _crowd,
    "nbap-cost": _cost,
    "nbap-lost-errno": _lost_errno,
}
