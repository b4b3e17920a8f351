# SPDX-License-Identifier: GPL-2.0-only
"""What ten times as much costs; and what does not end is refused at once."""

from __future__ import annotations

import cProfile
import gc
import time
import tracemalloc
from collections.abc import Callable

import pytest

import kvmplanes as kp
from kvmplanes.model.machine.tree import CError
from kvmplanes.model.mutants import MUTANTS
from kvmplanes.model.series import ALL

TIMES = 12  # at most, for ten times as much
VM = ("KVM_CREATE_VM", "close(vm)")
PLANES = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "KVM_CREATE_PLANE 15", "close(plane 1)", "close(plane 15)")


# Calls and bytes are the same on every machine, as busy as it may be, once what is made once is made.
def calls(action: Callable[[], object]) -> int:
    """Calls of functions."""
    counted = cProfile.Profile()
    gc.disable()  # when it collects depends on what ran before, and Hypothesis is called then
    try:
        counted.runcall(action)
    finally:
        gc.enable()
    return sum(entry.callcount for entry in counted.getstats())


def highest(action: Callable[[], object]) -> int:
    """Bytes at the highest."""
    gc.disable()
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.enable()


def vms(count: int) -> kp.Trace:
    """So many VMs, one after the other."""
    return kp.run("29", ops=VM * count)


def planes(count: int) -> kp.Trace:
    """So many VMs, each with planes."""
    return kp.run("29", ops=(*PLANES, "close(vm)") * count)


@pytest.mark.parametrize("grown", [vms, planes])
def test_ten_times_as_much_costs_twelve_times_as_much_at_most(grown: Callable[[int], kp.Trace]) -> None:
    assert len(grown(100).steps) > 9 * len(grown(10).steps)
    assert calls(lambda: grown(100)) < TIMES * calls(lambda: grown(10))
    # Small numbers take no memory of their own, so ten VMs are no measure.
    assert highest(lambda: grown(100)) < 2 * TIMES / 10 * highest(lambda: grown(50))


def test_looking_at_every_state_is_no_run_of_its_own_each_time() -> None:
    def look(count: int) -> list[object]:
        return [step.state.kvm for step in vms(count).steps]

    assert look(3)  # what is made once is made
    assert calls(lambda: look(30)) < TIMES * calls(lambda: look(3))


def test_a_path_costs_the_same_however_many_there_are() -> None:
    def a_path(failures: int) -> float:
        paths = kp.certify("29", failures=failures).paths
        return calls(lambda: kp.certify("29", failures=failures)) / len(paths)

    assert a_path(2) < TIMES / 10 * a_path(1)


def test_the_steps_of_a_path_are_those_of_its_run() -> None:
    """A certificate takes over what two paths have in common; a run of its own says the same."""
    versions = [*ALL.values(), *(mutant.version for mutant in MUTANTS[::4])]
    for version in versions:
        for path in kp.certify(version, failures=2 if version.name == "09" else 1).paths:
            alone = kp.run(version, ops=path.program.ops, fail=path.numbers or None)
            assert alone == path.trace
            assert [step.state.objects for step in alone.steps] == [step.state.objects for step in path.trace.steps]


@pytest.mark.parametrize(
    "c", ["while (1)\n\tkzalloc(8, GFP_KERNEL);", 'for (int i = 0; ; i++)\n\tshim_alloc("x", "x", i);']
)
def test_an_endless_allocation_is_refused_within_a_second(c: str) -> None:
    mine = kp.VERSIONS["09"].edit("m", "endless", ("kvm_destroy_one_plane", "kfree(plane);", c))
    start = time.process_time()
    with pytest.raises(CError, match="do not end: 500 objects"):
        kp.certify(mine)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("fail", [None, "kvm_create_plane", "anon_inode_getfile(plane 3)"])
def test_a_run_leaves_nothing_for_the_collector(fail: str | None) -> None:
    """Else it takes a fifth of a certificate's time: a kernel's functions hold one another, and so do its objects."""
    kp.run("29", planes=(1, 3), fail=fail)
    gc.collect()
    gc.disable()
    try:
        kp.run("29", planes=(1, 3), fail=fail)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_program_of_any_length_runs() -> None:
    """What a run may do is counted by system call: a long program is no endless loop."""
    trace = vms(300)
    assert len(trace.results) == 300
    assert not trace.defects
