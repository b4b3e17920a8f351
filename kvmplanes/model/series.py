# SPDX-License-Identifier: GPL-2.0-only
"""The named versions: 08 is the tree in `c/`, 09 the posted patch on top of it, every other one a diff of ours.

Source of what each patch does: the series (Message-ID 20260608144252.351443-N-joro@8bytes.org) and, for
`rfc`, "[RFC PATCH 03/29] KVM: add plane info to structs" of April 2025. The diffs are our own words (limit: text).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from kvmplanes.given import among, brief
from kvmplanes.model.machine.tree import Applied, Tree, apply_diff, as_lines, read_tree
from kvmplanes.model.version import Function, Version

__all__ = [
    "ALL", "DESTROY_PLANES", "FREE_VM", "KVM_CAP_PLANES", "KVM_MAX_PLANES", "SERIES", "TEARDOWN_FIXED",
    "TEARDOWN_POSTED", "VERSIONS", "Function", "Version", "applied", "diff_of", "version",
]  # fmt: skip

_HERE: Final = Path(__file__).parent
_POSTED: Final = _HERE.parent / "patch" / "0009-kvm-introduce-struct-kvm_plane.patch"

# The constants that the patch adds; a test holds them to the C.
KVM_MAX_PLANES: Final = 16  # +11
KVM_CAP_PLANES: Final = 249  # +13

# Two lines of kvm_destroy_vm, in the order of 09 and 10, and in the order that 11 gives them.
FREE_VM: Final = "kvm_arch_free_vm(kvm);"
DESTROY_PLANES: Final = "kvm_destroy_planes(kvm);"
TEARDOWN_POSTED: Final = f"{FREE_VM}\n{DESTROY_PLANES}"
TEARDOWN_FIXED: Final = f"{DESTROY_PLANES}\n{FREE_VM}"


class Entry(NamedTuple):
    """A version of the series.

    Attributes:
        title: what it is, in one phrase.
        base: the version that its diff goes on top of, "" for the tree itself.
        public: whether readers meet it. The others have a mistake that was measured on a kernel.
    """

    title: str
    base: str
    public: bool = True


SERIES: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "rfc": Entry("the ancestor, April 2025", "08"),
        "08": Entry("before the patch", ""),
        "09": Entry("Introduce struct kvm_plane, as posted", "08"),
        "09-fixed": Entry("our repair of 09: the two lines of the teardown change places", "09"),
        "10": Entry("Move vcpu_array to struct kvm_plane", "09"),
        "11": Entry("Introduce struct kvm_vcpu_common", "10"),
        "29": Entry("KVM_CREATE_PLANE on 11, as posted", "11"),
        "29-fixed": Entry("our repair of 29, not posted", "29"),
        "09-twice": Entry("plane 0 is created a second time, and nobody looks at the result", "09-fixed", public=False),
        "09-level16": Entry("a plane is created at level 16, one past the array", "09-fixed", public=False),
    }
)


def diff_of(name: str) -> Path | None:
    """The diff that makes a version out of the one it stands on; None for 08, the tree itself."""
    among(name, "name", SERIES)
    if name == "08":
        return None
    return _POSTED if name == "09" else _HERE / "c" / "series" / f"{name}.patch"


def applied(name: str) -> tuple[Applied, ...]:
    """Where each hunk of the diff that makes this version was placed."""
    among(name, "name", SERIES)
    return _made(name)[1]


@cache
def _made(name: str) -> tuple[Tree, tuple[Applied, ...]]:
    diff = diff_of(name)
    if diff is None:
        shim = as_lines((_HERE / "shim.h").read_text(encoding="utf-8"))
        return {**read_tree(_HERE / "c"), "shim.h": shim}, ()
    return apply_diff(_made(SERIES[name].base)[0], diff.read_text(encoding="utf-8"), ids=name == "09")


class _Versions(Mapping[str, Version]):
    """Versions by name, each made when it is asked for."""

    __slots__ = ("_names",)
    _names: tuple[str, ...]

    def __init__(self, names: tuple[str, ...]) -> None:
        object.__setattr__(self, "_names", names)

    def __setattr__(self, name: str, value: object) -> None:
        raise TypeError("versions cannot be changed; make one of your own with edit(), replace() or apply()")

    def __getitem__(self, name: str) -> Version:
        if name not in self._names:
            raise KeyError(name)
        return _version(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<versions {', '.join(self._names)}>"


@cache
def _version(name: str) -> Version:
    return Version(name, SERIES[name].title, _made(name)[0], SERIES[name].base, root=name)


# For readers, and everything that is compiled and measured.
VERSIONS: Final[Mapping[str, Version]] = _Versions(tuple(name for name, entry in SERIES.items() if entry.public))
ALL: Final[Mapping[str, Version]] = _Versions(tuple(SERIES))


def version(which: str | Version) -> Version:
    """A version by name, or the version itself.

    Raises:
        ValueError: no such name.
    """
    if isinstance(which, Version):
        return which
    if not isinstance(which, str) or which not in VERSIONS:
        raise ValueError(f"unknown version {brief(which)}; versions are {', '.join(VERSIONS)}")
    return VERSIONS[which]
