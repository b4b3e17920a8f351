# SPDX-License-Identifier: GPL-2.0-only
"""A second account of the same things, as plain as can be: dicts, counters, and no line of the package's own.

It knows no functions and no labels: it says what must exist after a system call, what a call must answer, and how
often freed memory is touched. `facts.py` gives the failable calls in order.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.helpers import facts

NULL, POISON = "NULL", "poison"


# -- memory ------------------------------------------------------------------------------------------------


@dataclass
class NaiveHeap:
    """Numbered boxes with four slots and a number; counts what is wrong with each access."""

    freed: str
    live: list[bool] = field(default_factory=list)
    bytes: list[dict[object, object]] = field(default_factory=list)
    found: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    loaded: tuple[int, object] | None = None  # what a compiler still has: what was read or written last

    def alloc(self) -> None:
        self.loaded = None
        self.live.append(True)
        self.bytes.append({0: NULL, 1: NULL, 2: NULL, 3: NULL, "size": 0})
        self.found["alloc", None] += 1

    def free(self, box: int) -> None:
        self.loaded = None
        self.found["free", None if self.live[box] else "double-free"] += 1
        if self.live[box] and self.freed != "kept":
            for key in (0, 1, 2, 3):
                self.bytes[box][key] = NULL if self.freed == "zeroed" else POISON
            self.bytes[box]["size"] = 0 if self.freed == "zeroed" else 0x6B6B6B6B
        self.live[box] = False

    def defect(self, box: int, key: object) -> str | None:
        if not self.live[box]:
            return "use-after-free"
        return "out-of-bounds" if isinstance(key, int) and key not in (0, 1, 2, 3) else None

    def read(self, box: int, key: object) -> object:
        if self.loaded != (box, key):
            self.found["read", self.defect(box, key)] += 1
        self.loaded = (box, key)
        return self.bytes[box].get(key, NULL)

    def write(self, box: int, key: object, value: object) -> None:
        self.loaded = (box, key)
        self.found["write", self.defect(box, key)] += 1
        self.bytes[box][key] = value


# -- which call fails --------------------------------------------------------------------------------------

NOT_SLAB = ("get_unused_fd_flags", "kvm_arch_alloc_vm", "kvm_enable_virtualization", "kvm_coalesced_mmio_init")


class Nothing:
    """No call fails."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, call: facts.Call) -> str | None:
        self.asked.append(call.name)
        return call.errnos[0] if self.hits(call.name) else None

    def hits(self, name: str) -> bool:  # noqa: ARG002 (the others look at it)
        return False


