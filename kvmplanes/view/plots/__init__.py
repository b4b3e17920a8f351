# SPDX-License-Identifier: GPL-2.0-only
"""Plots: occupancy, lifetimes, many runs, memory, paths by version, mutants. They draw and decide nothing."""

from kvmplanes.view.plots.crowd import plot_cost, plot_crowd
from kvmplanes.view.plots.kills import plot_kills
from kvmplanes.view.plots.sheet import Plot
from kvmplanes.view.plots.steps import plot_lifetimes, plot_occupancy
from kvmplanes.view.plots.tables import plot_paths, plot_runs

__all__ = [
    "Plot",
    "plot_cost",
    "plot_crowd",
    "plot_kills",
    "plot_lifetimes",
    "plot_occupancy",
    "plot_paths",
    "plot_runs",
]
