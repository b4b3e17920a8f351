# SPDX-License-Identifier: GPL-2.0-only
"""Faults put into the C: which account from outside notices each of them.

The model and the compilers run one text, so their agreement says nothing about a mistake in it. Two accounts come from
elsewhere: what two kernels did (`oracle.evidence`), and `facts.py`, written down from the mails and the sources, which
`tests/model` holds the text against. The posted mail itself is held by its checksum (`tests/patch`).
"""

import re
from collections.abc import Iterable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from kvmplanes.model import series
from kvmplanes.model.limits import LIMITS
from kvmplanes.model.machine.tree import as_lines, text_of
from kvmplanes.model.series import ALL, Version
from kvmplanes.oracle.measured.evidence import MODELS, NEWER, compare, recorded_figures, with_model
from tests.helpers import facts

ON_7_2 = recorded_figures(NEWER)
HOST = "include/linux/kvm_host.h"
CREATE, DESTROY, PLANE = "kvm_create_vm", "kvm_destroy_vm", "kvm_vm_ioctl_create_plane"


class Text(NamedTuple):
    """Where the same lines stand: a version that `facts` speaks of, and measured kernels, by their key in `MODELS`."""

    version: str
    kernels: tuple[str, ...]


POSTED = Text("09", ("V1k", "V1"))
VM = Text("11", ("V2k", "V2"))
IOCTL = Text("29", ("W29",))
REPAIR = Text("29-fixed", ("W29fix",))
WALK = Text("29", ())  # 10/60: the kernel that has it is not compared, see `reuse` on the limits page

Edit = tuple[str, str, str]  # a function, or a header; its lines; what stands there instead
Fault = tuple[Text, Edit] | tuple[Text, Edit, Edit]

