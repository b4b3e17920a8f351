# SPDX-License-Identifier: GPL-2.0-only
"""What user space does: system calls against one version, recorded as a trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from kvmplanes.given import brief, flag, whole
from kvmplanes.model.faults import ERRNOS, Fail, Failslab, Injector, errno_name
from kvmplanes.model.floor import Kernel
from kvmplanes.model.heap import Event, Freed, Oops
from kvmplanes.model.machine.tree import CError
from kvmplanes.model.series import KVM_CAP_PLANES, KVM_MAX_PLANES, VERSIONS, Version, version
from kvmplanes.runs.op import OPS, Op, asked
from kvmplanes.runs.recorder import Recorder
from kvmplanes.runs.trace import Trace

# ioctl numbers as in include/uapi/linux/kvm.h; a test holds them to the C.
KVM_CREATE_VM: Final = 0xAE01
KVM_CHECK_EXTENSION: Final = 0xAE03
KVM_CREATE_PLANE: Final = 0xAEE4
_NO_C: Final = (AttributeError, IndexError, KeyError, MemoryError, OverflowError, TypeError)
_MOST_PLANES: Final = 1000  # in a list of them, most of which are wrong


def run(
    which: str | Version = "09",
    *,
    fail: Fail = None,
    planes: Sequence[int] = (),
    retry: bool = False,
    freed: Freed = "kept",
    ops: Sequence[str] | None = None,
) -> Trace:
    """Open /dev/kvm, KVM_CREATE_VM, KVM_CREATE_PLANE for each of `planes`, close everything.

    Args:
        which: a version's name, or a `Version`.
        fail: which failable call fails, see `Injector`.
        planes: ids for KVM_CREATE_PLANE (29 and later), each 1..15, each once.
        retry: ask a second time for a plane that could not be created.
        freed: what freeing does to the bytes: "kept", "zeroed" or "poisoned".
        ops: the system calls themselves instead of `planes`, from `OPS`, one VM at a time; a call on
            a descriptor that is not open is left out. At the end every descriptor is closed that the kernel's table
            still holds, the lowest first, whether user space was told of it or not (limit: exit).

    Raises:
        ValueError: a version, call, number, plane or system call that is not allowed here.
        CError: a loop, a recursion or allocations that do not end, with the C line; or C that is not supported.
    """
    chosen = version(which)
    flag(retry, "retry")
    if ops is None:
        ops = usual(chosen, planes)
    elif not isinstance(planes, Sequence) or planes:
        raise ValueError("give either planes or ops")
    if not isinstance(ops, list | tuple):
        raise TypeError(f"ops must be a list of system calls, such as {', '.join(OPS[:2])}, not {brief(ops)}")
    calls = [asked(op) for op in ops]
    if any(op.verb == "KVM_CREATE_PLANE" for op in calls):
        _check_ioctl(chosen)
    return played(chosen, calls, fail=fail, retry=retry, freed=freed)[0]


def played(
    chosen: Version,
    calls: Sequence[Op],
    *,
    fail: Fail = None,
    retry: bool = False,
    freed: Freed = "kept",
    like: Recorder | None = None,
) -> tuple[Trace, Recorder]:
    """Run system calls.

    Args:
        chosen: the version.
        calls: the system calls.
        fail: as for `run`.
        retry: as for `run`.
        freed: as for `run`.
        like: the recorder of a run that went the same way up to the last call that is to fail, which is the last of
            `fail`'s numbers, a tuple here: its steps up to there are this run's.

    Raises:
        ValueError: the call that is to fail is not reached.
        CError: as for `run`.
    """
    injector = Injector(fail)
    recorder = Recorder(chosen, injector, freed, _UserSpace.play.__code__)
    if like is not None and isinstance(fail, tuple):
        recorder.goes_like(like, fail[-1])
    user = _UserSpace(recorder, retry)
    user.play(calls)
    recorder.end()
    if len(injector.failed) < (len(fail) if isinstance(fail, tuple) else isinstance(fail, int | str)):
        raise ValueError(
            f"nothing fails: no failable call {brief(fail)} here; {brief(str(chosen))[1:-1]} reaches "
            f"{_numbered(injector.asked)}"
        )
    words, failed = _words(injector, fail, calls, retry, freed), tuple(injector.failed)
    trace = Trace(chosen, words, tuple(injector.asked), failed, tuple(user.results), tuple(recorder.steps))
    return trace, recorder


def failing_once(chosen: Version, ops: Sequence[str]) -> Iterator[Trace]:
    """The run of some system calls on which nothing fails, then one for each failable call of it, which fails.

    Raises:
        CError: as for `run`.
    """
    calls = [Op(op) for op in ops]
    whole, like = played(chosen, calls)
    yield whole
    for number in range(1, len(whole.calls) + 1):
        yield played(chosen, calls, fail=(number,), like=like)[0]


def check_extension(which: str | Version = "09", cap: int = KVM_CAP_PLANES, fd: str = "vm") -> int:
    """What KVM_CHECK_EXTENSION returns for a capability.

    Args:
        which: a version's name, or a `Version`.
        cap: capability number; only `KVM_CAP_PLANES` is modelled, 0 for any other.
        fd: "vm" or "system", the descriptor asked.

    Raises:
        ValueError: an unknown version or descriptor.
    """
    if not isinstance(fd, str) or fd not in ("vm", "system"):
        raise ValueError(f"fd must be vm or system, not {brief(fd)}")
    whole(cap, "cap", 0, 2**32 - 1, "the number of a capability, 0..4294967295")
    kernel = Kernel(version(which).unit, Injector(), lambda _: None)
    if fd == "system":
        return int(kernel.c["kvm_dev_ioctl"](KVM_CHECK_EXTENSION, cap))
    vm = kernel.c["kvm_dev_ioctl"](KVM_CREATE_VM, 0)
    return int(kernel.c["kvm_vm_ioctl"](kernel.files[vm], KVM_CHECK_EXTENSION, cap))


class _UserSpace:
    """The process: it knows descriptors, not pointers, and goes on after an error (limit: process)."""

    def __init__(self, recorder: Recorder, retry: bool) -> None:
        self.results: list[tuple[Op, str]] = []
        self._kernel, self._recorder, self._retry = recorder.kernel, recorder, retry
        self._open: dict[int, str] = {}

    def play(self, ops: Sequence[Op]) -> None:
        """Every call in order, then exit; an Oops ends the process where it stands (limit: exit)."""
        try:
            for op in ops:
                failed = self._call(op)
                if failed and self._retry and op.verb == "KVM_CREATE_PLANE":
                    self._call(op)
            for fd in sorted(self._kernel.files):
                self._close(fd, Op(f"close({self._open.get(fd, f'fd {fd}')})"))
        except Oops as oops:
            self._recorder(Event("oops", str(oops), defect=oops.defect), oops.__traceback__)
        except UnboundLocalError as unset:  # C would go on with what lies in that variable (limit: unset)
            if not self._recorder.died_in_c(unset.__traceback__):
                raise
            name = str(unset).split("'")[1].rstrip("_")
            self._recorder(Event("oops", f"{name} is used, and nothing set it before"), unset.__traceback__)
        except RecursionError as deep:
            raise CError(
                *self._recorder.place(deep.__traceback__), "calls do not end: a function calls itself"
            ) from None
        except CError:
            raise
        except ValueError as error:  # what the heap or the floor refuses, at the C line that asked for it
            raise CError(*self._recorder.place(error.__traceback__), str(error)) from None
        except _NO_C as error:  # a pointer to one thing is used as one to another, or a function as what it is not
            what = f"the model cannot go on here: a value is not of the type that it is used as ({brief(str(error))})"
            raise CError(*self._recorder.place(error.__traceback__), what) from None
        self._begin(Op("exit"))
        for memory in self._kernel.heap.live():
            self._recorder(Event("leak", memory.name, defect="leak"))
        for name in self._kernel.refs.elements():
            self._recorder(Event("leak", name, defect="leak"))

    def _begin(self, op: Op) -> None:
        self._recorder.begin(op)

    def _call(self, op: Op) -> bool:
        """One system call; whether it failed."""
        self._begin(op)
        c, vm = self._kernel.c, self._find("vm")
        match op.verb:
            case "close":
                fd = self._find(op.target)
                if fd is not None:
                    self._close(fd, op)
            case "KVM_CREATE_VM" if vm is None:
                return self._opened(op, c["kvm_dev_ioctl"](KVM_CREATE_VM, 0))
            case "KVM_CREATE_PLANE" if vm is not None and op.plane is not None:
                return self._opened(op, self._ioctl(vm, KVM_CREATE_PLANE, op.plane % 2**64))
            case "KVM_CHECK_EXTENSION" if op.target == "system":
                self._answer(op, c["kvm_dev_ioctl"](KVM_CHECK_EXTENSION, KVM_CAP_PLANES))
            case "KVM_CHECK_EXTENSION" if vm is not None:
                self._answer(op, self._ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_PLANES))
        return False

    def _ioctl(self, fd: int, request: int, arg: int) -> int:
        """An ioctl on a descriptor of a VM; the number may have no file behind it."""
        file = self._kernel.files.get(fd)
        return -ERRNOS["EBADF"] if file is None else int(self._kernel.c["kvm_vm_ioctl"](file, request, arg))

    def _close(self, fd: int, op: Op) -> None:
        self._begin(op)
        self._open.pop(fd, None)
        self._kernel.close(fd)

    def _find(self, name: str) -> int | None:
        """The lowest open descriptor of that name: a plane fd can outlive its VM's, and a new VM have its own."""
        return min((fd for fd, opened in self._open.items() if opened == name), default=None)

    def _opened(self, op: Op, result: int) -> bool:
        if result >= 0:
            self._open[result] = op.target
        self._return(op, errno_name(result) if result < 0 else f"fd {result}")
        return result < 0

    def _answer(self, op: Op, result: int) -> None:
        answer = errno_name(result) if result < 0 else str(result)
        self._recorder(Event("check", "KVM_CAP_PLANES", value=answer))
        self._return(op, answer)

    def _return(self, op: Op, result: str) -> None:
        self.results.append((op, result))
        self._recorder(Event("return", op, value=result))


