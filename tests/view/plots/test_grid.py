# SPDX-License-Identifier: GPL-2.0-only
"""Many runs, crowds of VMs, paths by version, and what planes cost: the plots say what runs and arithmetic say."""

from collections import Counter
from collections.abc import Sequence

import pytest

import kvmplanes as kp
from kvmplanes.model.sizes import DESIGNS
from kvmplanes.runs.certificate import OUTCOMES, classify
from kvmplanes.view.plots import plot_cost, plot_crowd, plot_paths, plot_runs
from kvmplanes.view.plots.data import HELD
from kvmplanes.view.plots.grid import NO_VM, filled, in_order, made
from tests.helpers.drawn import dangling, labels, legend, many, marks, places, plot, signs, words, written

OPS = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "KVM_CREATE_PLANE 2")
RUNS = [
    kp.run("29-fixed", ops=OPS),
    kp.run("29-fixed", ops=OPS, fail="kvm_create_plane(kvm, 1)"),
    kp.run("29-fixed", ops=OPS, fail="init_srcu_struct"),
]
USUAL = "no call fails"


def test_a_run_is_judged_when_creation_is_over() -> None:
    assert [filled(run) for run in RUNS] == [3, 2, NO_VM]
    assert made(dangling()).count("live") == 3
    assert made(dangling()).index("dangling") == 3
    assert "live" not in made(kp.run("09", fail="kvm_create_plane"))
    assert made(kp.run("09", ops=())) == ()


def test_names_keep_their_order() -> None:
    assert in_order(["abd", "acd", "abcd", "xd"]) == ("x", "a", "c", "b", "d")


def test_runs_that_go_alike_are_one_row() -> None:
    runs = many("29", 5)
    kinds = Counter((run.calls, run.failed, classify(run), made(run)) for run in runs)
    assert 1 < len(kinds) < len(runs)
    assert sorted(map(int, labels(plot("runs")))) == sorted(set(kinds.values())), "each row has its number"
    assert len(marks(plot("runs"), "injected failure")) == sum(len(failed) for _, failed, *_ in kinds)
    for outcome in set(map(classify, runs)):
        n = [classify(run) for run in runs].count(outcome)  # the legend counts runs, not rows
        assert len(marks(plot("runs"), f"{outcome} ({n})")) == sum(kind[2] == outcome for kind in kinds)
    live = sum(right - left for (left, _), (right, _) in places(plot("runs"), "live"))
    assert live == pytest.approx(12 * sum(kind[3].count("live") for kind in kinds)), "a column has 12 points"


def test_only_slots_that_some_run_fills_have_a_column() -> None:
    def columns(name: str) -> list[str]:
        return [piece.words for piece in words(plot(name)) if piece.across == "center" and piece.words.isdigit()]

    last = max(slot for run in many("29", 5) for slot, state in enumerate(made(run)) if state in HELD)
    assert columns("runs") == [str(slot) for slot in range(last + 1)]
    assert columns("groups") == ["0"], "09 makes plane 0 alone"


def test_runs_that_get_far_come_first() -> None:
    bars = [(top, right) for sign in signs(plot("runs")) if sign.word[1:] in OUTCOMES
            for (_, top), (right, _) in sign.places]  # fmt: skip
    ends = [max(end for top, end in bars if top == row) for row in sorted({top for top, _ in bars})]
    assert ends == sorted(ends, reverse=True)
    assert len(set(ends)) > 2


def test_groups_of_runs_are_named_and_counted() -> None:
    for probability in (2, 10, 30):
        assert f"probability {probability} %" in written(plot("groups"))
        late = sum(bool(trace.defects) for trace in many("09", probability))
        assert not late or f"{late} use-after-free" in written(plot("groups"))
    assert plot("groups").figure.text.count("First failing call") == 3
    assert plot("runs").figure.text.startswith("All runs: 12 runs, ")


