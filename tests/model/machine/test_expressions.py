# SPDX-License-Identifier: GPL-2.0-only
"""Expressions of the machine's C: as wide, and as signed, as C says."""

import pytest

from kvmplanes.model.heap import Oops
from tests.helpers.small_c import printed, result

VALUES = {
    # division goes towards zero, shifts keep the sign
    "-7 / 2": -3, "-7 % 2": -1, "7 / -2": -3, "7 % -2": 1, "-7 >> 1": -4, "1 << 4 | 3": 19, "6 ^ 3": 5, "~0": -1,
    "6 & 3": 2,
    # precedence
    "1 + 2 * 3": 7, "1 << 2 + 1": 8, "1 == 1 & 0": 0, "!1 + 2": 2, "-1 - -1": 0, "2 - 1 - 1": 0, "1 ? 2 : 0 ? 3 : 4": 2,
    # signed wraps as with -fno-strict-overflow
    "2147483647 + 1": -2147483648, "-2147483647 - 2": 2147483647, "65536 * 65536": 0, "INT_MAX + 1 < 0": 1,
    # unsigned
    "(unsigned)-1 > 1": 1, "-1 < 1u": 0, "-1L < 1u": 1, "0u - 1 == 4294967295u": 1, "(int)4294967295u": -1,
    "4294967296 == 1L << 32": 1, "(unsigned char)300": 44, "(signed char)200": -56, "(short)70000": 4464,
    "(unsigned short)-1": 65535, "(char)200": 200, "0x7fffffff": 2147483647, "0xffffffff > 0": 1, "010": 8,
    "'a'": 97, "'\\n'": 10,
    # bool
    "(bool)256": 1, "(bool)0": 0, "!5": 0, "!!5": 1, "true + true": 2, "(5 && 2) + (0 || 7)": 2, "(bool)NULL": 0,
    # sizeof is of no effect, and unsigned long
    "sizeof(int)": 4, "sizeof(long)": 8, "sizeof(char)": 1, "sizeof(bool)": 1, "sizeof(void *)": 8, "sizeof(1)": 4,
    "sizeof(1L)": 8, "sizeof 'a'": 4, "sizeof(struct pair)": 16, "sizeof(struct pair *)": 8, "sizeof(int[3])": 12,
    "sizeof(((struct pair *)NULL)->a)": 8, "-1 < sizeof(int)": 0,
    # comma and assignment
    "(1, 2, 3)": 3,
}  # fmt: skip


@pytest.mark.parametrize("expression", VALUES)
def test_values(expression: str) -> None:
    text = f"struct pair {{ long a; int b; }};\n\nlong f(void)\n{{\n\treturn {expression};\n}}\n"
    assert result(text) == VALUES[expression]


@pytest.mark.parametrize(
    ("declared", "before", "after"),
    [
        ("unsigned", 0, 2**32 - 1), ("int", -(2**31), 2**31 - 1), ("unsigned char", 0, 255), ("signed char", -128, 127),
        ("char", 0, 255), ("short", -32768, 32767), ("unsigned short", 0, 65535), ("unsigned long", 0, 2**64 - 1),
        ("long", -(2**63), 2**63 - 1), ("unsigned long long", 0, 2**64 - 1), ("bool", 1, 0), ("__u32", 0, 2**32 - 1),
    ],
)  # fmt: skip
def test_one_less_than_the_least(declared: str, before: int, after: int) -> None:
    typedef = "typedef unsigned int __u32;\n"
    ways = ("x--;", "--x;", "x -= 1;", "x = x - 1;", "x += -1;")
    texts = [f"{typedef}unsigned long f({declared} x)\n{{\n\t{way}\n\treturn x;\n}}\n" for way in ways]
    assert {result(text, before) % 2**64 for text in texts} == {after % 2**64}


def test_a_step_gives_the_value_before_or_after() -> None:
    text = (
        "int f(int x)\n{\n\tint a = x++, b = ++x, c = x--, d = --x;\n\n\treturn a * 1000 + b * 100 + c * 10 + d;\n}\n"
    )
    assert result(text, 1) == 1331
    wraps = "int f(void)\n{\n\tunsigned char c = 255, was = c++;\n\n\treturn was * 10 + c;\n}\n"
    assert result(wraps) == 2550


def test_assignments_are_values() -> None:
    text = """
        int f(void)
        {
            int a, b, c = 1;

            a = b = c += 2;
            if ((a -= 1) == 2)
                b <<= a;
            return a * 100 + b * 10 + c;
        }
    """
    assert result(text) == 323
    narrow = "int f(void)\n{\n\tunsigned char c;\n\tint i = c = 300;\n\n\treturn i;\n}\n"
    assert result(narrow) == 44, "what is assigned is what the variable then holds"


