# SPDX-License-Identifier: GPL-2.0-only
"""`Trace.first` finds the step that a walk over all of them finds, and says what there is when there is none."""

import inspect
from collections.abc import Callable
from itertools import chain

import pytest

import kvmplanes as kp
from kvmplanes.runs.search import FACTS, HAPPENED
from kvmplanes.runs.trace import Step, Trace


@pytest.fixture(scope="module")
def failing() -> Trace:
    return kp.run("09", fail="init_srcu_struct(&kvm->irq_srcu)")


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({"what": "return"}, lambda step: step.what == "return"),
        ({"free": "plane#0"}, lambda step: step.what == "free" and step.obj == "plane#0"),
        ({"alloc": "kvm"}, lambda step: step.what == "alloc" and step.obj == "kvm#1"),
        ({"fail": "init_srcu_struct"}, lambda step: step.what == "fail"),
        ({"slot": 3}, lambda step: step.field == "planes[3]"),
        ({"op": "KVM_CREATE_VM", "what": "label"}, lambda step: step.what == "label"),
        ({"function": "kvm_destroy_planes", "slot": 0}, lambda step: step.field == "planes[0]" and step.index > 9),
        ({"errno": "ENOMEM"}, lambda step: step.what == "fail"),
    ],
)
def test_it_is_the_first_that_fits(failing: Trace, wanted: dict[str, str | int], fits: Callable[[Step], bool]) -> None:
    assert failing.first(**wanted) is next(filter(fits, failing.steps))


def test_the_first_defect_is_found_by_its_kind() -> None:
    posted = kp.run("09")
    assert posted.first(defect="use-after-free").index == posted.defects[0].step


def test_every_step_is_found_by_its_own_facts() -> None:
    for step in chain(kp.run("09").steps, kp.run("29", planes=(1,), fail="anon_inode_getfile(plane 1)").steps):
        assert set(FACTS) <= {name for name, _ in inspect.getmembers(step)}
        trace = Trace(kp.VERSIONS["09"], "one step", (), (), (), (step,))
        facts = {name: getattr(step, name) for name in FACTS if getattr(step, name) is not None}
        assert trace.first(**facts) is step
        if step.what in HAPPENED:
            assert trace.first(**{step.what: step.kind}) is step


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"free": "plane#7"}, "no step of 09 .* has free='plane#7'; there is srcu, plane#0, kvm#1$"),
        ({"fail": "kvm_create_plane"}, r"has fail='kvm_create_plane'; there is init_srcu_struct\(&kvm->irq_srcu\)$"),
        ({"defect": "leak"}, "has defect='leak'; there is none"),
        ({"alloc": "plane#0", "function": "kvm_destroy_vm"}, "has function='kvm_destroy_vm'; there is kvm_"),
        ({"what": "fail", "slot": 0}, "no step of 09 .* has what='fail', slot=0 at once"),
        ({"colour": "red"}, "no step is found by colour; allowed are what, obj, .*, alloc, read"),
        ({"text": "x"}, r"there is Descriptors in use: now 1\., .* and \d+ more$"),
        ({}, "say which step; allowed are what"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(failing: Trace, wanted: dict[str, str | int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        failing.first(**wanted)
