# SPDX-License-Identifier: GPL-2.0-only
"""Judges of the exercises on the end of a VM; their texts are in teardown.toml."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

import kvmplanes as kp
from kvmplanes.learn.exercises.exercise import Answer, Block, Judged, certified, clean_on
from kvmplanes.learn.exercises.judging import CREATE, POSTED, Judge, listed, number, old_order, parts, unless

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
        ("kvm_create_vm", CREATE, "kvm->kvm = kvm;\nkvm->planes[0] = (struct kvm_plane *)kvm;"),
    )  # fmt: skip


def clear_slot(answer: Answer) -> Judged:
    """The function in every version from 09 on, and whether the reader knows which of them it repairs."""
    function, helps = parts(answer, ("function", "helps"))
    names = ("09", "10", "11", "29")
    changed = Block("kvm_destroy_one_plane", "", tuple(kp.VERSIONS[name] for name in names)).versions(function)
    before = {name for name in names if not kp.certify(name).clean}
    after = {one.name: certified(one) for one in changed}
    repaired = {name for name in before if after[name].clean}
    said = {helps} if isinstance(helps, str) else set(listed(helps, "versions"))
    judged = clean_on(*(after[name] for name in names if name not in before or name in said))
    what = f"repaired: {_names(repaired, 'no version')}; named: {_names(said, 'none')}"
    known = bool(repaired) and said == repaired
    return unless(known, judged, "the versions compared", what, after["29"].paths[-1].trace)


def _names(names: Iterable[object], nothing: str) -> str:
    return ", ".join(sorted(map(str, names))) or nothing


def embed(answer: Answer) -> Judged:
    """The loop's lines with plane 0 inside struct kvm, and how many calls can still fail."""
    block, calls = parts(answer, ("loop", "calls"))
    judged = Block("kvm_destroy_planes", _DESTROY, (embedded(),))(block)
    whole = kp.run(embedded())
    told = f"{len(whole.calls)} calls can fail, not {calls}"
    return unless(number(calls) == len(whole.calls), judged, "one VM created and closed", told, whole)


def local_copy(answer: Answer) -> Judged:
    """The lines in 09, and in a version in which a program creates planes 1 and 3."""
    return Block("kvm_destroy_vm", POSTED, (kp.VERSIONS["09"], old_order()), planes=(1, 3))(answer)


JUDGES: dict[str, Judge] = {
    "teardown-order": Block("kvm_destroy_vm", POSTED, (kp.VERSIONS["09"],)),
    "rfc-leak": Block("kvm_destroy_plane", "(void)plane;", (kp.VERSIONS["rfc"],)),
    "local-copy": local_copy,
    "clear-slot": clear_slot,
    "embed-plane-0": embed,
}
