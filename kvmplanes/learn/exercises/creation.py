# SPDX-License-Identifier: GPL-2.0-only
"""Judges of the exercises on creating a VM and its planes; their texts are in creation.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from types import MappingProxyType
from typing import Final

import kvmplanes as kp
from kvmplanes.given import brief
from kvmplanes.learn.exercises.answers import ReaderAnswer, answered, as_c, as_c_parts, as_number, as_texts
from kvmplanes.learn.exercises.blocks import Block, complete
from kvmplanes.learn.exercises.judging import Judge, Judged, certified, clean_on
from kvmplanes.learn.exercises.replies import GENERAL
from kvmplanes.learn.queries import AFTER_HOOK, HOOK, another_plane, state_after
from kvmplanes.model.faults import base

_KZALLOC: Final = "struct kvm_plane *plane = kzalloc(sizeof(*plane), GFP_KERNEL_ACCOUNT);"
_ROUTING: Final = "r = kvm_init_irq_routing(kvm);"
_ACQUIRE: Final = "kvm_register_audit();"
_SRCU_LABELS: Final = """
out_err_no_irq_routing:
	cleanup_srcu_struct(&kvm->irq_srcu);
out_err_no_irq_srcu:
"""
_AUDIT: Final = """
static int kvm_register_audit(void);
static void kvm_unregister_audit(void);

static int kvm_register_audit(void)
{
	int r = shim_fails("kvm_register_audit", ENOMEM);

	if (!r)
		shim_get("audit log");
	return r;
}

static void kvm_unregister_audit(void)
{
	shim_put("audit log");
}
"""
_PLANE_INIT: Final = """
static int kvm_arch_plane_init(struct kvm_plane *plane)
{
	(void)plane;
	return shim_fails("kvm_arch_plane_init", EINVAL);
}

static struct kvm_plane *kvm_create_plane(struct kvm *kvm, unsigned plane_level)
{
	struct kvm_plane *plane = kzalloc(sizeof(*plane), GFP_KERNEL_ACCOUNT);
	int r;

	if (!plane)
		return NULL;

	plane->kvm = kvm;
	plane->level = plane_level;
	xa_init(&plane->vcpu_array);

	r = kvm_arch_plane_init(plane);
	if (r) {
		kfree(plane);
		return NULL;
	}

	kvm->planes[plane_level] = plane;

	return plane;
}
"""
_GOT: Final = "the second plane is there"
_SECOND: Final = "kvm_create_plane(kvm, 1)"
_AGAIN: Final = f"if ({_SECOND} == NULL) {{{{\n\tr = -ENOMEM;\n\tgoto {{}};\n}}}}\n"
LADDER: Final = MappingProxyType(
    {
        "out_err_no_irq_routing": "cleanup_srcu_struct(&kvm->irq_srcu);",
        "out_err_no_irq_srcu": "cleanup_srcu_struct(&kvm->srcu);",
        "out_err_no_srcu": "kvm_destroy_planes(kvm);",
        "out_no_planes": "kvm_arch_free_vm(kvm);\n\tmmdrop(current->mm);",
    }
)


@cache
def _audited() -> kp.Version:
    """09-fixed with a call of our own whose result is not checked.

    It can fail, takes a counted reference, and is undone in kvm_destroy_vm already.
    """
    undo = "cleanup_srcu_struct(&kvm->irq_srcu);"
    return kp.VERSIONS["09-fixed"].replace(_AUDIT).edit(
        "09-fixed, audited",
        "a VM is registered with an audit log",
        ("kvm_create_vm", _ROUTING, f"{_ACQUIRE}\n{_ROUTING}"),
        ("kvm_destroy_vm", undo, f"kvm_unregister_audit();\n{undo}"),
    )  # fmt: skip


@cache
def _initialised() -> kp.Version:
    """11 with a step that can fail in kvm_create_plane, where 26/60 has its hook: its errno is not always ENOMEM."""
    variables = "int r, i;"
    return kp.VERSIONS["11"].replace(_PLANE_INIT).edit(
        "11, plane init",
        "an arch hook in kvm_create_plane",
        ("kvm_create_vm", variables, f"struct kvm_plane *plane0;\n{variables}"),
    )  # fmt: skip


def nth_plane(answer: ReaderAnswer) -> Judged:
    """The call that fails with this number."""
    trace = kp.run("09", fail=as_number(answer))
    call = trace.failed[0][0]
    judged = Judged(f"fail={answer} makes {call} fail")
    if base(call) == "kvm_create_plane":
        return judged
    return judged.refuted(f"{call} fails", "not the plane's allocation", trace, GENERAL["another call"])


def two_planes(answer: ReaderAnswer) -> Judged:
    """The call +47 a second time, for plane 1, with the reader's label, or as the reader writes it."""
    text = as_c(answer)
    label = re.fullmatch(r"(?:goto\s+)?(\w+)\s*[:;]?", text.strip())
    if label is None and "kvm_create_plane" not in text:
        raise ValueError(f"the answer is the name of a label of kvm_create_vm, not {brief(answer)}")
    copied = _AGAIN.format("out_no_planes")
    twice = ("kvm_create_vm", AFTER_HOOK, f"{copied}{AFTER_HOOK}")
    doubled = kp.VERSIONS["09-fixed"].edit("two planes", "plane 1 as well", twice)
    version = answered(doubled, ("kvm_create_vm", copied, _AGAIN.format(label[1]) if label else text))
    certificate = certified(version)
    judged = complete(_calling(_SECOND, version, clean_on(certificate)), doubled, version)
    if not judged.failing and state_after(kp.run(version), "KVM_CREATE_VM").occupancy[1] != "live":
        judged = judged.refuted("no call fails", "planes[1] stays NULL", kp.run(version), GENERAL["no plane"])
    if judged.failing:
        return judged
    trace = next(path.trace for path in certificate.paths if path.call == _SECOND)
    # The model takes the clean-up of an SRCU that was never set up for nothing to do (limit: srcu): the rule does not.
    undone = next((step.obj for step in trace.steps if step.what == "label"), "")
    if undone == "out_err_no_srcu":
        return judged
    what = f"{undone} undoes what was not done yet"
    return judged.refuted(f"{_SECOND} fails", what, trace, GENERAL["too high"])