def usual(chosen: Version, planes: Sequence[int] = ()) -> tuple[str, ...]:
    """The system calls of the usual program: create a VM and planes, close the planes, close the VM.

    Raises:
        ValueError: planes that a program cannot create in this version.
    """
    allowed = f"allowed are ids 1..{KVM_MAX_PLANES - 1}, each once; plane 0 comes with the VM"
    listed = isinstance(planes, list | tuple | range) and len(planes) <= _MOST_PLANES
    if not listed or not all(type(p) is int and 0 < p < KVM_MAX_PLANES for p in planes):
        raise ValueError(f"planes={brief(planes)}: {allowed}")
    if len(set(planes)) < len(planes):
        raise ValueError(f"planes={brief(planes)} names a plane twice: {allowed}")
    if planes:
        _check_ioctl(chosen)
    creates = [f"KVM_CREATE_PLANE {p}" for p in planes]
    return ("KVM_CREATE_VM", *creates, *(f"close(plane {p})" for p in planes), "close(vm)")


def _check_ioctl(chosen: Version) -> None:
    if not chosen.creates_planes:
        able = [v.name for v in VERSIONS.values() if v.creates_planes]
        raise ValueError(f"version {chosen} has no KVM_CREATE_PLANE; versions with it are {', '.join(able)}")


