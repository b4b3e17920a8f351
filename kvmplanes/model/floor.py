# SPDX-License-Identifier: GPL-2.0-only
"""What the C stands on, in Python: allocator, failing calls, references, files. `shim.h` declares it to the machine.

In the oracle, `c/shim.c` does the same for compilers. Only what can fail, or must be undone, is here (limit: locks).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from types import FunctionType
from typing import Any, Final

from kvmplanes.model.calls import Asked, address_space, arguments, call_at, short_name
from kvmplanes.model.faults import ERRNOS, errno_name
from kvmplanes.model.heap import NULL, POISON, DefectKind, Event, Freed, Heap, Layout, Nowhere, Oops, Struct
from kvmplanes.model.machine.unit import Unit
from kvmplanes.model.runtime import CURRENT_MM, ERR_PTR, RUN_TIME, SRCU, Goto, Local, Place, Static, formatted

MOST_ROUNDS: Final = 20_000  # of loops, and calls, in one run (limit: endless)
ROUNDS_A_CALL: Final = 500  # what a system call may add, however many there are in a run; ours take 240
_ENOUGH: Final = 1 << 30  # bytes for any struct


class Kernel:
    """One running kernel: a unit's functions, in a name space of their own, on a heap with references and files.

    Args:
        unit: what runs; `kernel.c["kvm_create_vm"]` is one of its functions.
        injector: asked at every failable call.
        report: called with every event.
        freed: what kfree does to memory, see `Heap`.
    """

    def __init__(self, unit: Unit, injector: Asked, report: Callable[[Event], None], freed: Freed = "kept") -> None:
        self.heap = Heap(report, freed)
        self.refs: Counter[str] = Counter()
        self.files: dict[int, Struct] = {}
        self.level: int | None = None  # of the plane that the system call under way is to create
        self._unit, self._injector, self._rounds = unit, injector, 0
        self._fds, self._lowest = {0, 1, 2, 3}, 0  # 3 is /dev/kvm; no descriptor below `_lowest` is free
        self.vm_list = Static("vm_list")
        self.current = Static("current", mm=CURRENT_MM)  # the C may write to it
        self.c: dict[str, Any] = {**RUN_TIME, **{name: getattr(self, name.lstrip("_")) for name in _METHODS}}
        self.c["_Local"] = self.local_array
        self.c |= {name: self._counting(*counted) for name, counted in _COUNTING.items()}
        self.c |= {name: FunctionType(code, self.c) for name, code in unit.functions.items()}
        exec(unit.data, self.c)  # noqa: S102 - the machine's own text

    def begin(self, level: int | None) -> None:
        """A system call begins: the one before it has ended, so its rounds are no endless loop's."""
        self.level = level
        self._rounds = max(0, self._rounds - ROUNDS_A_CALL)
        self.heap.begin()

    # -- control -------------------------------------------------------------------------------------------------------

    def tick(self, weight: int) -> bool:
        """Once a round of a loop and once a call: what cannot be ending is stopped. What is long counts for more."""
        self._rounds += weight
        if self._rounds > MOST_ROUNDS:
            raise ValueError(f"a loop does not end: {MOST_ROUNDS} rounds and calls in one run")
        return True

    def local_array(self, values: list[Any]) -> Local:
        """An array on the stack: to fill it takes time, as rounds of a loop do."""
        self._rounds += len(values) // 8
        return Local(values)

    def goto(self, label: str, part: int) -> Goto:
        """A jump to a label."""
        self.heap.report(Event("goto", label))
        return Goto(part)

    def label(self, name: str) -> None:
        """Control is at a label."""
        self.heap.report(Event("label", name))

    def BUILD_BUG_ON(self, condition: int) -> None:
        """What a compiler refuses."""
        if condition:
            raise ValueError("BUILD_BUG_ON: the condition holds, so a compiler would stop here")

    def printk(self, text: str, *args: object) -> int:
        """A line in the kernel's log."""
        line = formatted(text, args).strip()
        self._rounds += len(line) // 8  # to write much takes time
        self.heap.report(Event("print", line))
        return len(line)

    # -- failing, counting ---------------------------------------------------------------------------------------------

    def shim_fails(self, call: str, usual: int = ERRNOS["ENOMEM"]) -> int:
        """0, or the negative errno with which this failable call is to fail; `usual` unless another is asked for."""
        name = self._injector.ask(short_name(call), errno_name(usual))
        if name is None:
            return 0
        self.heap.report(Event("fail", call, value=name))
        return -ERRNOS[name]

    def shim_get(self, resource: str) -> None:
        """Take one counted reference."""
        short_name(resource)
        self.refs[resource] += 1
        self.heap.report(Event("get", resource, value=str(self.refs[resource])))

    def shim_put(self, resource: str) -> None:
        """Give one back; one too many is reported as a double free."""
        short_name(resource)
        self.refs[resource] -= 1
        defect: DefectKind | None = "double-free" if self.refs[resource] < 0 else None
        self.heap.report(Event("put", resource, value=str(self.refs[resource]), defect=defect))

    def mmgrab(self, mm: object) -> None:
        """One more reference on an address space."""
        self.shim_get(address_space("mmgrab", mm))

    def mmdrop(self, mm: object) -> None:
        """One reference less."""
        self.shim_put(address_space("mmdrop", mm))

    def _counting(self, what: str, resource: str) -> Callable[..., None]:
        """A function that takes a counted reference, or gives one back, whatever its arguments."""
        change = self.shim_get if what == "get" else self.shim_put
        return lambda *_: change(resource)

    def refcount_set(self, r: Place, n: int) -> None:
        """One atomic write (limit: refcount)."""
        r[0] = n

    def refcount_inc(self, r: Place) -> None:
        """One atomic access: to a sanitizer a write."""
        r[0] = r._peek() + 1

    def refcount_dec_and_test(self, r: Place) -> int:
        """One atomic access; whether the count is 0 now."""
        r[0] = r._peek() - 1
        return int(r._peek() == 0)

    def xa_init(self, xa: Place) -> None:
        """An empty xarray."""
        xa[0] = NULL

    def xa_for_each_vcpu(self, xa: Place) -> None:
        """The walk over a plane's vCPUs, of which there are none: one look at the array (limit: vcpus)."""
        xa[0]

    def snprintf(self, buf: Local, size: int, text: str, *args: object) -> int:
        """Print into a local array, cut to `size` bytes with the zero at the end."""
        if not isinstance(buf, Local):
            raise Oops(f"snprintf({buf!r})")
        line = formatted(text, args)
        self._rounds += 20 + len(line) // 8
        for i, char in enumerate(f"{line[: size - 1]}\0" if size else ""):
            buf[i] = ord(char)
        return len(line)

    # -- memory --------------------------------------------------------------------------------------------------------

    def kzalloc(self, size: int, flags: int, struct: str = "") -> Any:
        """A zeroed object, or NULL; the failing call is named after the function that asks, with its arguments.

        Args:
            size: bytes.
            flags: of no effect here.
            struct: what the result is assigned to, "" if that is not a struct; the machine adds it.
        """
        frame = sys._getframe(1)
        numbers = [value for _, value in arguments(frame) if isinstance(value, int)]
        if self.shim_fails(call_at(frame)):
            return NULL
        return self.heap.alloc(layout(self._unit, struct, size), numbers[0] if numbers else "")

    def kfree(self, pointer: Any) -> None:
        """Free an object; NULL is allowed."""
        self.heap.free(pointer)

    def shim_alloc(self, call: str, name: str, size: int, struct: str = "") -> Any:
        """A zeroed object of that name, or NULL when `call` is to fail."""
        if self.shim_fails(call):
            return NULL
        return self.heap.alloc(layout(self._unit, struct, size), short_name(name).partition("#")[2])

    def shim_init(self, call: str, name: str, member: Place, *holds: str) -> int:
        """The same for memory that `member` is made to point to, and that holds these pointers: 0 or -ENOMEM."""
        if not (failed := self.shim_fails(call)):
            member[0] = self.heap.alloc(_of_pointers(name, holds))
        return failed

    def init_srcu_struct(self, ssp: Place) -> int:
        """0 or -ENOMEM (limit: srcu)."""
        if not isinstance(ssp, Place):
            raise Oops(f"init_srcu_struct({ssp!r})")
        return self.shim_init(f"init_srcu_struct(&kvm->{ssp._path})", str(ssp._path), ssp, SRCU)

    def cleanup_srcu_struct(self, ssp: Place) -> None:
        """Undo init_srcu_struct; the pointer stays, so a second clean-up frees twice."""
        self.heap.free(ssp[0])

    def used_as(self, pointer: Any, struct: str) -> Any:
        """A `void *` that is used as a pointer to a struct."""
        if not isinstance(pointer, Struct | Nowhere | Place | Static) and struct != "mm_struct":
            raise ValueError(f"this is not a struct {struct}; the model cannot read it as one (limit: one type)")
        if isinstance(pointer, Struct):
            memory = pointer._memory
            want = layout(self._unit, struct, memory.layout.size)
            if memory.kind == "memory":
                memory.layout, memory.fields = want, dict(want.zero)
            elif memory.kind != want.kind:
                raise ValueError(
                    f"{pointer!r} is not a struct {struct}; the model cannot read one as the other (limit: one type)"
                )
        return pointer

    # -- descriptors and files -----------------------------------------------------------------------------------------

    def get_unused_fd_flags(self) -> int:
        """Reserve the lowest free descriptor number; or -EMFILE (limit reached) or -ENOMEM (the table grows)."""
        if failed := self.shim_fails(self._of_op("get_unused_fd_flags"), ERRNOS["EMFILE"]):
            return failed
        while self._lowest in self._fds:
            self._lowest += 1
        self._fds.add(fd := self._lowest)
        self.shim_get("fd")
        return fd

    def put_unused_fd(self, fd: int) -> None:
        """Give a reserved number back; an errno as a number leads far outside of the table."""
        if fd < 0:
            raise Oops(f"put_unused_fd({fd})")
        if fd in self._fds:
            self._fds.remove(fd)
            self._lowest = min(self._lowest, fd)
        self.shim_put("fd")

    def anon_inode_getfile(self, name: str, fops: object, priv: object) -> Any:
        """An open file on `priv`, or ERR_PTR(-ENOMEM) or ERR_PTR(-ENFILE); one failure for all of it (limit: files)."""
        if failed := self.shim_fails(self._of_op("anon_inode_getfile")):
            return ERR_PTR(failed)
        file = self.heap.alloc(layout(self._unit, "file", _ENOUGH), self._plane_of_op() or name)
        file.f_op, file.private_data = fops, priv
        return file

    def fd_install(self, fd: int, file: Any) -> None:
        """From here on user space can use the descriptor."""
        self.files[fd] = file

    def close(self, fd: int) -> None:
        """The last descriptor of a file closes: its release function is called (limit: dup)."""
        file: Any = self.files.pop(fd, None)
        if file is not None:  # else EBADF
            if fd in self._fds:
                self.put_unused_fd(fd)
            release = file.f_op.release
            if file._memory.live:  # else its count is 0: a kernel complains, and releases nothing again
                release(file)
                self.heap.free(file)

    def _plane_of_op(self) -> str:
        """The plane that the system call asks for, such as "plane 3"; "" if it asks for none."""
        return "" if self.level is None else f"plane {self.level}"

    def _of_op(self, function: str) -> str:
        return f"{function}({self._plane_of_op()})" if self._plane_of_op() else function


