# SPDX-License-Identifier: GPL-2.0-only
"""How events become steps: one sentence each."""

import pytest

import kvmplanes as kp


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
    ],
)
def test_sentences(version: str, run: dict[str, object], text: str) -> None:
    assert text in [step.text for step in kp.run(version, **run).steps]  # type: ignore[arg-type]


def test_a_reference_given_back_twice() -> None:
    twice = kp.VERSIONS["11"].edit(
        "m", "drops mm twice", ("kvm_destroy_vm", "k.mmdrop(mm)", "k.mmdrop(mm)\nk.mmdrop(mm)")
    )
    (bad,) = kp.run(twice).defects
    assert (bad.kind, bad.obj, bad.access) == ("double-free", "current->mm", "put")
    assert kp.run(twice).steps[bad.step].text == "Given back, but nobody holds it: References on the address space: -1."
