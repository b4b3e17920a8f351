# SPDX-License-Identifier: GPL-2.0-only
"""A sample of C of a test's own, one function of two numbers, and the numbers that it is called with."""

from kvmplanes.oracle.compiled.samples import Sample

CALLS = tuple((a, b) for a in (-3, 0, 1, 2, 7, 300) for b in (-1, 0, 5))


def sample(body: str, before: str = "") -> Sample:
    """A function p(a, b) with this body, below what it needs."""
    return Sample("p", f"{before}static long p(int a, int b)\n{{\n{body}\n}}\n", CALLS)
