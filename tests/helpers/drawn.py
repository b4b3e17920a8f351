# SPDX-License-Identifier: GPL-2.0-only
"""Plots of every kind of run, and what their figures are made of."""

from collections.abc import Callable
from functools import cache

from matplotlib.patches import PathPatch

import kvmplanes as kp
from kvmplanes.runs.trace import Trace
from kvmplanes.view.plots import Plot, plot_lifetimes, plot_occupancy, plot_paths, plot_runs

LATE = "anon_inode_getfile(plane 3)"


@cache
def dangling() -> Trace:
    return kp.run("29", planes=(1, 3, 7), fail=LATE)


@cache
def many(version: str, probability: int, runs: int = 12) -> list[Trace]:
    planes = (1, 3, 7) if version == "29" else ()
    slabs = (kp.Failslab(probability, times=-1, seed=seed) for seed in range(runs))
    return [kp.run(version, planes=planes, fail=slab) for slab in slabs]


def beyond() -> Trace:
    """A reader's own kvm_create_plane, which misses the array."""
    missed = """
static struct kvm_plane *kvm_create_plane(struct kvm *kvm, unsigned plane_level)
{
    struct kvm_plane *plane = kzalloc(sizeof(*plane), GFP_KERNEL_ACCOUNT);

    kvm->planes[plane_level + 20] = plane;
    return plane;
}
"""
    return kp.run(kp.VERSIONS["11"].replace(missed), fail=None)


PLOTS: dict[str, Callable[[], Plot]] = {
    "09": lambda: plot_occupancy(kp.run("09")),
    "09 without a plane": lambda: plot_occupancy(kp.run("09", fail="kvm_create_plane")),
    "09 without a VM": lambda: plot_occupancy(kp.run("09", fail="get_unused_fd_flags")),
    "09 zeroed": lambda: plot_occupancy(kp.run("09", freed="zeroed")),
    "29": lambda: plot_occupancy(dangling()),
    "29 retried": lambda: plot_occupancy(kp.run("29", planes=(1, 3, 7), fail=LATE, retry=True)),
    "29 full": lambda: plot_occupancy(kp.run("29", planes=range(1, 16), fail="anon_inode_getfile(plane 9)")),
    "29 failslab": lambda: plot_occupancy(kp.run("29", planes=(1, 2, 3, 4), fail=kp.Failslab(5, times=-1, seed=3))),
    "09 poisoned": lambda: plot_occupancy(kp.run("09", freed="poisoned")),
    "two VMs": lambda: plot_occupancy(kp.run("09", ops=("KVM_CREATE_VM", "close(vm)", "KVM_CREATE_VM", "close(vm)"))),
    "29 beyond": lambda: plot_occupancy(beyond()),
    "lifetimes 09": lambda: plot_lifetimes(kp.run("09")),
    "lifetimes without objects": lambda: plot_lifetimes(kp.run("09", fail="get_unused_fd_flags"), references=True),
    "lifetimes 29": lambda: plot_lifetimes(dangling(), references=True),
    "lifetimes rfc": lambda: plot_lifetimes(kp.run("rfc")),
    "lifetimes Oops": lambda: plot_lifetimes(kp.run("09", freed="poisoned"), references=True),
    "lifetimes beyond": lambda: plot_lifetimes(beyond()),
    "runs": lambda: plot_runs(many("29", 5)),
    "groups": lambda: plot_runs({f"probability {p} %": many("09", p) for p in (2, 10, 30)}),
    "one run": lambda: plot_runs({"all": [kp.run("09")], "none": [kp.run("09", fail=1)]}),
    "paths": lambda: plot_paths([kp.certify(version) for version in kp.VERSIONS]),
    "one version": lambda: plot_paths([kp.certify("09")]),
    "many versions": lambda: plot_paths([kp.certify("29", planes=(1,))] * 10),
}


@cache
def plot(name: str) -> Plot:
    return PLOTS[name]()


def shape(plotted: Plot, word: str) -> PathPatch:
    found = [patch for patch in plotted.figure.axes[0].patches if patch.get_label() == word]
    assert len(found) == 1, f"{len(found)} shapes say {word!r}"
    assert isinstance(found[0], PathPatch)
    return found[0]


def boxes(plotted: Plot, word: str) -> list[tuple[float, float, float, float]]:
    """(left, right, top, bottom) of every box of a meaning."""
    corners = shape(plotted, word).get_path().vertices.reshape(-1, 5, 2)
    return [(*box[:, 0][[0, 1]], *box[:, 1][[0, 2]]) for box in corners]


def points(plotted: Plot, word: str) -> list[tuple[float, float]]:
    lines = [line for line in plotted.figure.axes[0].lines if line.get_label() == word]
    return [(x, y) for line in lines for x, y in zip(*line.get_data(), strict=True)]


def row_labels(plotted: Plot) -> dict[str, float]:
    axis = plotted.figure.axes[0].yaxis
    return {label.get_text(): y for label, y in zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)}


def legend(plotted: Plot) -> list[str]:
    return [text.get_text() for text in plotted.figure.legends[0].get_texts()]


def written(plotted: Plot) -> list[str]:
    return [text.get_text() for text in plotted.figure.axes[0].texts]