@lru_cache(128)
def _of_pointers(kind: str, members: tuple[str, ...]) -> Layout:
    """Memory that holds these pointers, and is no struct of the C."""
    return Layout(kind, dict.fromkeys(members, NULL), dict.fromkeys(members, POISON))


@lru_cache(128)  # of about fourteen versions
def layout(unit: Unit, struct: str, size: int) -> Layout:
    """A struct of a unit in memory of `size` bytes; "" for memory that is no struct.

    A struct inside another is spelt with "_", or as the member itself if it has one member.
    """
    zero, poison, arrays, beyond = dict[str, Any](), dict[str, Any](), dict[str, int](), set[str]()
    for member, of, at, width, length in unit.structs[struct] if struct else ():
        names = [member] if length is None else [f"{member}[{i}]" for i in range(length)]
        if length is not None:
            arrays[member] = length
        zero |= dict.fromkeys(names, NULL if of == "ptr" else 0)
        poison |= dict.fromkeys(names, {"ptr": POISON, "bool": 1}.get(of, int.from_bytes(b"\x6b" * width)))
        beyond |= {name for i, name in enumerate(names) if at + (i + 1) * width > size}
    kind = struct.removeprefix("kvm_").removeprefix("io_") or "memory"
    return Layout(kind, zero, poison, arrays, frozenset(beyond), size)


