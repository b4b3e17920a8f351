# SPDX-License-Identifier: GPL-2.0-only
"""What the functions of `kvm.py` stand on: allocator, references, files, and `goto`.

Only what can fail, or must be undone, is here (limit: locks).
"""

from __future__ import annotations

import errno as _errno
from collections import Counter
from collections.abc import Callable, Mapping
from errno import EBUSY, EEXIST, EFAULT, EINTR, EINVAL, EMFILE, ENFILE, ENOENT, ENOMEM, ENOTTY
from functools import partial
from typing import Any, Final, NamedTuple

from kvmplanes.model.faults import Injector
from kvmplanes.model.heap import NULL, Event, Freed, Heap, Layout, Null, Oops, Struct

__all__ = [
    "EBUSY", "EEXIST", "EFAULT", "EINTR", "EINVAL", "EMFILE", "ENFILE", "ENOENT", "ENOMEM", "ENOTTY",
    "ERR_PTR", "IS_ERR", "NULL", "PTR_ERR", "ErrPtr", "Goto", "Kernel", "current", "errno_name",
]  # fmt: skip

srcu: Final = Layout("srcu", "init_srcu_struct(&kvm->srcu)")
irq_srcu: Final = Layout("irq_srcu", "init_srcu_struct(&kvm->irq_srcu)")
routing_table: Final = Layout("irq_routing", "kvm_init_irq_routing")
arch_state: Final = Layout("arch", "kvm_arch_init_vm")
mmio_ring: Final = Layout("mmio_ring", "kvm_coalesced_mmio_init")
stat_data: Final = Layout("debugfs", "kvm_create_vm_debugfs")
struct_file: Final = Layout("file", "", release=NULL, private_data=NULL)


def errno_name(value: int) -> str:
    """`-12` or `12` -> "ENOMEM"."""
    return _errno.errorcode[abs(value)]


class Task(NamedTuple):
    """The calling task."""

    mm: str


current: Final = Task(mm="current->mm")


class ErrPtr(Null):
    """A pointer value that carries an errno, as the kernel's ERR_PTR does: true, and not to be followed."""

    _oops = Oops
    error: int

    def __init__(self, error: int) -> None:
        object.__setattr__(self, "error", error)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"ERR_PTR({'-' * (self.error < 0)}{errno_name(self.error)})"


def ERR_PTR(error: int) -> Null:
    """A pointer that carries an errno; for 0, as in C, that is NULL."""
    return ErrPtr(error) if error else NULL


def IS_ERR(pointer: object) -> bool:
    """Whether a pointer carries an errno, which is negative: neither NULL nor ERR_PTR(ENOMEM) is one."""
    return isinstance(pointer, ErrPtr) and pointer.error < 0


def PTR_ERR(pointer: ErrPtr) -> int:
    """The negative errno that a pointer carries."""
    return pointer.error


class Goto(Exception):
    """A jump to a label. From that label on, `label` is true: control falls through, as in C."""

    def __init__(self, target: str, report: Callable[[Event], None]) -> None:
        super().__init__(target)
        self._target, self._report, self._reached = target, report, False

    def label(self, name: str) -> bool:
        """Whether control is past this label."""
        self._reached = self._reached or name == self._target
        if self._reached:
            self._report(Event("label", name))
        return self._reached