def guard(answer: ReaderAnswer) -> Judged:
    """The reader's lines at the allocation, with no second plane, with level 0 again, and with level 16."""
    bases = (kp.VERSIONS["09-fixed"], another_plane(0), another_plane(16))
    judged = Block("kvm_create_plane", _KZALLOC, bases)(answer)
    return judged if judged.failing else _at_other_levels(judged, answer)


def _at_other_levels(judged: Judged, answer: ReaderAnswer) -> Judged:
    """The same judgement, and a failing run if a level passes that has no free slot, or one is refused that has."""
    for level in (*range(kp.KVM_MAX_PLANES + 2), 2**31, 2**32 - 1):
        version = Block("kvm_create_plane", _KZALLOC, (_asked_for(level),)).versions(answer)[0]
        trace = kp.run(version)
        judged = judged.also([(f"{version}, no call fails", trace)])
        got = any(step.what == "print" and step.obj == _GOT for step in trace.steps)
        asked = trace.calls.count(f"kvm_create_plane(kvm, {level})") - (level == 0)  # plane 0 is there already
        if 0 < level < kp.KVM_MAX_PLANES:
            if not got or state_after(trace, "KVM_CREATE_VM").occupancy[level] != "live":
                return judged.refuted("no call fails", f"planes[{level}] stays NULL", trace, GENERAL["no plane"])
        elif got or asked:
            what = "memory is allocated" if asked else "the function does not return NULL"
            return judged.refuted("no call fails", f"level {level}: {what}", trace, GENERAL["no refusal"])
    return judged


@cache
def _asked_for(level: int) -> kp.Version:
    """09-fixed, which asks for one more plane and says so when it gets it."""
    more = f'if (kvm_create_plane(kvm, {level}u) != NULL)\n\tprintk("{_GOT}");\n{AFTER_HOOK}'
    return kp.VERSIONS["09-fixed"].edit(
        f"09-fixed and level {level}", "one more plane", ("kvm_create_vm", AFTER_HOOK, more)
    )


def new_label(answer: ReaderAnswer) -> Judged:
    """The reader's lines at the new call, and the reader's rungs around the SRCU ones."""
    acquire, ladder = as_c_parts(answer, "acquire", "ladder")
    version = answered(_audited(), ("kvm_create_vm", _ACQUIRE, acquire), ("kvm_create_vm", _SRCU_LABELS, ladder))
    return complete(_calling("kvm_register_audit", version, clean_on(certified(version))), _audited(), version)


def _calling(call: str, version: kp.Version, judged: Judged) -> Judged:
    """The same judgement, and a failing run when the call that the exercise is about is left out."""
    whole = kp.run(version)
    if call in whole.calls:
        return judged
    return judged.refuted("no call fails", f"{call} is never called", whole, GENERAL["no call"])


def error_pointer(answer: ReaderAnswer) -> Judged:
    """The reader's function and caller: whatever fails in it, its errno must arrive."""
    function, caller = as_c_parts(answer, "function", "caller")
    version = answered(_initialised(), ("kvm_create_plane", "", function), ("kvm_create_vm", HOOK, caller))
    return complete(_calling("kvm_arch_plane_init", version, clean_on(certified(version))), _initialised(), version)


def ladder_order(answer: ReaderAnswer) -> Judged:
    """The last four rungs of the ladder in the reader's order: names, to which we add the lines, or the C itself."""
    rungs, before = answer, kp.VERSIONS["11"]
    if not isinstance(answer, str) or ";" not in answer:
        labels = as_texts(answer.split() if isinstance(answer, str) else answer, "labels")
        names = [label.strip(" :") for label in labels]
        if sorted(names) != sorted(LADDER):
            raise ValueError(f"the answer names each of {', '.join(LADDER)} once, top to bottom")
        rungs = _rungs(names)
    version = answered(before, ("kvm_create_vm", _rungs(LADDER), rungs))
    return complete(clean_on(certified(version)), before, version)


def _rungs(order: Iterable[str]) -> str:
    return "\n".join(f"{name}:\n\t{LADDER[name]}" for name in order)


JUDGES: dict[str, Judge] = {
    "nth-plane": nth_plane,
    "two-planes": two_planes,
    "guard": guard,
    "new-label": new_label,
    "error-pointer": error_pointer,
    "ladder-order": ladder_order,
}
