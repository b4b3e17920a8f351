# SPDX-License-Identifier: GPL-2.0-only
"""The notional machine: named objects, live or freed, every access checked.

An access to freed memory is recorded as a defect and then carried out, as it would be on a kernel that only watches.
So one defect does not hide the next, and accesses can be counted. Freed memory is never given out again (limit: reuse),
and objects have members but no addresses (limit: layout). A read of a member right after a read or a write of it is not
recorded: a compiler knows what is there (limit: one load).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, get_args

from kvmplanes.given import among
from kvmplanes.model.nowhere import DEFECT_KINDS, NULL, POISON, DefectKind, Nowhere, Oops

__all__ = [
    "DEFECT_KINDS", "FREED", "MOST_OBJECTS", "NULL", "OBJECTS_A_CALL", "POISON", "Allocation", "Array",
    "DefectKind", "Event", "Freed", "Heap", "Layout", "Nowhere", "Oops", "Struct", "What", "c_name",
]  # fmt: skip

What = Literal[
    "alloc", "read", "write", "free", "get", "put", "fail", "goto", "label", "check", "print", "return", "oops", "leak"
]
Freed = Literal["kept", "zeroed", "poisoned"]
FREED: Final[tuple[Freed, ...]] = get_args(Freed)
MOST_OBJECTS: Final = 500  # ten times what the longest run of ours has
_PRIMES: Final = 10
OBJECTS_A_CALL: Final = 30  # what a system call may allocate, however many there are in a run; KVM_CREATE_VM does 13


class Event(NamedTuple):
    """One thing that happened; `defect` names what is wrong with it, if anything is."""

    what: What
    obj: str
    field: str = ""
    value: str = ""
    defect: DefectKind | None = None


@dataclass(frozen=True)
class Layout:
    """A C struct, as a piece of memory holds it.

    Attributes:
        kind: short name, such as "plane" for `struct kvm_plane`.
        zero: member -> what zeroed memory means for it; an array's slots are members of their own, `planes[3]`.
        poison: the same for memory whose bytes are all 6b.
        arrays: array member -> how many slots it has.
        beyond: members that lie beyond the bytes that were asked for.
        size: those bytes.
    """

    kind: str
    zero: Mapping[str, Any] = field(default_factory=dict)
    poison: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, int] = field(default_factory=dict)
    beyond: frozenset[str] = frozenset()
    size: int = 0

    @cached_property
    def at_first(self) -> Mapping[str, str]:
        """Its members when it is new, by name, as C would name their values."""
        return MappingProxyType({name: c_name(value) for name, value in self.zero.items()})

    def __post_init__(self) -> None:
        for name in ("zero", "poison", "arrays"):  # every run shares them
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(slots=True)
class Allocation:
    """The memory that one allocation gave: its name, how it is laid out, whether it is live, what it holds."""

    name: str
    layout: Layout
    live: bool = True
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The short name of its struct."""
        return self.layout.kind


class Struct:
    """A C pointer to an allocation: `p.field` reads, `p.field = value` writes, both checked."""

    __slots__ = ("_heap", "_memory")

    def __init__(self, heap: Heap, memory: Allocation) -> None:
        object.__setattr__(self, "_heap", heap)
        object.__setattr__(self, "_memory", memory)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # as for NULL: not a C access
            raise AttributeError(name)
        return self._heap.read(self._memory, name)

    def __setattr__(self, name: str, value: object) -> None:
        self._heap.write(self._memory, name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Struct) and other._memory is self._memory

    def __hash__(self) -> int:
        return id(self._memory)

    def __repr__(self) -> str:
        return str(self._memory.name)


class Array:
    """A pointer array inside a struct: `p.planes[i]` is checked for life and for bounds."""

    __slots__ = ("_heap", "_length", "_memory", "_name")

    def __init__(self, heap: Heap, memory: Allocation, name: str, length: int) -> None:
        self._heap, self._memory, self._name, self._length = heap, memory, name, length

    def __getitem__(self, index: int) -> Any:
        return self._heap.read(self._memory, f"{self._name}[{index}]", self._beyond(index))

    def __setitem__(self, index: int, value: object) -> None:
        self._heap.write(self._memory, f"{self._name}[{index}]", value, self._beyond(index))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(self._length))

    def _beyond(self, index: int) -> bool:
        return not 0 <= index < self._length


