# SPDX-License-Identifier: GPL-2.0-only
"""The heap and the counted references after a step: worked out from what has changed, when somebody asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass
from functools import cached_property, lru_cache
from typing import Final, Literal

from kvmplanes.model.series import KVM_MAX_PLANES

SlotState = Literal["empty", "live", "dangling", "in freed memory"]


@dataclass(frozen=True, slots=True)
class Object:
    """One object at one step. `fields` are (member, value) pairs; values are names or C constants."""

    name: str
    kind: str
    live: bool
    fields: tuple[tuple[str, str], ...]

    @property
    def level(self) -> int:
        """The level that a plane was made for, as its name has it: members may be overwritten after it is freed."""
        digits = re.search(r"\d+", self.name)
        return int(digits[0]) if digits else 0

    def get(self, member: str) -> str:
        """The value of a member, or "" when there is none."""
        return dict(self.fields).get(member, "")


class History:
    """What has changed in a run, in order, and the objects after each change.

    A run has many steps and few of them are looked at; they are mostly looked at one after the other.
    """

    __slots__ = ("_at", "_changes", "_kinds", "_members", "_objects")

    def __init__(self, before: History | None = None, count: int = 0) -> None:
        self._changes: list[tuple[str, str, str] | tuple[str, str, bool, Mapping[str, str]] | tuple[str]]
        self._changes = before._changes[:count] if before else []
        self._rewind()

    def __len__(self) -> int:
        """How many changes there are."""
        return len(self._changes)

    def _rewind(self) -> None:
        self._at = 0
        self._kinds: dict[str, tuple[str, bool]] = {}  # and whether it is live
        self._members: dict[str, dict[str, str]] = {}
        self._objects: dict[str, Object] = {}

    def write(self, name: str, member: str, value: str) -> None:
        """A member of an object is set."""
        self._changes.append((name, member, value))

    def whole(self, name: str, kind: str, live: bool, members: Mapping[str, str]) -> None:
        """An object comes into being, or all of it changes."""
        self._changes.append((name, kind, live, members))

    def freed(self, name: str) -> None:
        """An object is freed, and its bytes stay."""
        self._changes.append((name,))

    def after(self, count: int) -> tuple[Object, ...]:
        """Every object after so many changes, in the order of allocation."""
        if count < self._at:
            self._rewind()
        changed = dict[str, None]()
        for change in self._changes[self._at : count]:
            name = change[0]
            changed[name] = None
            if len(change) == 3:
                self._members[name][change[1]] = change[2]
            elif len(change) == 4:
                self._kinds[name], self._members[name] = (change[1], change[2]), dict(change[3])
            else:
                self._kinds[name] = self._kinds[name][0], False
        for name in changed:
            self._objects[name] = Object(name, *self._kinds[name], tuple(self._members[name].items()))
        self._at = count
        return tuple(self._objects.values())


class State:
    """The heap and the counted references after a step.

    Args:
        history: what has changed up to now; it may go on. None: nothing has.
        refs: as the attribute.

    Attributes:
        refs: (resource, count); counts of 0 are left out.
    """

    __slots__ = ("__dict__", "_count", "_history", "refs")
    _history: History
    _count: int
    refs: tuple[tuple[str, int], ...]

    def __init__(self, history: History | None = None, refs: tuple[tuple[str, int], ...] = ()) -> None:
        history = History() if history is None else history
        _set_history(self, history)
        _set_count(self, len(history))
        _set_refs(self, refs)

    @cached_property
    def objects(self) -> tuple[Object, ...]:
        """Every object, in the order of allocation."""
        return self._history.after(self._count)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and (self.refs, self.objects) == (other.refs, other.objects)

    def __hash__(self) -> int:
        return hash((self.objects, self.refs))

    def __repr__(self) -> str:
        return f"State(objects={self.objects!r}, refs={self.refs!r})"

    def find(self, name: str) -> Object | None:
        """An object by its name."""
        return next((obj for obj in self.objects if obj.name == name), None)

    @cached_property
    def kvm(self) -> Object | None:
        """The `struct kvm` of the latest VM, live or freed; None before there is one."""
        return next((obj for obj in reversed(self.objects) if obj.kind == "kvm"), None)

    @cached_property
    def slots(self) -> tuple[str, ...]:
        """What `planes[0..15]` hold: a plane's name or "NULL"; all "NULL" before there is a VM."""
        held = dict(self.kvm.fields) if self.kvm else {}
        return tuple(held.get(f"planes[{i}]", "NULL") for i in range(KVM_MAX_PLANES))

    @property
    def beyond(self) -> tuple[int, ...]:
        """Indices of `planes[]` that were written although the array has no such slot."""
        indices = (slot_of(member) for member, _ in (self.kvm.fields if self.kvm else ()))
        return tuple(index for index in indices if index is not None and not 0 <= index < KVM_MAX_PLANES)

    @cached_property
    def occupancy(self) -> tuple[SlotState, ...]:
        """Each slot's state. It dangles if its plane was freed; if `struct kvm` was, every slot is in freed memory."""
        if self.kvm is not None and not self.kvm.live and self.kvm.get("planes[0]"):
            return ("in freed memory",) * KVM_MAX_PLANES
        live = {obj.name for obj in self.objects if obj.live}
        return tuple("empty" if value == "NULL" else "live" if value in live else "dangling" for value in self.slots)


_set_history: Final = State.__dict__["_history"].__set__
_set_count: Final = State.__dict__["_count"].__set__
_set_refs: Final = State.__dict__["refs"].__set__


@lru_cache(64)
def slot_of(member: str) -> int | None:
    """The index in a member's name such as "planes[3]"; None for another member."""
    head, _, tail = member.partition("[")
    return int(tail.rstrip("]")) if head == "planes" and tail else None
