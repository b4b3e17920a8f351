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

from kvmplanes.model.faults import Failslab
from kvmplanes.model.heap import NULL
from kvmplanes.model.series import KVM_CAP_PLANES, KVM_MAX_PLANES, VERSIONS, Version
from kvmplanes.runs import shown
from kvmplanes.runs.certificate import Certificate, certify
from kvmplanes.runs.scenario import check_extension, run
from kvmplanes.runs.trace import Defect, Step, Trace
from kvmplanes.runs.unwinding import Ladder, ladder

if TYPE_CHECKING:
    from kvmplanes.model.limits import LIMITS
    from kvmplanes.patch import PATCH

__all__ = [
    "KVM_CAP_PLANES",
    "KVM_MAX_PLANES",
    "LIMITS",
    "NULL",
    "PATCH",
    "VERSIONS",
    "Certificate",
    "Defect",
    "Failslab",
    "Ladder",
    "Step",
    "Trace",
    "Version",
    "certify",
    "check_extension",
    "ladder",
    "run",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The patch and the limits are read when somebody asks for them: until then nothing needs their readers."""
    if name == "PATCH":
        from kvmplanes.patch import PATCH

        return PATCH
    if name == "LIMITS":
        from kvmplanes.model.limits import LIMITS

        return LIMITS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Every public name, also one that is not imported yet."""
    return [*__all__]


def _load_view() -> None:
    """Import what draws: until something is shown nothing needs it."""
    import kvmplanes.view  # noqa: F401 - it registers its drawings


shown.load = _load_view


def load_ipython_extension(shell: object) -> None:
    """`%load_ext kvmplanes`: give IPython the magic `%%c NAME` for cells that hold C."""
    from kvmplanes.view.code import add_magic

    add_magic(shell)
