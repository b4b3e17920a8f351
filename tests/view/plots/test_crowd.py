# SPDX-License-Identifier: GPL-2.0-only
"""Many VMs, and what planes cost: the plots say what the runs and the arithmetic say."""

import pytest

import kvmplanes as kp
from kvmplanes.model.sizes import DESIGNS
from kvmplanes.view.plots import plot_cost, plot_crowd
from kvmplanes.view.plots.crowd import NO_VM, filled

OPS = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "KVM_CREATE_PLANE 2")
RUNS = [
    kp.run("29-fixed", ops=OPS),
    kp.run("29-fixed", ops=OPS, fail="kvm_create_plane(kvm, 1)"),
    kp.run("29-fixed", ops=OPS, fail="init_srcu_struct"),
]


def test_slots_are_counted_before_anything_is_closed() -> None:
    assert [filled(run) for run in RUNS] == [3, 2, NO_VM]


def test_a_cell_counts_its_vms_in_the_picture_and_in_words() -> None:
    plot = plot_crowd({"some": RUNS, "one": RUNS[:1] * 4})
    assert plot.text.splitlines() == [
        "some: 3 VMs, 1 never came to life; 2 to 3 slots filled, 2.5 on average",
        "one: 4 VMs, 0 never came to life; 3 to 3 slots filled, 3.0 on average",
    ]
    assert "no VM" in plot.svg
    assert ">4</text>" in plot.svg
    assert plot.svg == plot_crowd({"some": RUNS, "one": RUNS[:1] * 4}).svg
    assert "no slot filled" in plot_crowd({"none": RUNS[2:]}).text


@pytest.mark.parametrize("groups", [{}, {"empty": []}])
def test_a_crowd_needs_somebody(groups: dict[str, list[kp.Trace]]) -> None:
    with pytest.raises(ValueError, match="at least one group, and a run in each"):
        plot_crowd(groups)


def test_the_cost_is_told_for_each_design() -> None:
    plot = plot_cost()
    assert [line.partition(":")[0] for line in plot.text.splitlines()] == list(DESIGNS)
    assert "144 bytes in 1 allocation for 1 plane" in plot.text
    assert "bytes taken from the allocator of a measured kernel: 16 for 1, 32 for 2 and 256 for 16" in plot.text
    assert "a first plane costs 16, 0 and 0 there" in plot.svg
    assert all(name in plot.svg for name in DESIGNS)
    assert plot.svg == plot_cost().svg
