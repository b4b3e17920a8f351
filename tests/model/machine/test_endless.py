# SPDX-License-Identifier: GPL-2.0-only
"""C that does not end: one ValueError with file and line, however it goes on."""

import pytest

import kvmplanes as kp
from kvmplanes.model.machine.tree import CError
from kvmplanes.model.version import MAIN

V09 = kp.VERSIONS["09"]
ROUNDS = "a loop does not end: 20000 rounds and calls in one run"
EVENTS = "a loop does not end: more than 2000 events in one run"
CALLS = "calls do not end: a function calls itself"
OBJECTS = "allocations do not end: 500 objects in one run"

# In place of kfree(plane), line 37: the C, how many lines below the first the error is, what it says.
ENDLESS = {
    "while (1)": ("while (1)\n\t;", 0, ROUNDS),
    "for (;;)": ("for (;;)\n\t;", 0, ROUNDS),
    "do": ("do {\n} while (1);", 0, ROUNDS),
    "a number that never changes": ("int i = 0;\n\nwhile (i < 3)\n\ti = 0;", 2, ROUNDS),
    "a loop that breaks out of a switch": ("while (1) {\n\tswitch (1) {\n\tcase 1:\n\t\tbreak;\n\t}\n}", 0, ROUNDS),
    "goto back": ("again:\nkfree(NULL);\ngoto again;", None, EVENTS),
    "goto back alone": ("again:\ngoto again;", None, EVENTS),
    "one read": ("while (plane->level == 0)\n\t;", 0, ROUNDS),
    "two reads": ("while (plane->level == 0 && plane->kvm)\n\t;", 0, EVENTS),
    "a write": ("while (1)\n\tplane->level = 0;", 1, EVENTS),
    "unsigned i >= 0": ("unsigned i;\n\nfor (i = 3; i >= 0; i--)\n\t;", 2, ROUNDS),
    "printk": ('while (1)\n\tprintk("on");', 1, EVENTS),
    "references": ('while (1)\n\tshim_get("thing");', 1, EVENTS),
    "descriptors": ("while (get_unused_fd_flags() > 0)\n\t;", 0, EVENTS),
    "recursion": ("kvm_destroy_one_plane(plane);", -2, CALLS),  # at the head of the function that is called
    "recursion by another": ("kvm_destroy_planes(plane->kvm);", None, CALLS),
    "kzalloc": ("while (1)\n\tkzalloc(8, GFP_KERNEL);", 1, OBJECTS),
    "kzalloc and kfree": ("while (1)\n\tkfree(kzalloc(8, GFP_KERNEL));", 1, OBJECTS),
    "kzalloc in recursion": ("kzalloc(8, GFP_KERNEL);\nkvm_destroy_one_plane(plane);", None, f"{CALLS}|{OBJECTS}"),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
def test_it_is_stopped(name: str) -> None:
    c, below, sentence = ENDLESS[name]
    mine = V09.edit("m", "endless", ("kvm_destroy_one_plane", "kfree(plane);", c))
    with pytest.raises(ValueError, match=sentence) as caught:
        kp.run(mine)
    error = caught.value
    assert isinstance(error, CError)
    assert error.file == MAIN
    if below is None:
        assert 35 <= error.line < 50 + len(c.splitlines())
    else:
        assert error.line == 37 + below
    assert str(error) == f"{MAIN}:{error.line}: {error.what}"


def test_certify_says_the_same() -> None:
    with pytest.raises(CError, match=f"{MAIN}:37: {ROUNDS}"):
        kp.certify(V09.edit("m", "m", ("kvm_destroy_one_plane", "kfree(plane);", "while (1)\n\t;")))


def test_a_recursion_that_branches_takes_no_years() -> None:
    branches = "static void branch(int n)\n{\n\tif (n) {\n\t\tbranch(n - 1);\n\t\tbranch(n - 1);\n\t}\n}\n"
    own = "static void kvm_destroy_one_plane(struct kvm_plane *plane)\n{\n\tbranch(60);\n\tkfree(plane);\n}\n"
    with pytest.raises(CError, match=ROUNDS):
        kp.run(V09.replace(branches + own))


def test_unsigned_in_the_patch_s_own_loop() -> None:
    edit = ("kvm_destroy_planes", "int i;\n\nfor (i = 0; i < KVM_MAX_PLANES; ++i) {",
            "unsigned i;\n\nfor (i = KVM_MAX_PLANES - 1; i >= 0; i--) {")  # fmt: skip
    with pytest.raises(CError, match=f"{MAIN}:45: {EVENTS}"):
        kp.run(V09.edit("m", "m", edit))


def test_a_long_loop_is_no_endless_one() -> None:
    c = 'int n = 0;\n\nfor (int i = 0; i < 15000; i++)\n\tn += i % 2;\nprintk("%d", n);\nkfree(plane);'
    steps = kp.run(V09.edit("m", "m", ("kvm_destroy_one_plane", "kfree(plane);", c))).steps
    assert [step.obj for step in steps if step.what == "print"] == ["7500"]


def test_what_the_compiler_refuses() -> None:
    c = "BUILD_BUG_ON(sizeof(*plane) == 16);"
    with pytest.raises(CError, match=f"{MAIN}:37: BUILD_BUG_ON: the condition holds, so a compiler would stop here"):
        kp.run(V09.edit("m", "m", ("kvm_destroy_one_plane", "kfree(plane);", c)))
