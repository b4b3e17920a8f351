# SPDX-License-Identifier: GPL-2.0-only
"""The comparison with a kernel, as a table."""

from kvmplanes.oracle.measured import evidence
from kvmplanes.oracle.measured.evidence import MODELS, compare


def test_the_table_shows_what_was_compared() -> None:
    comparison = compare(only="V1k")
    head, line, together = comparison.table()
    assert line[:2] == ("6.12.117 V1k", "09")
    assert line[2:7] == together[2:7]
    rows, others, equal, ranged, wrong = map(int, line[2:7])
    assert (rows + others, ranged, wrong) == (equal, 0, 0)
    html = comparison._repr_mimebundle_()["text/html"]
    assert "no disagreement" in html
    assert all(f">{name}</th>" in html for name in head)
    assert all(f">{name}<" in html for name in evidence.LEFT_OUT.values())
    assert repr(comparison) == comparison._repr_mimebundle_()["text/plain"]


def test_only_vmalloc_leaves_ranges() -> None:
    """Where struct kvm is a mapping that may be gone, an Oops cuts a close short; everywhere else figures are equal."""
    ranged = {line[0] for line in compare().table()[1:] if int(line[5])}
    assert ranged == {"6.12.117 V1", "6.12.117 together"}


def test_the_table_shows_what_disagrees() -> None:
    comparison = compare(models={**MODELS, "V1k": MODELS["V2k"]}, only="V1k")
    assert "6.12.117 V1k: create + close: KASAN reports: kernel 17, model 0" in str(comparison)
    html = comparison._repr_mimebundle_()["text/html"]
    assert "<li>6.12.117 V1k: create + close: KASAN reports</li>" in html
    assert f"{len(comparison.wrong)} disagree" in html
