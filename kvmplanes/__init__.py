# SPDX-License-Identifier: GPL-2.0-only
"""One kernel patch, "[PATCH 09/60] kvm: Introduce struct kvm_plane", as something to run.

>>> import kvmplanes as kp
>>> t = kp.run("09")                            # open, KVM_CREATE_VM, close
>>> t.errno, len(t.defects)
(None, 17)
>>> kp.run("09", fail="kvm_create_plane").errno
'ENOMEM'
>>> kp.certify("11").clean
True
"""

from typing import TYPE_CHECKING

from kvmplanes.model.constants import KVM_CAP_PLANES, KVM_MAX_PLANES
from kvmplanes.model.faults import Failslab
from kvmplanes.model.heap import NULL
from kvmplanes.model.series import VERSIONS, Version
from kvmplanes.runs.certificate import Certificate, certify
from kvmplanes.runs.scenario import check_extension, run
from kvmplanes.runs.trace import Trace

if TYPE_CHECKING:
    from kvmplanes.patch import PATCH

__all__ = [
    "KVM_CAP_PLANES",
    "KVM_MAX_PLANES",
    "NULL",
    "PATCH",
    "VERSIONS",
    "Certificate",
    "Failslab",
    "Trace",
    "Version",
    "certify",
    "check_extension",
    "run",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """PATCH is read when somebody asks for it: until then nothing needs a reader of diffs."""
    if name != "PATCH":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kvmplanes.patch import PATCH

    return PATCH


def load_ipython_extension(shell: object) -> None:
    """`%load_ext kvmplanes`: give IPython the magic `%%c NAME` for cells that hold C."""
    from kvmplanes.view import magic

    magic.load_ipython_extension(shell)
