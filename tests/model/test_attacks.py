# SPDX-License-Identifier: GPL-2.0-only
"""C that is meant to harm: to run what is no C, to hang, to fill the memory, to stay for later, to look like an answer.

Each attack is refused with a sentence, or contained: it runs as C does and is judged. None takes two seconds, and after
each of them every version does what it did before.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from typing import Final

import pytest

import kvmplanes as kp
from kvmplanes.model.series import ALL

SECONDS = 20 if sys.platform == "emscripten" else 2  # of CPU; Pyodide counts the time of the wall
V11, BEFORE = ALL["11"], kp.certify("11")
HEAD = "static void kvm_destroy_one_plane(struct kvm_plane *plane)\n{\n"
IOCTL = "long kvm_dev_ioctl(unsigned int ioctl, unsigned long arg)\n{\n\t%s\n}\n"
Attack = Callable[[], kp.Certificate]


def inside(*lines: str, outside: str = "") -> Attack:
    """Lines in the function that frees a plane, and what stands outside of functions."""
    body = "".join(f"\t{line}\n" for line in lines)
    return whole(f"{outside}\n{HEAD}{body}\tkfree(plane);\n}}\n")


def whole(text: str) -> Attack:
    """Functions in place of those of 11."""
    return lambda: kp.certify(V11.replace(text))


def outside(*lines: str) -> Attack:
    """Lines outside of functions."""
    return inside(outside="\n".join(lines))


def struct(member: str) -> str:
    """A struct of a reader's own."""
    return f"struct s {{\n\t{member};\n}};"


def enum(count: int) -> str:
    """Constants, each of which is the square of the one above it."""
    names = [f"A{n}" for n in range(count)]
    squares = "".join(f"\t{name} = {before} * {before},\n" for before, name in itertools.pairwise(names))
    return f"enum {{\n\tA0 = 1073741824,\n{squares}\tA_LAST }};"


def macros(count: int) -> str:
    """Macros, each of which is the next one ten times."""
    return "\n".join([*(f"#define M{n} {f'M{n + 1} ' * 10}" for n in range(count)), f"#define M{count} 1 +"])


