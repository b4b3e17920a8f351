# SPDX-License-Identifier: GPL-2.0-only
"""Beside the model: the patch applied to a userspace scaffold, compiled with sanitizers, driven like the model.

>>> from kvmplanes import oracle
>>> (row,) = oracle.agreement(run for run in oracle.stored() if run.version == "09")
>>> row.scenarios, row.wrong
(28, ())

`python -m kvmplanes.oracle` compiles, runs and compares again.
"""

from kvmplanes.oracle.build import MISSING, SANITIZERS, build, compilers
from kvmplanes.oracle.compare import SEES, disagreements, model_events, side_by_side
from kvmplanes.oracle.edits import Edit, edited
from kvmplanes.oracle.results import Agreement, Run, agreement, fresh, matrix, stored, table
from kvmplanes.oracle.run import Driver, Result, Scenario, usual
from kvmplanes.oracle.scaffold import BOTH, applied, tree

__all__ = [
    "BOTH",
    "MISSING",
    "SANITIZERS",
    "SEES",
    "Agreement",
    "Driver",
    "Edit",
    "Result",
    "Run",
    "Scenario",
    "agreement",
    "applied",
    "build",
    "compilers",
    "disagreements",
    "edited",
    "fresh",
    "matrix",
    "model_events",
    "side_by_side",
    "stored",
    "table",
    "tree",
    "usual",
]