# Who notices -> the fault -> where, and what.
HELD: dict[str, dict[str, Fault]] = {
    "kernels and facts": {
        "two lines of the teardown change places": (VM, (DESTROY, "kvm_destroy_planes(kvm);\nkvm_arch_free_vm(kvm);",
                                                         "kvm_arch_free_vm(kvm);\nkvm_destroy_planes(kvm);")),
        "a label one rung too low": (VM, (CREATE, "goto out_err_no_irq_routing;", "goto out_err_no_irq_srcu;")),
        "another errno for a refused plane": (VM, (CREATE, "r = -ENOMEM;\ngoto out_no_planes;",
                                                   "r = -EINVAL;\ngoto out_no_planes;")),
        "users_count is not set": (VM, (CREATE, "refcount_set(&kvm->users_count, 1);", "")),
        "a bus too few": (VM, (HOST, "\tKVM_IOCSR_BUS,\n", "")),
        "planes[] of 17": (VM, (HOST, "planes[KVM_MAX_PLANES]", "planes[KVM_MAX_PLANES + 1]")),
        "irq_routing is not freed": (VM, (DESTROY, "kvm_free_irq_routing(kvm);", "")),
        "an occupied slot is not refused": (IOCTL, (PLANE, "if (kvm->planes[id])\nreturn -EEXIST;", "")),
        "the failing path of 29 empties the slot": (IOCTL, (PLANE, "kvm_destroy_one_plane(plane);",
                                                            "kvm_destroy_one_plane(plane);\nkvm->planes[id] = NULL;")),
        "29 takes no reference on the VM": (IOCTL, (PLANE, "kvm_get_kvm(kvm);", "")),
        "a plane's file gives nothing back": (IOCTL, ("kvm_plane_release", "kvm_put_kvm(plane->kvm);", "(void)plane;")),
        "KVM_CAP_PLANES says 16 on /dev/kvm": (IOCTL, ("kvm_dev_ioctl_check_extension", "return 1;", "return 16;")),
    },
    "kernels": {
        "kvm_destroy_planes() empties no slot": (POSTED, ("kvm_destroy_planes", "kvm->planes[i] = NULL;", "")),
    },
    "facts": {
        "a label one rung too high": (VM, (CREATE, "goto out_err_no_srcu;", "goto out_err_no_irq_srcu;")),
        "no mmgrab()": (VM, (CREATE, "mmgrab(current->mm);", "")),
        "a plane's level is not stored": (IOCTL, ("kvm_create_plane", "plane->level = plane_level;", "")),
        "max_vcpus is not set": (VM, (CREATE, "kvm->max_vcpus = KVM_MAX_VCPUS;", "")),
        "SRCU is cleaned up in the other order": (VM, (
            DESTROY, "cleanup_srcu_struct(&kvm->irq_srcu);\ncleanup_srcu_struct(&kvm->srcu);",
            "cleanup_srcu_struct(&kvm->srcu);\ncleanup_srcu_struct(&kvm->irq_srcu);")),
        "the notifier's ops are set after what can fail": (VM, (
            "kvm_init_mmu_notifier", 'kvm->mmu_notifier.ops = "kvm_mmu_notifier_ops";', ""), (
            "kvm_init_mmu_notifier", 'if (!r)\nshim_get("mmu_notifier");',
            'if (!r) {\nkvm->mmu_notifier.ops = "kvm_mmu_notifier_ops";\nshim_get("mmu_notifier");\n}')),
        "29 asks for the slot before it checks the id": (IOCTL, (
            PLANE, "if (id >= kvm_arch_max_planes(kvm))\nreturn -EINVAL;\nif (kvm->planes[id])\nreturn -EEXIST;",
            "if (kvm->planes[id])\nreturn -EEXIST;\nif (id >= kvm_arch_max_planes(kvm))\nreturn -EINVAL;")),
        "29 frees the plane before it puts the VM": (IOCTL, (
            PLANE, "kvm_put_kvm(kvm);\nkvm_destroy_one_plane(plane);",
            "kvm_destroy_one_plane(plane);\nkvm_put_kvm(kvm);")),
        "the repair empties the slot before it frees": (REPAIR, (
            PLANE, "kvm_destroy_one_plane(plane);\nkvm->planes[id] = NULL;",
            "kvm->planes[id] = NULL;\nkvm_destroy_one_plane(plane);")),
        "10 does not follow the back-pointer": (WALK, (
            "kvm_destroy_vcpus", "if (plane && plane->kvm->online_vcpus)", "if (plane)")),
        "10 walks upwards": (WALK, ("kvm_destroy_vcpus", "for (i = KVM_MAX_PLANES - 1; i >= 0; i--) {",
                                    "for (i = 0; i < KVM_MAX_PLANES; i++) {")),
        "nothing walks the planes": (WALK, ("kvm_arch_destroy_vm", "kvm_destroy_vcpus(kvm);", "")),
    },
}  # fmt: skip

# Nobody notices these; the limits page says so in these words.
UNHELD: dict[str, Fault] = {
    "`mutex_init(&kvm->lock)` is missing": (VM, (CREATE, "mutex_init(&kvm->lock);", "")),
    "29 takes no lock": (IOCTL, ("kvm_vm_ioctl", "mutex_lock(&kvm->lock);", ""),
                         ("kvm_vm_ioctl", "mutex_unlock(&kvm->lock);", "")),
    "`xa_init()` of a plane is missing": (WALK, ("kvm_create_plane", "xa_init(&plane->vcpu_array);", "")),
    "a freed bus keeps its slot": (VM, (DESTROY, "kvm->buses[i] = NULL;", "")),
    "`if (r)` is in place of `if (r < 0)` after `kvm_coalesced_mmio_init()`": (VM, (CREATE, "if (r < 0)", "if (r)")),
    "`kvm_arch_destroy_vm()` does without SRCU": (VM, (
        "kvm_arch_destroy_vm", "int idx = srcu_read_lock(&kvm->srcu);", "int idx = 0;"),
        ("kvm_arch_destroy_vm", "srcu_read_unlock(&kvm->srcu, idx);", "(void)idx;")),
    "an unknown ioctl gives another errno than ENOTTY": (IOCTL, ("kvm_vm_ioctl", "return -ENOTTY;", "return -EINVAL;")),
    "`kvm_create_vm()` gets another type than user space gave": (VM, (
        "kvm_dev_ioctl_create_vm", "kvm = kvm_create_vm(type, fdname);", "kvm = kvm_create_vm(0, fdname);")),
}  # fmt: skip


