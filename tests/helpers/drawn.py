# SPDX-License-Identifier: GPL-2.0-only
"""Plots of every kind of run, and what their figures are made of."""

from collections.abc import Callable
from functools import cache
from xml.etree import ElementTree as ET

import kvmplanes as kp
from kvmplanes.runs.trace import Trace
from kvmplanes.view.page.svg import Point
from kvmplanes.view.plots import Plot, plot_cost, plot_crowd, plot_lifetimes, plot_occupancy, plot_paths, plot_runs
from kvmplanes.view.plots.figure import Sign, Words

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
    "lifetimes without objects": lambda: plot_lifetimes(kp.run("09", fail="get_unused_fd_flags")),
    "lifetimes 29": lambda: plot_lifetimes(dangling()),
    "lifetimes rfc": lambda: plot_lifetimes(kp.run("rfc")),
    "lifetimes Oops": lambda: plot_lifetimes(kp.run("09", freed="poisoned")),
    "lifetimes beyond": lambda: plot_lifetimes(beyond()),
    "runs": lambda: plot_runs({"All runs": many("29", 5)}),
    "groups": lambda: plot_runs({f"probability {p} %": many("09", p) for p in (2, 10, 30)}),
    "one run": lambda: plot_runs({"all": [kp.run("09")], "none": [kp.run("09", fail=1)]}),
    "paths": lambda: plot_paths([kp.certify(version) for version in kp.VERSIONS]),
    "one version": lambda: plot_paths([kp.certify("09")]),
    "many versions": lambda: plot_paths([kp.certify("29", planes=(1,))] * 10),
    "crowd": lambda: plot_crowd({f"{p} % fail": many("29", p) for p in (2, 30)}),
    "cost": plot_cost,
}


@cache
def plot(name: str) -> Plot:
    return PLOTS[name]()


def signs(plotted: Plot) -> list[Sign]:
    return [piece for piece in plotted.figure.pieces if isinstance(piece, Sign)]


def places(plotted: Plot, word: str) -> list[tuple[Point, ...]]:
    """Where the sign of a word is drawn: corners, ends, or one point each."""
    return [place for sign in signs(plotted) if sign.word == word for place in sign.places]


def marks(plotted: Plot, word: str) -> list[Point]:
    """Where the markers of a word are."""
    return [point for (point,) in places(plotted, word)]


def words(plotted: Plot) -> list[Words]:
    return [piece for piece in plotted.figure.pieces if isinstance(piece, Words)]


def written(plotted: Plot) -> list[str]:
    return [piece.words for piece in words(plotted)]


def labels(plotted: Plot) -> dict[str, float]:
    """The middle of each row that has a name."""
    return {piece.words: piece.y for piece in words(plotted) if piece.down == "center_baseline"}


def legend(plotted: Plot) -> list[str]:
    named = {sign.word for sign in signs(plotted)}
    below = [piece for piece in words(plotted) if piece.y > plotted.figure.height - 10]
    return [piece.words for piece in below if piece.words in named]


def steps(plotted: Plot, word: str) -> list[tuple[float, ...]]:
    """The steps at which each sign of a word begins and ends, as the numbers of the axis have it."""
    axis = [(int(piece.words), piece.x) for piece in words(plotted) if piece.down == "top" and piece.words.isdigit()]
    (low, left), (high, right) = axis[0], axis[-1]
    unit = (right - left) / (high - low)
    return [tuple(round(low + (x - left) / unit, 6) for x, _ in place) for place in places(plotted, word)]


def painted(svg: str) -> list[str]:
    """Every word of a picture, which is well-formed and made of shapes and words."""
    tree = ET.fromstring(svg)  # noqa: S314 - our own
    kinds = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert "image" not in kinds
    return sorted(filter(None, (element.text for element in tree.iter("{http://www.w3.org/2000/svg}text"))))
