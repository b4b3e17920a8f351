# SPDX-License-Identifier: GPL-2.0-only
"""The notional machine: every access checked, carried out, and counted."""

import copy
from typing import Any

import pytest

from kvmplanes.model.heap import (
    FREED,
    MOST_OBJECTS,
    NULL,
    POISON,
    Event,
    Freed,
    Heap,
    Layout,
    Nowhere,
    Oops,
)  # fmt: skip

SLOTS = [f"slots[{i}]" for i in range(4)]
BOX = Layout(
    "box",
    zero={"next": NULL, "size": 0, **dict.fromkeys(SLOTS, NULL)},
    poison={"next": POISON, "size": 0x6B6B6B6B, **dict.fromkeys(SLOTS, POISON)},
    arrays={"slots": 4},
    size=48,
)


class Machine:
    """A heap, and what it reported."""

    def __init__(self, freed: Freed = "kept") -> None:
        self.events: list[Event] = []
        self.heap = Heap(self.events.append, freed)

    def take(self) -> list[Event]:
        events, self.events[:] = list(self.events), []
        return events

    def box(self, tag: object = "") -> Any:
        pointer = self.heap.alloc(BOX, tag)
        self.take()
        return pointer


def test_memory_is_zeroed_and_named() -> None:
    m = Machine()
    a, b, c = m.heap.alloc(BOX, 1), m.heap.alloc(BOX), m.heap.alloc(BOX, 1)
    assert [repr(p) for p in (a, b, c)] == ["box#1", "box", "box#1'"]
    assert m.take() == [Event("alloc", "box#1"), Event("alloc", "box"), Event("alloc", "box#1'")]
    assert (a.next, a.size, a.slots[3], len(a.slots)) == (NULL, 0, NULL, 4)
    assert [memory.name for memory in m.heap.live()] == ["box#1", "box", "box#1'"]


def test_reads_and_writes_are_reported_with_c_values() -> None:
    m = Machine()
    a, b = m.box("a"), m.box("b")
    a.next, a.size, a.slots[2] = b, 7, b
    assert (a.next, a.size, a.slots[2]) == (b, 7, b)
    assert m.take() == [
        Event("write", "box#a", "next", "box#b"),
        Event("write", "box#a", "size", "7"),
        Event("write", "box#a", "slots[2]", "box#b"),
        Event("read", "box#a", "next", "box#b"),
        Event("read", "box#a", "size", "7"),
        Event("read", "box#a", "slots[2]", "box#b"),
    ]


def test_naming_an_array_touches_no_memory() -> None:
    m = Machine()
    a = m.box()
    m.heap.free(a)
    m.take()
    array = a.slots
    assert m.take() == []
    array[0] = NULL
    assert [event.defect for event in m.take()] == ["use-after-free"]


def test_an_array_can_be_walked() -> None:
    """Without `__iter__`, Python would go on until an IndexError that C never gives."""
    m = Machine()
    a = m.box()
    a.slots[1] = a
    m.take()
    assert list(a.slots) == [NULL, a, NULL, NULL]
    assert [event.field for event in m.take()] == [f"slots[{i}]" for i in range(4)]
    assert a in a.slots


def test_freed_memory_is_reported_and_used_all_the_same() -> None:
    m = Machine()
    a = m.box()
    a.size = 3
    m.heap.free(a)
    m.take()
    assert a.size == 3
    a.size = 4
    assert (a.next, a.size) == (NULL, 4)
    assert [(e.what, e.field, e.defect) for e in m.take()] == [
        ("read", "size", "use-after-free"),
        ("write", "size", "use-after-free"),
        ("read", "next", "use-after-free"),
        ("read", "size", "use-after-free"),
    ]
    assert list(m.heap.live()) == []


def test_a_second_free_is_reported_each_time() -> None:
    m = Machine()
    a = m.box()
    for _ in range(3):
        m.heap.free(a)
    assert [event.defect for event in m.take()] == [None, "double-free", "double-free"]


@pytest.mark.parametrize("index", [-1, 4, 99])
def test_bounds(index: int) -> None:
    m = Machine()
    a = m.box()
    assert a.slots[index] is NULL
    a.slots[index] = a
    assert (a.size, a.slots[index]) == (0, a)
    bad = (f"slots[{index}]", "out-of-bounds")
    assert [(e.field, e.defect) for e in m.take()] == [bad, bad, ("size", None), bad]
    assert list(a.slots) == [NULL] * 4


def test_freed_comes_before_out_of_bounds() -> None:
    m = Machine()
    a = m.box()
    m.heap.free(a)
    m.take()
    assert a.slots[4] is NULL
    assert [event.defect for event in m.take()] == ["use-after-free"]


@pytest.mark.parametrize(
    ("freed", "pointer", "number"), [("kept", None, 5), ("zeroed", NULL, 0), ("poisoned", POISON, 0x6B6B6B6B)]
)
def test_what_free_does_to_the_bytes(freed: Freed, pointer: object, number: int) -> None:
    m = Machine(freed)
    a = m.box()
    a.next, a.size, a.slots[1], a.slots[4] = a, 5, a, a
    m.heap.free(a)
    assert (a.next, a.slots[1]) == ((a, a) if freed == "kept" else (pointer, pointer))
    assert a.size == number
    assert a.slots[4] == a  # beyond the object, so not its bytes
    assert len(a.slots) == 4