def _numbered(asked: Sequence[str]) -> str:
    """Failable calls with their numbers; where there are many, the first and the last ones."""
    every = [f"{n} {call}" for n, call in enumerate(asked, 1)]
    cut = every if len(every) <= 6 else [*every[:4], "...", *every[-2:]]
    return ", ".join(brief(call)[1:-1] for call in cut)


def _words(injector: Injector, fail: Fail, ops: Sequence[Op], retry: bool, freed: Freed) -> str:
    parts = [", ".join(_briefly(ops))]
    numbers = (fail,) if isinstance(fail, int) else fail
    if isinstance(numbers, tuple):
        failing = [f"{injector.asked[n - 1]} fails (call {n})" for n in numbers]
        parts.append(" and ".join(failing))
    elif isinstance(fail, str):
        parts.append(f"{fail} fails")
    elif isinstance(fail, Failslab):
        parts.append(
            f"failslab probability {fail.probability} interval {fail.interval} times {fail.times} seed {fail.seed}"
        )
    if retry:
        parts.append("a failed plane is asked for again")
    if freed != "kept":
        parts.append(f"freed memory is {freed}")
    return "; ".join(parts)


def _briefly(ops: Sequence[Op]) -> Iterator[str]:
    """System calls; of more than three in a row that are alike, the first and the last."""
    for _, group in groupby(ops, lambda op: op.verb):
        first, *rest = group
        yield first
        yield from rest if len(rest) < 3 else ("...", rest[-1])
