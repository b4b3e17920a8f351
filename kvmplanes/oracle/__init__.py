# SPDX-License-Identifier: GPL-2.0-only
"""The C that the model runs, compiled with sanitizers and driven like the model, and what a real kernel did.

Machine and compilers are given the same text. So agreement shows that the machine reads C as compilers do, and that the
heap sees what sanitizers see. It does not show that the text is the kernel's: that is what `oracle.kernel` is for.

>>> from kvmplanes import oracle
>>> (row,) = oracle.agreement(run for run in oracle.stored() if run.version == "09")
>>> row.scenarios, row.wrong
(28, ())

`python -m kvmplanes.oracle` compiles, runs and compares again; `kvmplanes.oracle.compiled.fuzz` does so with samples
of C and edits that nobody thought of.
"""

from kvmplanes.oracle.compiled.build import MISSING, SANITIZERS, build, compilers
from kvmplanes.oracle.compiled.compare import SEES, disagreements, model_events, side_by_side
from kvmplanes.oracle.compiled.edits import Edit, edited
from kvmplanes.oracle.compiled.results import Agreement, Run, agreement, fresh, matrix, stored, table
from kvmplanes.oracle.compiled.run import Driver, Result, Scenario
from kvmplanes.oracle.compiled.scaffold import tree

__all__ = [
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
]
