# SPDX-License-Identifier: GPL-2.0-only
"""Statements of the machine's C: loops, jumps, switches, scopes, and the line that each is at."""

import tomllib
from pathlib import Path

import pytest

from kvmplanes.model.heap import Oops
from tests.helpers.small_c import FILE, kernel, printed, result

BODIES = {
    name: entry
    for file in ("loops", "jumps")
    for name, entry in tomllib.loads(Path(__file__).with_name(f"{file}.toml").read_text(encoding="utf-8")).items()
}


@pytest.mark.parametrize("name", BODIES)
def test_statements(name: str) -> None:
    before = 'static void p(int n)\n{\n\tprintk("%d", n);\n}\n'
    assert " ".join(printed(BODIES[name]["c"], before)) == BODIES[name]["prints"]


def test_a_return_ends_the_function_wherever_it_stands() -> None:
    text = """
        int f(int n)
        {
            for (int i = 0; ; i++) {
                switch (i) {
                case 5:
                    return i * n;
                }
                if (i > n)
                    return -1;
            }
        }
    """
    assert [result(text, n) for n in (0, 3, 4, 5)] == [-1, -1, 20, 25]


def test_a_function_that_ends_without_its_return() -> None:
    text = "int f(int n)\n{\n\tif (n)\n\t\treturn 3;\n}\n"
    assert result(text, 1) == 3
    with pytest.raises(Oops, match=r"f\(\) ends without a return"):
        result(text, 0)


def test_gotos_and_labels_are_told() -> None:
    k, events = kernel('void f(int n)\n{\n\tif (n)\n\t\tgoto out;\n\tprintk("on");\nout:\n\treturn;\n}\n')
    k.c["f"](1)
    k.c["f"](0)
    assert [(e.what, e.obj) for e in events] == [("goto", "out"), ("label", "out"), ("print", "on"), ("label", "out")]


def test_variables_of_the_unit() -> None:
    text = """
        static int count = 2;
        static struct file *last;
        static const char *const names[] = { "a", "b", "c" };
        static const int table[4] = { 1, 2 };

        int f(void)
        {
            count += 3;
            last = NULL;
            printk("%s %lu", names[count - 3], sizeof(names) / sizeof(names[0]));
            return count * 100 + table[1] * 10 + table[3];
        }
    """
    k, events = kernel(text)
    assert [k.c["f"](), events[0].obj] == [520, "c 3"]


def test_a_function_is_found_wherever_it_stands() -> None:
    text = "int g(int n);\n\nint f(int n)\n{\n\treturn n ? g(n - 1) + 1 : 0;\n}\n\nint g(int n)\n{\n\treturn f(n);\n}\n"
    assert result(text, 7) == 7


def test_an_oops_stands_at_its_line() -> None:
    """A statement over several lines is at its first."""
    text = """
        struct box { struct box *next; };

        static int inner(struct box *box,
                         int n)
        {
            /* comments
             * count as lines */
            return n +
                   (box->next == NULL);
        }

        int f(void)
        {
            int n = 0;

            for (int i = 0; i < 2; i++)
                n += inner(i ? NULL : kzalloc(sizeof(struct box), GFP_KERNEL),
                           i);
            return n;
        }
    """
    with pytest.raises(Oops, match="NULL->next is read") as caught:
        result(text)
    lines, at = [], caught.value.__traceback__
    while at:
        if at.tb_frame.f_code.co_filename == FILE:
            lines.append((at.tb_frame.f_code.co_name, at.tb_lineno))
        at = at.tb_next
    assert lines == [("f", 17), ("inner", 8)]


@pytest.mark.parametrize(
    ("declared", "use", "name"),
    [
        ("int x;", "if (x)\n\t\treturn;", "x"),
        ("int x, y = 1;", "y = x;", "x"),
        ("struct file *p;", "kfree(p);", "p"),
        ("int in;", "p(in);", "in"),
        ("int _x;", "p(_x);", "_x"),
        ("int (*g)(void);", "g();", "g"),
        ("unsigned long mmdrop;", "mmdrop++;", "mmdrop"),
        ("int x = 1;", "if (x) {\n\t\tint x;\n\n\t\tp(x);\n\t}", "x"),
    ],
)
def test_a_variable_without_a_value(declared: str, use: str, name: str) -> None:
    """Python says so; `run` makes an Oops of it, with the C's name."""
    text = f"static void p(int n)\n{{\n\t(void)n;\n}}\n\nvoid f(void)\n{{\n\t{declared}\n\n\t{use}\n}}\n"
    with pytest.raises(UnboundLocalError) as caught:
        result(text)
    assert str(caught.value).split("'")[1].rstrip("_") == name
