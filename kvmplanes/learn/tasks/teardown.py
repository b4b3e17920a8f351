# SPDX-License-Identifier: GPL-2.0-only
"""Judges of the exercises on the end of a VM; their texts are in teardown.toml."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import kvmplanes as kp
from kvmplanes.learn.exercise import Answer, Block, Judged, clean_on
from kvmplanes.learn.tasks.judge import POSTED, Judge, number, old_order, parts, unless

# Plane 0 as the first member of struct kvm: the same address, so the same object in the model. One failable call less.
EMBEDDED: Final = kp.VERSIONS["11"].edit(
    "11, embedded",
    "plane 0 lies in struct kvm",
    ("kvm_arch_alloc_vm", "return k.kzalloc(struct_kvm, 1)  # limit: kvzalloc",
     "return k.kzalloc(struct_kvm.plus(kvm=NULL, level=0, vcpu_array=NULL), 1)"),
    ("kvm_create_vm",
     """
     if k.kvm_create_plane(kvm, 0) is NULL:
         r = -ENOMEM
         raise k.goto("out_no_planes")
     """,
     """
     kvm.kvm = kvm
     kvm.planes[0] = kvm
     """),
)  # fmt: skip
_DESTROY: Final = """
plane = kvm.planes[i]
if plane is NULL:
    continue
k.kvm_destroy_one_plane(plane)
kvm.planes[i] = NULL
"""


def clear_slot(answer: Answer) -> Judged:
    """The function in every version from 09 on, and whether the reader knows which of them it repairs."""
    function, helps = parts(answer, ("function", "helps"))
    names = ("09", "10", "11", "29")
    changed = Block("kvm_destroy_one_plane", "", tuple(kp.VERSIONS[name] for name in names)).versions(function)
    before = {name for name in names if not kp.certify(name).clean}
    after = {one.name: kp.certify(one) for one in changed}
    repaired = {name for name in before if after[name].clean}
    said = {helps} if isinstance(helps, str) else set(helps)
    judged = clean_on(*(after[name] for name in names if name not in before or name in said))
    what = f"repaired: {_names(repaired, 'no version')}; named: {_names(said, 'none')}"
    known = bool(repaired) and said == repaired
    return unless(known, judged, "the versions compared", what, after["29"].paths[-1].trace)


def _names(names: Iterable[object], nothing: str) -> str:
    return ", ".join(sorted(map(str, names))) or nothing


def embed(answer: Answer) -> Judged:
    """The loop's lines with plane 0 inside struct kvm, and how many calls can still fail."""
    block, calls = parts(answer, ("loop", "calls"))
    judged = Block("kvm_destroy_planes", _DESTROY, (EMBEDDED,))(block)
    reached = len(kp.run(EMBEDDED).calls)
    told = f"{reached} calls can fail, not {calls}"
    return unless(number(calls) == reached, judged, "one VM created and closed", told, kp.run(EMBEDDED))


JUDGES: dict[str, Judge] = {
    "teardown-order": Block("kvm_destroy_vm", POSTED, (kp.VERSIONS["09"],)),
    "rfc-leak": Block("kvm_destroy_plane", "pass", (kp.VERSIONS["rfc"],)),
    "local-copy": Block("kvm_destroy_vm", POSTED, (kp.VERSIONS["09"], old_order()), planes=(1, 3)),
    "clear-slot": clear_slot,
    "embed-plane-0": embed,
}
