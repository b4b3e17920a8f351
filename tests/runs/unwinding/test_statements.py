# SPDX-License-Identifier: GPL-2.0-only
"""The C of the functions, read: statements that take or give back, their lines, labels, what an #ifdef leaves out."""

import pytest

import kvmplanes as kp
from kvmplanes.runs.unwinding.statements import Statement, source

NINE = kp.VERSIONS["09"]


def own(*lines: str) -> list[tuple[str, str]]:
    """What is read in a kvm_put_kvm of these lines: each statement's own line, and its text."""
    body = "".join(f"\t{line}\n" for line in lines)
    version = NINE.replace(f"static void kvm_put_kvm(struct kvm *kvm)\n{{\n{body}}}\n")
    found = source(version).statements("kvm_put_kvm")
    return [(version.functions["kvm_put_kvm"].line(statement.site[1]), statement.text) for statement in found]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("int r = init_srcu_struct(&kvm->srcu);", "init_srcu_struct(&kvm->srcu)"),
        ("if (kvm_create_plane(kvm, 0) == NULL) { }", "kvm_create_plane(kvm, 0)"),
        ("kvm->buses[0] = kvm_alloc_bus(0); // the first", "kvm_alloc_bus(0)"),
        ("WARN_ON_ONCE(!refcount_dec_and_test(&kvm->users_count));", "refcount_dec_and_test(&kvm->users_count)"),
        ("while (!refcount_dec_and_test(&kvm->users_count)) ;", "refcount_dec_and_test(&kvm->users_count)"),
        ("mmgrab(current->mm);", "mmgrab(current->mm)"),
        ("kvm->planes[3] = NULL;", "kvm->planes[3] = NULL"),
        ("kvm->mm = NULL;", None),
        ("int r = IS_ERR(kvm) ? PTR_ERR(kvm) : 0;", None),
        ("return;", None),
    ],
)
def test_what_may_take_or_give_back_is_read(line: str, text: str | None) -> None:
    assert own(line) == ([(line, text)] if text else [])


def test_statements_inside_others_are_read_in_order_at_their_own_lines() -> None:
    lines = (
        "int i;",
        "",
        "/* mmdrop(current->mm); */",
        "for (i = 0; i < 3; i++) {",
        "if (kvm->planes[i])",
        "kfree(",
        "kvm->planes[i]);",
        "else",
        "mmgrab(current->mm);",
        "}",
        "do {",
        "list_del(&kvm->vm_list);",
        "} while (refcount_dec_and_test(&kvm->users_count));",
    )
    assert own(*lines) == [
        ("kfree(", "kfree(kvm->planes[i])"),
        ("mmgrab(current->mm);", "mmgrab(current->mm)"),
        ("list_del(&kvm->vm_list);", "list_del(&kvm->vm_list)"),
        ("} while (refcount_dec_and_test(&kvm->users_count));", "refcount_dec_and_test(&kvm->users_count)"),
    ]


def test_what_is_not_compiled_is_not_read() -> None:
    assert own("#ifdef CONFIG_KVM_NONE", "kfree(kvm);", "#else", "mmdrop(kvm->mm);", "#endif") == [
        ("mmdrop(kvm->mm);", "mmdrop(kvm->mm)")
    ]
    assert "xa_destroy(&kvm->mem_attr_array);" in NINE.functions["kvm_destroy_vm"].source
    assert "xa_destroy" not in str(source(NINE).statements("kvm_destroy_vm"))


def test_labels_are_read_with_the_statements_under_them() -> None:
    read = source(NINE)
    line = NINE.functions["kvm_dev_ioctl_create_vm"].line
    found = read.blocks("kvm_dev_ioctl_create_vm")
    assert [(label, [statement.text for statement in under]) for label, under in found] == [
        ("put_kvm", ["kvm_put_kvm(kvm)"]),
        ("put_fd", ["put_unused_fd(fd)"]),
    ]
    assert [line(statement.site[1]) for _, under in found for statement in under] == [
        "kvm_put_kvm(kvm);",
        "put_unused_fd(fd);",
    ]
    assert read.blocks("kvm_destroy_vm") == ()


def test_a_label_with_nothing_below_it_is_a_label() -> None:
    version = NINE.edit("09 dropped", "", ("kvm_create_vm", "kvm_destroy_planes(kvm);", ""))
    found = dict(source(version).blocks("kvm_create_vm"))
    assert [*found][-2:] == ["out_err_no_srcu", "out_no_planes"]
    assert found["out_err_no_srcu"] == ()
    assert len(found["out_no_planes"]) == 2


def test_lines_are_those_of_the_file() -> None:
    text = NINE.tree["virt/kvm/kvm_main.c"]
    for name in ("kvm_create_vm", "kvm_destroy_vm", "kvm_destroy_planes"):
        for statement in source(NINE).statements(name):
            call = statement.text.partition("(")[0]
            assert call in text[statement.site[1] - 1].text


def test_a_line_is_named_by_its_call_or_else_by_itself() -> None:
    read, function = source(NINE), NINE.functions["kvm_vm_release"]
    assert read.call((function.name, function.first + 4)) == "kvm_put_kvm(kvm)"
    assert read.call((function.name, function.first + 2)) == "struct kvm *kvm = filp->private_data;"
    assert read.statements("kvm_vm_release") == (Statement((function.name, function.first + 4), "kvm_put_kvm(kvm)"),)
