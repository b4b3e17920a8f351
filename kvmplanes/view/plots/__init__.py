# SPDX-License-Identifier: GPL-2.0-only
"""Plots: plane occupancy, object lifetimes, many runs, paths by version, mutants. They draw and decide nothing."""

from kvmplanes.view.plots.kills import plot_kills
from kvmplanes.view.plots.sheet import Plot
from kvmplanes.view.plots.steps import plot_lifetimes, plot_occupancy
from kvmplanes.view.plots.tables import plot_paths, plot_runs

__all__ = ["Plot", "plot_kills", "plot_lifetimes", "plot_occupancy", "plot_paths", "plot_runs"]
