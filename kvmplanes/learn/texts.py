# SPDX-License-Identifier: GPL-2.0-only
"""Texts in TOML, each joined with the function of the same id that computes what the text cannot say.

A question's text has no key, an exercise's no judge, a finding's no evidence: a function beside the text has it.
"""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Generic, TypeVar

NOTEBOOKS: Final = (*(f"{number:02}" for number in range(10)), "ap")  # the last one is the appendix

Made = TypeVar("Made")
Reader = Callable[[Any], Any]  # takes a value of TOML; ValueError refuses it


@dataclass(frozen=True)
class Shape(Generic[Made]):
    """What a table of TOML has in it, and what becomes of it.

    Attributes:
        make: takes the members by name; where it has a default, the member may be left out.
        readers: member -> what reads it.
    """

    make: Callable[..., Made]
    readers: Mapping[str, Reader]

    def __call__(self, table: Any, **computed: object) -> Made:
        """Read a table of TOML; `computed` is what `make` takes beside its members.

        Raises:
            ValueError: no table, a member too few or too many, or one that its reader refuses.
        """
        if not isinstance(table, dict):
            raise ValueError(f"a table is wanted, not {table!r}")
        parameters = inspect.signature(self.make).parameters
        needed = {name for name in self.readers if parameters[name].default is inspect.Parameter.empty}
        allowed = f"the members are {', '.join(self.readers)}"
        if unknown := table.keys() - self.readers.keys():
            raise ValueError(f"there is no member {', '.join(sorted(unknown))}; {allowed}")
        if missing := needed - table.keys():
            raise ValueError(f"{', '.join(sorted(missing))} is missing; {allowed}")
        members = {}
        for name, value in table.items():
            with _naming(name):
                members[name] = self.readers[name](value)
        return self.make(**members, **computed)


def load(module: ModuleType, shape: Shape[Made], role: str, functions: Mapping[str, object]) -> tuple[Made, ...]:
    """Read the TOML file beside a module. Arguments are as for `read`, errors too, with the file's name."""
    path = Path(str(module.__file__)).with_suffix(".toml")
    with _naming(path.name):
        return read(path.read_text(encoding="utf-8"), shape, role, functions)


def read(text: str, shape: Shape[Made], role: str, functions: Mapping[str, object]) -> tuple[Made, ...]:
    """Join texts with their functions, in the order of the texts.

    Args:
        text: TOML, a table for each id.
        shape: what is in each table; its `make` takes `id` and `role` as well.
        role: what the functions are, such as "key".
        functions: id -> function.

    Raises:
        ValueError: no TOML, a text without a function, a function without a text, or a table that is not of the shape.
    """
    tables = tomllib.loads(text)
    alone = [f"{id_} has a text and no {role}" for id_ in sorted(tables.keys() - functions.keys())]
    alone += [f"{id_} has a {role} and no text" for id_ in sorted(functions.keys() - tables.keys())]
    if alone:
        raise ValueError("; ".join(alone))
    made = []
    for id_, table in tables.items():
        with _naming(id_):
            made.append(shape(table, **{"id": id_, role: functions[id_]}))
    return tuple(made)


def verbatim(value: Any) -> str:
    """A text as it stands; ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError(f"a text is wanted, not {value!r}")
    return value


def flow(value: Any) -> str:
    """Prose, in which line breaks do not matter, as one line; ValueError for anything else."""
    return " ".join(verbatim(value).split())


def one_of(allowed: Collection[Any]) -> Reader:
    """A reader of one of some values."""

    def reader(value: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"one of {', '.join(map(str, allowed))} is wanted, not {value!r}")
        return value

    return reader


def each(reader: Reader, counts: Collection[int] = range(1, 100)) -> Reader:
    """A reader of a list, of as many values as `counts` has in it; `reader` reads each of them."""

    def readers(values: Any) -> tuple[Any, ...]:
        if not isinstance(values, list):
            raise ValueError(f"a list is wanted, not {values!r}")
        if len(values) not in counts:
            raise ValueError(f"{min(counts)} to {max(counts)} are wanted, not {len(values)}")
        made = []
        for number, value in enumerate(values, 1):
            with _naming(f"number {number}"):
                made.append(reader(value))
        return tuple(made)

    return readers


@contextmanager
def _naming(part: str) -> Iterator[None]:
    """Let an error say in which part it is."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{part}: {error}") from error