# What runs something that is no C. Attack -> how, and what is said, or the verdict.
ESCAPES: Final = {
    "a member __class__": (outside(struct("int __class__")), "begins with _ is not supported"),
    "a member _memory": (outside(struct("int _memory")), "begins with _ is not supported"),
    "members of Python's for mm": (
        inside("int x = current->mm->upper;", outside="struct mm_struct {\n\tint upper;\n};"),
        "struct mm_struct is defined twice",
    ),
    "a text as a struct": (
        inside('int x = ((struct s *)"a")->upper;', outside=struct("int upper")),
        "char * where struct s *",
    ),
    "the same by void *": (
        inside('struct s *p = (void *)"a";', "int x = p->upper;", outside=struct("int upper")),
        "this is not a struct s",
    ),
    "a method of a text, to fill the memory": (
        inside('((struct s *)"a")->zfill(2000000000);', outside=struct("char *(*zfill)(long n)")),
        "char * where struct s *",
    ),
    "an array as a struct": (
        inside("int a[3];", "((struct s *)a)->clear();", outside=struct("int (*clear)(void)")),
        "int[3] where",
    ),
    "a function as a struct": (
        inside("int x = ((struct s *)kfree)->x;", outside=struct("int x")),
        "where struct s * is expected",
    ),
    "a function by void *": (inside("struct s *p = (void *)kfree;", outside=struct("int x")), "this is not a struct s"),
    "a plane as a place": (
        inside('shim_init("x", "y", (void **)plane);'),
        "a value is not of the type that it is used as",
    ),
    "the machine's goto": (
        inside('_goto("x", 0);', outside="void _goto(char *label, int part);"),
        "names that begin with _",
    ),
    "the machine's clock": (inside("_tick();", outside="int _tick(void);"), "names that begin with _"),
    "the machine's Oops": (inside('_oops("x");', outside="void _oops(char *what);"), "names that begin with _"),
    "Python's import": (
        inside('__import__("os");', outside="void *__import__(char *name);"),
        "names that begin with _",
    ),
    "Python's exec": (inside('exec("1");', outside="void exec(char *text);"), "exec is declared, but defined nowhere"),
    "Python's open": (
        inside('open("/etc/passwd");', outside="void *open(char *name);"),
        "open is declared, but defined nowhere",
    ),
    "a native replaced by a variable": (outside("int shim_put;"), "shim_put is declared in two ways"),
    "a native replaced by a function": (whole("void kfree(const void *ptr)\n{\n}\n"), "cannot be defined in C"),
    "names of Python's as variables": (
        inside("int range = 3, len = 4, isinstance = 1, getattr = 2, bool = 3;", "int id = !range + !bool;"),
        "18 clean",
    ),
    "NULL as a variable": (outside("int NULL;"), "NULL is declared in two ways"),
    "another kernel's entry": (whole("void *kvm_dev_ioctl(void)\n{\n\treturn NULL;\n}\n"), "declared in two ways"),
    "an errno that is none": (whole(IOCTL % "return -999;"), "-999 is no errno"),
}
# What takes for ever, or all memory.
HANGS: Final = {
    "squares of constants": (outside(enum(25)), "this constant is too large"),
    "a number of 900 digits": (inside(f"int x = {'9' * 900};"), "is too large"),
    "a power in #if": (outside("#if 9**9**9", "int q;", "#endif"), "#if is not understood"),
    "a shift in #if": (outside("#if 1<<99999999", "int q;", "#endif"), "#if is not understood"),
    "parentheses in #if": (outside(f"#if {'(' * 450}1{')' * 450}", "int q;", "#endif"), "longer than 500 characters"),
    "macros of macros": (inside("int x = M0 1;", outside=macros(12)), "macros become more than"),
    "a file that includes itself": (outside('#include "kvm_main.c"'), "includes itself"),
    "a header, 2000 times": (outside(*['#include "kvm_host.h"'] * 2000), "more than 50000 lines"),
    "100,000 lines": (inside("\n" * 100_000), "the machine reads up to 5000"),
    "a line of 40,000 characters": (inside(f"int x = {'1 + ' * 10_000}1;"), "the machine reads up to 1000"),
    "a million characters": (inside("int x = 1;\n" * 90_000), "a text of at most 200000 characters"),
    "heads without a body": (whole("int f(\n" * 4900), "defines no C function"),
    "bodies without an end": (whole("f() {\n" * 4900), "defines no C function"),
    "comments without an end": (outside(*["/* " * 300] * 60), "is not closed"),
    "quotes without an end": (inside("\n".join(['\\"' * 400] * 60)), "no character of C|is not closed"),
    "1600 functions": (whole("".join(f"static void f{n}(void)\n{{\n}}\n" for n in range(1600))), "at most 50"),
    "4500 statements": (inside("int x = 0;", *["x = x + 1;"] * 4500), "18 clean"),
    "2000 prototypes": (outside(*(f"int p{n}(int a);" for n in range(2000))), "18 clean"),
    "300 blocks in one another": (inside("int x = 0;", *["if (x) {"] * 300, *["}"] * 300), "nested too deep"),
    "900 else": (inside("int x = 0;", "if (x)", "\t;", *["else if (x)\n\t\t;"] * 900), "nested too deep"),
    "a struct inside itself": (inside("struct s x;", outside=struct("struct s more")), "would be inside itself"),
    "a large array": (inside("char a[65536];"), "a kernel's stack has room for 2048"),
    "a larger one": (outside("int a[256][256][256];"), "room for 64 kB"),
    "arrays without end": (
        inside(
            "for (int i = 0; i < 9000; i++)",
            "\tg();",
            outside="static int g(void)\n{\n\tchar a[2048];\n\n\treturn a[0];\n}\n",
        ),
        "a loop does not end",
    ),
    "long lines in the log": (
        inside(
            "char a[2000];",
            "for (int i = 0; i < 1999; i++)",
            "\ta[i] = 65;",
            "for (int i = 0; i < 1500; i++)",
            f'\tprintk("{"%s" * 60}"{", a" * 60});',
        ),
        "a loop does not end",
    ),
    "a loop on every path": (inside("int n = 0;", "for (int i = 0; i < 19000; i++)", "\tn += i;"), "18 clean"),
    "events on every path": (inside("for (int i = 0; i < 900; i++)", "\tplane->level = i;"), "18 clean"),
    "an endless goto": (inside("again:", "goto again;"), "a loop does not end"),
    "an endless allocation": (inside("while (1)", "\tkzalloc(8, GFP_KERNEL);"), "allocations do not end"),
    "a function that calls itself by a pointer": (
        inside("g();", outside="static void g(void)\n{\n\tvoid (*p)(void) = g;\n\n\tp();\n}\n"),
        "calls do not end",
    ),
    "a resource with a long name": (inside(f'shim_get("{"x" * 900}");'), "at most 100 characters"),
    "printing more than there is": (inside("char b[8];", 'snprintf(b, 1000000000, "%d %d", 1);'), "18 clean"),
}
# What stays for the next path, so that the first one is right and another wrong, or the other way round.
STATE: Final = {
    "a variable that counts": (inside("if (count++)", "\treturn;", outside="int count;"), "18 clean"),
    "an array that remembers": (inside("if (seen[0]++)", "\treturn;", outside="int seen[4];"), "18 clean"),
    "what the process has": (inside("current->mm = NULL;"), "13 null-dereference"),
    "a table of functions": (inside("((struct file_operations *)&kvm_vm_fops)->release = NULL;"), "18 paths"),
}
# What looks like an answer.
PASSES: Final = {
    "a system call that does nothing": (
        whole("static int kvm_dev_ioctl_create_vm(unsigned long type)\n{\n\treturn 5;\n}\n"),
        "wrong state",
    ),
    "an ioctl that answers 99": (whole(IOCTL % "return 99;"), "wrong state"),
    "nothing is ever freed": (whole("void kvm_destroy_vm(struct kvm *kvm)\n{\n}\n"), "leak"),
    "creation always fails": (
        whole("static int kvm_dev_ioctl_create_vm(unsigned long type)\n{\n\treturn -ENOMEM;\n}\n"),
        "wrong errno",
    ),
    "an Oops before the defect": (inside("int zero = 0;", "zero = 1 / zero;"), "leak"),
}
ATTACKS: Final = {**ESCAPES, **HANGS, **STATE, **PASSES}


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_refused_or_contained(name: str) -> None:
    attack, said = ATTACKS[name]
    start = time.process_time()
    try:
        result = attack().verdict
    except ValueError as error:  # a CError is one
        result = str(error)
        assert len(result) <= 400
    assert time.process_time() - start < SECONDS
    assert any(words in result for words in said.split("|")), result


def test_a_certificate_says_which_calls_are_never_reached() -> None:
    lazy = V11.replace("static int kvm_dev_ioctl_create_vm(unsigned long type)\n{\n\treturn 5;\n}\n")
    certificate = kp.certify(lazy)
    assert set(certificate.missing) == {call.partition("(")[0] for call in kp.run("11").calls}
    assert "; never reached, unlike in 11: get_unused_fd_flags, " in certificate.verdict
    assert all(kp.certify(version).missing == () for version in kp.VERSIONS.values())


def test_nothing_is_left_of_them() -> None:
    for name in (*ESCAPES, *STATE, *PASSES):
        try:
            ATTACKS[name][0]()
        except ValueError:
            continue
    after = kp.certify("11")
    assert after.paths == BEFORE.paths
    assert kp.certify(V11).verdict == BEFORE.verdict


def test_a_path_run_twice_is_the_same() -> None:
    """No C can keep anything from one run to the next: every variable begins as the text has it."""
    mine = V11.replace(f"int count;\n{HEAD}\tif (count++)\n\t\treturn;\n\tkfree(plane);\n}}\n")
    assert kp.run(mine) == kp.run(mine)
    assert kp.certify(mine).paths == kp.certify(mine).paths
