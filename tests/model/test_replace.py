# SPDX-License-Identifier: GPL-2.0-only
"""`Version.replace`: functions of a reader's own, each in its place."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import kvmplanes as kp
from kvmplanes.model.machine.tree import CError, text_of
from kvmplanes.model.version import MAIN, UNITS, Version
from kvmplanes.oracle.compiled.build import tree, unpack
from tests.helpers.trees import PLANES

V09, V11 = kp.VERSIONS["09"], kp.VERSIONS["11"]

MINE = f"""
    static void kvm_destroy_vm(struct kvm *kvm)
    {{
        struct mm_struct *mm = kvm->mm;

        {PLANES}
        mmdrop(mm);
    }}
"""


def test_a_function_of_a_reader_s_own() -> None:
    changed = V09.replace(MINE)
    assert (changed.name, changed.based_on) == ("09+", "09")
    assert changed.title.endswith("with kvm_destroy_vm of a reader's own")
    function = changed.functions["kvm_destroy_vm"]
    assert (function.first, function.line(function.first + 4)) == (V09.functions["kvm_destroy_vm"].first, PLANES)
    assert function.ids(function.first + 4) == ("+54",)
    assert kp.certify(changed).counts["leak"] == 2
    assert list(changed.functions) == list(V09.functions)


def test_a_neighbour_is_a_function_like_any_other() -> None:
    own = V11.replace('void kvm_arch_free_vm(struct kvm *kvm)\n{\n\tprintk("%p goes", kvm);\n\tkfree(kvm);\n}\n')
    (step,) = (step for step in kp.run(own).steps if step.what == "print")
    assert step.text == "The kernel's log says: kvm#1 goes"
    assert (step.stack[0].file, step.line) == (UNITS[1], 'printk("%p goes", kvm);')
    assert own.tree[MAIN] == V11.tree[MAIN]


def order(version: Version, *names: str) -> list[str]:
    return [name for name in version.functions if name in names]


def test_new_functions_stand_above_those_that_call_them() -> None:
    """In whatever order the text has them: a compiler reads from the top."""
    uses = "static void kvm_destroy_one_plane(struct kvm_plane *plane)\n{\n\tone(plane);\n}\n"
    one = "static void one(struct kvm_plane *plane)\n{\n\ttwo(plane);\n\tthree(plane);\n}\n"
    two = "static void two(struct kvm_plane *plane)\n{\n\tthree(plane);\n}\n"
    three = "static void three(struct kvm_plane *plane)\n{\n\tkfree(plane);\n}\n"
    for text in ((uses, one, two, three), (three, two, one, uses), (two, uses, three, one)):
        made = V11.replace("\n".join(text))
        assert order(made, "one", "two", "three", "kvm_destroy_one_plane") == [
            "three", "two", "one", "kvm_destroy_one_plane",
        ]  # fmt: skip
        freed = [step.function for step in kp.run(made).steps if step.what == "free" and step.obj == "plane#0"]
        assert freed == ["three", "three"]


def test_a_new_function_that_nobody_calls_is_there() -> None:
    made = V11.replace("static void alone(void)\n{\n}\n")
    assert "alone" in made.functions
    assert kp.certify(made).clean


def test_what_stands_outside_of_functions_comes_first() -> None:
    text = """
        #define MOST 2

        /* Who is told. */
        struct audit {
            struct kvm *kvm;
            int seen[MOST];
        };

        static void told(struct audit *audit);

        static void kvm_destroy_one_plane(struct kvm_plane *plane)
        {
            struct audit *audit = kzalloc(sizeof(*audit), GFP_KERNEL);

            if (audit) {
                audit->kvm = plane->kvm;
                audit->seen[MOST - 1] = plane->level + 7;
                told(audit);
            }
            kfree(audit);
            kfree(plane);
        }

        static void told(struct audit *audit)
        {
            printk("%p %d of %lu", audit->kvm, audit->seen[1], sizeof(*audit));
        }
    """
    made = V11.replace(text)
    trace = kp.run(made)
    assert trace.defects == ()
    assert [step.obj for step in trace.steps if step.what == "print"] == ["kvm#1 7 of 16"]
    source = text_of(made.tree, MAIN)
    marks = ["#include <linux/kvm_host.h>", "#define MOST 2", "struct audit {", "told(struct audit *audit);",
             "static int kvm_create_vm_debugfs"]  # fmt: skip
    assert sorted(marks, key=source.index) == marks
    assert order(made, "told", "kvm_destroy_one_plane") == ["told", "kvm_destroy_one_plane"]
    assert kp.certify(made).paths[2].call == "kvm_create_plane(kvm, 0)"
    assert any(call.startswith("kvm_destroy_one_plane(") for call in trace.calls), (
        "the reader's own kzalloc can fail, too"
    )


OWN = {
    "two": """
        static void one(struct kvm_plane *plane)
        {
            two(plane);
        }

        static void two(struct kvm_plane *plane)
        {
            kfree(plane);
        }

        static void kvm_destroy_one_plane(struct kvm_plane *plane)
        {
            one(plane);
        }
    """,
    "audit": """
        struct audit {
            int n;
        };

        static void kvm_destroy_one_plane(struct kvm_plane *plane)
        {
            struct audit audit = { .n = 3 };

            told(&audit);
            kfree(plane);
        }

        static void told(struct audit *audit)
        {
            audit->n = AUDITS;
        }

        #define AUDITS 4
    """,
}


@pytest.mark.parametrize("name", OWN)
def test_a_compiler_takes_what_replace_makes(name: str, tmp_path: Path, need: Callable[[object, str], None]) -> None:
    made = V11.replace(OWN[name])
    unpack(tree(made), tmp_path)
    command = ["cc", "-std=gnu11", "-fsyntax-only", "-Werror=implicit-function-declaration", "-Iinclude", "-I.", MAIN]
    need(shutil.which("cc"), "A C compiler (cc) is needed for this check, and there is none.")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ["", "x = 1", "int x;", "def f(): pass", "static void f(void)\n{\n\tint x;\n"])
def test_a_text_without_a_function_says_how_one_looks(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"this text defines no C function: a head, then \{ and \} at the beginning of a line"
    ):
        V09.replace(text)
    with pytest.raises(TypeError, match="a text of C functions, not <"):
        V09.replace(print)  # type: ignore[arg-type]


def test_what_the_c_stands_on_is_not_for_replacing() -> None:
    with pytest.raises(CError, match=r"kfree\(\) is what the C stands on here; it cannot be defined in C"):
        V09.replace("void kfree(const void *ptr)\n{\n}\n")
    with pytest.raises(CError, match=r"mine\(\) is defined twice; first in virt/kvm/kvm_main.c:6"):
        V09.replace("static void mine(void)\n{\n}\nstatic void mine(void)\n{\n}\n").replace(
            "static void mine(void)\n{\n}\n"
        )
