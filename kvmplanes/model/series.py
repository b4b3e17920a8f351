# SPDX-License-Identifier: GPL-2.0-only
"""The named versions. 09 is the text of `kvm.py`; every other one is a list of edits and says only what differs.

Source of what each patch does: the series (Message-ID 20260608144252.351443-N-joro@8bytes.org) and, for
`rfc`, "[RFC PATCH 03/29] KVM: add plane info to structs" of April 2025. The edits are our own words.
"""

from __future__ import annotations

import inspect
import linecache
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from kvmplanes.model import kernel, kvm
from kvmplanes.model.heap import NULL, Layout

Source = str | Callable[..., Any]


@dataclass(frozen=True)
class Function:
    """One function of a version: its text, and the code that runs."""

    name: str
    source: str
    code: Callable[..., Any]

    def line(self, lineno: int) -> str:
        """A line of the text, counted from 1 at `def`, without its indent and comment."""
        lines = self.source.splitlines()
        return lines[lineno - 1].partition("  # ")[0].strip() if 0 < lineno <= len(lines) else ""

    def ids(self, lineno: int) -> tuple[str, ...]:
        """The ids of the patch's added lines that a line's comment names."""
        lines = self.source.splitlines()
        comment = lines[lineno - 1].partition("  # ")[2] if 0 < lineno <= len(lines) else ""
        return tuple(re.findall(r"\+\d\d", comment))


