# SPDX-License-Identifier: GPL-2.0-only
"""Judges of the exercises on creating a VM and its planes; their texts are in creation.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

import kvmplanes as kp
from kvmplanes.learn.exercises.exercise import Answer, Block, Failing, Judged, answered, certified, clean_on
from kvmplanes.learn.exercises.judging import CREATE, HOOK, Judge, listed, number, pieces, unless, word

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
LADDER: Final = {
    "out_err_no_irq_routing": "cleanup_srcu_struct(&kvm->irq_srcu);",
    "out_err_no_irq_srcu": "cleanup_srcu_struct(&kvm->srcu);",
    "out_err_no_srcu": "kvm_destroy_planes(kvm);",
    "out_no_planes": "kvm_arch_free_vm(kvm);\n\tmmdrop(current->mm);",
}


@cache
def _audited() -> kp.Version:
    """11 with a call of our own whose result nobody looks at.

    It can fail, takes a counted reference, and is undone in kvm_destroy_vm already.
    """
    undo = "cleanup_srcu_struct(&kvm->irq_srcu);"
    return kp.VERSIONS["11"].replace(_AUDIT).edit(
        "11, audited",
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
    label = re.fullmatch(r"(?:goto\s+)?(\w+)\s*[:;]?", word(answer, "a label of kvm_create_vm"))
    if label is None:
        raise ValueError(f"the answer is the name of a label of kvm_create_vm, not {answer!r}")
    hook = f"if (kvm_create_plane(kvm, 1) == NULL) {{\n\tr = -ENOMEM;\n\tgoto {label[1]};\n}}\n"
    version = kp.VERSIONS["11"].edit("two planes", "plane 1 as well", ("kvm_create_vm", HOOK, f"{hook}{HOOK}"))
    certificate = certified(version)
    judged = clean_on(certificate)
    trace = next(path.trace for path in certificate.paths if path.call == "kvm_create_plane(kvm, 1)")
    # The model takes the clean-up of an SRCU that was never set up for nothing to do (limit: srcu): the rule does not.
    undone = [step.obj for step in trace.steps if step.what == "label"]
    if judged.passed and undone[0] != "out_err_no_srcu":
        what = f"{undone[0]} undoes what was not done yet"
        return Judged(judged.told, (Failing("kvm_create_plane(kvm, 1) fails", "wrong result", what, trace),))
    return judged


def guard(answer: Answer) -> Judged:
    """The reader's lines at the allocation, with no second plane, with level 0 again, and with level 16."""
    return Block("kvm_create_plane", _KZALLOC, (kp.VERSIONS["11"], _another(0), _another(16)))(answer)


def _another(level: int) -> kp.Version:
    text = f"kvm_create_plane(kvm, {level});\n{HOOK}"
    return kp.VERSIONS["11"].edit(f"11 and level {level}", "one plane more", ("kvm_create_vm", HOOK, text))


def new_label(answer: Answer) -> Judged:
    """The reader's lines at the new call, and the reader's rungs around the SRCU ones."""
    acquire, ladder = pieces(answer, ("acquire", "ladder"))
    version = answered(_audited(), ("kvm_create_vm", _ACQUIRE, acquire), ("kvm_create_vm", _SRCU_LABELS, ladder))
    return _calling("kvm_register_audit", version, clean_on(certified(version)))


def _calling(call: str, version: kp.Version, judged: Judged) -> Judged:
    """The same judgement, and a failing run when the call that the exercise is about is left out."""
    whole = kp.run(version)
    return unless(call in whole.calls, judged, "no call fails", f"{call} is never called", whole)


def error_pointer(answer: Answer) -> Judged:
    """The reader's function and caller: whatever fails in it, its errno must arrive."""
    function, caller = pieces(answer, ("function", "caller"))
    version = answered(_initialised(), ("kvm_create_plane", "", function), ("kvm_create_vm", CREATE, caller))
    return _calling("kvm_arch_plane_init", version, clean_on(certified(version)))


def ladder_order(answer: Answer) -> Judged:
    """The last four rungs of the ladder in the reader's order: names, to which we add the lines, or the C itself."""
    rungs = answer
    if not isinstance(answer, str) or ";" not in answer:
        names = [name.strip(" :") for name in listed(answer.split() if isinstance(answer, str) else answer, "labels")]
        if sorted(names) != sorted(LADDER):
            raise ValueError(f"the answer names each of {', '.join(LADDER)} once, top to bottom")
        rungs = _rungs(names)
    return clean_on(certified(answered(kp.VERSIONS["11"], ("kvm_create_vm", _rungs(LADDER), rungs))))


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
