# SPDX-License-Identifier: GPL-2.0-only
"""The evidence of each finding on 09/60; the texts are in patch09.toml."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Final

import kvmplanes as kp
from kvmplanes.learn.queries import altered, another_plane, getfile_fails, index_of, left_by_label, with_arch_init
from kvmplanes.patch import AddedLine
from kvmplanes.patch.claims import CLAIMS
from kvmplanes.runs.certificate import findings
from kvmplanes.runs.trace import State, Step
from kvmplanes.runs.words import defects_in_words, listed, many


def _teardown() -> str:
    certificate = kp.certify("09")
    bad = [path for path in certificate.paths if path.outcome == "use-after-free"]
    calls = listed([f"{path.call or 'no call'} fails" for path in bad])
    return f"In the model, {len(bad)} of {len(certificate.paths)} paths, when {calls}: {bad[-1].defects}."


def _another(level: int) -> str:
    return f"In the model, called once more with level {level}: {_defects(kp.run(another_plane(level)))}."


def _publish() -> str:
    return f"In the model of 29/60, when a later step fails, the slot keeps its pointer: {_defects(getfile_fails())}."


def _uapi() -> str:
    defined = _line("#define KVM_MAX_PLANES")
    uses = [line for line in kp.PATCH.added if "KVM_MAX_PLANES" in line.text and line is not defined]
    where = listed([f"{line.id} ({line.file})" for line in uses])
    answer = f"KVM_CHECK_EXTENSION in the model of 29 says {kp.check_extension('29')}"
    return f"{defined.id} is in {defined.file}; {where} use it. {answer}."


def _number() -> str:
    number = _line("#define KVM_CAP_PLANES").text.split()[-1]
    claim = CLAIMS["KVM_CAP_S390_HPAGE_2G"]
    return f"{number} in this patch. Linux 7.2 has KVM_CAP_S390_HPAGE_2G. Its mail is {claim.message_id}: {claim.claim}"


def _capability() -> str:
    answers = {name: kp.check_extension(name) for name in ("09", "11", "29")}
    return f"KVM_CHECK_EXTENSION in the model: {', '.join(f'{answer} in {name}' for name, answer in answers.items())}."


def _publication() -> str:
    def stores(trace: kp.Trace) -> int:
        return len(_stores(trace.steps[_installed(trace) :]))

    counts = f"{stores(kp.run('09'))} in 09, {stores(kp.run('29', planes=(1,)))} in 29"
    return (
        f"Stores into planes[] of a VM that a program has already, in the model: {counts}. The model has one CPU: "
        "it cannot show what another one reads (limit: locks)."
    )


def _slot_0() -> str:
    def reads(name: str) -> int:
        return sum((step.what, step.kind, step.field) == ("read", "plane", "kvm") for step in kp.run(name).steps)

    without = findings(kp.run(altered("11", "kvm_create_plane", "plane->kvm = kvm;", "")))
    counts = f"{reads('09')} in 09, {reads('11')} in 11"
    return f"Reads of plane->kvm from open to close, in the model: {counts}. 11 without +21: {without}."


def _errno() -> str:
    wrong = findings(kp.run(with_arch_init("11"), fail="kvm_arch_plane_init"))
    return f"In the model, with a hook in the place of 26/60's that fails with EINVAL, the program {wrong}."


def _cost() -> str:
    live = max(slots.count("live") for slots in kp.run("09").occupancy)
    return (
        f"In the model, at most {live} of {kp.KVM_MAX_PLANES} slots is ever used in 09. On the measured Linux 6.12 "
        "struct kvm comes from kmalloc-cg-8k with the array and without: the array takes no more memory there."
    )


def _selftest() -> str:
    tests = [file for file in kp.PATCH.files if file.startswith("tools/testing/")]
    return (
        f"{many(len(tests), 'test')} among the {len(kp.PATCH.files)} files of the patch. "
        "Source: Documentation/process/maintainer-kvm-x86.rst asks for them."
    )


def _message() -> str:
    words = kp.PATCH.message.lower()
    absent = [word for word in ("destroy", "free", "teardown", "16", "249") if word not in words]
    return f"The message has none of the words {', '.join(absent)}."


def prefix(subject: str) -> str:
    """Evidence for the prefix of a subject."""
    head = subject.rpartition("] ")[2].partition(" ")[0]
    return f'The subject begins with "{head}". Source: Documentation/process/maintainer-kvm-x86.rst, on shortlogs.'


def _kzalloc() -> str:
    old = [line for line in kp.PATCH.added if "kzalloc(sizeof" in line.text]
    return (
        f"{many(len(old), 'kzalloc(sizeof ...)')}: {listed([line.id for line in old])}. Source: "
        "scripts/coccinelle/api/kmalloc_objs.cocci and scripts/checkpatch.pl of Linux 7.2, run on the patch."
    )


def _comment() -> str:
    trace = kp.run("09")
    empty = many(_fresh(trace).occupancy.count("empty"), "slot")
    stores = len(_stores(trace.steps))
    return f"In the model, {empty} are NULL once struct kvm is allocated; the code then stores {stores} slot."


def _label() -> str:
    names = sorted({path.exit for path in left_by_label("09")})
    return f"Labels without err in the model: {', '.join(name for name in names if not name.startswith('out_err'))}."


def _style() -> str:
    bare = [line.id for line in kp.PATCH.added if "unsigned " in line.text and "unsigned int" not in line.text]
    null = [line.id for line in kp.PATCH.added if "== NULL" in line.text]
    return f"Bare unsigned: {listed(bare)}; comparison with NULL: {listed(null)}."


def _null_test() -> str:
    without = altered("11", "kvm_destroy_planes", "if (kvm->planes[i] == NULL)\ncontinue;", "")
    mail = CLAIMS["41/60"].message_id
    return f"11 without +39 and +40, in the model: {_defects(kp.run(without))}. {mail} is the mail of 41/60."


def _tags() -> str:
    pairs = [pair for pair in pairwise(kp.PATCH.message.splitlines()) if pair[0].startswith("Co-developed-by:")]
    signed = sum(below == line.replace("Co-developed-by", "Signed-off-by") for line, below in pairs)
    return (
        f"In 09/60, {signed} of {len(pairs)} Co-developed-by has the same person's Signed-off-by below it. The mail "
        f"{CLAIMS['11/60'].message_id} is 11/60; submitting-patches.rst has the rule."
    )


def _inside() -> str:
    inside = left_by_label("09")
    clean = sum(path.outcome == "clean" for path in inside)
    return f"In the model, {len(inside)} paths leave kvm_create_vm by a label: {clean} of them clean."


def _failing_plane() -> str:
    trace = kp.run("09", fail="kvm_create_plane")
    defects = many(len(trace.defects), "defect")
    return f"In the model, when the plane cannot be allocated, the program gets {trace.errno}, and {defects} show."


def _zeroed() -> str:
    state = _fresh(kp.run("09"))
    empty = state.occupancy.count("empty")
    return f"In the model struct kvm comes zeroed: {empty} of {len(state.slots)} slots are NULL at once."


def _alone() -> str:
    trace = kp.run("09")
    stored = _stores(trace.steps)[0].index
    return (
        f"In the model the slot is stored at step {stored}, and no program has a descriptor before step "
        f"{_installed(trace)}. "
        "At the end the last user is gone. The model has one CPU, so this is an argument and not a run."
    )


def _reference() -> str:
    held = altered("11", "kvm_create_vm", "return kvm;", "refcount_inc(&kvm->users_count);\nreturn kvm;")
    return f"In the model of 11, with a reference for plane 0: {_defects(kp.run(held))}."


def _last_slot() -> str:
    trace = kp.run("11")
    slots = [step.field for step in trace.steps if step.function == "kvm_destroy_planes" and step.what == "read"]
    outside = sum(defect.kind == "out-of-bounds" for defect in trace.defects)
    return f"In the model of 11 the loop reads {slots[0]} to {slots[-1]}; accesses out of bounds: {outside}."


def _accounting() -> str:
    trace = kp.run("29", planes=range(1, kp.KVM_MAX_PLANES))
    planes = sum(step.what == "alloc" and step.kind == "plane" for step in trace.steps)
    return (
        f"In the model of 29 a program gets {planes} planes for one VM by asking. Source: memory-allocation.rst wants "
        "__GFP_ACCOUNT for what untrusted user space allocates."
    )


def _line(begins: str) -> AddedLine:
    return next(line for line in kp.PATCH.added if line.text.startswith(begins))


def _defects(trace: kp.Trace) -> str:
    return defects_in_words(trace.defects) or "no defect"


def _stores(steps: Iterable[Step]) -> list[Step]:
    """The steps at which kvm_create_plane stores a slot."""
    return [
        step for step in steps if step.what == "write" and step.slot is not None and step.function == "kvm_create_plane"
    ]


def _installed(trace: kp.Trace) -> int:
    """The number of the step at which the program gets the VM's descriptor."""
    return trace.first(what="return").index


def _fresh(trace: kp.Trace) -> State:
    """Heap and references when struct kvm is allocated."""
    return trace.steps[index_of(trace, "alloc", "kvm#1")].state


EVIDENCE: Final[dict[str, Callable[[], str]]] = {
    "teardown-order": _teardown,
    "index": lambda: _another(16),
    "overwrite": lambda: _another(0),
    "early-publish": _publish,
    "uapi-bound": _uapi,
    "number": _number,
    "capability": _capability,
    "publication": _publication,
    "slot-0": _slot_0,
    "errno": _errno,
    "cost": _cost,
    "selftest": _selftest,
    "message": _message,
    "prefix": lambda: prefix(kp.PATCH.subject),
    "kzalloc-obj": _kzalloc,
    "comment": _comment,
    "label": _label,
    "style": _style,
    "null-test": _null_test,
    "tags": _tags,
    "error-path": _inside,
    "r-unset": _failing_plane,
    "uninitialised": _zeroed,
    "race": _alone,
    "reference": _reference,
    "off-by-one": _last_slot,
    "accounting": _accounting,
}