@dataclass(frozen=True)
class Version:
    """A version of the functions.

    Args:
        name: short name, such as "09".
        title: what it is, in one phrase.
        sources: function name -> Python text, or a function of the reader's own.
        based_on: the version that `edits` were made to.
        edits: (function, old lines, new lines), as made.
    """

    name: str
    title: str
    sources: Mapping[str, Source] = field(repr=False)
    based_on: str = ""
    edits: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Name -> `Function`, compiled on first use."""
        return {name: _function(self.name, name, source) for name, source in self.sources.items()}

    def __hash__(self) -> int:
        return id(self)

    def replace(self, **functions: Source) -> Version:
        """The same version with some functions replaced by a reader's own.

        Args:
            **functions: name -> a Python function with the same arguments (`k` first), or its text.

        Raises:
            ValueError: this version has no function of that name, or it jumps to a missing label.
        """
        for name in functions:
            if name not in self.sources:
                raise ValueError(f"{self.name} has no function {name!r}; it has {', '.join(self.sources)}")
        changed = Version(f"{self.name}+", f"{self.title}, with a replaced {' and '.join(functions)}",
                          {**self.sources, **functions}, self.name)  # fmt: skip
        _ = changed.functions  # complain now rather than at the first run
        return changed

    def edit(self, name: str, title: str, *edits: tuple[str, str, str], **new: Source) -> Version:
        """A version that differs by edits.

        Args:
            name: its name.
            title: what it is, in one phrase.
            *edits: (function, old lines, new lines); the old lines must stand there exactly once,
                indentation aside.
            **new: functions that this version adds or writes anew.

        Raises:
            ValueError: the old lines stand there not once.
        """
        sources = dict(self.sources)
        for function, old, lines in edits:
            text = sources[function]
            if not isinstance(text, str):
                raise ValueError(f"{function} is a reader's own function; only text can be edited")
            sources[function] = _swap(function, text, old, lines)
        texts = {key: textwrap.dedent(text).strip() + "\n" if isinstance(text, str) else text for key, text in new.items()}
        return Version(name, title, {**sources, **texts}, self.name, edits)

    def without(self, *names: str) -> Version:
        """The same version without some functions."""
        kept = {key: source for key, source in self.sources.items() if key not in names}
        return Version(self.name, self.title, kept, self.based_on, self.edits)

    def __str__(self) -> str:
        return self.name


def _swap(function: str, text: str, old: str, new: str) -> str:
    """Replace whole lines, keeping the indent at which the old ones stand."""
    want = textwrap.dedent(old).strip("\n").splitlines()
    have = text.splitlines()
    places = [
        at
        for at in range(len(have) - len(want) + 1)
        if textwrap.dedent("\n".join(have[at : at + len(want)])).splitlines() == want
    ]
    if len(places) != 1:
        raise ValueError(f"{function}: the old lines stand there {len(places)} times, not once:\n{old}")
    at = places[0]
    indent = have[at][: len(have[at]) - len(have[at].lstrip())]
    block = textwrap.indent(textwrap.dedent(new).strip("\n"), indent).splitlines()
    return "\n".join([*have[:at], *block, *have[at + len(want) :]]) + "\n"


def _function(version: str, name: str, source: Source) -> Function:
    if callable(source):
        try:
            text = textwrap.dedent(inspect.getsource(source))
        except (OSError, TypeError):
            text = ""
        _check_labels(name, text)
        return Function(name, text, source)
    _check_labels(name, source)
    filename = f"<kvmplanes {version} {name}>"
    namespace = dict(_NAMES)
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - our own text, or the reader's
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    return Function(name, source, namespace[name])


def _check_labels(name: str, text: str) -> None:
    labels = re.findall(r'\.label\("(\w+)"\)', text)
    for target in re.findall(r'\.goto\("(\w+)"\)', text):
        if target not in labels:
            raise ValueError(f"{name} jumps to {target!r}; its labels are {', '.join(labels) or 'none'}")


# -- structs that differ ------------------------------------------------------------------------------

struct_kvm_08: Final = kvm.struct_kvm.without("planes")
struct_kvm_plane_10: Final = kvm.struct_kvm_plane.plus(vcpu_array=NULL)
struct_kvm_plane_rfc: Final = Layout("plane", "kvm_create_vm_plane", kvm=NULL, plane=0)

_NAMES: Final[dict[str, Any]] = {
    **{name: getattr(kernel, name) for name in kernel.__all__},
    **{name: value for name, value in vars(kvm).items() if not name.startswith("__")},
    "struct_kvm_08": struct_kvm_08,
    "struct_kvm_plane_10": struct_kvm_plane_10,
    "struct_kvm_plane_rfc": struct_kvm_plane_rfc,
}

# -- the versions ---------------------------------------------------------------------------------------

V09: Final = Version(
    "09",
    "as posted: plane 0 arrives, and teardown reads it from freed memory",
    {name: inspect.getsource(f) for name, f in vars(kvm).items() if inspect.isfunction(f) and f.__module__ == kvm.__name__},
)  # fmt: skip

V08: Final = V09.edit(
    "08",
    "before the patch: no planes",
    ("kvm_arch_alloc_vm", "return k.kzalloc(struct_kvm, 1)  # limit: kvzalloc", "return k.kzalloc(struct_kvm_08, 1)"),
    ("kvm_create_vm",
     """
     if k.kvm_create_plane(kvm, 0) is NULL:  # +47
         r = -ENOMEM  # +48
         raise k.goto("out_no_planes")  # +49
     kvm.debugfs_dentry = ERR_PTR(-ENOENT)
     """,
     "kvm.debugfs_dentry = ERR_PTR(-ENOENT)"),
    ("kvm_create_vm",
     """
     if goto.label("out_err_no_srcu"):
         k.kvm_destroy_planes(kvm)  # +52
     if goto.label("out_no_planes"):  # +53
         k.kvm_arch_free_vm(kvm)
     """,
     """
     if goto.label("out_err_no_srcu"):
         k.kvm_arch_free_vm(kvm)
     """),
    ("kvm_destroy_vm",
     """
     k.kvm_arch_free_vm(kvm)
     k.kvm_destroy_planes(kvm)  # +54
     """,
     "k.kvm_arch_free_vm(kvm)"),
).without("kvm_create_plane", "kvm_destroy_one_plane", "kvm_destroy_planes")  # fmt: skip

RFC: Final = V08.edit(
    "rfc",
    "April 2025: the order is right, but plane 0 is never freed",
    ("kvm_arch_alloc_vm", "return k.kzalloc(struct_kvm_08, 1)", "return k.kzalloc(struct_kvm, 1)"),
    ("kvm_create_vm",
     'kvm.debugfs_dentry = ERR_PTR(-ENOENT)',
     """
     kvm.debugfs_dentry = ERR_PTR(-ENOENT)
     plane0 = k.kvm_create_vm_plane(kvm, 0)
     if IS_ERR(plane0):
         r = PTR_ERR(plane0)
         raise k.goto("out_err_no_plane0")
     kvm.planes[0] = plane0
     """),
    ("kvm_create_vm",
     """
     if goto.label("out_err_no_srcu"):
         k.kvm_arch_free_vm(kvm)
     """,
     """
     if goto.label("out_err_no_srcu"):
         k.kfree(kvm.planes[0])
     if goto.label("out_err_no_plane0"):
         k.kvm_arch_free_vm(kvm)
     """),
    ("kvm_destroy_vm",
     "k.kvm_arch_free_vm(kvm)",
     """
     for i in range(KVM_MAX_PLANES):
         plane = kvm.planes[i]
         if plane is not NULL:
             k.kvm_destroy_plane(plane)
     k.kvm_arch_free_vm(kvm)
     """),
    kvm_create_vm_plane="""
    def kvm_create_vm_plane(k, kvm, plane_id):
        plane = k.kzalloc(struct_kvm_plane_rfc, plane_id)
        if plane is NULL:
            return ERR_PTR(-ENOMEM)
        plane.kvm = kvm
        plane.plane = plane_id
        return plane
    """,
    kvm_destroy_plane="""
    def kvm_destroy_plane(k, plane):
        pass
    """,
)  # fmt: skip

V10: Final = V09.edit(
    "10",
    "vcpu_array moves into the plane; teardown as in 09",
    ("kvm_create_plane",
     "plane = k.kzalloc(struct_kvm_plane, plane_level)  # +16",
     "plane = k.kzalloc(struct_kvm_plane_10, plane_level)"),
    ("kvm_create_plane",
     """
     plane.level = plane_level  # +22
     """,
     """
     plane.level = plane_level
     plane.vcpu_array = "xarray"
     """),
    ("kvm_arch_destroy_vm",
     'k._cleanup(kvm, "arch")  # limit: vcpus',
     """
     k.kvm_destroy_vcpus(kvm)
     k._cleanup(kvm, "arch")
     """),
    kvm_destroy_vcpus="""
    def kvm_destroy_vcpus(k, kvm):
        for i in reversed(range(KVM_MAX_PLANES)):
            plane = kvm.planes[i]
            if plane is not NULL:
                vcpu_array = plane.vcpu_array
    """,
)  # fmt: skip

V11: Final = V10.edit(
    "11",
    "the two lines of the teardown change places; the commit message does not mention it",
    ("kvm_destroy_vm",
     """
     k.kvm_arch_free_vm(kvm)
     k.kvm_destroy_planes(kvm)  # +54
     """,
     """
     k.kvm_destroy_planes(kvm)
     k.kvm_arch_free_vm(kvm)
     """),
)  # fmt: skip

V29: Final = V11.edit(
    "29",
    "KVM_CREATE_PLANE as posted: a failing anon_inode_getfile leaves the slot dangling",
    kvm_arch_max_planes="""
    def kvm_arch_max_planes(k, kvm):
        return KVM_MAX_PLANES  # limit: max_planes
    """,
    kvm_vm_ioctl_check_extension="""
    def kvm_vm_ioctl_check_extension(k, kvm, cap):
        if cap == KVM_CAP_PLANES:
            return k.kvm_arch_max_planes(kvm)
        return 0
    """,
    kvm_dev_ioctl_check_extension="""
    def kvm_dev_ioctl_check_extension(k, cap):
        if cap == KVM_CAP_PLANES:
            return 1
        return 0
    """,
    kvm_plane_release="""
    def kvm_plane_release(k, plane):
        k.kvm_put_kvm(plane.kvm)
    """,
    kvm_vm_ioctl_create_plane="""
    def kvm_vm_ioctl_create_plane(k, kvm, id):
        id = id & 0xFFFFFFFF
        if id >= k.kvm_arch_max_planes(kvm):
            return -EINVAL
        if kvm.planes[id] is not NULL:
            return -EEXIST
        fd = k.get_unused_fd_flags(f"plane {id}")
        if fd < 0:
            return fd
        try:
            plane = k.kvm_create_plane(kvm, id)
            if plane is NULL:
                r = -ENOMEM
                raise k.goto("put_fd")
            k.kvm_get_kvm(kvm)
            file = k.anon_inode_getfile(f"plane {id}", "kvm_plane_release", plane)
            if IS_ERR(file):
                r = PTR_ERR(file)
                raise k.goto("put_kvm")
            k.fd_install(fd, file)
            return fd
        except Goto as goto:
            if goto.label("put_kvm"):
                k.kvm_put_kvm(kvm)
                k.kvm_destroy_one_plane(plane)
            if goto.label("put_fd"):
                k.put_unused_fd(fd)
            return r
    """,
)

V29_FIXED: Final = V29.edit(
    "29-fixed",
    "our repair of 29: the failing path empties the slot (not posted)",
    ("kvm_vm_ioctl_create_plane",
     "k.kvm_destroy_one_plane(plane)",
     """
     k.kvm_destroy_one_plane(plane)
     kvm.planes[id] = NULL
     """),
)  # fmt: skip

VERSIONS: Final[Mapping[str, Version]] = MappingProxyType(
    {version.name: version for version in (RFC, V08, V09, V10, V11, V29, V29_FIXED)}
)


def version(which: str | Version) -> Version:
    """A version by name, or the version itself.

    Raises:
        ValueError: no such name.
    """
    if isinstance(which, Version):
        return which
    if which not in VERSIONS:
        raise ValueError(f"unknown version {which!r}; versions are {', '.join(VERSIONS)}")
    return VERSIONS[which]
