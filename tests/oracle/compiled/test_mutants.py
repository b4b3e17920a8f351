# SPDX-License-Identifier: GPL-2.0-only
"""Every mutant compiles, and model and C say the same of it on every path."""

from pathlib import Path

import pytest

from kvmplanes.model.mutants import MUTANTS, Mutant
from kvmplanes.oracle import Driver, Scenario, build, disagreements, model_events, side_by_side, tree
from kvmplanes.oracle.compiled.compare import left_open
from kvmplanes.oracle.compiled.results import modelled
from kvmplanes.runs.certificate import certify
from kvmplanes.runs.trace import Trace

INDEX = ("ubsan", "out-of-bounds-index", "")
# What `certify` does not run where there is KVM_CREATE_PLANE.
OTHERS = (
    Scenario(
        ("KVM_CREATE_VM", "KVM_CREATE_PLANE 3", "KVM_CREATE_PLANE 15", "close(plane 3)", "close(plane 15)", "close(vm)")
    ),
    Scenario(("KVM_CREATE_VM", "KVM_CREATE_PLANE 16")),
    Scenario(("KVM_CREATE_VM", "KVM_CREATE_PLANE 2", "KVM_CREATE_PLANE 2")),
    Scenario(("KVM_CREATE_VM", "KVM_CREATE_PLANE 2", "close(vm)", "close(plane 2)")),
    Scenario(("KVM_CREATE_VM", "KVM_CREATE_PLANE 1"), "anon_inode_getfile(plane 1)", retry=True),
)


def runs(mutant: Mutant) -> list[tuple[Scenario, Trace]]:
    """The paths of `certify`, and a few more."""
    version = mutant.version
    paths = [(Scenario(path.program.ops, path.numbers or None), path.trace) for path in certify(version).paths]
    return paths + [(what, modelled(version, what)) for what in OTHERS if version.creates_planes]


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_the_c_says_the_same(mutant: Mutant, objects: Path) -> None:
    with Driver(build(tree(mutant.version), folder=objects)) as driver:
        for what, trace in runs(mutant):
            result = driver.run(what)
            beyond = [n for n, row in enumerate(model_events(trace)) if row[3] == "out-of-bounds"]
            if beyond:  # what lies behind the array, and what comes of it, only C knows (limit: layout)
                assert result.events[: beyond[0] + 1] == model_events(trace)[: beyond[0] + 1]
                assert result.counts[INDEX]
            elif not left_open(trace):
                assert not disagreements(trace, result), side_by_side(trace, result)


def test_one_alone_leaves_something_open() -> None:
    """A variable that nothing sets: the C compiles, and may do anything there."""
    tried = ((str(mutant), trace) for mutant in MUTANTS for _, trace in runs(mutant))
    assert {name for name, trace in tried if left_open(trace)} == {"errno not set"}
