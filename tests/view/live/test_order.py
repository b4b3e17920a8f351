# SPDX-License-Identifier: GPL-2.0-only
"""The line-order editor: what its output holds, and the widget driven from Python."""

import re
from html import unescape
from itertools import permutations

import pytest

from kvmplanes.runs.orders import PUZZLES, Puzzle
from kvmplanes.view.live.order import order_editor, verdict_html
from kvmplanes.view.live.widgets import order_widget
from tests.helpers.markup import stored_in

each = pytest.mark.parametrize("puzzle", PUZZLES.values(), ids=PUZZLES)


def data(name: str) -> dict[str, object]:
    return stored_in(order_editor(name).html)


@each
def test_the_output_holds_the_verdict_on_every_order(puzzle: Puzzle) -> None:
    stored = data(puzzle.name)
    verdicts, texts = stored["verdicts"], stored["texts"]
    assert isinstance(verdicts, dict)
    assert isinstance(texts, list)
    assert set(verdicts) == {"".join(map(str, order)) for order in permutations(range(len(puzzle.items)))}
    for order, verdict in puzzle.verdicts.items():
        assert texts[verdicts["".join(map(str, order))]] == verdict_html(verdict)
    assert len(order_editor(puzzle.name).html) < 60_000


@each
def test_without_its_script_it_reads(puzzle: Puzzle) -> None:
    still = order_editor(puzzle.name).html.partition("<script")[0]
    assert [unescape(item.strip()) for item in re.findall(r"<li><code>(.*?)</code>", still)] == [*puzzle.items]
    assert verdict_html(puzzle.verdicts[puzzle.posted]) in still
    assert "trust the notebook" in still


def test_the_text_says_how_many_orders_are_clean() -> None:
    assert order_editor("teardown").text.endswith("Clean in all: 12.")
    assert "use-after-free" not in order_editor("ladder").text


def test_a_verdict_tells_the_run_up_to_the_first_thing_wrong() -> None:
    teardown = PUZZLES["teardown"]
    html = verdict_html(teardown.verdicts[teardown.posted])
    assert "16 of 18 paths clean; when no call fails, 16 reads and 1 write after free" in html
    assert html.count("<li") == 5
    assert "kvm#1 is freed" in html
    assert "the bytes there say plane#0" in html.rpartition("<li")[2]
    assert "<ol>" not in verdict_html(teardown.verdicts[0, 1, 2, 4, 3])


def test_the_widget_answers_each_order_and_opens_the_run() -> None:
    lines = ["kvm_arch_free_vm(kvm);", "kvm_destroy_planes(kvm);"]
    shown = order_widget("09", "kvm_destroy_vm", lines)
    assert "16 of 18 paths clean" in shown.editor.verdict["html"]
    assert shown.player.layout.display is None
    first = shown.player.value
    shown.editor.order = [1, 0]
    assert shown.editor.verdict["order"] == [1, 0]
    assert "18 of 18 paths clean" in shown.editor.verdict["html"]
    assert shown.player.layout.display == "none"
    shown.editor.order = [0, 1]
    assert shown.player.value == first


def test_beside_the_widget_stands_what_a_file_shows() -> None:
    bundle = order_widget(
        "11", "kvm_create_plane", ["plane->kvm = kvm;", "plane->level = plane_level;"]
    )._repr_mimebundle_()
    assert "plane-&gt;kvm = kvm;" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert bundle["text/plain"].endswith("18 of 18 paths clean")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("09", "kvm_destroy_vm", ["kvm_arch_free_vm(kvm);"]), "2 to 8 lines"),
        (("09", "kvm_destroy_vm", ["kvm_arch_free_vm(kvm);", "mmdrop(kvm);"]), "stand there 0 times"),
        (("09", "kvm_destroy_all", ["a", "b"]), "has no function"),
        (("9", "kvm_destroy_vm", ["a", "b"]), "unknown version"),
    ],
)
def test_what_is_not_there_cannot_be_ordered(arguments: tuple[str, str, list[str]], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        order_widget(*arguments)
    with pytest.raises(ValueError, match="there are teardown, ladder"):
        order_editor("labels")
