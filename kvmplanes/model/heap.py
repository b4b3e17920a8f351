# SPDX-License-Identifier: GPL-2.0-only
"""The notional machine: named objects, live or freed, with every access checked.

An access to freed memory is recorded as a defect and then carried out, as it would be on a kernel
that only watches. So one defect does not hide the next, and accesses can be counted. Freed memory is
never given out again (limit: reuse), and objects have members but no addresses (limit: layout).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    "alloc", "read", "write", "free", "get", "put", "fail", "goto", "label", "check", "return", "oops", "leak"
]
Freed = Literal["kept", "zeroed", "poisoned"]
FREED: Final[tuple[Freed, ...]] = ("kept", "zeroed", "poisoned")


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


@dataclass(slots=True)
class Cell:
    """The memory behind one allocation: its name, its type, whether it is live, what it holds."""

    name: str
    kind: str
    live: bool = True
    fields: dict[str, Any] = field(default_factory=dict)


class Layout:
    """A C struct: its short name, its zeroed members (a tuple is an array), the call that makes it.

    Args:
        kind: short name, such as "plane" for `struct kvm_plane`.
        call: name of the failable call, `{tag}` standing for what tells one object from the next.
        **fields: member name -> what zeroed memory means for it.
    """

    def __init__(self, kind: str, call: str, **fields: Any) -> None:
        self.kind, self.call, self.fields = kind, call, fields

    def plus(self, **fields: Any) -> Layout:
        """The same struct with more members."""
        return Layout(self.kind, self.call, **self.fields, **fields)

    def without(self, *names: str) -> Layout:
        """The same struct with fewer members."""
        return Layout(self.kind, self.call, **{k: v for k, v in self.fields.items() if k not in names})


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
            or "poisoned" (`slub_debug=P`).
    """

    def __init__(self, report: Callable[[Event], None], freed: Freed = "kept") -> None:
        if freed not in FREED:
            raise ValueError(f"freed must be one of {', '.join(FREED)}, not {freed!r}")
        self.cells: list[Cell] = []
        self._report = report
        self._freed = freed

    def alloc(self, layout: Layout, tag: object = "") -> Struct:
        """Allocate a zeroed object named `kind#tag`; a name taken before gets a prime.

        Args:
            layout: the struct.
            tag: what tells it from its siblings, such as the plane level.
        """
        name = f"{layout.kind}#{tag}" if tag != "" else layout.kind
        while any(cell.name == name for cell in self.cells):
            name += "'"
        flat: dict[str, Any] = {}
        for key, zero in layout.fields.items():
            if isinstance(zero, tuple):
                flat[key] = len(zero)
                flat |= {f"{key}[{i}]": item for i, item in enumerate(zero)}
            else:
                flat[key] = zero
        cell = Cell(name, layout.kind, fields=flat)
        self.cells.append(cell)
        self._report(Event("alloc", name))
        return Struct(self, cell)

    def free(self, pointer: Any) -> None:
        """Free what `pointer` points to; NULL is allowed and does nothing."""
        if pointer is NULL:
            return
        if not isinstance(pointer, Struct):
            raise Oops(f"kfree({pointer!r})")
        cell: Cell = pointer._cell
        if not cell.live:
            self._report(Event("free", cell.name, defect="double-free"))
            return
        cell.live = False
        if self._freed != "kept":
            # A number keeps its value: nothing in the model branches on one after the free.
            wiped = NULL if self._freed == "zeroed" else POISON
            for key, value in cell.fields.items():
                if isinstance(value, (Struct, Null, str)):
                    cell.fields[key] = wiped
        self._report(Event("free", cell.name))

    def read(self, cell: Cell, name: str, beyond: bool = False) -> Any:
        """Read one member; freed memory and a bad index are reported, then read all the same."""
        value = cell.fields.get(name, NULL) if beyond else _member(cell, name)
        if _is_array(cell, name):
            return Array(self, cell, name, value)  # naming an array touches no memory
        self._report(Event("read", cell.name, name, show(value), _defect(cell, beyond)))
        return value

    def write(self, cell: Cell, name: str, value: object, beyond: bool = False) -> None:
        """Write one member; freed memory and a bad index are reported, then written all the same."""
        if not beyond:
            _member(cell, name)
        if _is_array(cell, name):
            raise ValueError(f"{cell.kind}->{name} is an array: write to {name}[i]")
        cell.fields[name] = value
        self._report(Event("write", cell.name, name, show(value), _defect(cell, beyond)))

    def live(self) -> Iterator[Cell]:
        """The cells that are not freed, in order of allocation."""
        return (cell for cell in self.cells if cell.live)


def show(value: object) -> str:
    """A value as C would name it: an object's name, NULL, a number, a constant."""
    return value if isinstance(value, str) else repr(value)


def _is_array(cell: Cell, name: str) -> bool:
    return f"{name}[0]" in cell.fields


def _member(cell: Cell, name: str) -> Any:
    if name not in cell.fields:
        allowed = ", ".join(key for key in cell.fields if "[" not in key)
        raise ValueError(f"{cell.kind} has no member {name!r}; its members are {allowed or 'not modelled'}")
    return cell.fields[name]


def _defect(cell: Cell, beyond: bool) -> DefectKind | None:
    if not cell.live:
        return "use-after-free"
    return "out-of-bounds" if beyond else None