def test_the_state_at_the_free_shows_the_wiped_bytes() -> None:
    seen: list[object] = []

    def look(event: Event) -> None:
        if event.what == "free":
            seen.append(heap.allocations["box"].fields["next"])

    heap = Heap(look, "zeroed")
    a = heap.alloc(BOX)
    a.next = a
    heap.free(a)
    assert seen == [NULL]


def test_null_can_be_freed_but_not_followed() -> None:
    m = Machine()
    m.heap.free(NULL)
    assert m.take() == []
    assert not NULL
    assert repr(NULL) == "NULL"
    with pytest.raises(Oops, match=r"NULL->next is read") as read:
        _ = NULL.next
    with pytest.raises(Oops, match=r"NULL->next is written") as written:
        NULL.next = 1
    assert read.value.defect == written.value.defect == "null-dereference"


def test_poison_is_true_and_leads_nowhere() -> None:
    m = Machine()
    assert POISON
    assert isinstance(POISON, Nowhere)
    assert POISON is not NULL
    for wrong in (lambda: POISON.next, lambda: setattr(POISON, "next", 1), lambda: m.heap.free(POISON)):
        with pytest.raises(Oops) as caught:
            wrong()
        assert caught.value.defect is None  # the read that found it is the defect


@pytest.mark.parametrize("thing", [0, None, "box", object()])
def test_only_pointers_can_be_freed(thing: object) -> None:
    with pytest.raises(Oops, match="kfree"):
        Machine().heap.free(thing)


def test_python_s_own_look_ups_are_no_accesses() -> None:
    m = Machine()
    a = m.box()
    for pointer in (a, NULL, POISON):
        assert not hasattr(pointer, "_repr_html_")
        assert not hasattr(pointer, "__array__")
    assert copy.copy(NULL) is not None
    assert m.take() == []


def test_pointers_are_equal_when_they_point_to_the_same_memory() -> None:
    m = Machine()
    a, b = m.box(), m.box()
    a.next = a
    assert a.next == a != b
    assert len({a, a.next, b}) == 2
    assert a != "box"


def test_unknown_members_name_the_known_ones() -> None:
    m = Machine()
    a = m.box()
    with pytest.raises(ValueError, match=r"box has no member 'nxt'; its members are next, size, slots"):
        _ = a.nxt
    with pytest.raises(ValueError, match=r"box has no member 'nxt'; its members are next, size, slots"):
        a.nxt = NULL
    with pytest.raises(ValueError, match=r"box->slots is an array: write to slots\[i\]"):
        a.slots = NULL
    assert m.take() == []


def test_unknown_ways_to_free_name_the_known_ones() -> None:
    with pytest.raises(ValueError, match=", ".join(FREED)):
        Heap(print, "burnt")  # type: ignore[arg-type]


def test_what_was_just_read_or_written_is_not_read_again() -> None:
    """As gcc -O2 loads a member once, and not at all after a write of it; a read of another one comes between."""
    m = Machine()
    a, b = m.box("a"), m.box("b")
    assert (a.size, a.size, b.size, a.size) == (0, 0, 0, 0)
    a.size = 1
    assert (a.size, a.size, a.next) == (1, 1, NULL)
    assert [(e.what, e.obj, e.field) for e in m.take()] == [
        ("read", "box#a", "size"), ("read", "box#b", "size"), ("read", "box#a", "size"),
        ("write", "box#a", "size"), ("read", "box#a", "next"),
    ]  # fmt: skip


def test_each_write_counts() -> None:
    m = Machine()
    a = m.box()
    for _ in range(2):
        a.size = 1
    assert [event.what for event in m.take()] == ["write", "write"]


def test_members_beyond_the_bytes_that_were_asked_for() -> None:
    m = Machine()
    small = m.heap.alloc(
        Layout("box", BOX.zero, BOX.poison, BOX.arrays, beyond=frozenset({"size", "slots[3]"}), size=8)
    )
    m.take()
    small.next = small
    small.size = small.slots[3] = 3
    assert (small.size, small.slots[3], small.slots[2]) == (3, 3, NULL)
    assert [(e.field, e.defect) for e in m.take()] == [
        ("next", None), ("size", "out-of-bounds"), ("slots[3]", "out-of-bounds"),
        ("size", "out-of-bounds"), ("slots[3]", "out-of-bounds"), ("slots[2]", None),
    ]  # fmt: skip


def test_allocations_have_an_end() -> None:
    m = Machine()
    for _ in range(MOST_OBJECTS):
        m.heap.free(m.heap.alloc(BOX))
    with pytest.raises(ValueError, match="allocations do not end: 500 objects in one run"):
        m.heap.alloc(BOX)


def test_an_index_or_a_call_follows_a_pointer() -> None:
    for follow in (lambda: NULL[0], lambda: NULL.__setitem__(0, 1), lambda: NULL(1)):
        with pytest.raises(Oops, match=r"NULL\[0\] is (read|written)|the function at NULL is called") as null:
            follow()
        assert null.value.defect == "null-dereference"
    with pytest.raises(Oops, match=r"0x6b6b6b6b6b6b6b6b\[2\] is read") as caught:
        POISON[2]
    assert caught.value.defect is None
