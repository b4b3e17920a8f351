# SPDX-License-Identifier: GPL-2.0-only
"""Mistakes that are easily made in this patch, each as one edit; `kvmplanes.runs.mutation` tells what sees each.

They stand on 11 and 29-fixed, which have no defect of their own: with 09 as posted, every VM that goes shows one.
"""

from typing import Final

from kvmplanes.model.mutants.ioctl import IOCTL
from kvmplanes.model.mutants.mutant import Mutant
from kvmplanes.model.mutants.plane import PLANE
from kvmplanes.model.mutants.vm import VM

__all__ = ["MUTANTS", "Mutant"]

MUTANTS: Final[tuple[Mutant, ...]] = (*PLANE, *VM, *IOCTL)
