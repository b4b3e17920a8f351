# SPDX-License-Identifier: GPL-2.0-only
"""Every order of the lines of each puzzle, against a certificate of its own."""

import pytest

import kvmplanes as kp
from kvmplanes.runs.orders import PUZZLES, Puzzle

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


def test_the_teardown_frees_struct_kvm_last_and_uses_srcu_before_it_goes() -> None:
    teardown = PUZZLES["teardown"]
    arch, _, srcu, free, _ = teardown.posted
    right = {order for order in teardown.orders if order[-1] == free and order.index(arch) < order.index(srcu)}
    assert {order for order, verdict in teardown.verdicts.items() if verdict.outcome == "clean"} == right
    assert len(right) == 12
    assert {teardown.verdicts[order].outcome for order in {*teardown.orders} - right} == {"use-after-free"}
    late = teardown.verdicts[1, 2, 0, 4, 3].counterexample
    assert late is not None
    assert {(defect.obj, defect.function) for defect in late.defects} == {("srcu", "kvm_arch_destroy_vm")}


def test_in_the_ladder_the_planes_go_before_the_vm_and_under_the_right_label() -> None:
    ladder = PUZZLES["ladder"]
    assert ladder.verdicts[ladder.posted].outcome == "clean"
    items = ladder.items
    for order, verdict in ladder.verdicts.items():
        place = {items[item]: at for at, item in enumerate(order)}
        if verdict.outcome == "clean":
            assert place["kvm_destroy_planes(kvm);"] < place["kvm_arch_free_vm(kvm);"]
            assert place["out_err_no_srcu:"] < place["kvm_destroy_planes(kvm);"]
            assert place["out_no_planes:"] < place["kvm_arch_free_vm(kvm);"]


def test_only_the_lines_move() -> None:
    teardown = PUZZLES["teardown"]
    assert teardown.version.diff(teardown.edited(teardown.posted)) == ""
    moved = teardown.edited((1, 0, 2, 4, 3)).functions["kvm_destroy_vm"].lines
    as_posted = teardown.version.functions["kvm_destroy_vm"].lines
    assert len(moved) == len(as_posted)
    changed = [(old.text.strip(), new.text.strip()) for old, new in zip(as_posted, moved, strict=True) if old != new]
    items = teardown.items
    assert changed == [(items[0], items[1]), (items[1], items[0]), (items[3], items[4]), (items[4], items[3])]
    assert [line.id for line in moved if line.text.strip() == items[4]] == ["+54"]
    assert [line.text for line in moved if line.text.startswith("#")] == [
        "#ifdef CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES", "#endif"
    ]  # fmt: skip


def test_a_label_may_stand_above_a_label_and_below_everything() -> None:
    ladder = PUZZLES["ladder"]
    source = ladder.edited((1, 3, 4, 0, 2)).functions["kvm_create_vm"].source
    assert source.endswith(
        "\tkvm_destroy_planes(kvm);\n\tkvm_arch_free_vm(kvm);\n\tmmdrop(current->mm);\n"
        "out_err_no_srcu:\nout_no_planes:\n\treturn ERR_PTR(r);\n}\n"
    )
    assert ladder.verdicts[1, 3, 4, 0, 2].outcome == "leak"


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (
            ("kvm_destroy_planes(kvm);", "kvm_arch_free_vm(kvm);"),
            "one by one, in the order in which they stand",
        ),
        (("kvm_arch_free_vm(kvm);", "kvm_arch_free_vm(kvm);"), "give its lines one by one"),
        (
            ("kvm_arch_free_vm(kvm);\nkvm_destroy_planes(kvm);", "mmdrop(mm);"),
            "give its lines one by one",
        ),
        (("kvm_arch_free_vm(kvm);", "k.mmdrop(mm)"), "stand there 0 times"),
    ],
    ids=["order", "twice", "two in one", "not there"],
)
def test_lines_that_do_not_stand_there_so_are_refused(lines: tuple[str, ...], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Puzzle("mine", "", kp.VERSIONS["09"], "kvm_destroy_vm", lines).verdict((0, 1))


@pytest.mark.parametrize("order", [(0, 1), (0, 1, 2, 3, 3), (1, 2, 3, 4, 5)])
def test_an_order_names_every_line_once(order: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"each of 0\.\.4 once"):
        PUZZLES["teardown"].verdict(order)
