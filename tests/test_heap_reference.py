# SPDX-License-Identifier: GPL-2.0-only
"""Random operations on the model and on the naive reference must agree."""

import ast
from collections import Counter
from pathlib import Path

import facts
import pytest
import reference
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference import Naive, NaiveHeap, Nothing, Nth, Slab

import kvmplanes as kp
from kvmplanes.explore import OUTCOMES, classify
from kvmplanes.model.heap import FREED, NULL, POISON, Event, Freed, Heap, Layout

BOX = Layout("box", "make_box", slots=(NULL,) * 4, size=0)


def test_the_reference_is_independent() -> None:
    for module in (reference, facts):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(str(name).startswith("kvmplanes") for name in names)


# -- the heap ------------------------------------------------------------------------------------------------

heap_ops = st.lists(
    st.tuples(st.sampled_from(["alloc", "free", "read", "write"]), st.integers(0, 5), st.integers(-1, 5),
              st.integers(0, 5)),
    max_size=40,
)  # fmt: skip


@given(heap_ops, st.sampled_from(FREED))
def test_heap(ops: list[tuple[str, int, int, int]], freed: Freed) -> None:
    events: list[Event] = []
    heap, naive = Heap(events.append, freed), NaiveHeap(freed)
    boxes = [heap.alloc(BOX, 0)]
    naive.alloc()
    for op, which, key, value in ops:
        box, target = which % len(boxes), value % len(boxes)
        if op == "alloc":
            boxes.append(heap.alloc(BOX, len(boxes)))
            naive.alloc()
        elif op == "free":
            heap.free(boxes[box])
            naive.free(box)
        elif op == "write" and key == 5:
            boxes[box].size = value
            naive.write(box, "size", value)
        elif op == "write":
            boxes[box].slots[key] = boxes[target]
            naive.write(box, key, target)
        elif key == 5:
            assert boxes[box].size == naive.read(box, "size")
        else:
            got, wanted = boxes[box].slots[key], naive.read(box, key)
            assert got == (boxes[wanted] if isinstance(wanted, int) else {"NULL": NULL, "poison": POISON}[str(wanted)])
    assert [cell.name for cell in heap.live()] == [f"box#{n}" for n, live in enumerate(naive.live) if live]
    assert Counter((event.what, event.defect) for event in events) == naive.found


# -- system calls ----------------------------------------------------------------------------------------------

OPS = ("KVM_CREATE_VM", "KVM_CREATE_VM", "KVM_CHECK_EXTENSION system", "KVM_CHECK_EXTENSION vm", "close(vm)")
IDS = (0, 1, 2, 3, 15, 16, 2**32 + 1, 2**32 + 16)
PLANE_OPS = tuple(f"KVM_CREATE_PLANE {n}" for n in IDS) + tuple(f"close(plane {n})" for n in IDS[1:4])


@st.composite
def scenarios(draw: st.DrawFn) -> tuple[str, list[str]]:
    version = draw(st.sampled_from(facts.VERSIONS))
    if version in facts.WITH_IOCTL:
        more = draw(st.lists(st.one_of(st.sampled_from(PLANE_OPS), st.sampled_from(OPS)), max_size=12))
    else:
        more = draw(st.lists(st.sampled_from(OPS), max_size=8))
    return version, ["KVM_CREATE_VM", *more]


rules = st.builds(
    kp.Failslab,
    probability=st.sampled_from([0, 5, 20, 50, 100]),
    interval=st.integers(1, 12),
    times=st.integers(-1, 3),
    seed=st.integers(0, 9),
)


def reference_of(fail: int | kp.Failslab | None) -> Nothing:
    if isinstance(fail, kp.Failslab):
        return Slab(fail.probability, fail.interval, fail.times, fail.seed)
    return Nothing() if fail is None else Nth(fail)


