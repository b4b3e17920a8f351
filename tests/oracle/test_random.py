# SPDX-License-Identifier: GPL-2.0-only
"""Model and C on scenarios and edits that nobody thought of. KVMPLANES_MORE=10 takes ten times as many."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from kvmplanes import scenario
from kvmplanes.model.faults import CALLS, Failslab
from kvmplanes.oracle import BOTH, Driver, Edit, Scenario, build, disagreements, edited, side_by_side, tree, usual
from kvmplanes.oracle.edits import OPS, functions_of
from kvmplanes.oracle.run import numbers_of

MORE = int(os.environ.get("KVMPLANES_MORE", "1"))
IDS = (0, 1, 2, 15, 16, 2**32 + 5, 2**63 + 7, 2**64 - 1)
WITH_PLANES = tuple(name for name in BOTH if BOTH[name].creates_planes)
WITHOUT = tuple(name for name in BOTH if name not in WITH_PLANES)


def some(examples: int) -> settings:
    return settings(
        max_examples=examples * MORE,
        suppress_health_check=list(HealthCheck),
        phases=[phase for phase in Phase if phase is not Phase.explain],
    )


BASIC = ["KVM_CREATE_VM", "KVM_CHECK_EXTENSION system", "KVM_CHECK_EXTENSION vm", "close(vm)"]
PLANES = [verb.format(i) for i in IDS for verb in ("KVM_CREATE_PLANE {}", "close(plane {})")]
FAILSLAB = st.builds(
    Failslab,
    probability=st.integers(1, 60),
    interval=st.integers(1, 3),
    times=st.sampled_from([-1, 1, 2, 3]),
    seed=st.integers(0, 999),
)
NAMES = st.sampled_from([f"{call}: {errno}" for call, (errnos, _) in CALLS.items() for errno in errnos])


def sequences(name: str) -> st.SearchStrategy[list[str]]:
    more = st.lists(st.sampled_from(BASIC + PLANES * BOTH[name].creates_planes), max_size=9)
    return more.map(lambda ops: ["KVM_CREATE_VM", *ops])


@pytest.mark.parametrize("name", [*WITH_PLANES, *WITHOUT])
def test_random_scenarios(name: str, driver: Callable[..., Driver]) -> None:
    chosen = BOTH[name]

    @some(250 if name in WITH_PLANES else 75)
    @given(
        sequences(name),
        st.none() | st.integers(1, 30) | NAMES | FAILSLAB,
        st.booleans(),
        st.sampled_from(["kept", "kept", "zeroed", "poisoned"]),
    )
    def check(ops: list[str], fail: int | str | Failslab | None, retry: bool, freed: str) -> None:
        try:
            trace = scenario.run(chosen, ops=ops, fail=fail, retry=retry, freed=freed)
        except ValueError as unreached:
            assume("nothing fails" not in str(unreached))
            raise
        told = numbers_of(fail, trace) if isinstance(fail, Failslab) else fail
        result = driver(name).run(Scenario(tuple(ops), told, retry, freed))
        assert not disagreements(trace, result), side_by_side(trace, result)

    check()


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("names", [WITHOUT[:4], WITHOUT[4:], WITH_PLANES[:1], WITH_PLANES[1:]])
def test_random_edits_of_the_undo_code(names: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each edit is made in both texts, the C compiled, every failable call failed once."""
    folder: Path = tmp_path_factory.mktemp("edits")

    def edits(name: str) -> st.SearchStrategy[tuple[str, list[Edit]]]:
        function, place = st.sampled_from(functions_of(BOTH[name])), st.integers(0, 14)
        return st.tuples(
            st.just(name),
            st.lists(st.builds(Edit, function, st.sampled_from(OPS), place, place), min_size=1, max_size=3),
        )

    @some(10)
    @given(st.sampled_from(names).flatmap(edits))
    def check(chosen: tuple[str, list[Edit]]) -> None:
        name, changes = chosen
        version, files = edited(BOTH[name], tree(name), changes)
        ops = usual((1, 3) if name in WITH_PLANES else ())
        calls = scenario.run(version, ops=ops).calls
        with Driver(build(files, folder=folder)) as changed:
            for fail in (None, *range(1, len(calls) + 1)):
                trace, result = scenario.run(version, ops=ops, fail=fail), changed.run(Scenario(ops, fail))
                assert not disagreements(trace, result), (
                    f"{name}, {'; '.join(map(str, changes))}\n{side_by_side(trace, result)}"
                )

    check()
