# SPDX-License-Identifier: GPL-2.0-only
"""Samples of C on which the machine and gcc once differed, or may."""

import pytest

from kvmplanes.oracle import compilers
from kvmplanes.oracle.compiled.samples import differing
from tests.helpers.one_sample import sample

pytestmark = pytest.mark.usefixtures("compiler")


BOOL = """\
	_Bool x = a, y = b;

	note(1, x++);
	note(2, x--);
	note(3, y--);
	note(4, --y);
	return x * 2 + y;"""

CHARS = """\
	char c = a;
	signed char d = a;

	note(1, c);
	note(2, d);
	note(3, c < b);
	note(4, '\\xff');
	return c + d;"""

CONSTANTS = """\
	unsigned long x = 0xffffffffffffffff;

	note(1, 4294967295 > a);
	note(2, 0xffffffff > a);
	note(3, -2147483648 < a);
	note(4, sizeof(2147483648));
	note(5, sizeof(0x80000000));
	note(6, 2147483648L / (a | 1));
	note(7, x > a);
	note(8, -1 < 1u);
	note(9, -1 < (unsigned short)1);
	return x * a + b;"""

ENUMS = """\
	enum size x = a & 7;
	enum sign y = a;

	note(1, x > b);
	note(2, y > b);
	switch (x) {
	case ONE:
	case TWO:
		return SIX;
	default:
		return y;
	}"""

STEP_UNDER_A_HIDING_NAME = """\
	int i, n = 0;

	for (i = 0; i < 5; i++) {
		int i = a;

		n += i;
		if (i > b)
			continue;
		note(1, i);
	}
	return n;"""

SWITCH_IN_SWITCH = """\
	switch (a & 3) {
	case 0:
		switch (b & 1) {
		case 0:
			note(1, a);
		case 1:
			note(2, a);
		}
	case 1:
		note(3, b);
		break;
	default:
		note(4, b);
	}
	return 0;"""

SWITCH_ON_A_CHAR = """\
	unsigned char c = a;

	switch (c) {
	case 300:
		return 1;
	case 44:
		return 2;
	case -3:
		return 3;
	case 253:
		return 4;
	}
	return b;"""

CONTINUE_IN_A_SWITCH = """\
	int i, n = 0;

	for (i = 0; i < 6; i++) {
		switch (i) {
		case 1:
			switch (a & 1) {
			case 1:
				continue;
			}
		case 2:
			n += 10;
			continue;
		case 3:
			break;
		default:
			n += b;
		}
		note(i, n);
	}
	return n;"""

HIDDEN = """\
	note(1, count);
	{
		int count = a;

		count += 5;
		note(2, count);
	}
	count += b;
	return count;"""

JUMPS = """\
	int n = 0;

	goto in;
again:
	note(1, n);
in:
	for (; n < 10; n++) {
		while (1) {
			if (n == (a & 7)) {
				n += 3;
				goto again;
			}
			if (n == (b & 7)) {
				n += 2;
				goto out;
			}
			break;
		}
	}
out:
last:
	return n;"""

ARRAYS = """\
	static const short s[] = { 9, -8, 7 };
	int m[2][2] = { { a, b }, { b } }, i = 0;
	char text[8] = "ab\\xff";
	int *q = m[0];

	m[i++][1] = table[1][a & 1];
	m[i][i] += s[i + 1];
	*q += 5;
	note(1, m[0][1]);
	note(2, sizeof(m) / sizeof(m[0][0]));
	note(3, text[a & 3]);
	note(4, &m[0][0] == q);
	return m[1][1] + m[1][0] + m[0][0];"""

FUNCTIONS = """\
static int one(int x)
{
	return note(1, x);
}

static int two(int x)
{
	return note(2, x * x);
}

"""
POINTERS_TO_FUNCTIONS = """\
	int (*ops[2])(int) = { one, two };
	int (*f)(int) = a > b ? one : &two;

	b = ops[a & 1](b);
	return b + f(a);"""

ARITHMETIC = """\
	unsigned char c = 200;
	short s = a;

	c <<= 1;
	note(1, c);
	note(2, c >> 1 << 1);
	note(3, (a << 28) >> 28);
	note(4, (unsigned)a >> 28);
	note(5, 1ul << (b & 63));
	note(6, s << 16);
	note(7, a / -2);
	note(8, a % -2);
	note(9, (unsigned)a / 2);
	note(10, -7 % 3u);
	note(11, (short)(a * 30000));
	note(12, a * 1000000000 * 10);
	return (long)a * b / 3 + ~0u;"""

LOOPS = """\
	int n = 0;

	for (int i = 0, j = 5; i < j; i++, j--)
		n += note(i, j * a);
	for (;;) {
		if (n++ > b)
			break;
	}
	while ((b = b / 2))
		note(7, b);
	do
		b--;
	while (b > a);
	if (a)
		if (b)
			note(8, a);
		else
			note(9, b);
	return n;"""

KNOWN = {
    "a bool's steps": (BOOL, ""),
    "a plain char has no sign": (CHARS, ""),
    "the types of constants": (CONSTANTS, ""),
    "an enum has a sign if it needs one": (
        ENUMS,
        "enum size { ONE = 1, TWO, SIX = 6 };\nenum sign { LOW = -1, HIGH };\n\n",
    ),
    "a loop's step under a hiding name": (STEP_UNDER_A_HIDING_NAME, ""),
    "a switch in a switch": (SWITCH_IN_SWITCH, ""),
    "a switch on a char": (SWITCH_ON_A_CHAR, ""),
    "continue in a switch": (CONTINUE_IN_A_SWITCH, ""),
    "a variable hides one of the unit": (HIDDEN, "static int count = 7;\n\n"),
    "jumps out of loops, back and on": (JUMPS, ""),
    "arrays and addresses": (ARRAYS, "static const int table[2][3] = { { 1, 2, 3 }, { 4, 5 } };\n\n"),
    "pointers to functions": (POINTERS_TO_FUNCTIONS, FUNCTIONS),
    "arithmetic": (ARITHMETIC, ""),
    "loops": (LOOPS, ""),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_samples(name: str) -> None:
    assert [sentence for compiler in compilers() for sentence in differing([sample(*KNOWN[name])], compiler)] == []
