# SPDX-License-Identifier: GPL-2.0-only
"""Judges of the exercises on the end of a VM; their texts are in teardown.toml."""

from __future__ import annotations

from functools import cache
from typing import Final

import kvmplanes as kp
from kvmplanes.learn.exercises.answers import ReaderAnswer, as_number, as_parts, as_texts
from kvmplanes.learn.exercises.blocks import Block, complete
from kvmplanes.learn.exercises.ioctl import with_each_plane
from kvmplanes.learn.exercises.judging import Judge, Judged, certified, clean_on
from kvmplanes.learn.exercises.replies import GENERAL
from kvmplanes.learn.queries import GETFILE, HOOK, old_order
from kvmplanes.model.series import TEARDOWN_POSTED

# Plane 0 is the beginning of struct kvm: the same address, so the same object. Its members stand there one by one, as
# the model does not read one struct as another (limit: layout).
_MEMBERS: Final = """
--- a/include/linux/kvm_host.h
+++ b/include/linux/kvm_host.h
@@ -42,2 +42,5 @@
 struct kvm {
+	struct kvm *kvm;
+	unsigned level;
+	struct xarray vcpu_array;
 #ifdef KVM_HAVE_MMU_RWLOCK
"""
_DESTROY: Final = """
if (kvm->planes[i] == NULL)
	continue;
kvm_destroy_one_plane(kvm->planes[i]);
kvm->planes[i] = NULL;
"""


@cache
def embedded() -> kp.Version:
    """11 with plane 0 at the beginning of struct kvm, and nothing else changed."""
    return kp.VERSIONS["11"].apply(_MEMBERS).edit(
        "11, embedded",
        "plane 0 lies in struct kvm",
        ("kvm_create_vm", HOOK, "kvm->kvm = kvm;\nkvm->planes[0] = (struct kvm_plane *)kvm;"),
    )  # fmt: skip


@cache
def _with_plane_5(base: kp.Version) -> kp.Version:
    """A version in which another plane stands in slot 5, once the VM is complete."""
    create = "kvm_create_vm_plane" if "kvm_create_vm_plane" in base.functions else "kvm_create_plane"
    lines = ("kvm_create_vm", "return kvm;", f"kvm->planes[5] = {create}(kvm, 5);\nreturn kvm;")
    return base.edit(f"{base.name}, with plane 5", "one more plane", lines)


def rfc_leak(answer: ReaderAnswer) -> Judged:
    """The line in the RFC, whatever the plane's number is."""
    rfc = kp.VERSIONS["rfc"]
    block = Block("kvm_destroy_plane", "(void)plane;", (rfc,))
    return block.also_in(_with_plane_5(rfc), answer, block(answer))


@cache
def _unclean(name: str) -> bool:
    return not kp.certify(name).clean


def clear_slot(answer: ReaderAnswer) -> Judged:
    """The function in every version from 09 on, and whether the reader knows which of them it repairs."""
    function, helps = as_parts(answer, "function", "helps")
    names = ("09", "10", "11", "29")
    named = {*as_texts([helps] if isinstance(helps, str) else helps, "versions", names)}
    changed = Block("kvm_destroy_one_plane", "", tuple(kp.VERSIONS[name] for name in names)).versions(function)
    before = {name for name in names if _unclean(name)}
    after = {version.name: certified(version) for version in changed}
    repaired = {name for name in before if after[name].clean}
    judged = clean_on(*(after[name] for name in names if name not in before or name in named))
    if repaired and named == repaired:
        for name, version in zip(names, changed, strict=True):
            judged = complete(judged, kp.VERSIONS[name], version) if name in repaired else judged
        return judged.also(with_each_plane(changed[-1]))
    what = f"fixed: {', '.join(sorted(repaired)) or 'no version'}; named: {', '.join(sorted(named)) or 'none'}"
    paths = after["29"].paths
    refused = next((path.trace for path in paths if path.call == GETFILE), paths[-1].trace)
    return judged.refuted("the versions compared", what, refused, GENERAL["other versions"])


def embed(answer: ReaderAnswer) -> Judged:
    """The loop's lines with plane 0 inside struct kvm, and how many calls can still fail."""
    lines, number = as_parts(answer, "loop", "calls")
    calls, block = as_number(number), Block("kvm_destroy_planes", _DESTROY, (embedded(),))
    judged = block.also_in(_with_plane_5(embedded()), lines, block(lines))
    whole = kp.run(block.versions(lines)[0])
    if calls == len(whole.calls):
        return judged
    return judged.refuted("one VM created and closed", f"not {calls} calls can fail", whole, GENERAL["count"])


def local_copy(answer: ReaderAnswer) -> Judged:
    """The lines in 09, and in a version in which a program creates planes 1 and 3."""
    block = Block("kvm_destroy_vm", TEARDOWN_POSTED, (kp.VERSIONS["09"], old_order()), planes=(1, 3))
    return block.also_in(old_order(), answer, block(answer), planes=range(1, kp.KVM_MAX_PLANES))


JUDGES: dict[str, Judge] = {
    "teardown-order": Block("kvm_destroy_vm", TEARDOWN_POSTED, (kp.VERSIONS["09"],)),
    "rfc-leak": rfc_leak,
    "local-copy": local_copy,
    "clear-slot": clear_slot,
    "embed-plane-0": embed,
}