def wrong(version: Version, edits: Iterable[Edit]) -> Version:
    """The version with a fault, under its own name."""
    made = version
    for where, old, new in edits:
        if where == HOST:
            text = text_of(made.tree, where)
            assert text.count(old) == 1
            made = Version(made.name, made.title, {**made.tree, where: as_lines(text.replace(old, new))}, made.based_on)
        else:
            made = made.edit(made.name, made.title, (where, old, new))
    return made


# -- the two accounts ----------------------------------------------------------------------------------------------


def by_kernels(monkeypatch: pytest.MonkeyPatch, text: Text, *edits: Edit) -> bool:
    """Whether a figure of one of both kernels is not the model's, or a kernel makes a call that the model does not."""
    if not text.kernels:
        return False
    made = wrong(MODELS[text.kernels[0]], edits)
    with monkeypatch.context() as patch:
        for name in text.kernels:
            patch.setitem(MODELS, name, made)
        try:
            return any(compare(only=name).wrong for name in text.kernels) or bool(with_model(ON_7_2, NEWER).wrong)
        except ValueError:
            return True


def module(name: str) -> ModuleType:
    """A module of `tests/model`."""
    path = Path(__file__).parents[2] / "model" / f"{name}.py"
    spec = spec_from_file_location(f"account_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def arguments(names: str | tuple[str, ...], values: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """What one `parametrize` gives."""
    for value in values:
        row = value.values if hasattr(value, "marks") else (value,) if isinstance(names, str) else value
        yield dict(zip((names,) if isinstance(names, str) else names, row, strict=True))


def cases(made: ModuleType) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Every test of a version, with its arguments."""
    for name, test in vars(made).items():
        marks = [mark.args for mark in getattr(test, "pytestmark", ())] if name.startswith("test_") else []
        for rows in product(*(list(arguments(*mark)) for mark in marks)):
            given = {key: value for row in rows for key, value in row.items()}
            if "version" in given:
                yield test, given


ACCOUNT = [case for name in ("test_kvm", "test_text") for case in cases(module(name))]


def fails(test: Any, given: dict[str, Any]) -> bool:
    try:
        test(**given)
    except (AssertionError, ValueError, LookupError, StopIteration):
        return True
    return False


def by_facts(monkeypatch: pytest.MonkeyPatch, text: Text, *edits: Edit) -> bool:
    """Whether one of the tests that hold this version against `facts` fails."""
    made, version = wrong(ALL[text.version], edits), series._version
    with monkeypatch.context() as patch:
        patch.setattr(series, "_version", lambda name: made if name == text.version else version(name))
        return any(fails(test, given) for test, given in ACCOUNT if given["version"] == text.version)


# -- who notices what ----------------------------------------------------------------------------------------------


def holders(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> str:
    noticing = {"kernels": by_kernels(monkeypatch, *fault), "facts": by_facts(monkeypatch, *fault)}
    return " and ".join(who for who, notices in noticing.items() if notices)


def test_every_version_is_held() -> None:
    assert {given["version"] for _, given in ACCOUNT} >= set(facts.VERSIONS)


@pytest.mark.parametrize(("who", "name"), [(who, name) for who, faults in HELD.items() for name in faults])
def test_a_fault_is_noticed(monkeypatch: pytest.MonkeyPatch, who: str, name: str) -> None:
    assert holders(monkeypatch, HELD[who][name]) == who


@pytest.mark.parametrize("name", UNHELD)
def test_nothing_notices(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert holders(monkeypatch, UNHELD[name]) == ""


def test_the_limits_page_lists_what_nothing_holds() -> None:
    first, *lists = LIMITS["text"].consequence.removesuffix(".").split(". ")
    listed = [name for sentence in lists for name in re.split(", and |, ", sentence.partition(": ")[2])]
    assert sorted(listed) == sorted(UNHELD)
    assert first.startswith("Neither of them notices eight mistakes")
    assert len(UNHELD) == 8
