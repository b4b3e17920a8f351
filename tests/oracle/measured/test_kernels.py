# SPDX-License-Identifier: GPL-2.0-only
"""Two kernels side by side: each figure is found where it stands, and what differs is marked."""

import doctest
import re
from functools import cache

import pytest

from kvmplanes.model.limits import LIMITS
from kvmplanes.oracle.measured import kernels as module
from kvmplanes.oracle.measured.evidence import NEWER, OLDER, recorded_figures
from kvmplanes.oracle.measured.kernels import ABSENT, FIGURES, TOPICS, BothKernels, kernels


@cache
def lines() -> tuple[BothKernels, ...]:
    """Every figure of both kernels."""
    return kernels().lines


def line(figure: str) -> BothKernels:
    (line,) = [line for line in lines() if line.figure.startswith(figure)]
    return line


def test_every_figure_is_somewhere() -> None:
    assert [line.figure for line in lines()] == [line.figure for line in FIGURES]
    for line in lines():
        assert ABSENT not in line.newer.split(", "), f"{line.figure}: on 7.2 nothing stands there"
        assert line.model
    assert [line.figure for line in lines() if line.older == ABSENT] == [
        "the same without sheaves",
        "the same without sheaves",
        "29 with 10, without KASAN, 20 closes: Oopses",
    ]


def test_what_is_the_same_and_what_is_not() -> None:
    same = line("09: KASAN reports of a close")
    assert (same.older, same.newer, same.model, same.differs) == ("17", "17", "17", False)
    calls = line("failable allocations")
    assert (calls.older, calls.newer, calls.differs) == ("201, 202", "205, 206", True)
    assert line("of them for buses") == BothKernels("failures", "of them for buses", "4", "5", "5")
    leaks = line("without +52")
    assert (leaks.older, leaks.newer, leaks.model) == ("69", "37", "69 / 71")
    with_10 = line("29 with 10")
    assert (with_10.older, with_10.newer, with_10.model) == (ABSENT, "9", "0 (limit: reuse)")
    assert line("bytes of struct kvm").model == "128 more"


def test_the_model_differs_from_no_kernel_but_through_a_limit() -> None:
    """Where the model's side is figures alone, each kernel's is among them; kmemleak with sheaves is the exception."""
    blind = [line.figure for line in lines()
             if re.fullmatch(r"[\d, /]+", line.model)
             and not {line.older, line.newer} <= {*line.model.split(" / "), ABSENT}]  # fmt: skip
    assert blind == ["of them for buses", "without +52, each failing once: planes that kmemleak lists",
                     "09 with init_on_free=1, 20 closes: planes that kmemleak lists"]  # fmt: skip
    named = {name for line in lines() for name in re.findall(r"limit: (\w+)", line.model)}
    assert named <= set(LIMITS)


def test_the_table_marks_what_differs_in_words() -> None:
    table = kernels("sizes", "a close")
    bundle = table._repr_mimebundle_()
    assert str(table) == repr(table) == bundle["text/plain"]
    head, *rows = str(table).splitlines()
    assert f"Linux {OLDER}" in head
    assert f"Linux {NEWER}" in head
    assert [row.endswith("differs") for row in rows] == [line.differs for line in table.lines]
    html = re.findall(r"<tr>(.*?)</tr>", bundle["text/html"])
    assert ["differs" in row for row in html[1:]] == [line.differs for line in table.lines]
    assert {len(re.findall("<t[hd]", row)) for row in html} == {5}


def test_topics() -> None:
    assert {line.topic for line in kernels(TOPICS[0]).lines} == {TOPICS[0]}
    with pytest.raises(ValueError, match="no topic 'colour'; there are a close, "):
        kernels("colour")


def test_paths_lead_to_what_is_stored() -> None:
    stored = recorded_figures(NEWER)
    assert line("planes[] begins").newer == str(stored["V1"]["sizes"]["offsetof_planes"])
    assert line("slab cache").newer == "kmalloc-cg-8k, kmalloc-cg-16"


def test_the_example_runs() -> None:
    assert doctest.testmod(module).failed == 0