def test_paths_show_every_outcome() -> None:
    certificates = [kp.certify(version) for version in kp.VERSIONS]
    for outcome in OUTCOMES:
        n = sum(certificate.counts.get(outcome, 0) for certificate in certificates)
        assert len(marks(plot("paths"), f"{outcome} ({n})")) == n
    cells = len(labels(plot("paths"))) * len(certificates)
    lacking = cells - sum(len(certificate.paths) for certificate in certificates)
    assert len(places(plot("paths"), "no such call")) == lacking > 0
    assert {"09", "29-fixed", "2 of 18 bad", "18 clean", "after free"} <= set(written(plot("paths")))


def test_paths_stand_by_their_call_and_version() -> None:
    versions = ("08", "09", "29")
    plotted = plot_paths([kp.certify(version) for version in versions])
    columns = [piece.x for piece in words(plotted) if piece.words in versions]
    lacking = [
        ((left + right) / 2, (top + bottom) / 2) for (left, top), (right, bottom) in places(plotted, "no such call")
    ]
    for call, without in {"kvm_create_plane(kvm, 0)": ["08"], "kvm_create_plane(kvm, 1)": ["08", "09"]}.items():
        here = [x for x, y in lacking if y == labels(plotted)[call]]
        assert here == pytest.approx([columns[versions.index(version)] for version in without])


def test_rows_of_paths_are_in_order() -> None:
    rows = list(labels(plot_paths([kp.certify("rfc"), kp.certify("29")])))
    after = rows[rows.index("kvm_arch_alloc_vm") + 1 :]
    assert set(after[:2]) == {"kvm_create_plane(kvm, 0)", "kvm_create_vm_plane(kvm, 0)"}
    usual = rows.index(USUAL)
    assert not any("program" in row for row in rows[:usual])
    assert [row.rpartition("program ")[2] for row in rows[usual + 1 :]] == ["ids"] * 7 + ["exit"] * 4
    assert rows[-1] == f"{USUAL}, program exit"


def test_paths_in_words() -> None:
    assert len(plot("paths").figure.text.splitlines()) == len(kp.VERSIONS)
    at = "anon_inode_getfile(plane"
    bad = "".join(
        f"; {at} {row}: double-free" for row in ("1)", "1), program ids", "15), program ids", "1), program exit")
    )
    assert f"on 11, as posted{bad}." in plot("paths").figure.text


def test_a_cell_counts_its_vms_in_the_picture_and_in_words() -> None:
    plotted = plot_crowd({"some": RUNS, "one": RUNS[:1] * 4})
    assert plotted.figure.text.splitlines() == [
        "some: 3 VMs, 1 never came to life; 2 to 3 slots filled, 2.5 on average",
        "one: 4 VMs, 0 never came to life; 3 to 3 slots filled, 3.0 on average",
    ]
    assert {"no VM", "4"} <= set(written(plotted))
    assert "no slot filled" in plot_crowd({"none": RUNS[2:]}).figure.text


def test_the_cost_is_told_for_each_design() -> None:
    text = plot_cost().figure.text
    assert [line.partition(":")[0] for line in text.splitlines()] == list(DESIGNS) == legend(plot_cost())
    assert "144 bytes in 1 allocation for 1 plane" in text
    assert "bytes taken from the allocator of a measured kernel: 16 for 1, 32 for 2 and 256 for 16" in text
    assert "a first plane costs 16, 0 and 0 there" in " ".join(written(plot_cost()))


@pytest.mark.parametrize("groups", [{}, {"empty": []}, {"a": [kp.run("09")], "b": []}])
def test_no_runs(groups: dict[str, Sequence[kp.Trace]]) -> None:
    for draw in (plot_runs, plot_crowd):
        with pytest.raises(ValueError, match="at least one group, and a run in each"):
            draw(groups)


def test_no_certificates() -> None:
    with pytest.raises(ValueError, match="at least one certificate"):
        plot_paths([])


@pytest.mark.parametrize("name", ["paths", "runs"])
def test_headings_stand_above_the_rows(name: str) -> None:
    top = min(corners[0][1] for corners in places(plot(name), "_clean"))
    headings = [piece.y for piece in words(plot(name)) if piece.down == "baseline" and piece.across == "center"]
    assert headings
    assert max(headings) + 3 < top
