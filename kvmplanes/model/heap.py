# SPDX-License-Identifier: GPL-2.0-only
"""The notional machine: named objects, live or freed, with every access checked.

An access to freed memory is recorded as a defect and then carried out, as it would be on a kernel
that only watches. So one defect does not hide the next, and accesses can be counted. Freed memory is
never given out again (limit: reuse), and objects have members but no addresses (limit: layout). A read of a member
right after a read or a write of it is none: a compiler knows what is there (limit: one load).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

DefectKind = Literal["use-after-free", "double-free", "leak", "out-of-bounds", "null-dereference"]
DEFECT_KINDS: Final[tuple[DefectKind, ...]] = (
    "use-after-free",
    "double-free",
    "leak",
    "out-of-bounds",
    "null-dereference",
)
What = Literal[
    "alloc", "read", "write", "free", "get", "put", "fail", "goto", "label", "check", "print", "return", "oops", "leak"
]
Freed = Literal["kept", "zeroed", "poisoned"]
FREED: Final[tuple[Freed, ...]] = ("kept", "zeroed", "poisoned")
MOST_OBJECTS: Final = 1000  # ten times what the longest run of ours has


class Oops(Exception):
    """The kernel cannot go on: a pointer that leads nowhere was followed."""

    defect: DefectKind | None = None


class NullDereference(Oops):
    """NULL itself was followed."""

    defect = "null-dereference"


class Null:
    """The NULL pointer: false, equal to itself, and an Oops for whoever follows it."""

    _oops: type[Oops] = NullDereference

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NULL"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # Python's own look-ups (copy, pickle, IPython) are not C accesses
            raise AttributeError(name)
        raise self._oops(f"{self!r}->{name} is read")

    def __setattr__(self, name: str, value: object) -> None:
        raise self._oops(f"{self!r}->{name} is written")

    def __getitem__(self, index: int) -> Any:
        raise self._oops(f"{self!r}[{index}] is read")

    def __setitem__(self, index: int, value: object) -> None:
        raise self._oops(f"{self!r}[{index}] is written")

    def __call__(self, *args: object) -> Any:  # noqa: D102 - as above, what C does to a pointer
        raise self._oops(f"the function at {self!r} is called")


NULL: Final = Null()


class Poison(Null):
    """What a pointer read from poisoned memory looks like: every byte 6b."""

    _oops = Oops

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return "0x6b6b6b6b6b6b6b6b"


POISON: Final = Poison()


@dataclass(frozen=True, slots=True)
class Event:
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


@dataclass(slots=True)
class Cell:
    """The memory behind one allocation: its name, its type, whether it is live, what it holds."""

    name: str
    layout: Layout
    live: bool = True
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The short name of its struct."""
        return self.layout.kind


class Struct:
    """A C pointer to a cell: `p.field` reads, `p.field = value` writes, both checked."""

    __slots__ = ("_cell", "_heap")

    def __init__(self, heap: Heap, cell: Cell) -> None:
        object.__setattr__(self, "_heap", heap)
        object.__setattr__(self, "_cell", cell)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # as for NULL: not a C access
            raise AttributeError(name)
        return self._heap.read(self._cell, name)

    def __setattr__(self, name: str, value: object) -> None:
        self._heap.write(self._cell, name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Struct) and other._cell is self._cell

    def __hash__(self) -> int:
        return id(self._cell)

    def __repr__(self) -> str:
        return str(self._cell.name)


class Array:
    """A pointer array inside a struct: `p.planes[i]` is checked for life and for bounds."""

    __slots__ = ("_cell", "_heap", "_length", "_name")

    def __init__(self, heap: Heap, cell: Cell, name: str, length: int) -> None:
        self._heap, self._cell, self._name, self._length = heap, cell, name, length

    def __getitem__(self, index: int) -> Any:
        return self._heap.read(self._cell, f"{self._name}[{index}]", self._beyond(index))

    def __setitem__(self, index: int, value: object) -> None:
        self._heap.write(self._cell, f"{self._name}[{index}]", value, self._beyond(index))

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
        if freed not in FREED:
            raise ValueError(f"freed must be one of {', '.join(FREED)}, not {freed!r}")
        self.cells: dict[str, Cell] = {}
        self._last: Event | None = None
        self._tell = report
        self._freed = freed

    def report(self, event: Event) -> None:
        """Tell of an event, one of the heap's own or one from elsewhere in the kernel."""
        self._last = event
        self._tell(event)

    def alloc(self, layout: Layout, tag: object = "") -> Struct:
        """Allocate a zeroed object named `kind#tag`; a name taken before gets a prime.

        Args:
            layout: the struct.
            tag: what tells it from its siblings, such as the plane level.

        Raises:
            ValueError: there are so many objects that a loop cannot be ending.
        """
        if len(self.cells) == MOST_OBJECTS:
            raise ValueError(f"allocations do not end: {MOST_OBJECTS} objects in one run")
        name = f"{layout.kind}#{tag}" if tag != "" else layout.kind
        while name in self.cells:
            name += "'"
        self.cells[name] = cell = Cell(name, layout, fields=dict(layout.zero))
        self.report(Event("alloc", name))
        return Struct(self, cell)

    def free(self, pointer: Any) -> None:
        """Free what `pointer` points to; NULL is allowed and does nothing."""
        if not isinstance(pointer, Struct):
            if pointer is not NULL:
                raise Oops(f"kfree({pointer!r})")
            return
        cell: Cell = pointer._cell
        if not cell.live:
            self.report(Event("free", cell.name, defect="double-free"))
            return
        cell.live = False
        if self._freed != "kept":
            cell.fields |= cell.layout.zero if self._freed == "zeroed" else cell.layout.poison
        self.report(Event("free", cell.name))

    def read(self, cell: Cell, name: str, beyond: bool = False) -> Any:
        """Read one member; freed memory and a bad index are reported, then read all the same."""
        if name in cell.layout.arrays:
            return Array(self, cell, name, cell.layout.arrays[name])  # naming an array touches no memory
        value = cell.fields.get(name, NULL) if beyond else _member(cell, name)
        last = self._last
        if last is None or last.what not in ("read", "write") or (last.obj, last.field) != (cell.name, name):
            self.report(Event("read", cell.name, name, show(value), _defect(cell, name, beyond)))
        return value

    def write(self, cell: Cell, name: str, value: object, beyond: bool = False) -> None:
        """Write one member; freed memory and a bad index are reported, then written all the same."""
        if name in cell.layout.arrays:
            raise ValueError(f"{cell.kind}->{name} is an array: write to {name}[i]")
        if not beyond:
            _member(cell, name)
        cell.fields[name] = value
        self.report(Event("write", cell.name, name, show(value), _defect(cell, name, beyond)))

    def live(self) -> Iterator[Cell]:
        """The cells that are not freed, in order of allocation."""
        return (cell for cell in self.cells.values() if cell.live)


def show(value: object) -> str:
    """A value as C would name it: an object's name, NULL, a number, a constant."""
    return value if isinstance(value, str) else repr(value)


def _member(cell: Cell, name: str) -> Any:
    if name not in cell.fields:
        allowed = ", ".join([*(key for key in cell.fields if "[" not in key), *cell.layout.arrays])
        raise ValueError(f"{cell.kind} has no member {name!r}; its members are {allowed or 'not modelled'}")
    return cell.fields[name]


def _defect(cell: Cell, name: str, beyond: bool) -> DefectKind | None:
    if not cell.live:
        return "use-after-free"
    return "out-of-bounds" if beyond or name in cell.layout.beyond else None
