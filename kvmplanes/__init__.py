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

TYPE_CHECKING = False  # as typing has it, which need not be imported for it
if TYPE_CHECKING:
    from kvmplanes.model.faults import Failslab
    from kvmplanes.model.heap import NULL
    from kvmplanes.model.limits import LIMITS
    from kvmplanes.model.series import KVM_CAP_PLANES, KVM_MAX_PLANES, VERSIONS, Version
    from kvmplanes.patch import PATCH
    from kvmplanes.runs.certificate import Certificate, certify
    from kvmplanes.runs.scenario import check_extension, run
    from kvmplanes.runs.trace import Defect, Step, Trace
    from kvmplanes.runs.unwinding import Ladder, ladder

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


# Public name -> the module that has it. Each is imported when somebody asks for it: `import kvmplanes` costs nothing.
_HOME = {
    **dict.fromkeys(("KVM_CAP_PLANES", "KVM_MAX_PLANES", "VERSIONS", "Version"), "model.series"),
    **dict.fromkeys(("Certificate", "certify"), "runs.certificate"),
    **dict.fromkeys(("Defect", "Step", "Trace"), "runs.trace"),
    **dict.fromkeys(("Ladder", "ladder"), "runs.unwinding"),
    **dict.fromkeys(("check_extension", "run"), "runs.scenario"),
    "Failslab": "model.faults",
    "LIMITS": "model.limits",
    "NULL": "model.heap",
    "PATCH": "patch",
}


def __getattr__(name: str) -> object:
    """A public name, from the module that has it."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Every public name, also one that is not imported yet."""
    return [*__all__]


def load_view() -> None:
    """Import what draws: until something is shown nothing needs it."""
    import kvmplanes.view  # noqa: F401 - it registers its drawings


def load_ipython_extension(shell: object) -> None:
    """`%load_ext kvmplanes`: give IPython the magic `%%c NAME` for cells that hold C."""
    from kvmplanes.view.code import add_magic

    add_magic(shell)
