# SPDX-License-Identifier: GPL-2.0-only
"""The machine beside compilers on samples of C: random ones, and what a difference looks like."""

import pytest

from kvmplanes.oracle import compilers
from kvmplanes.oracle.compiled.build import KERNEL
from kvmplanes.oracle.compiled.fuzz import SAMPLES, SEED
from kvmplanes.oracle.compiled.samples import differing, on_compiler, on_machine, samples
from tests.helpers.one_sample import CALLS, sample

pytestmark = pytest.mark.usefixtures("compiler")


def test_random_samples() -> None:
    made = samples(SAMPLES, SEED)
    assert len(made) >= 200
    assert [sentence for compiler in compilers() for sentence in differing(made, compiler)] == []


def test_random_samples_use_the_whole_subset() -> None:
    text = "".join(made.text for made in samples(SAMPLES, SEED))
    for word in (
        "goto l", "l1:", "switch (", "default:", "case -1:", "continue;", "break;", "while (", "do {", "for (",
        "} else {", " && ", " || ", " ? ", " / ", " % ", " << ", " >> ", "(~ ", "(! ", "(- ", " <= ", "((short)",
        "((unsigned char)", " += ", " <<= ", " %= ", "++)", "(--", "sizeof(", "w[", "&w[1]", "_r(", "_s(", "call(",
        "0xffffffff", "'\\377'", "_Bool ", "unsigned long ", "return ", ", v0)", "note(",
    ):  # fmt: skip
        assert word in text, word


def test_samples_are_the_same_for_a_seed() -> None:
    assert samples(5, 1) == samples(5, 1)
    assert samples(5, 1) != samples(5, 2)


def test_a_difference_is_shown_with_its_sample() -> None:
    right = sample("\treturn a + b;")
    lines = on_compiler([right], compilers()[0])["p"]
    assert lines == on_machine([right])["p"] == [f"= {a + b}" for a, b in CALLS]
    assert differing([right], compilers()[0]) == []
    macros = "#ifdef __GNUC__\n#define ONE 2\n#else\n#define ONE 1\n#endif\n"
    optimized, plain = differing([sample("\treturn ONE;", macros)], compilers()[0])
    assert optimized == plain
    assert optimized.startswith("p: line 0: the machine says ['= 1'], ")
    assert optimized.splitlines()[0].endswith(" ['= 2']")


def test_undefined_behaviour_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="shift exponent 32 is too large"):
        differing([sample("\treturn 1 << (b > 3 ? 32 : 1);")], compilers()[0])
    assert "-fno-strict-overflow" in KERNEL