@settings(max_examples=200)
@given(scenarios(), st.one_of(st.none(), st.integers(1, 45), rules), st.sampled_from(FREED))
@example(("29", ["KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "KVM_CREATE_PLANE 1"]), 20, "kept")
@example(
    ("29", ["KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "close(vm)", "KVM_CREATE_VM", "KVM_CREATE_PLANE 1"]), 40, "kept"
)
@example(("09", ["KVM_CREATE_VM", "close(vm)", "KVM_CREATE_VM"]), 35, "poisoned")
@example(("10", ["KVM_CREATE_VM", "KVM_CREATE_VM"]), 17, "zeroed")
def test_system_calls(scenario: tuple[str, list[str]], fail: int | kp.Failslab | None, freed: Freed) -> None:
    version, ops = scenario
    naive = Naive(version, freed, reference_of(fail))
    naive.play(ops)
    if isinstance(fail, int) and fail > len(naive.fails.asked):
        with pytest.raises(ValueError, match="nothing fails: no failable call"):
            kp.run(version, ops=ops, fail=fail, freed=freed)
        return
    trace = kp.run(version, ops=ops, fail=fail, freed=freed)

    assert list(trace.calls) == naive.fails.asked
    assert list(trace.results) == naive.results
    assert Counter((d.kind, d.access) for d in trace.defects) == +naive.found
    answers = [step.state for step in trace.steps if step.what == "return"]
    for state, (live, refs), slots in zip(answers, naive.snapshots, naive.slots, strict=True):
        assert Counter(thing.kind for thing in state.objects if thing.live) == live
        assert Counter(dict(state.refs)) == refs
        if state.kvm and state.kvm.live and slots:
            assert state.occupancy == tuple(slots.get(i, "empty") for i in range(16))
    last = trace.steps[-1].state
    assert Counter(thing.kind for thing in last.objects if thing.live) == +naive.live
    assert Counter(dict(last.refs)) == +naive.refs


# -- broken texts ------------------------------------------------------------------------------------------------


def statements(name: str, source: str) -> list[tuple[int, int]]:
    """The simple statements of kvm_destroy_vm or of kvm_create_vm's label ladder, as line ranges; no `return`."""
    tree: ast.AST = ast.parse(source)
    if name == "kvm_create_vm":
        tree = next(node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))
    return [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr | ast.Assign)
    ]


def mutate(name: str, source: str, how: str, one: int, other: int) -> str:
    """Drop, repeat or swap simple statements; every block keeps at least a `pass`."""
    places = sorted(statements(name, source))
    (a, a_end), (b, b_end) = sorted((places[one % len(places)], places[other % len(places)]))
    lines = source.splitlines()
    indent = {n: lines[n - 1][: len(lines[n - 1]) - len(lines[n - 1].lstrip())] for n in (a, b)}
    first, second = ([line.strip() for line in lines[s - 1 : e]] for s, e in ((a, a_end), (b, b_end)))
    if how == "drop":
        new = [*lines[: a - 1], indent[a] + "pass", *lines[a_end:]]
    elif how == "repeat":
        new = [*lines[:a_end], *(indent[a] + line for line in first), *lines[a_end:]]
    elif a == b:
        new = lines
    else:
        middle = lines[a_end : b - 1]
        new = [*lines[: a - 1], *(indent[a] + line for line in second), *middle,
               *(indent[b] + line for line in first), *lines[b_end:]]  # fmt: skip
    return "\n".join(new) + "\n"


edits = st.lists(
    st.tuples(
        st.sampled_from(["kvm_destroy_vm", "kvm_create_vm"]),
        st.sampled_from(["drop", "repeat", "swap"]),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=25)
@given(st.sampled_from(facts.VERSIONS), edits, st.sampled_from(FREED))
def test_broken_texts_still_give_traces(version: str, changes: list[tuple[str, str, int, int]], freed: Freed) -> None:
    """Whatever the order of the lines: the run is recorded, its outcome has a class, and it prints."""
    broken = kp.VERSIONS[version]
    try:
        for name, how, one, other in changes:
            broken = broken.replace(**{name: mutate(name, broken.functions[name].source, how, one, other)})
    except ValueError as refused:  # what a compiler refuses, too
        assert "does not set 'mm'" in str(refused)  # noqa: PT017
        return
    certificate = kp.certify(broken)
    assert set(certificate.counts) <= set(OUTCOMES)
    assert len(str(certificate).splitlines()) == len(certificate.paths) + 2
    for fail in (None, len(kp.run(broken, freed=freed).calls)):
        trace = kp.run(broken, fail=fail, freed=freed)
        assert classify(trace) in OUTCOMES
        assert len(str(trace).splitlines()) == len(trace.steps) + 1
        assert len(trace.occupancy) == len(trace.steps)


# Lines of 11 that may go, or stand twice, without harm: stores that nobody reads again (`limit: refcount` for the
# count), reads, and the one release that leaves nothing behind to give back again.
HARMLESS = {
    ("kvm_destroy_vm", "drop"): {"kvm.buses[i] = NULL"},
    ("kvm_destroy_vm", "repeat"): {"kvm.buses[i] = NULL", "mm = kvm.mm", "k.kvm_destroy_planes(kvm)"},
    ("kvm_create_vm", "drop"): {"kvm.users_count = kvm.users_count - 1"},
    ("kvm_create_vm", "repeat"): {"kvm.users_count = kvm.users_count - 1", "k.kvm_destroy_planes(kvm)"},
}


@pytest.mark.parametrize(("name", "how"), HARMLESS)
def test_every_release_of_11_counts(name: str, how: str) -> None:
    """Without it something leaks, and twice is once too often."""
    v11 = kp.VERSIONS["11"]
    source = v11.functions[name].source
    survivors = set()
    for n, (at, _) in enumerate(sorted(statements(name, source))):
        try:
            changed = v11.replace(**{name: mutate(name, source, how, n, n)})
        except ValueError:  # `mm` is set nowhere
            continue
        if kp.certify(changed).clean:
            survivors.add(source.splitlines()[at - 1].partition("  # ")[0].strip())
    assert survivors == HARMLESS[name, how]