class Heap:
    """All objects of one run, in the order of their allocation.

    Args:
        report: called with every `Event`, in order.
        freed: what free does to the bytes: "kept" (a plain kernel), "zeroed" (`init_on_free=1`)
            or "poisoned" (the P of `slub_debug`).
    """

    def __init__(self, report: Callable[[Event], None], freed: Freed = "kept") -> None:
        among(freed, "freed", FREED)
        self.allocations: dict[str, Allocation] = {}
        self._seen: tuple[Allocation | None, str] = (None, "")  # the member that was read or written last
        self._taken: dict[str, int] = {}  # how often a name was
        self._fresh = 0
        self._tell = report
        self._freed = freed

    def begin(self) -> None:
        """A system call begins: what it may allocate does not count with what those before it have."""
        self._fresh = max(0, self._fresh - OBJECTS_A_CALL)

    def report(self, event: Event) -> None:
        """Tell of an event, one of the heap's own or one from elsewhere in the kernel."""
        self._seen = (None, "")
        self._tell(event)

    def alloc(self, layout: Layout, tag: object = "") -> Struct:
        """Allocate a zeroed object named `kind#tag`; a name taken before gets primes, from ten on their number.

        Args:
            layout: the struct.
            tag: what tells it from its siblings, such as the plane level.

        Raises:
            ValueError: there are so many objects that a loop cannot be ending.
        """
        if self._fresh == MOST_OBJECTS:
            raise ValueError(f"allocations do not end: {MOST_OBJECTS} objects in one run")
        self._fresh += 1
        name = f"{layout.kind}#{tag}" if tag != "" else layout.kind
        name = self._unused(name)
        self.allocations[name] = memory = Allocation(name, layout, fields=dict(layout.zero))
        self.report(Event("alloc", name))
        return Struct(self, memory)

    def _unused(self, name: str) -> str:
        count = self._taken.get(name, 0)
        while (made := name + ("'" * count if count < _PRIMES else f"'{count}")) in self.allocations:
            count += 1
        self._taken[name] = count + 1
        return made

    def free(self, pointer: Any) -> None:
        """Free what `pointer` points to; NULL is allowed and does nothing."""
        if not isinstance(pointer, Struct):
            if pointer is not NULL:
                raise Oops(f"kfree({pointer!r})")
            return
        memory: Allocation = pointer._memory
        if not memory.live:
            self.report(Event("free", memory.name, defect="double-free"))
            return
        memory.live = False
        if self._freed != "kept":
            memory.fields |= memory.layout.zero if self._freed == "zeroed" else memory.layout.poison
        self.report(Event("free", memory.name))

    def read(self, memory: Allocation, name: str, beyond: bool = False) -> Any:
        """Read one member; freed memory and a bad index are reported, then read all the same."""
        if name in memory.layout.arrays:
            return Array(self, memory, name, memory.layout.arrays[name])  # naming an array touches no memory
        value = memory.fields.get(name, NULL) if beyond else _member(memory, name)
        last, member = self._seen
        if last is not memory or member != name:
            self._seen = memory, name
            fine = memory.live and not beyond and name not in memory.layout.beyond
            defect = None if fine else _defect(memory, name, beyond)
            self._tell(Event("read", memory.name, name, c_name(value), defect))
        return value

    def write(self, memory: Allocation, name: str, value: object, beyond: bool = False) -> None:
        """Write one member; freed memory and a bad index are reported, then written all the same."""
        if name in memory.layout.arrays:
            raise ValueError(f"{memory.kind}->{name} is an array: write to {name}[i]")
        if not beyond:
            _member(memory, name)
        memory.fields[name] = value
        self._seen = memory, name
        self._tell(Event("write", memory.name, name, c_name(value), _defect(memory, name, beyond)))

    def live(self) -> Iterator[Allocation]:
        """What is not freed, in order of allocation."""
        return (memory for memory in self.allocations.values() if memory.live)


def c_name(value: object) -> str:
    """A value as C would name it: an object's name, NULL, a number, a constant."""
    return value if isinstance(value, str) else repr(value)


def _member(memory: Allocation, name: str) -> Any:
    if name not in memory.fields:
        allowed = ", ".join([*(key for key in memory.fields if "[" not in key), *memory.layout.arrays])
        raise ValueError(f"{memory.kind} has no member {name!r}; its members are {allowed or 'not modelled'}")
    return memory.fields[name]


def _defect(memory: Allocation, name: str, beyond: bool) -> DefectKind | None:
    if not memory.live:
        return "use-after-free"
    return "out-of-bounds" if beyond or name in memory.layout.beyond else None
