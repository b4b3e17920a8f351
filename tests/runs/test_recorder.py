# SPDX-License-Identifier: GPL-2.0-only
"""How events become steps: one sentence each."""

import pytest

import kvmplanes as kp
from kvmplanes.model.floor import Kernel


@pytest.mark.parametrize(
    ("version", "run", "text"),
    [
        ("09", {}, "kvm#1->planes[0] is read, but kvm#1 is already freed; the bytes there say plane#0."),
        ("09", {}, "NULL is written to kvm#1->planes[0], but kvm#1 is already freed."),
        ("rfc", {}, "plane#0 is still allocated, and nobody is left to free it."),
        ("11", {"fail": "kvm_create_plane"}, "kvm_create_plane(kvm, 0) fails with ENOMEM."),
        ("11", {"fail": "kvm_create_plane"}, "Control jumps to out_no_planes."),
        ("11", {"fail": "kvm_create_plane"}, "KVM_CREATE_VM returns -1 with errno ENOMEM."),
        ("11", {}, "kvm#1->planes[0] is emptied."),
        ("11", {}, "kvm#1->planes[15] is NULL."),
        ("29", {"planes": (1,)}, "kvm#1 has 2 users."),
        ("29", {"planes": (1,), "fail": "anon_inode_getfile(plane 1)"}, "plane#1 is freed a second time."),
        ("29", {"ops": ("KVM_CHECK_EXTENSION system",)}, "User space asks for KVM_CAP_PLANES and gets 1."),
        ("rfc", {"fail": "kvm_create_vm_plane"}, "kvm_create_vm_plane(kvm, 0) fails with ENOMEM."),
    ],
)
def test_sentences(version: str, run: dict[str, object], text: str) -> None:
    assert text in [step.text for step in kp.run(version, **run).steps]  # type: ignore[arg-type]


def test_a_reference_given_back_twice() -> None:
    twice = kp.VERSIONS["11"].edit("m", "drops mm twice", ("kvm_destroy_vm", "mmdrop(mm);", "mmdrop(mm);\nmmdrop(mm);"))
    (bad,) = kp.run(twice).defects
    assert (bad.kind, bad.obj, bad.access) == ("double-free", "current->mm", "put")
    assert kp.run(twice).steps[bad.step].text == "Given back, but nobody holds it: References on the address space: -1."


def mine(*lines: str) -> kp.Version:
    """11 with lines of C before the one that frees a plane."""
    new = "\n".join([*lines, "kfree(plane);"])
    return kp.VERSIONS["11"].edit("m", "mine", ("kvm_destroy_one_plane", "kfree(plane);", new))


def test_what_a_reader_prints_is_a_step() -> None:
    trace = kp.run(mine('printk("level %u of %p\\n", plane->level, plane->kvm);'))
    (step,) = (step for step in trace.steps if step.what == "print")
    assert step.text == "The kernel's log says: level 0 of kvm#1"
    assert (step.obj, step.field, step.value, step.defect, step.subgoal) == ("level 0 of kvm#1", "", "", None, "report")
    assert [frame.function for frame in step.stack][:2] == ["kvm_destroy_one_plane", "kvm_destroy_planes"]
    assert step.line.startswith('printk("level')
    assert trace.defects == ()


def test_a_resource_and_a_call_of_a_reader_s_own() -> None:
    own = mine('int r = shim_fails("kvm_register_audit", EBUSY);', "", "if (!r)", '\tshim_get("audit");')
    trace = kp.run(own)
    assert trace.calls[-1] == "kvm_register_audit"
    assert [(d.kind, d.obj) for d in trace.defects] == [("leak", "audit")]
    texts = [step.text for step in trace.steps]
    assert "References on the audit: now 1." in texts
    assert texts[-1] == "audit is still allocated, and nobody is left to free it."
    failing = kp.run(own, fail=len(trace.calls))
    assert failing.failed == (("kvm_register_audit", "EBUSY"),)
    assert failing.defects == ()


def test_a_variable_that_python_code_of_ours_does_not_set_is_no_oops(monkeypatch: pytest.MonkeyPatch) -> None:
    def kfree(kernel: Kernel, pointer: object) -> None:
        del pointer
        kernel.heap.free(pointer)  # type: ignore[misc]  # noqa: F821 - what is wrong here

    monkeypatch.setattr(Kernel, "kfree", kfree)
    with pytest.raises(UnboundLocalError):
        kp.run("11")
