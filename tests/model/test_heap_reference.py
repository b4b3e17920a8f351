# SPDX-License-Identifier: GPL-2.0-only
"""Random operations on the model and on the naive reference must agree."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import kvmplanes as kp
from kvmplanes.model.heap import FREED, NULL, POISON, Event, Freed, Heap, Layout
from kvmplanes.model.machine.tree import CError
from kvmplanes.runs.certificate import OUTCOMES, classify
from kvmplanes.runs.folds import as_stops
from tests.helpers import facts, reference
from tests.helpers.reference import Naive, NaiveHeap, Nothing, Nth, Slab

SLOTS = [f"slots[{i}]" for i in range(4)]
BOX = Layout(
    "box",
    zero={"size": 0, **dict.fromkeys(SLOTS, NULL)},
    poison={"size": 0x6B6B6B6B, **dict.fromkeys(SLOTS, POISON)},
    arrays={"slots": 4},
)


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


def statements(name: str, rows: list[str]) -> list[int]:
    """Where simple statements of kvm_destroy_vm or of kvm_create_vm's label ladder stand; no `return`, no #ifdef."""
    first = rows.index("out_err_no_debugfs:") if name == "kvm_create_vm" else rows.index("{") + 2  # below `int i;`
    return [n for n, row in enumerate(rows) if n >= first and re.fullmatch(r"\t+(?!return|xa_destroy)\w.*;", row)]


def mutate(name: str, source: str, how: str, first: int, second: int) -> str:
    """Drop, repeat or swap simple statements; what an `if` or a `for` has is still one statement."""
    rows = source.splitlines()
    places = statements(name, rows)
    a, b = places[first % len(places)], places[second % len(places)]
    (indent_a, text_a), (indent_b, text_b) = ((rows[n][: -len(rows[n].lstrip())], rows[n].strip()) for n in (a, b))
    if how == "drop":
        rows[a] = f"{indent_a};"
    elif how == "repeat":
        rows[a] = (
            f"{indent_a}{text_a} {text_a}" if text_a.startswith("struct") else f"{indent_a}{{ {text_a} {text_a} }}"
        )
    else:
        rows[a], rows[b] = f"{indent_a}{text_b}", f"{indent_b}{text_a}"
    return "\n".join(rows) + "\n"


# What a compiler refuses, too: `mm` is declared nowhere, below its use, or twice.
REFUSED = r"virt/kvm/kvm_main.c:\d+: ('mm' is not declared|mm is declared twice|syntax error before)"

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
        for name, how, first, second in changes:
            broken = broken.replace(mutate(name, broken.functions[name].source, how, first, second))
    except CError as refused:
        assert re.match(REFUSED, str(refused))  # noqa: PT017
        return
    certificate = kp.certify(broken)
    assert set(certificate.counts) <= set(OUTCOMES)
    assert len(str(certificate).splitlines()) == 2 + len(certificate.paths) + len(certificate.legend)
    for fail in (None, len(kp.run(broken, freed=freed).calls)):
        trace = kp.run(broken, fail=fail, freed=freed)
        assert classify(trace) in OUTCOMES
        assert len(str(trace).splitlines()) == len(as_stops(trace.steps)) + 1
        assert len(trace.occupancy) == len(trace.steps)


# Lines of 11 that may go, or stand twice, without harm: stores and counts that nobody looks at again, and the one
# release that leaves nothing behind to give back again.
COUNT = "WARN_ON_ONCE(!refcount_dec_and_test(&kvm->users_count));"
HARMLESS = {
    ("kvm_destroy_vm", "drop"): {"kvm->buses[i] = NULL;"},
    ("kvm_destroy_vm", "repeat"): {"kvm->buses[i] = NULL;", "kvm_destroy_planes(kvm);"},
    ("kvm_create_vm", "drop"): {COUNT},
    ("kvm_create_vm", "repeat"): {COUNT, "kvm_destroy_planes(kvm);"},
}


@pytest.mark.parametrize(("name", "how"), HARMLESS)
def test_every_release_of_11_counts(name: str, how: str) -> None:
    """Without it something leaks, and twice is once too often."""
    v11 = kp.VERSIONS["11"]
    source = v11.functions[name].source
    survivors, refused = set(), 0
    rows = source.splitlines()
    for n, at in enumerate(statements(name, rows)):
        try:
            changed = v11.replace(mutate(name, source, how, n, n))
        except CError as error:
            assert re.match(REFUSED, str(error))  # noqa: PT017
            refused += 1
            continue
        if kp.certify(changed).clean:
            survivors.add(rows[at].strip())
    assert survivors == HARMLESS[name, how]
    assert refused == (name == "kvm_destroy_vm"), "the declaration of mm, no more"