class Nth(Nothing):
    """The n-th call fails."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def hits(self, name: str) -> bool:  # noqa: ARG002
        return len(self.asked) == self.n


class Slab(Nothing):
    """failslab: each slab allocation with a probability, counted in intervals, at most so many times."""

    def __init__(self, probability: int, interval: int, times: int, seed: int) -> None:
        super().__init__()
        self.probability, self.interval, self.times = probability, interval, times
        self.numbers, self.seen = random.Random(seed), 0  # noqa: S311

    def hits(self, name: str) -> bool:
        if name.startswith(NOT_SLAB) or self.times == 0:
            return False
        self.seen += 1
        if self.seen % self.interval != 0 or not self.numbers.randrange(100) < self.probability:
            return False
        self.times = max(self.times - 1, -1)
        return True


# -- VMs, planes, descriptors ------------------------------------------------------------------------------

PARTS = Counter(kvm=1, srcu=1, irq_srcu=1, irq_routing=1, bus=5, arch=1, mmio_ring=1, debugfs=1)
HELD = Counter(["current->mm", "virtualization", "mmu_notifier", "vm_list", "preempt_notifier", "pm_notifier"])


class DiedError(Exception):
    """An Oops."""


@dataclass(eq=False)
class Vm:
    """A VM: how many use it, and what its slots hold."""

    users: int = 1
    slots: dict[int, str] = field(default_factory=dict)  # id -> "live" or "dangling"


@dataclass
class Naive:
    """What a process sees and what the kernel holds for it."""

    version: str
    freed: str
    fails: Nothing
    live: Counter[str] = field(default_factory=Counter)
    refs: Counter[str] = field(default_factory=Counter)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    results: list[tuple[str, str]] = field(default_factory=list)
    snapshots: list[tuple[Counter[str], Counter[str]]] = field(default_factory=list)
    slots: list[dict[int, str]] = field(default_factory=list)  # after each call on a VM
    files: dict[int, tuple[str, Vm]] = field(default_factory=dict)
    taken: set[int] = field(default_factory=lambda: {0, 1, 2, 3})

    def play(self, ops: Sequence[str]) -> None:
        try:
            for op in ops:
                self.call(op)
            for fd in sorted(self.files):
                self.close(fd)
        except DiedError:
            pass
        for counts in (self.live, self.refs):
            self.found["leak", ""] += sum(counts.values())

    def call(self, op: str) -> None:
        fd = {name: fd for fd, (name, _) in sorted(self.files.items(), reverse=True)}
        if op.startswith("close("):
            if op[6:-1] in fd:
                self.close(fd[op[6:-1]])
            return
        if op == "KVM_CREATE_VM":
            if "vm" in fd:
                return
            result = self.create_vm()
        elif op == "KVM_CHECK_EXTENSION system":
            result = str(int(self.version in facts.WITH_IOCTL))
        elif "vm" not in fd:
            return
        elif op == "KVM_CHECK_EXTENSION vm":
            result = "16" if self.version in facts.WITH_IOCTL else "0"
        else:
            result = self.create_plane(self.files[fd["vm"]][1], op.split()[1])
        self.results.append((op, result))
        self.snapshots.append((+self.live, +self.refs))
        vms = [vm for name, vm in self.files.values() if name == "vm"]
        self.slots.append(dict(vms[-1].slots) if vms else {})

    def open(self, name: str, vm: Vm) -> str:
        """The descriptor was reserved before; now it has a file."""
        fd = next(n for n in range(100) if n not in self.taken)
        self.taken.add(fd)
        self.files[fd] = (name, vm)
        self.live["file"] += 1
        return f"fd {fd}"

    def create_vm(self) -> str:
        for call in facts.create_vm_calls(self.version):
            errno = self.fails.ask(call)
            if errno and call.name == "anon_inode_getfile":
                self.refs["fd"] += 1
                self.destroy(self.made_vm())
                self.refs["fd"] -= 1
            if errno:
                return errno
        self.refs["fd"] += 1
        return self.open("vm", self.made_vm())

    def made_vm(self) -> Vm:
        vm = Vm()
        self.live += PARTS
        self.refs += HELD
        if self.version != "08":
            self.live["plane"] += 1
            vm.slots[0] = "live"
        return vm

    def create_plane(self, vm: Vm, argument: str) -> str:
        plane = int(argument) % 2**32
        if plane > 15:
            return "EINVAL"
        if plane in vm.slots:
            return "EEXIST"
        for call in facts.create_plane_calls(plane):
            errno = self.fails.ask(call)
            if errno and call.name.startswith("anon_inode_getfile") and self.version == "29":
                vm.slots[plane] = "dangling"
            if errno:
                return errno
        vm.slots[plane] = "live"
        vm.users += 1
        self.live["plane"] += 1
        self.refs["fd"] += 1
        return self.open(f"plane {argument}", vm)

    def close(self, fd: int) -> None:
        _, vm = self.files.pop(fd)
        self.taken.discard(fd)
        self.refs["fd"] -= 1
        vm.users -= 1
        if vm.users == 0:
            self.destroy(vm)
        self.live["file"] -= 1

    def destroy(self, vm: Vm) -> None:
        dangling = sum(state == "dangling" for state in vm.slots.values())
        self.live -= PARTS
        if self.version in ("09", "10"):  # struct kvm goes first, then its slots are read
            if self.freed == "poisoned":
                self.found["use-after-free", "read"] += 1
                for name in ("vm_list", "pm_notifier", "mmu_notifier"):
                    self.refs[name] -= 1
                raise DiedError
            self.found["use-after-free", "read"] += 16
            if self.freed == "kept":
                self.found["use-after-free", "write"] += 1
                self.live["plane"] -= 1
        elif self.version in facts.RIGHT_ORDER:
            self.found["use-after-free", "read"] += dangling  # plane->kvm, followed before the planes go
            self.found["double-free", "free"] += dangling
            self.live["plane"] -= len(vm.slots) - dangling
        self.refs -= HELD
