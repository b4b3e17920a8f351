# SPDX-License-Identifier: GPL-2.0-only
"""Figures in the evidence's form, beside the stored ones and beside the model."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from kvmplanes.oracle.measured import evidence, evidence_text, load
from kvmplanes.oracle.measured.guest import repeat
from kvmplanes.oracle.measured.guest.evidence import as_json, figures
from kvmplanes.oracle.measured.guest.log import lines_of

LOGS = Path(__file__).parent / "logs"
STORED: dict[str, Any] = json.loads(evidence_text(evidence.STORED[evidence.NEWER]))


def measured(variant: str, **logs: str) -> dict[str, Any]:
    lines = {boot: lines_of((LOGS / f"{name}.txt").read_text(encoding="utf-8")) for boot, name in logs.items()}
    return figures(variant, lines, STORED["variants"][variant]["sizes"])


V1 = measured("V1", create="V1-create", sweep="V1-sweep")


def test_the_form_is_that_of_the_stored_evidence() -> None:
    stored = STORED["variants"]["V1"]
    for key, block in V1.items():
        assert set(block) == set(stored[key]) if isinstance(block, dict) else key in stored
    row = V1["sweep"]["rows"][1]
    assert set(row) - {"at"} == set(stored["sweep"]["rows"][1])
    assert load({"variants": {"V1": V1}})["V1"].create_close.kasan_reports == 17


def test_the_cut_log_has_the_same_figures_where_it_is_whole() -> None:
    for key in ("create_close", "sizes"):
        assert repeat.repeated({"V1": {key: V1[key]}}).differences == ()
    assert repeat.repeated({"V1": V1}).differences  # two of 20 closes


def test_the_blocks_of_create_plane_are_those_that_are_stored() -> None:
    """The whole boot: ids, orders of closing, three sweeps, limits; seven double frees."""
    blocks = measured("W29", planes="W29-planes")["create_plane"]
    same = repeat.repeated({"W29": {"create_plane": blocks}})
    assert same.differences == ()
    assert same.equal > 150
    assert {key[0]: block["kasan_reports"] for key, block in blocks.items() if key[1] == "_"} == {
        "a": 0,
        "b": 2,
        "c": 2,
        "f": 2,
        "d": 1,
    }
    assert blocks["b_sweep_with_retry"]["rows"][1]["retry_plane_3"] == "EEXIST"


def test_the_headlines() -> None:
    lines = repeat.headlines({name: STORED["variants"][name] for name in ("V0", "V1", "V2", "V3", "W29")}).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["V0", "0", "0", "0", "205", "0"],
        ["V1", "17", "340", "2312", "206", "0"],
        ["V2", "0", "0", "0", "206", "0"],
        ["V3", "0", "0", "0", "206", "71"],
        ["W29", "0", "-", "-", "-", "-"],
    ]
    assert len({len(line) for line in lines}) == 1


def test_the_stored_figures_repeat_themselves() -> None:
    same = repeat.repeated(STORED["variants"])
    assert same.kernel == "Linux 7.2.13"
    assert same.equal > 4000
    assert same.differences == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("create_close", "kasan_reports"), 16),
        (("sweep", "rows", 1, "errno"), None),
        (("sweep", "failing_ioctl_with_reports"), [201]),
        (("kmemleak", "sizes"), {"16": 1}),
    ],
)
def test_a_figure_that_differs_is_named(path: tuple[str | int, ...], value: object) -> None:
    now = copy.deepcopy(STORED["variants"])
    node: Any = now["V1"]
    for key in path[:-1]:
        node = node[key]
    old, node[path[-1]] = node[path[-1]], value
    (difference,) = repeat.repeated(now).differences
    assert (difference.stored, difference.now) == (old, value)
    assert difference.where == "/".join(["V1", *(str(key + 1 if isinstance(key, int) else key) for key in path)])


def test_a_kernel_that_is_not_the_models_is_noticed() -> None:
    wrong = copy.deepcopy(STORED["variants"]["V1"])
    wrong["create_close"] |= {"kasan_reports": 0, "kinds": {}, "accesses": {}}
    table = evidence.with_model({"V1": wrong}, "7.2.13")
    assert "create + close: KASAN reports" in [c.what for _, c in table.wrong]
    wrong = copy.deepcopy(STORED["variants"]["W29"])
    wrong["create_plane"]["b_sweep_with_retry"]["rows"][1]["retry_plane_3"] = "fd"
    (disagreement,) = evidence.with_model({"W29": wrong}, "7.2.13").wrong
    assert disagreement[0] == "7.2.13 W29"
    assert disagreement[1].what == "b: N=2 anon_inode_getfile(plane 3): ENOMEM"


def test_what_was_not_measured_is_said() -> None:
    table = evidence.with_model({"V2": {"create_close": {}}}, "7.2")
    assert table.lacking == {"7.2 V2": "not measured: normal_closes, sweep, kmemleak"}
    assert table.compared == ()
    assert "7.2 V2" in str(table)


def test_kmemleak_counts_as_it_was_asked_without_sheaves() -> None:
    v3 = STORED["variants"]["V3"]
    assert (v3["kmemleak"]["after_sweep"], v3["kmemleak_without_sheaves"]["after_sweep"]) == (37, 71)
    assert evidence.for_model(v3)["kmemleak"]["after_sweep"] == 71
    v1 = evidence.for_model(STORED["variants"]["V1"])["no_kasan"]
    assert list(v1) == ["plain", "init_on_free=1", "slub_debug=FPZU"]
    assert v1["init_on_free=1"]["plane_leaks"] == 20


def test_a_row_is_one_line_of_the_file() -> None:
    text = as_json(STORED)
    assert json.loads(text) == STORED
    assert text == evidence_text(evidence.STORED[evidence.NEWER])
    row = '{"n": 2, "site": "kvm_create_plane < kvm_create_vm < kvm_dev_ioctl_create_vm < kvm_dev_ioctl", "stage"'
    assert sum(line.strip().startswith(row) for line in text.splitlines()) == 3
