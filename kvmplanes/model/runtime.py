# SPDX-License-Identifier: GPL-2.0-only
"""What translated C names and the heap does not hold: errnos as pointers, local arrays, addresses, C's arithmetic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from kvmplanes.model.faults import ERRNO_NAMES
from kvmplanes.model.heap import NULL, Nowhere, Oops, Struct

MOST_PRINTED: Final = 992  # characters of a line, as in the kernel's log
CURRENT_MM: Final = "current->mm"
SRCU: Final = "srcu_ssp"  # the member of what init_srcu_struct allocates that is looked at


@cache
def ERR_PTR(error: int) -> Nowhere:
    """A pointer that carries an errno; for 0, as in C, that is NULL. The same errno gives the same pointer."""
    if error == 0:
        return NULL
    sign, name = "-" if error < 0 else "", ERRNO_NAMES.get(abs(error), str(abs(error)))
    return Nowhere(f"ERR_PTR({sign}{name})", error)


def IS_ERR(pointer: object) -> bool:
    """Whether a pointer carries an errno, which is negative: neither NULL nor ERR_PTR(ENOMEM) is one."""
    return -4095 <= PTR_ERR(pointer) < 0


def PTR_ERR(pointer: object) -> int:
    """The errno that a pointer carries; 0 for NULL. Of another pointer C gives the address (limit: layout)."""
    return pointer._error if isinstance(pointer, Nowhere) else 0


class Local(list[Any]):
    """An array that is not on the heap."""

    def __getitem__(self, i: Any) -> Any:
        return super().__getitem__(self._in(i))

    def __setitem__(self, i: Any, value: Any) -> None:
        super().__setitem__(self._in(i), value)

    def _in(self, i: int) -> int:
        if not 0 <= i < len(self):
            raise Oops(f"index {i} of a local array of {len(self)}")
        return i

    def __eq__(self, other: object) -> bool:
        return other is self or (isinstance(other, Place) and other == self)  # an address, not what lies there

    def __hash__(self) -> int:  # type: ignore[override]  # a list has none
        return id(self)


class Static:
    """A struct that is not on the heap, such as `kvm_vm_fops`."""

    _name: str

    def __init__(self, name: str, /, **members: object) -> None:
        self.__dict__.update(_name=name, **members)

    def __repr__(self) -> str:
        return f"&{self._name}"


class Place:
    """An address, `&p->member` or `&array[i]`; `*` and an index reach what lies there, `->` a struct's member there."""

    _at: Any
    _path: str | int

    def __init__(self, at: Any, path: str | int) -> None:
        inside = isinstance(at, Place) and isinstance(path, str) and isinstance(at._path, str)
        self.__dict__.update({"_at": at._at, "_path": at._member(str(path))} if inside else {"_at": at, "_path": path})

    def __getitem__(self, i: int) -> Any:
        return self._at[self._path + i] if isinstance(self._path, int) else getattr(self._at, self._only(i))

    def __setitem__(self, i: int, new: object) -> None:
        if isinstance(self._path, int):
            self._at[self._path + i] = new
        else:
            setattr(self._at, self._only(i), new)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._at, self._member(name))

    def __setattr__(self, name: str, new: object) -> None:
        setattr(self._at, self._member(name), new)

    def _peek(self) -> Any:
        """What lies there, without an access of its own: part of an atomic one."""
        return self._at._memory.fields[self._path] if isinstance(self._at, Struct) else self[0]

    def _only(self, i: int) -> str:
        if i:
            raise ValueError(f"{self!r}[{i}]: what lies beside a member is not modelled (limit: layout)")
        return str(self._path)

    def _member(self, name: str) -> str:
        """A member of the struct at this place, by the name that it has in the object around."""
        members = self._at._memory.fields if isinstance(self._at, Struct) else vars(self._at)
        joined = f"{self._path}_{name}"
        return joined if any(f"{member}_".startswith(f"{joined}_") for member in members) else str(self._path)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Local):
            return self._at is other and self._path == 0
        return isinstance(other, Place) and (other._at, other._path) == (self._at, self._path)

    def __hash__(self) -> int:
        return hash(self._path)

    def __repr__(self) -> str:
        return f"&{self._at!r}[{self._path}]" if isinstance(self._path, int) else f"&{self._at!r}->{self._path}"


def formatted(text: str, args: tuple[Any, ...]) -> str:
    """What printk makes of a format and its arguments; widths and flags are passed over."""
    values, room = iter(args), [MOST_PRINTED]

    def printed(match: re.Match[str]) -> str:
        made = one(match)[: room[0]] if room[0] else ""
        room[0] -= len(made)
        return made

    def one(match: re.Match[str]) -> str:
        size, kind = match.groups()
        if kind == "%":
            return "%"
        value = next(values, 0)
        if isinstance(value, Local):
            value = (
                bytes(char & 0xFF for char in islice(value, MOST_PRINTED))
                .partition(b"\0")[0]
                .decode("ascii", "replace")
            )
        if not isinstance(value, int) or kind in "sp":
            return str(value)
        bits = 64 if size in ("l", "ll", "z") else 32
        value = _signed(value, bits) if kind in "di" else value % 2**bits
        return chr(value & 0xFF) if kind == "c" else f"{value:{kind if kind in 'xX' else 'd'}}"

    return re.sub(r"%[-+ #0-9.]*(hh?|ll?|z)?([diuxXcsp%])", printed, text[:MOST_PRINTED])[:MOST_PRINTED]


# -- what translated code names with an underscore in front ----------------------------------------------------------


class Goto(Exception):
    """A jump; its argument is the number of the label's part of the function."""


def _set(at: Any, path: str | int, value: object) -> object:
    """An assignment as an expression."""
    Place(at, path)[0] = value
    return value


def _signed(n: int, bits: int) -> int:
    n &= (1 << bits) - 1
    return n - (1 << bits) if n >> bits - 1 else n


def _div(a: int, b: int) -> int:
    """C's division goes towards zero."""
    if b == 0:
        raise Oops("divide error")
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _mod(a: int, b: int) -> int:
    return a - b * _div(a, b)


def _left(a: int, n: int, bits: int) -> int:
    return a << n % bits  # as a CPU does where C leaves it open (limit: overflow)


def _right(a: int, n: int, bits: int) -> int:
    return a >> n % bits


def _fail(what: str) -> None:
    raise Oops(what)


def _srcu(ssp: Place, idx: int = 0) -> int:
    """srcu_read_lock and srcu_read_unlock: one look into what init_srcu_struct allocated (limit: srcu)."""
    getattr(ssp[0], SRCU)
    return idx


RUN_TIME: Final[Mapping[str, Any]] = MappingProxyType(
    {
    "srcu_read_lock": _srcu, "srcu_read_unlock": _srcu,
    "NULL": NULL, "_Goto": Goto, "_Local": Local, "_Place": Place, "_Static": Static, "_set": _set, "_signed": _signed,
    "_div": _div, "_mod": _mod, "_left": _left, "_right": _right, "_oops": _fail,
    "ERR_PTR": ERR_PTR, "IS_ERR": IS_ERR, "PTR_ERR": PTR_ERR,
    "IS_ERR_OR_NULL": lambda pointer: pointer is NULL or IS_ERR(pointer),
    "_IO": lambda kind, number: kind << 8 | number,
    "WARN_ON_ONCE": lambda condition: int(bool(condition)),  # limit: warn
    **dict.fromkeys(("OPTIMIZER_HIDE_VAR", "mutex_init", "mutex_lock", "mutex_unlock"), lambda _: None),
}
)  # fmt: skip
