# SPDX-License-Identifier: GPL-2.0-only
"""Every order of the lines of each puzzle, against a certificate of its own."""

import pytest

import kvmplanes as kp
from kvmplanes.orders import PUZZLES, Puzzle, laid_out

each = pytest.mark.parametrize("puzzle", PUZZLES.values(), ids=PUZZLES)


@each
def test_the_verdict_on_an_order_is_that_of_a_whole_certificate(puzzle: Puzzle) -> None:
    assert len(puzzle.verdicts) == len(puzzle.orders) == 120
    for order in puzzle.orders[::7]:
        whole, verdict = kp.certify(puzzle.edited(order)), puzzle.verdicts[order]
        assert verdict.paths == len(whole.paths)
        assert verdict.clean == whole.counts.get("clean", 0)
        assert verdict.outcome == next(iter(whole.counts))
        counterexample = whole.counterexample
        assert (verdict.counterexample is None) == (counterexample is None)
        if counterexample and verdict.counterexample:
            assert len(verdict.counterexample.steps) == len(counterexample.steps)


def test_as_posted_09_is_wrong_and_the_order_of_11_is_right() -> None:
    teardown = PUZZLES["teardown"]
    assert teardown.verdicts[0, 1, 2, 3, 4].outcome == "use-after-free"
    assert teardown.verdicts[0, 1, 2, 4, 3].outcome == "clean"
    last = {order[-1] for order, verdict in teardown.verdicts.items() if verdict.outcome == "clean"}
    assert [teardown.items[place] for place in last] == ["k.kvm_arch_free_vm(kvm)"]


def test_in_the_ladder_the_planes_go_before_the_vm_and_under_the_right_label() -> None:
    ladder = PUZZLES["ladder"]
    assert ladder.verdicts[ladder.posted].outcome == "clean"
    items = ladder.items
    for order, verdict in ladder.verdicts.items():
        place = {items[item]: at for at, item in enumerate(order)}
        if verdict.outcome == "clean":
            assert place["k.kvm_destroy_planes(kvm)"] < place["k.kvm_arch_free_vm(kvm)"]
            assert place["out_err_no_srcu:"] < place["k.kvm_destroy_planes(kvm)"]
            assert place["out_no_planes:"] < place["k.kvm_arch_free_vm(kvm)"]


def test_labels_own_what_stands_below_them() -> None:
    assert laid_out(("a()", "b()")) == "a()\nb()"
    assert laid_out(("x:", "a()", "y:")) == 'if goto.label("x"):\n    a()\nif goto.label("y"):\n    pass'
    assert laid_out(("x:", "y:", "a()")) == 'if goto.label("x"):\n    pass\nif goto.label("y"):\n    a()'
    assert laid_out(("a()", "x:", "b()")) == '    a()\nif goto.label("x"):\n    b()'
    assert laid_out(("x:", "a()"), headless=True) == '    pass\nif goto.label("x"):\n    a()'


@pytest.mark.parametrize("order", [(0, 1), (0, 1, 2, 3, 3), (1, 2, 3, 4, 5)])
def test_an_order_names_every_line_once(order: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"each of 0\.\.4 once"):
        PUZZLES["teardown"].verdict(order)
