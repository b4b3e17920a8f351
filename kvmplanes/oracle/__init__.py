# SPDX-License-Identifier: GPL-2.0-only
"""The C that the model runs, compiled with sanitizers and driven like the model, and what a real kernel did.

Machine and compilers are given the same text. So agreement shows that the machine reads C as compilers do, and that the
heap sees what sanitizers see. It does not show that the text is the kernel's: that is what `oracle.measured` is for.

>>> from kvmplanes import oracle
>>> (row,) = oracle.agreement(run for run in oracle.stored() if run.version == "09")
>>> row.scenarios, row.wrong
(28, ())

`python -m kvmplanes.oracle` compiles, runs and compares again; `kvmplanes.oracle.compiled.fuzz` does so with samples
of C and edits that nobody thought of.
"""

from typing import TYPE_CHECKING

from kvmplanes.oracle.compiled.build import MISSING, SANITIZERS, build, compilers, tree
from kvmplanes.oracle.compiled.compare import SEES, disagreements, model_events, side_by_side
from kvmplanes.oracle.compiled.edits import Edit, with_edits
from kvmplanes.oracle.compiled.results import Agreement, CRun, agreement, agreement_table, fresh, matrix, stored
from kvmplanes.oracle.compiled.run import Driver, Played, Scenario
from kvmplanes.oracle.instruments.cases import ABOUT_09, decoded, recorded
from kvmplanes.oracle.instruments.checkers import DECLARING_PATCH, checkers, deallocator, gccs
from kvmplanes.oracle.instruments.checklist import five_questions
from kvmplanes.oracle.instruments.table import instrument_table
from kvmplanes.oracle.measured import VARIANTS, evidence_text
from kvmplanes.oracle.measured.evidence import MODELS, both, compare
from kvmplanes.oracle.measured.kernels import kernels

if TYPE_CHECKING:
    from kvmplanes.oracle.instruments.picker import instrument_picker

__all__ = [
    "ABOUT_09",
    "DECLARING_PATCH",
    "MISSING",
    "MODELS",
    "SANITIZERS",
    "SEES",
    "VARIANTS",
    "Agreement",
    "CRun",
    "Driver",
    "Edit",
    "Played",
    "Scenario",
    "agreement",
    "agreement_table",
    "both",
    "build",
    "checkers",
    "compare",
    "compilers",
    "deallocator",
    "decoded",
    "disagreements",
    "evidence_text",
    "five_questions",
    "fresh",
    "gccs",
    "instrument_picker",
    "instrument_table",
    "kernels",
    "matrix",
    "model_events",
    "recorded",
    "side_by_side",
    "stored",
    "tree",
    "with_edits",
]


def __getattr__(name: str) -> object:
    """The picker is imported when somebody asks for it: it needs ipywidgets, and nothing else here does."""
    if name != "instrument_picker":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kvmplanes.oracle.instruments.picker import instrument_picker

    return instrument_picker


def __dir__() -> list[str]:
    """Every public name, also one that is not imported yet."""
    return [*__all__]
