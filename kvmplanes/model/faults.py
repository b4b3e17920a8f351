# SPDX-License-Identifier: GPL-2.0-only
"""Which failable call fails, with which errno: by its name, by its number, or by failslab's rule.

`fail=N` is the N-th *failable call* of the run: a call that allocates memory, reserves a descriptor number or asks
the processor. It is not the N of the kernel's fail-nth, which counts the fault-injection points that a task comes
past (each allocation of a slab or a page, each copy from user space, and more), never a descriptor table that is
full.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kvmplanes.given import brief, some, whole, written

# Linux's numbers on every machine: in a browser Python's own are others. Source: include/uapi/asm-generic/errno*.h.
_BASE: Final = """
    EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV
    ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE
"""
ERRNOS: Final[Mapping[str, int]] = MappingProxyType(
    {name: n for n, name in enumerate(_BASE.split(), 1)} | {"ENOSYS": 38, "EOPNOTSUPP": 95, "ETIMEDOUT": 110}
)
ERRNO_NAMES: Final[Mapping[int, str]] = MappingProxyType({number: name for name, number in ERRNOS.items()})


def errno_name(number: int) -> str:
    """The name of an errno, which may have a minus sign: `-12` -> "ENOMEM".

    Raises:
        ValueError: it is none of `ERRNOS`.
    """
    if type(number) is not int or abs(number) not in ERRNO_NAMES:
        raise ValueError(f"{brief(number)} is no errno that is known here; {some(ERRNOS)} are")
    return ERRNO_NAMES[abs(number)]


# Base name of every failable call -> the errnos it can give, the usual one first, and whether
# failslab reaches it (it allocates from a slab, and a failing slab allocation fails the call).
# Source: the series and Linux 6.12.117; evidence/METHOD.md has the sweep that the last column follows
# (limit: failslab).
CALLS: Final[Mapping[str, tuple[tuple[str, ...], bool]]] = MappingProxyType(
    {
        "get_unused_fd_flags": (("EMFILE", "ENOMEM"), False),
        "kvm_arch_alloc_vm": (("ENOMEM",), False),  # kvzalloc falls back to vmalloc
        "kvm_create_plane": (("ENOMEM",), True),
        "kvm_create_vm_plane": (("ENOMEM",), True),  # the RFC's name for it
        "init_srcu_struct": (("ENOMEM",), True),
        "kvm_init_irq_routing": (("ENOMEM",), True),
        "kzalloc": (("ENOMEM",), True),
        "kvm_arch_init_vm": (("ENOMEM", "EINVAL"), True),  # limit: arch; the sweep met no slab object here
        "kvm_enable_virtualization": (("EBUSY",), False),
        "kvm_init_mmu_notifier": (("ENOMEM", "EINTR"), True),
        "kvm_coalesced_mmio_init": (("ENOMEM",), False),  # a page, not a slab object
        "kvm_create_vm_debugfs": (("ENOMEM",), True),
        "anon_inode_getfile": (("ENOMEM", "ENFILE"), True),
    }
)


def base(call: str) -> str:
    """The kernel function of a call: `init_srcu_struct(&kvm->srcu)` -> `init_srcu_struct`."""
    return call.partition("(")[0]


_LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Failslab:
    """The kernel's failslab attributes, with a seed in place of the kernel's random numbers.

    Args:
        probability: percent of the calls counted in that fail, 0..100.
        interval: only every interval-th call is counted in, from 1.
        times: how many failures at most; -1 for no limit.
        seed: start of the random sequence.

    Raises:
        ValueError: a figure is out of its range.
        TypeError: a figure is no whole number.

    Source: Documentation/fault-injection/fault-injection.rst.
    """

    probability: int = 100
    interval: int = 1
    times: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        whole(self.probability, "probability", 0, 100, "0..100 percent")
        whole(self.interval, "interval", 1, _LARGEST)
        whole(self.times, "times", -1, _LARGEST, "-1 (no limit) or more")
        whole(self.seed, "seed", -_LARGEST, _LARGEST)


Fail = int | str | tuple[int, ...] | Failslab | None


class Injector:
    """Asked at every failable call; says which errno the call fails with, if it fails.

    Args:
        fail: None; the number of a failable call, from 1, or a tuple of them; a call's name (`kvm_create_plane` is
            the first call of that function, `anon_inode_getfile(plane 1)` one call, `kvm_arch_init_vm: EINVAL`
            picks the errno); or `Failslab`.

    Raises:
        ValueError: an errno that the call cannot give, or a number below 1.
    """

    def __init__(self, fail: Fail = None) -> None:
        self.asked: list[str] = []
        self.failed: list[tuple[str, str]] = []
        self._fail = fail
        self._name = self._errno = ""
        numbers = (fail,) if isinstance(fail, int) else fail
        self._numbers = numbers if isinstance(numbers, tuple) else ()
        if any(type(n) is not int for n in self._numbers) or not isinstance(fail, int | str | tuple | Failslab | None):
            raise ValueError(
                f"fail must be None, a number or a tuple of them, a call's name or Failslab, not {brief(fail)}"
            )
        if any(n < 1 for n in self._numbers):
            raise ValueError(f"fail counts failable calls from 1, not {brief(fail)}")
        if isinstance(fail, str):
            self._name, self._errno = _parse(fail)
        if isinstance(fail, Failslab):
            self._random = random.Random(fail.seed)  # noqa: S311 - reproducible, not secret
            self._count, self._left = 0, fail.times

    def ask(self, call: str, errno: str = "ENOMEM") -> str | None:
        """Count one failable call; return the errno name if it is to fail, else None.

        Args:
            call: its name.
            errno: what a call that is not among `CALLS`, a reader's own, fails with; it allocates.
        """
        errnos, slab = CALLS.get(base(call), ((errno,), True))
        self.asked.append(call)
        if self._numbers:
            hit = len(self.asked) in self._numbers
        elif isinstance(self._fail, str):
            hit = not self.failed and self._name in (call, base(call))
        else:
            hit = isinstance(self._fail, Failslab) and slab and self._failslab(self._fail)
        if not hit:
            return None
        self.failed.append((call, self._errno or errnos[0]))
        return self.failed[-1][1]

    def _failslab(self, attr: Failslab) -> bool:
        """Kernel order: times, then interval, then probability."""
        if self._left == 0:
            return False
        self._count += 1
        if self._count % attr.interval:
            return False
        if self._random.randrange(100) >= attr.probability:
            return False
        if self._left > 0:
            self._left -= 1
        return True


def _parse(fail: str) -> tuple[str, str]:
    written(fail, "fail, a call's name,", 200)
    if not fail.isprintable():
        raise ValueError(f"fail must be a call's name, on one line, not {brief(fail)}")
    name, _, errno = (part.strip() for part in fail.partition(":"))
    errnos = CALLS.get(base(name), ((), False))[0]  # a reader's own call gives whatever errno there is
    if errno and errnos and errno not in errnos:
        raise ValueError(f"{base(name)} fails with {' or '.join(errnos)}, not {brief(errno)}")
    if errno and errno not in ERRNOS:
        raise ValueError(f"{base(name)} fails with an errno such as EFAULT, not {brief(errno)}")
    return name, errno
