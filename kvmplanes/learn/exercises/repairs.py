# SPDX-License-Identifier: GPL-2.0-only
"""Ways to repair the teardown of 09, each as edits, and what every path does with them.

>>> from kvmplanes.learn.exercises.repairs import REPAIRS
>>> [name for name, repair in REPAIRS.items() if not repair.certificate("09").clean]
['left out', 'in both places']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

import kvmplanes as kp
from kvmplanes.given import known
from kvmplanes.learn.queries import old_order
from kvmplanes.model.series import DESTROY_PLANES, FREE_VM, TEARDOWN_FIXED, TEARDOWN_POSTED
from kvmplanes.runs.certificate import Certificate, findings
from kvmplanes.view.page.html import Cells, Html, bold, table
from kvmplanes.view.tables import verdict_cell

_PROTOTYPE: Final = "void kvm_destroy_planes(struct kvm *kvm);"
# Where 26/60 has a hook, one that looks at the plane's VM. No posted hook does: 26/60's are empty, x86's is in 41/60.
_HOOK: Final = """
static void kvm_arch_plane_destroy(struct kvm_plane *plane)
{
	WARN_ON_ONCE(plane->kvm->created_vcpus);
}

static void kvm_destroy_one_plane(struct kvm_plane *plane)
{
	kvm_arch_plane_destroy(plane);
	kfree(plane);
}
"""
BASES: Final[Mapping[str, Callable[[], kp.Version]]] = MappingProxyType(
    {
        "09": lambda: kp.VERSIONS["09"],
        "planes 0, 1 and 3": old_order,
        "with 26's hook": lambda: kp.VERSIONS["09"].replace(_HOOK),
    }
)


def base_version(name: str) -> kp.Version:
    """One of `BASES`, without a repair; ValueError when there is none of that name."""
    return _base(known(name, "base", BASES))


@cache
def _base(name: str) -> kp.Version:
    return BASES[name]()


@dataclass(frozen=True)
class Repair:
    """One idea.

    Attributes:
        name: a few words.
        idea: what is done, in a phrase; `backquotes` mark code.
        price: what it costs, or bars, in a phrase.
        edits: (function, old lines, new lines), the same for each of `BASES`.
    """

    name: str
    idea: str
    price: str
    edits: tuple[tuple[str, str, str], ...]

    def version(self, base: str = "09") -> kp.Version:
        """One of `BASES` with the repair in it; ValueError when there is none of that name."""
        return base_version(base).edit(f"{base}, {self.name}", self.idea, *self.edits)

    def certificate(self, base: str = "09") -> Certificate:
        """Every path of it; planes 1 and 3 are created where a program can."""
        version = self.version(base)
        return kp.certify(version, (1, 3) if version.creates_planes else None)

    @property
    def diff(self) -> str:
        """What it changes in 09, as a unified diff."""
        return base_version("09").diff(self.version())

    @property
    def lines(self) -> int:
        """How many lines of 09 are added or taken away."""
        return sum(line[:1] in ("+", "-") and line[:4] not in ("+++ ", "--- ") for line in self.diff.splitlines())


def _teardown(new: str) -> tuple[str, str, str]:
    return ("kvm_destroy_vm", TEARDOWN_POSTED, new)


_ALL: Final = (
    Repair("swap", "planes first, then `struct kvm`, as 11/60 does", "nothing", (_teardown(TEARDOWN_FIXED),)),
    Repair(
        "earlier",
        "planes before `kvm_arch_destroy_vm`",
        "from 10 on the vCPUs are found through their planes, so they would have to be destroyed first",
        (_teardown(FREE_VM), ("kvm_destroy_vm", "kvm_arch_destroy_vm(kvm);",
                              f"{DESTROY_PLANES}\nkvm_arch_destroy_vm(kvm);")),
    ),
    Repair(
        "in the free",
        "`kvm_arch_free_vm` destroys the planes itself",
        "a function of each architecture gets a duty that has nothing to do with it; `kvm_destroy_planes` cannot stay "
        "`static`",
        (_teardown(FREE_VM),
         ("kvm_destroy_planes", "static void kvm_destroy_planes(struct kvm *kvm)",
          _PROTOTYPE.removesuffix(";")),
         ("kvm_arch_free_vm", "void kvm_arch_free_vm(struct kvm *kvm)\n{",
          f"{_PROTOTYPE}\nvoid kvm_arch_free_vm(struct kvm *kvm)\n{{\n    {DESTROY_PLANES}")),
    ),
    Repair(
        "one local copy",
        "`planes[0]` is copied before the free",
        "right for one plane only",
        (("kvm_destroy_vm", "struct mm_struct *mm = kvm->mm;",
          "struct mm_struct *mm = kvm->mm;\nstruct kvm_plane *plane = kvm->planes[0];"),
         _teardown(f"{FREE_VM}\nkvm_destroy_one_plane(plane);")),
    ),
    Repair(
        "sixteen copies",
        "all pointers are copied before the free",
        "128 bytes of stack, and a plane outlives its VM for a moment",
        (("kvm_destroy_vm", "struct mm_struct *mm = kvm->mm;",
          "struct mm_struct *mm = kvm->mm;\nstruct kvm_plane *planes[KVM_MAX_PLANES];"),
         _teardown(f"for (i = 0; i < KVM_MAX_PLANES; i++)\n    planes[i] = kvm->planes[i];\n{FREE_VM}\n"
                   "for (i = 0; i < KVM_MAX_PLANES; i++) {\n    if (planes[i])\n"
                   "        kvm_destroy_one_plane(planes[i]);\n}")),
    ),
    Repair("left out", "the new line is dropped", "the leak of the RFC is back", (_teardown(FREE_VM),)),
    Repair(
        "in both places",
        "the call comes before the free as well",
        "the defect stays",
        (_teardown(f"{DESTROY_PLANES}\n{TEARDOWN_POSTED}"),),
    ),
)  # fmt: skip
REPAIRS: Final[Mapping[str, Repair]] = MappingProxyType({repair.name: repair for repair in _ALL})


def survivors(base: str) -> tuple[str, ...]:
    """The repairs that are clean on every path of one of `BASES`."""
    return tuple(name for name, repair in REPAIRS.items() if repair.certificate(base).clean)


def repairs_table(*bases: str) -> Html:
    """Every repair against some of `BASES` (all by default).

    Raises:
        ValueError: no such base.
    """
    return _repairs(tuple(known(base, "base", BASES) for base in bases) or tuple(BASES))


@cache
def _repairs(chosen: tuple[str, ...]) -> Html:
    rows: list[Cells] = [
        (f"{repair.name}: {repair.idea}", str(repair.lines), *(_cell(repair, base) for base in chosen), repair.price)
        for repair in REPAIRS.values()
    ]
    head = map(bold, ("repair", "lines changed", *chosen, "what it costs"))
    return table([*head], rows, caption="Repairs of the teardown, every path of each", size="13px")


def _cell(repair: Repair, base: str) -> Html:
    certificate = repair.certificate(base)
    outcome, worst = next(iter(certificate.counts)), certificate.counterexample
    whole = next(path for path in certificate.paths if not path.call)
    if whole.outcome != "clean":  # the plainest of them: nothing fails on it
        worst = whole.trace
    clean = f"{certificate.counts.get('clean', 0)} of {len(certificate.paths)} paths clean"
    return verdict_cell(outcome, f"{clean}; {findings(worst)}" if worst else clean)
