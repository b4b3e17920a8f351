# SPDX-License-Identifier: GPL-2.0-only
"""The repairs of the teardown: what is said of each in words is what running it shows."""

import pytest

import kvmplanes as kp
from kvmplanes.learn.repairs import BASES, REPAIRS, repairs_table, series_table, survivors
from kvmplanes.view.verdicts import Cell, verdict_table


def test_without_a_repair_every_base_has_the_defect_of_09() -> None:
    for base in BASES.values():
        assert kp.certify(base).counts["use-after-free"] >= 2


def test_which_repairs_hold_where() -> None:
    assert survivors("09") == ("swap", "earlier", "in the free", "one local copy", "sixteen copies")
    assert "one local copy" not in survivors("planes 0, 1 and 3")
    assert survivors("with 26's hook") == ("swap", "earlier", "in the free")


def test_the_swap_is_11s_and_the_shortest_that_holds() -> None:
    swapped = REPAIRS["swap"].version().functions["kvm_destroy_vm"].source
    assert [line.partition("  #")[0] for line in swapped.splitlines()] == [
        line.partition("  #")[0] for line in kp.VERSIONS["11"].functions["kvm_destroy_vm"].source.splitlines()
    ]
    assert (
        min(REPAIRS.values(), key=lambda one: (one.name not in survivors("with 26's hook"), one.lines)).name == "swap"
    )
    assert REPAIRS["left out"].lines == 1


def test_the_table_has_every_repair_and_its_verdicts() -> None:
    shown = repairs_table("09", "planes 0, 1 and 3")
    assert shown.html.count("<tr>") == len(REPAIRS) + 1
    assert all(f"{repair.name}: " in shown.text for repair in REPAIRS.values())
    assert "leak: 17 of 24 paths clean; plane#3 leaked" in shown.text
    with pytest.raises(ValueError, match="no base 10; there are 09, "):
        repairs_table("10")


def test_the_series_opens_a_window_at_09_and_shuts_it_at_11() -> None:
    first = series_table().text.splitlines()[2]
    assert first.split()[-6:] == ["leak", "clean", "use-after-free", "use-after-free", "clean", "clean"]


def test_a_table_of_verdicts_has_a_cell_for_each_column() -> None:
    table = verdict_table(("what", "`09`"), [("a `b`", Cell("leak", "plane#0 leaked"))], "caption")
    assert table.text == "caption\nwhat  09\na b   leak: plane#0 leaked"
    assert '<th scope="row"' in table.html
    assert "<caption>caption</caption>" in table.html
    with pytest.raises(ValueError, match="every row has 2 cells: what, 09"):
        verdict_table(("what", "09"), [("a",)], "")