# Functions that only count. What is on a list or registered has no memory of its own here (limit: lists).
_COUNTING: Final = {
    "preempt_notifier_inc": ("get", "preempt_notifier"), "preempt_notifier_dec": ("put", "preempt_notifier"),
    "kvm_init_pm_notifier": ("get", "pm_notifier"), "kvm_destroy_pm_notifier": ("put", "pm_notifier"),
    "list_add": ("get", "vm_list"), "list_del": ("put", "vm_list"),
    "mmu_notifier_unregister": ("put", "mmu_notifier"),
}  # fmt: skip
# What of `Kernel` C code names; the machine's own with an underscore in front.
_METHODS: Final = (
    "_tick", "_goto", "_label", "_used_as", "BUILD_BUG_ON", "printk", "shim_fails", "shim_get", "shim_put", "mmgrab",
    "mmdrop", "refcount_set", "refcount_inc", "refcount_dec_and_test", "xa_init", "xa_for_each_vcpu", "snprintf",
    "kzalloc", "kfree", "shim_alloc", "shim_init", "init_srcu_struct", "cleanup_srcu_struct", "get_unused_fd_flags",
    "put_unused_fd", "anon_inode_getfile", "fd_install", "current", "vm_list",
)  # fmt: skip
NATIVES: Final = (*_METHODS, *_COUNTING)
