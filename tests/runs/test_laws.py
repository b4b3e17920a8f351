# SPDX-License-Identifier: GPL-2.0-only
"""Laws that hold across rooms: the patch's lines, the C that runs, and the measured figures."""

import doctest
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.model.version import UNITS
from kvmplanes.runs.trace import Trace
from tests.helpers import facts


def test_the_package_s_own_example_runs() -> None:
    result = doctest.testmod(kp)
    assert result.attempted >= 4
    assert result.failed == 0


# -- every added line is hit -------------------------------------------------------------------------------

SCENARIOS: dict[str, Callable[[], Trace]] = {
    "close": lambda: kp.run("09"),
    "plane refused": lambda: kp.run("09", fail="kvm_create_plane"),
    "unwound": lambda: kp.run("09", fail="init_srcu_struct"),
    "asked": lambda: kp.run("09", ops=("KVM_CREATE_VM", "KVM_CHECK_EXTENSION vm")),
}


@pytest.fixture(scope="module")
def traces() -> dict[str, Trace]:
    return {name: make() for name, make in SCENARIOS.items()}


def test_every_added_line_s_event_is_hit(traces: dict[str, Trace]) -> None:
    hit = frozenset[str]().union(*(trace.events for trace in traces.values()))
    assert len(kp.PATCH.added) == 54
    missed = [str(line) for line in kp.PATCH.added if line.event not in hit]
    assert missed == []


def test_no_scenario_hits_everything(traces: dict[str, Trace]) -> None:
    """An event that every run shows would say nothing."""
    wanted = {line.event for line in kp.PATCH.added}
    for name, trace in traces.items():
        assert wanted - trace.events, name
    assert not wanted & kp.run("08").events


def test_every_line_that_does_something_is_at_work(traces: dict[str, Trace]) -> None:
    """Lines with an effect of their own; tests, returns and declarations show through these."""
    at_work = {"+16", "+21", "+22", "+24", "+31", "+39", "+41", "+42", "+47", "+49", "+52", "+53", "+54"}
    assert at_work == frozenset[str]().union(*(trace.ids for trace in traces.values()))


# -- the C itself ---------------------------------------------------------------------------------------------------


def lines_that_run(make: Callable[[], object]) -> set[tuple[str, int]]:
    """File and number of every line of C that runs, as a debugger sees it."""
    seen: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename in UNITS and event == "line":
            seen.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        make()
    finally:
        sys.settrace(before)
    return seen


# Added lines that do something when control comes to them: no declarations, braces, comments, blank lines.
STATEMENTS = {
    "+16", "+18", "+19", "+21", "+22", "+24", "+26", "+31", "+38", "+39", "+40", "+41", "+42", "+47", "+48", "+49",
    "+52", "+53", "+54",
}  # fmt: skip
HEADS = {"+14", "+29", "+34"}  # of functions that are entered


def test_every_statement_of_the_patch_runs() -> None:
    """By number, without any event: the posted lines themselves are executed."""
    ran = set[tuple[str, int]]().union(*(lines_that_run(make) for make in SCENARIOS.values()))
    tree = kp.VERSIONS["09"].tree
    ids = {tree[file][line - 1].id for file, line in ran} - {""}
    assert ids == STATEMENTS | HEADS
    assert len(STATEMENTS) == 19


def test_no_scenario_runs_every_statement() -> None:
    tree = kp.VERSIONS["09"].tree
    for name, make in SCENARIOS.items():
        ids = {tree[file][line - 1].id for file, line in lines_that_run(make)}
        assert STATEMENTS - ids, name


# -- balance and measured figures ----------------------------------------------------------------------------


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_counted_references_balance_on_every_path(version: str) -> None:
    """Most of all mmgrab and mmdrop; 09's defect does not disturb the counts."""
    for planes in [None, (1, 3)] if version in facts.WITH_IOCTL else [None]:
        for path in kp.certify(version, planes=planes).paths:
            gets = [step.obj for step in path.trace.steps if step.what == "get"]
            puts = [step.obj for step in path.trace.steps if step.what == "put"]
            assert sorted(gets) == sorted(puts), path.call
            assert path.trace.steps == () or path.trace.steps[-1].state.refs == ()


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_every_object_is_freed_once_on_a_clean_path(version: str) -> None:
    for path in kp.certify(version).paths:
        made = [step.obj for step in path.trace.steps if step.what == "alloc"]
        gone = [step.obj for step in path.trace.steps if step.what == "free"]
        assert (sorted(made) == sorted(gone)) == (path.outcome not in ("leak", "double-free")), path.call


@pytest.mark.parametrize("version", ["09", "10"])
@pytest.mark.parametrize("vms", [1, 2, 5])
def test_17_accesses_for_each_destroyed_vm(version: str, vms: int) -> None:
    """Measured on a kernel with KASAN: 16 reads and 1 write per close, 2278 = 17 x 134 in the whole sweep."""
    defects = kp.run(version, ops=("KVM_CREATE_VM", "close(vm)") * vms).defects
    assert {defect.kind for defect in defects} == {"use-after-free"}
    assert sum(defect.access == "read" for defect in defects) == 16 * vms
    assert sum(defect.access == "write" for defect in defects) == vms
    assert {defect.function for defect in defects} == {"kvm_destroy_planes"}


@pytest.mark.parametrize("version", ["09", "10"])
def test_nothing_inside_kvm_create_vm_shows_it(version: str) -> None:
    """The measured sweep: no failure inside kvm_create_vm() gives a report; the failing file and the close do."""
    for path in kp.certify(version).paths:
        shows = path.call in ("anon_inode_getfile", "")
        assert (len(path.trace.defects) == 17) == shows
        assert bool(path.trace.defects) == shows
        assert any(step.function == "kvm_destroy_vm" for step in path.trace.steps) == shows


def test_the_patch_adds_one_failable_call() -> None:
    """Measured: 201 failable allocations before, 202 with it."""
    assert set(kp.run("09").calls) - set(kp.run("08").calls) == {"kvm_create_plane(kvm, 0)"}
    assert len(kp.run("09").calls) == len(kp.run("08").calls) + 1


def test_without_the_unwinding_line_planes_leak() -> None:
    """Measured (order of teardown right, line +52 gone): every failure after plane 0 leaks it, save getfile's."""
    gone = ("kvm_create_vm", "kvm_destroy_planes(kvm);", "")
    c = kp.certify(kp.VERSIONS["11"].edit("11 without +52", "no unwinding", gone))
    leaking = [path.number for path in c.paths if path.outcome == "leak"]
    assert leaking == list(range(4, 17))
    assert all(path.defects == "plane#0 leaked" for path in c.paths if path.outcome == "leak")


def test_limits_are_named(root: Path) -> None:
    """A deviation from the kernel stands in the model's text as `limit: name`."""
    files = [path for path in (root / "kvmplanes/model").rglob("*") if path.suffix in (".py", ".c", ".h", ".patch")]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    named = {name.strip() for names in re.findall(r"limit: ([\w ,]+)", text) for name in names.split(",")}
    assert {"memslots", "devices", "uevent", "srcu", "arch", "vcpus", "kvzalloc", "one load"} <= named
