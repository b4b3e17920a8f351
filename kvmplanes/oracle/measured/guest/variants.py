# SPDX-License-Identifier: GPL-2.0-only
"""What is built and what is booted: the variants of the kernel, how each is configured, and what the guest does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from kvmplanes.model.series import diff_of

GUEST: Final = Path(__file__).parent


class Text(NamedTuple):
    """One text of the kernel.

    Attributes:
        base: the variant whose text it starts from, "" for the tree as it was given.
        diff: what is applied on top, None for nothing.
        text: what it is, in one sentence.
        boots: names of `BOOTS`, in the order in which they run.
        restored: files that get the given tree's text back after the diff.
    """

    base: str
    diff: Path | None
    text: str
    boots: str
    restored: tuple[str, ...] = ()


class Boot(NamedTuple):
    """One start of a kernel.

    Attributes:
        kernel: a key of `KERNELS`.
        options: boot options of the kernel.
        steps: what the guest does, one word a step (`init/init.c`).
        minutes: when to give up.
    """

    kernel: str
    options: str
    steps: str
    minutes: int


# kmemleak is asked first, too: what the boot itself left is not the patch's.
_CLOSES: Final = "leaks normal_closes leaks"
_SWEEP: Final = f"{_CLOSES} sweep leaks"
_PLANES: Final = (
    "leaks a_ids_and_close_orders leaks b_sweep_with_retry leaks c_sweep_without_retry leaks "
    "f_sweep_with_full_fd_table leaks d_no_fault_injection leaks"
)
# A freed object's address may stay in a per-CPU sheaf of 7.x, and kmemleak scans sheaves: it then sees no leak.
# A debug flag for the planes' cache takes the sheaves of that cache away.
_NO_SHEAVES: Final = "slub_debug=U,kmalloc-cg-16"

BOOTS: Final[Mapping[str, Boot]] = {
    "create": Boot("kasan", "kmemleak=off", "create_close", 5),
    "sweep": Boot("kasan", "", _SWEEP, 25),
    "sweep-no-sheaves": Boot("kasan", _NO_SHEAVES, _SWEEP, 25),
    "cache": Boot("kasan", "kmemleak=off slub_debug=U", "cache", 5),
    "vcpu": Boot("kasan", "kmemleak=off", "vcpu", 5),
    "planes": Boot("kasan", "", _PLANES, 20),
    "plain": Boot("nokasan", "", _CLOSES, 10),
    "init_on_free": Boot("nokasan", "init_on_free=1", _CLOSES, 10),
    "init_on_free-no-sheaves": Boot("nokasan", f"init_on_free=1 {_NO_SHEAVES}", _CLOSES, 10),
    "poison": Boot("nokasan", "slub_debug=FPZU", _CLOSES, 10),
    "e": Boot("nokasan", "kmemleak=off", "e_dangling_slot", 5),
    "e-kmemleak": Boot("nokasan", "", "leaks e_dangling_slot leaks", 10),
    "e-init_on_free": Boot("nokasan", "init_on_free=1", "leaks e_dangling_slot leaks", 10),
    "e-poison": Boot("nokasan", "slub_debug=FPZU", "leaks e_dangling_slot leaks", 10),
    "bounds": Boot("ubsan", "kmemleak=off", "normal_closes", 5),
}

_KASAN: Final = (
    "CONFIG_KASAN=y",
    "CONFIG_KASAN_GENERIC=y",
    "CONFIG_KASAN_OUTLINE=y",
    "CONFIG_KASAN_STACK=y",
    "CONFIG_KASAN_VMALLOC=y",
)
_BOUNDS: Final = (
    "CONFIG_UBSAN=y",
    "CONFIG_UBSAN_BOUNDS=y",
    "CONFIG_UBSAN_SHIFT=n",
    "CONFIG_UBSAN_BOOL=n",
    "CONFIG_UBSAN_ENUM=n",
)
# What a kernel is configured with beside the file `config`.
KERNELS: Final[Mapping[str, Sequence[str]]] = {"kasan": _KASAN, "nokasan": (), "ubsan": (*_KASAN, *_BOUNDS)}

_ALWAYS: Final = "create sweep"
_NOKASAN: Final = "plain init_on_free init_on_free-no-sheaves poison"
_E: Final = "e e-kmemleak e-init_on_free e-poison"
_SERIES: Final = GUEST / "series"

TEXTS: Final[Mapping[str, Text]] = {
    "V0": Text("", None, "unpatched", f"{_ALWAYS} {_NOKASAN}"),
    "V0h": Text("V1", None, "headers of 09/60, kvm_main.c unpatched: struct kvm has planes[], nobody uses it",
                _ALWAYS, ("virt/kvm/kvm_main.c",)),
    "V1": Text("V0", diff_of("09"), "09/60 as posted: kvm_destroy_planes() after kvm_arch_free_vm()",
               f"{_ALWAYS} cache {_NOKASAN}"),
    "V2": Text("V1", diff_of("09-fixed"), "V1 with those two calls swapped", f"{_ALWAYS} cache vcpu {_NOKASAN}"),
    "V3": Text("V2", _SERIES / "V3.patch", "V2 without kvm_destroy_planes(kvm) under out_err_no_srcu",
               f"{_ALWAYS} sweep-no-sheaves"),
    "W09twice": Text("V2", diff_of("09-twice"), "V2 whose kvm_create_vm() creates plane 0 twice",
                     f"{_ALWAYS} sweep-no-sheaves"),
    "W09oob": Text("V2", _SERIES / "W09oob.patch", "V2 whose kvm_create_vm() creates plane 16 as well",
                   f"{_ALWAYS} sweep-no-sheaves vcpu bounds"),
    "W29": Text("V2", _SERIES / "W29.patch", "V2 with KVM_CREATE_PLANE as 29/60 has it, and 16 planes allowed",
                f"{_ALWAYS} planes {_E}"),
    "W29fix": Text("W29", diff_of("29-fixed"), "W29 whose failing path empties the slot", f"{_ALWAYS} planes {_E}"),
    "W29p10": Text("W29", _SERIES / "W29p10.patch", "W29 with vcpu_array in the plane, as 10/60 has it",
                   f"{_ALWAYS} planes {_E}"),
}  # fmt: skip

DEFAULT_VARIANTS: Final = ("V0", "V1", "V2")
DEFAULT_BOOTS: Final = ("create", "sweep", "sweep-no-sheaves")


def chain(name: str) -> tuple[str, ...]:
    """The variants whose diffs make this one, first to last."""
    base = TEXTS[name].base
    return (*(chain(base) if base else ()), name)


def plan(variants: Sequence[str], boots: Sequence[str]) -> list[tuple[str, str, list[str]]]:
    """What is to be done: (variant, kernel, names of boots), the variants of one kernel together.

    Args:
        variants: keys of `VARIANTS`.
        boots: keys of `BOOTS`, or "all" for every boot that a variant has.

    Raises:
        ValueError: no such variant or boot.
    """
    for word, known in (*((v, TEXTS) for v in variants), *((b, {"all", *BOOTS}) for b in boots)):
        if word not in known:
            raise ValueError(f"no {word!r}; there are {', '.join(sorted(known))}")
    wanted = {name: [b for b in TEXTS[name].boots.split() if "all" in boots or b in boots] for name in variants}
    todo = [(name, kernel, [b for b in wanted[name] if BOOTS[b].kernel == kernel])
            for kernel in KERNELS for name in variants]  # fmt: skip
    return [(name, kernel, names) for name, kernel, names in todo if names]