class Kernel:
    """One running kernel: a heap, counted references, open files, and a version's functions.

    Args:
        functions: name -> function; `k.kvm_create_vm(...)` finds them here.
        injector: asked at every failable call.
        report: called with every event.
        freed: what kfree does to memory, see `Heap`.
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]],
        injector: Injector,
        report: Callable[[Event], None],
        freed: Freed = "kept",
    ) -> None:
        self.heap = Heap(report, freed)
        self.refs: Counter[str] = Counter()
        self.files: dict[int, Struct] = {}
        self._functions, self._injector, self._report = functions, injector, report
        self._fds = {0, 1, 2, 3}  # 3 is /dev/kvm

    def __getattr__(self, name: str) -> Callable[..., Any]:
        try:
            return partial(self._functions[name], self)
        except KeyError:
            raise AttributeError(f"this version has no function {name!r}") from None

    # -- failing, jumping, counting ------------------------------------------------------------

    def fails(self, call: str, errno: str = "ENOMEM") -> int:
        """0, or the negative errno with which this failable call is to fail; arguments as for `Injector.ask`."""
        name = self._injector.ask(call, errno)
        if name is None:
            return 0
        self._report(Event("fail", call, value=name))
        return -int(getattr(_errno, name))

    def goto(self, label: str) -> Goto:
        """`raise k.goto("out_no_planes")` is the C's `goto out_no_planes;`."""
        self._report(Event("goto", label))
        return Goto(label, self._report)

    def get(self, resource: str) -> None:
        """Take one counted reference."""
        self.refs[resource] += 1
        self._report(Event("get", resource, value=str(self.refs[resource])))

    def put(self, resource: str) -> None:
        """Give one back; one too many is reported as a double free."""
        self.refs[resource] -= 1
        bad = self.refs[resource] < 0
        self._report(Event("put", resource, value=str(self.refs[resource]), defect="double-free" if bad else None))

    # -- memory ---------------------------------------------------------------------------------

    def kzalloc(self, layout: Layout, tag: object = "") -> Any:
        """A zeroed object, or NULL."""
        return NULL if self.fails(layout.call.format(tag=tag)) else self.heap.alloc(layout, tag)

    def kfree(self, pointer: Any) -> None:
        """Free an object; NULL is allowed."""
        self.heap.free(pointer)

    def _init(self, owner: Any, member: str, layout: Layout) -> int:
        failed = self.fails(layout.call)
        if not failed:
            setattr(owner, member, self.heap.alloc(layout))
        return failed

    def _cleanup(self, owner: Any, member: str) -> None:
        self.kfree(getattr(owner, member))  # the pointer stays, as in C: a second clean-up frees twice

    # -- the calls around the patch: one acquisition or one release each ---------------------------

    def mmgrab(self, mm: str) -> None:
        """One more reference on an address space."""
        self.get(mm)

    def mmdrop(self, mm: Any) -> None:
        """One less."""
        if not isinstance(mm, str):
            raise Oops(f"mmdrop({mm!r})")
        self.put(mm)

    def init_srcu_struct(self, kvm: Any, member: str) -> int:
        """0 or -ENOMEM (limit: srcu)."""
        return self._init(kvm, member, irq_srcu if member == "irq_srcu" else srcu)

    def cleanup_srcu_struct(self, kvm: Any, member: str) -> None:
        """Undo init_srcu_struct."""
        self._cleanup(kvm, member)

    def kvm_init_irq_routing(self, kvm: Any) -> int:
        """0 or -ENOMEM."""
        return self._init(kvm, "irq_routing", routing_table)

    def kvm_free_irq_routing(self, kvm: Any) -> None:
        """Undo kvm_init_irq_routing; as in the kernel, the pointer stays behind."""
        self.kfree(kvm.irq_routing)

    def kvm_arch_init_vm(self, kvm: Any, type: int) -> int:
        """0, -ENOMEM, or -EINVAL for a VM type that the architecture lacks (limit: arch)."""
        return self._init(kvm, "arch", arch_state)

    def kvm_enable_virtualization(self) -> int:
        """0, or -EBUSY when something else uses SVM or VMX."""
        failed = self.fails("kvm_enable_virtualization")
        if not failed:
            self.get("virtualization")
        return failed

    def kvm_disable_virtualization(self) -> None:
        """Undo kvm_enable_virtualization."""
        self.put("virtualization")

    def kvm_init_mmu_notifier(self, kvm: Any) -> int:
        """0, -ENOMEM or -EINTR; sets ops before it can fail, as the kernel does."""
        kvm.mmu_notifier_ops = "kvm_mmu_notifier_ops"
        failed = self.fails("kvm_init_mmu_notifier")
        if not failed:
            self.get("mmu_notifier")
        return failed

    def mmu_notifier_unregister(self) -> None:
        """Undo kvm_init_mmu_notifier."""
        self.put("mmu_notifier")

    def kvm_coalesced_mmio_init(self, kvm: Any) -> int:
        """0 or -ENOMEM: one page."""
        return self._init(kvm, "coalesced_mmio_ring", mmio_ring)

    def kvm_coalesced_mmio_free(self, kvm: Any) -> None:
        """Undo kvm_coalesced_mmio_init; as in the kernel, the pointer stays behind."""
        self.kfree(kvm.coalesced_mmio_ring)

    def kvm_create_vm_debugfs(self, kvm: Any, fdname: str) -> int:
        """0 or -ENOMEM, and then it has freed its own (limit: debugfs)."""
        return self._init(kvm, "debugfs_stat_data", stat_data)

    def kvm_destroy_vm_debugfs(self, kvm: Any) -> None:
        """Undo kvm_create_vm_debugfs; as in the kernel, the pointer stays behind."""
        self.kfree(kvm.debugfs_stat_data)

    def list_add(self, kvm: Any) -> None:
        """Put the VM on vm_list."""
        self.get("vm_list")

    def list_del(self, kvm: Any) -> None:
        """Take the VM off vm_list."""
        self.put("vm_list")

    def preempt_notifier_inc(self) -> None:
        """One more user of preemption notifiers."""
        self.get("preempt_notifier")

    def preempt_notifier_dec(self) -> None:
        """One less."""
        self.put("preempt_notifier")

    def kvm_init_pm_notifier(self, kvm: Any) -> None:
        """Register for suspend and resume."""
        self.get("pm_notifier")

    def kvm_destroy_pm_notifier(self, kvm: Any) -> None:
        """Undo kvm_init_pm_notifier."""
        self.put("pm_notifier")

    # -- descriptors and files ----------------------------------------------------------------------

    def get_unused_fd_flags(self, what: str = "") -> int:
        """Reserve the lowest free descriptor number; or -EMFILE (limit reached) or -ENOMEM (the table grows)."""
        failed = self.fails(f"get_unused_fd_flags({what})" if what else "get_unused_fd_flags")
        if failed:
            return failed
        self.get("fd")
        fd = min(set(range(len(self._fds) + 1)) - self._fds)
        self._fds.add(fd)
        return fd

    def put_unused_fd(self, fd: int) -> None:
        """Give a reserved number back."""
        self.put("fd")
        self._fds.discard(fd)

    def anon_inode_getfile(self, name: str, release: str, private_data: Any) -> Any:
        """An open file on `private_data`, or ERR_PTR(-ENOMEM) or ERR_PTR(-ENFILE)."""
        failed = self.fails("anon_inode_getfile" if name == "kvm-vm" else f"anon_inode_getfile({name})")
        if failed:
            return ERR_PTR(failed)
        file = self.heap.alloc(struct_file, name)
        file.release, file.private_data = release, private_data
        return file

    def fd_install(self, fd: int, file: Any) -> None:
        """From here on user space can use the descriptor."""
        self.files[fd] = file

    def close(self, fd: int) -> None:
        """The last descriptor of a file closes: its release function is called (limit: dup)."""
        file = self.files.pop(fd, None)
        if file is None:
            return  # EBADF
        self.put_unused_fd(fd)
        getattr(self, file.release)(file.private_data)
        self.kfree(file)