def test_arguments_and_results_are_converted() -> None:
    text = """
        static unsigned char low(unsigned char c)
        {
            return c + 1;
        }

        static bool any(int n)
        {
            return n;
        }

        long f(unsigned n)
        {
            return low(n) * 10 + any(256);
        }
    """
    assert [result(text, n) for n in (255, 256, 258)] == [1, 11, 31]


def test_short_circuits() -> None:
    body = """
        int i = 0;

        if (i++ || i++ || i++)
            printk("%d", i);
        if (i && i-- && !i--)
            printk("no");
        printk("%d", i);
        i = i ? i++ : 7;
        printk("%d", i);
    """
    assert printed(body) == ["2", "0", "7"]


def test_only_one_branch_is_evaluated() -> None:
    before = 'static int say(const char *what)\n{\n\tprintk("%s", what);\n\treturn 1;\n}\n'
    assert printed('say("a") ? say("b") : say("c");\nif (0 && say("d"))\n\tsay("e");', before) == ["a", "b"]


@pytest.mark.parametrize("operator", ["/", "%"])
def test_division_by_zero(operator: str) -> None:
    with pytest.raises(Oops, match="divide error"):
        result(f"int f(int n)\n{{\n\treturn 3 {operator} n;\n}}\n", 0)


def test_constants() -> None:
    text = """
        #define ONE 1
        #define TWO (ONE + ONE)
        #define NOTHING
        enum mine { A, B = TWO * 4, C, D = -1, E };

        #if defined(ONE) && !defined(NONE) && ONE == 1
        #define PICKED 5
        #else
        #define PICKED 6
        #endif
        #ifndef ONE
        this is never read
        #endif

        int f(void)
        {
            enum mine e = C;

        #ifdef NOTHING
            NOTHING return A * 10000 + e * 1000 + E * 100 + TWO * 10 + PICKED;
        #endif
        }
    """
    assert result(text) == 9025


def test_a_macro_goes_on_behind_a_backslash() -> None:
    assert result("#define SUM 1 + \\\n\t2\n\nint f(void)\n{\n\treturn SUM * \\\n\t\t2;\n}\n") == 5


def test_functions_are_values() -> None:
    text = """
        struct ops { int (*twice)(int n); int (*none)(int n); };

        static int twice(int n)
        {
            return 2 * n;
        }

        static const struct ops ops = { .twice = twice };

        static int apply(int (*with)(int n), int n)
        {
            return with ? with(n) : -1;
        }

        int f(void)
        {
            int (*g)(int n) = &twice;

            if (g != twice || ops.twice != g)
                return 0;
            return apply(ops.twice, 3) * 100 + (*g)(2) * 10 + apply(ops.none, 3);
        }
    """
    assert result(text) == 639


def test_a_call_through_null() -> None:
    text = "struct ops { int (*none)(int n); };\nstatic struct ops ops;\n\nint f(void)\n{\n\treturn ops.none(1);\n}\n"
    with pytest.raises(Oops, match="the function at NULL is called"):
        result(text)


PRINTED = {
    '"plain"': "plain",
    '"%d %u %x %X", -1, -1, 255, 255': "-1 4294967295 ff FF",
    '"%ld %lu %llx %zu", -1L, -1L, -1L, sizeof(int)': "-1 18446744073709551615 ffffffffffffffff 4",
    '"%d", 4294967295': "-1",
    "\"%c%c%%\", 65, 'b'": "Ab%",
    '"%s and %s", "a", __func__': "a and f",
    '"%5d|%-3u|%03x", 7, 8, 9': "7|8|9",
    '"%p %s", NULL, NULL': "NULL NULL",
    '"%d %d", 1': "1 0",
    '"two " "parts\\n"': "two parts",
    '"a\\tb\\"c"': 'a\tb"c',
}


@pytest.mark.parametrize("arguments", PRINTED)
def test_printk(arguments: str) -> None:
    assert printed(f"printk({arguments});") == [PRINTED[arguments]]


def test_snprintf_cuts() -> None:
    body = """
        char all[8], cut[4], none[1] = "";

        printk("%d", snprintf(all, sizeof(all), "%d-%s", 12, "ab"));
        printk("%d", snprintf(cut, sizeof(cut), "%d", 123456));
        printk("%d", snprintf(none, 0, "%d", 5));
        printk("%s|%s|%s|%d", all, cut, none, cut[2]);
    """
    assert printed(body) == ["5", "6", "1", "12-ab|123||51"]
