# SPDX-License-Identifier: GPL-2.0-only
"""Every mutant in C: it compiles, and model and C say the same of it on every path."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kvmplanes import scenario
from kvmplanes.kills import OTHERS
from kvmplanes.model.mutants import MUTANTS, Mutant
from kvmplanes.oracle import MISSING, Driver, Scenario, build, disagreements, model_events, side_by_side, tree, usual
from kvmplanes.oracle.edits import KVM_MAIN
from kvmplanes.oracle.scaffold import have_patch

IN_C = [mutant for mutant in MUTANTS if mutant.c]
INDEX = ("ubsan", "out-of-bounds-index", "")


def scenarios(mutant: Mutant) -> list[Scenario]:
    """The paths of `certify`, and the other system calls of `kills`."""
    planes = (1,) if mutant.version.creates_planes else ()
    calls = scenario.run(mutant.version, planes=planes).calls
    paths = [Scenario(usual(planes), fail) for fail in (None, *range(1, len(calls) + 1))]
    others = OTHERS.values() if planes else ()
    return paths + [Scenario(o.get("ops") or usual(o["planes"]), o.get("fail"), o.get("retry", False)) for o in others]


def test_nearly_all_have_a_c_edit(need: Callable[[object, str], None]) -> None:
    need(have_patch(), MISSING)
    assert [str(mutant) for mutant in MUTANTS if mutant.c is None] == ["errno not set", "file not installed"]
    for mutant in IN_C:
        text = tree(mutant.base)[KVM_MAIN]
        assert mutant.in_c(text) != text


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutants")


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("mutant", IN_C, ids=str)
def test_the_c_says_the_same(mutant: Mutant, objects: Path) -> None:
    files = tree(mutant.base)
    with Driver(build({**files, KVM_MAIN: mutant.in_c(files[KVM_MAIN])}, folder=objects)) as driver:
        for what in scenarios(mutant):
            trace = scenario.run(mutant.version, ops=what.ops, fail=what.fail, retry=what.retry)
            result = driver.run(what)
            beyond = [n for n, row in enumerate(model_events(trace)) if row[3] == "out-of-bounds"]
            if beyond:  # what lies behind the array, and what comes of it, only C knows (limit: layout)
                assert result.events[: beyond[0] + 1] == model_events(trace)[: beyond[0] + 1]
                assert result.counts[INDEX]
            else:
                assert not disagreements(trace, result), side_by_side(trace, result)
