# SPDX-License-Identifier: GPL-2.0-only
"""Judges of the exercises on creating a VM and its planes; their texts are in creation.toml."""

from __future__ import annotations

from typing import Final

import kvmplanes as kp
from kvmplanes.learn.exercise import Answer, Block, Failing, Judged, clean_on, lines
from kvmplanes.learn.tasks.judge import HOOK, Judge, number, parts, unless, word

_KZALLOC: Final = "plane = k.kzalloc(struct_kvm_plane.plus(vcpu_array=NULL), plane_level)"
_ROUTING: Final = "r = k.kvm_init_irq_routing(kvm)"
_SRCU_LABELS: Final = """
if goto.label("out_err_no_irq_routing"):
    k.cleanup_srcu_struct(kvm, "irq_srcu")
if goto.label("out_err_no_irq_srcu"):
"""
# 11 with a call of our own: it can fail, takes a counted reference, and is undone in kvm_destroy_vm already.
_AUDITED: Final = kp.VERSIONS["11"].edit(
    "11, audited",
    "a VM is registered with an audit log",
    ("kvm_destroy_vm", 'k.cleanup_srcu_struct(kvm, "irq_srcu")',
     'k.kvm_unregister_audit()\nk.cleanup_srcu_struct(kvm, "irq_srcu")'),
    kvm_register_audit="""
    def kvm_register_audit(k):
        r = k.fails("kvm_register_audit")
        if not r:
            k.get("audit log")
        return r
    """,
    kvm_unregister_audit="""
    def kvm_unregister_audit(k):
        k.put("audit log")
    """,
)  # fmt: skip
# 11 with a step that can fail inside kvm_create_plane, as 26/60 has one: its errno is not always ENOMEM.
_INIT: Final = kp.VERSIONS["11"].edit(
    "11, plane init",
    "an arch hook in kvm_create_plane",
    kvm_arch_plane_init="""
    def kvm_arch_plane_init(k, plane):
        return k.fails("kvm_arch_plane_init", "EINVAL")
    """,
    kvm_create_plane="""
    def kvm_create_plane(k, kvm, plane_level):
        plane = k.kzalloc(struct_kvm_plane.plus(vcpu_array=NULL), plane_level)
        if plane is NULL:
            return NULL
        plane.kvm = kvm
        plane.level = plane_level
        r = k.kvm_arch_plane_init(plane)
        if r:
            k.kfree(plane)
            return NULL
        kvm.planes[plane_level] = plane
        return plane
    """,
)  # fmt: skip
_CALLER: Final = """
if k.kvm_create_plane(kvm, 0) is NULL:
    r = -ENOMEM
    raise k.goto("out_no_planes")
"""
LADDER: Final = {
    "out_err_no_irq_routing": 'k.cleanup_srcu_struct(kvm, "irq_srcu")',
    "out_err_no_irq_srcu": 'k.cleanup_srcu_struct(kvm, "srcu")',
    "out_err_no_srcu": "k.kvm_destroy_planes(kvm)",
    "out_no_planes": "k.kvm_arch_free_vm(kvm)\n    k.mmdrop(current.mm)",
}


def nth_plane(answer: Answer) -> Judged:
    """The call that fails with this number."""
    trace = kp.run("09", fail=number(answer))
    call = trace.failed[0][0]
    judged = Judged(f"fail={answer} makes {call} fail")
    if call.startswith("kvm_create_plane"):
        return judged
    return Judged(judged.told, (Failing(f"{call} fails", "wrong result", "not the plane's allocation", trace),))


def two_planes(answer: Answer) -> Judged:
    """The hook a second time, for plane 1, with the reader's label."""
    label = word(answer, "a label of kvm_create_vm")
    hook = f'if k.kvm_create_plane(kvm, 1) is NULL:\n    r = -ENOMEM\n    raise k.goto("{label}")\n{HOOK}'
    version = kp.VERSIONS["11"].edit("two planes", "plane 1 as well", ("kvm_create_vm", HOOK, hook))
    judged = clean_on(kp.certify(version))
    trace = next(path.trace for path in kp.certify(version).paths if path.call == "kvm_create_plane(kvm, 1)")
    # The model takes the clean-up of an SRCU that was never set up for nothing to do (limit: srcu): the rule does not.
    undone = [step.obj for step in trace.steps if step.what == "label"]
    if judged.passed and undone[0] != "out_err_no_srcu":
        what = f"{undone[0]} undoes what was not done yet"
        return Judged(judged.told, (Failing("kvm_create_plane(kvm, 1) fails", "wrong result", what, trace),))
    return judged


def guard(answer: Answer) -> Judged:
    """The reader's lines before the allocation, with no second plane, with level 0 again, and with level 16."""
    versions = (kp.VERSIONS["11"], _another(0), _another(16))
    text = f"{lines(answer)}\n{_KZALLOC}"
    careful = (v.edit(v.name, "with a guard", ("kvm_create_plane", _KZALLOC, text)) for v in versions)
    return clean_on(*map(kp.certify, careful))


def _another(level: int) -> kp.Version:
    text = f"k.kvm_create_plane(kvm, {level})\n{HOOK}"
    return kp.VERSIONS["11"].edit(f"11 and level {level}", "one plane more", ("kvm_create_vm", HOOK, text))


def new_label(answer: Answer) -> Judged:
    """The acquisition before the IRQ routing, and the reader's rungs around the SRCU ones."""
    acquire, ladder = (lines(part) for part in parts(answer, ("acquire", "ladder")))
    edits = (("kvm_create_vm", _ROUTING, f"{acquire}\n{_ROUTING}"), ("kvm_create_vm", _SRCU_LABELS, ladder))
    version = _AUDITED.edit(_AUDITED.name, "with the reader's label", *edits)
    return _calling("kvm_register_audit", version, clean_on(kp.certify(version)))


def _calling(call: str, version: kp.Version, judged: Judged) -> Judged:
    """The same judgement, and a failing run when the call that the exercise is about is left out."""
    whole = kp.run(version)
    return unless(call in whole.calls, judged, "no call fails", f"{call} is never called", whole)


def error_pointer(answer: Answer) -> Judged:
    """The reader's function and caller: whatever fails in it, its errno must arrive."""
    function, caller = parts(answer, ("function", "caller"))
    changed = Block("kvm_create_plane", "", (_INIT,)).versions(function)[0]
    version = changed.edit(_INIT.name, "with error pointers", ("kvm_create_vm", _CALLER, lines(caller)))
    return _calling("kvm_arch_plane_init", version, clean_on(kp.certify(version)))


def ladder_order(answer: Answer) -> Judged:
    """The last four rungs of the ladder in the reader's order, each label with its lines."""
    names = [name.strip(" :") for name in (answer.split() if isinstance(answer, str) else answer)]
    if sorted(names) != sorted(LADDER):
        raise ValueError(f"the answer names each of {', '.join(LADDER)} once, top to bottom")
    old, new = (_rungs(order) for order in (LADDER, names))
    version = kp.VERSIONS["11"].edit("11, rungs moved", "the reader's order", ("kvm_create_vm", old, new))
    return clean_on(kp.certify(version))


def _rungs(order: object) -> str:
    assert isinstance(order, list | dict)  # noqa: S101 - both callers give one
    return "\n".join(f'if goto.label("{name}"):\n    {LADDER[name]}' for name in order)


JUDGES: dict[str, Judge] = {
    "nth-plane": nth_plane,
    "two-planes": two_planes,
    "guard": guard,
    "new-label": new_label,
    "error-pointer": error_pointer,
    "ladder-order": ladder_order,
}
