# SPDX-License-Identifier: GPL-2.0-only
"""Plots: occupancy, lifetimes, many runs, memory, paths by version. They draw and decide nothing."""

from kvmplanes.view.plots.grid import plot_cost, plot_crowd, plot_paths, plot_runs
from kvmplanes.view.plots.plot import Plot
from kvmplanes.view.plots.timeline import plot_lifetimes, plot_occupancy

__all__ = ["Plot", "plot_cost", "plot_crowd", "plot_lifetimes", "plot_occupancy", "plot_paths", "plot_runs"]
