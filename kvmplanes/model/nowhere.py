# SPDX-License-Identifier: GPL-2.0-only
"""Pointers that lead nowhere, and what it is to follow one."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

DefectKind = Literal["use-after-free", "double-free", "leak", "out-of-bounds", "null-dereference"]
DEFECT_KINDS: Final[tuple[DefectKind, ...]] = get_args(DefectKind)


class Oops(Exception):
    """The kernel cannot go on, most often because it followed a pointer that leads nowhere.

    Args:
        what: what it did.
        defect: the defect that this is, None if the defect was to come by such a pointer.
    """

    def __init__(self, what: str, defect: DefectKind | None = None) -> None:
        super().__init__(what)
        self.defect = defect


class Nowhere:
    """A pointer to no object: NULL, an errno as a pointer, or what poisoned memory holds. To follow it is an `Oops`.

    Args:
        text: the pointer as C would name it.
        error: the errno that it carries, negative as in a kernel; 0 for none.
        defect: what following it is.
    """

    _text: str
    _error: int
    _defect: DefectKind | None

    def __init__(self, text: str, error: int = 0, defect: DefectKind | None = None) -> None:
        self.__dict__.update(_text=text, _error=error, _defect=defect)

    def __bool__(self) -> bool:
        return self is not NULL

    def __repr__(self) -> str:
        return self._text

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # Python's own look-ups (copy, pickle, IPython) are not C accesses
            raise AttributeError(name)
        raise Oops(f"{self}->{name} is read", self._defect)

    def __setattr__(self, name: str, value: object) -> None:
        raise Oops(f"{self}->{name} is written", self._defect)

    def __getitem__(self, index: int) -> Any:
        raise Oops(f"{self}[{index}] is read", self._defect)

    def __setitem__(self, index: int, value: object) -> None:
        raise Oops(f"{self}[{index}] is written", self._defect)

    def __call__(self, *args: object) -> Any:  # noqa: D102 - as above, what C does to a pointer
        raise Oops(f"the function at {self} is called", self._defect)


NULL: Final = Nowhere("NULL", defect="null-dereference")
POISON: Final = Nowhere("0x6b6b6b6b6b6b6b6b")  # every byte of it is 6b
