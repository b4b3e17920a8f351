# SPDX-License-Identifier: GPL-2.0-only
"""The notional machine: every access checked, carried out, and counted."""

import copy
from typing import Any

import pytest

from kvmplanes.model.heap import FREED, NULL, POISON, Event, Freed, Heap, Layout, NullDereference, Oops, Poison

BOX = Layout("box", "make_box", next=NULL, size=0, slots=(NULL,) * 4)


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
    assert [cell.name for cell in m.heap.live()] == ["box#1", "box", "box#1'"]


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
    assert a.size == 4
    assert [(e.what, e.defect) for e in m.take()] == [
        ("read", "use-after-free"),
        ("write", "use-after-free"),
        ("read", "use-after-free"),
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
    assert a.slots[index] == a
    assert [(e.field, e.defect) for e in m.take()] == [(f"slots[{index}]", "out-of-bounds")] * 3
    assert list(a.slots) == [NULL] * 4


def test_freed_comes_before_out_of_bounds() -> None:
    m = Machine()
    a = m.box()
    m.heap.free(a)
    m.take()
    assert a.slots[4] is NULL
    assert [event.defect for event in m.take()] == ["use-after-free"]


@pytest.mark.parametrize(
    ("freed", "pointer", "element", "text"),
    [("kept", "box", None, "MSG"), ("zeroed", NULL, NULL, NULL), ("poisoned", POISON, POISON, POISON)],
)
def test_what_free_does_to_the_bytes(freed: Freed, pointer: object, element: object, text: object) -> None:
    m = Machine(freed)
    a = m.heap.alloc(Layout("box", "make_box", next=NULL, size=0, text=NULL, slots=(NULL,) * 4))
    a.next, a.size, a.text, a.slots[1] = a, 5, "MSG", a
    m.heap.free(a)
    assert (a.next, a.slots[1]) == ((a, a) if freed == "kept" else (pointer, element))
    assert a.text == text
    assert a.size == 5  # a number keeps its value
    assert len(a.slots) == 4


def test_the_state_at_the_free_shows_the_wiped_bytes() -> None:
    seen: list[object] = []
    heap = Heap(lambda event: seen.append(heap.cells[0].fields["next"]) if event.what == "free" else None, "zeroed")
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
    with pytest.raises(NullDereference, match=r"NULL->next is read"):
        _ = NULL.next
    with pytest.raises(NullDereference, match=r"NULL->next is written"):
        NULL.next = 1
    assert NullDereference.defect == "null-dereference"


def test_poison_is_true_and_leads_nowhere() -> None:
    m = Machine()
    assert POISON
    assert isinstance(POISON, Poison)
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


def test_pointers_are_equal_when_they_point_to_the_same_cell() -> None:
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


def test_layouts_differ_by_members() -> None:
    more = BOX.plus(extra=1)
    assert set(more.fields) == {*BOX.fields, "extra"}
    assert set(more.without("slots", "size").fields) == {"next", "extra"}
    assert (more.kind, more.call) == ("box", "make_box")
    assert "extra" not in BOX.fields
