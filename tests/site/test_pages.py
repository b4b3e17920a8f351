# SPDX-License-Identifier: GPL-2.0-only
"""Pages written by hand: the builder can fill them in, the table of contents has them, they say what was tried."""

import math
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which

import pytest

from kvmplanes.learn import selftest_scores
from kvmplanes.learn.selftest.idea import IDEAS
from kvmplanes.oracle.instruments.reading import ASKED
from notebooks.site.builder import five, layout, teachers

PAGES = sorted(layout.PAGES.glob("*.md"))
FIVE = (layout.PAGES / "five-questions.md").read_text(encoding="utf-8")
KERNEL = (layout.PAGES / "to-the-kernel.md").read_text(encoding="utf-8")


def test_what_a_command_says_is_no_figure() -> None:
    assert layout.filled("$five, $PWD, $(nproc), 249$/a", {"five": "5"}) == "5, $PWD, $(nproc), 249$/a"
    with pytest.raises(KeyError, match="fives"):
        layout.filled("$fives", {"five": "5"})
    assert layout.filled(KERNEL, {}) == KERNEL


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_is_in_the_table_of_contents(page: Path) -> None:
    index = (layout.PAGES / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^[a-z-]+$", "\n".join(re.findall(r"```\{toctree\}(.*?)```", index, re.DOTALL)), re.MULTILINE)
    assert page.stem in [*listed, "index"]


def test_the_five_questions_are_those_of_the_program_in_its_order() -> None:
    assert re.findall(r"^\| ☐ \d \| \*\*(.+?)\*\*", FIVE, re.MULTILINE) == [*ASKED]


def test_what_the_questions_find_is_what_the_program_says() -> None:
    rows = {row.split("|")[1].strip(" `"): row.split("|")[2:-1] for row in five.table().splitlines()[2:]}
    said = {name: [at for at, cell in enumerate(cells, 1) if "●" in cell] for name, cells in rows.items()}
    assert said == {
        "rfc": [3], "09": [1], "09-fixed": [], "10": [1], "11": [], "without +42": [2], "without +52": [3],
        "09-twice": [5], "09-level16": [4],
    }  # fmt: skip


def test_the_printed_page_does_not_tell_what_notebook_08_asks() -> None:
    assert re.findall(r"29/60|KVM_CREATE_PLANE|put_kvm|anon_inode_getfile", FIVE + five.table()) == []


def test_the_teachers_page_has_both_forms_with_computed_keys_folded() -> None:
    page = (layout.PAGES / "teachers.md").read_text(encoding="utf-8")
    text = layout.filled(page, teachers.values())
    above, _, folded = text.partition("<details>")
    assert "✓" not in above
    assert folded.count("✓ right") == folded.count("```c") == 16
    for idea in IDEAS:
        assert f"| {idea.name} | {idea.measures} |" in above
        assert f"| {idea.name} | {idea.parallel} |" in above
        for question in idea.forms.values():
            assert f"{question.prompt}" in folded
            assert f"{question.right().label} **✓ right**" in folded
    (line,) = set(re.findall(r"kvmplanes-selftest \w+ before=\S{8} after=\S{8}", text))
    assert selftest_scores(line).text.splitlines()[-1].startswith("all eight")


def test_the_teachers_page_counts_chance_right() -> None:
    page = (layout.PAGES / "teachers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) of 8 \|$", page, re.MULTILINE)
    spread = math.sqrt(2 * len(IDEAS) * 0.5 * 0.5)
    assert [(int(readers), float(gain)) for readers, gain in rows] == [
        (readers, round(2 * spread / math.sqrt(readers), 1)) for readers in (1, 4, 9, 16)
    ]


def test_each_command_says_whether_it_was_tried() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```\n\n(\*[^\n]*)?", KERNEL, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 15
    unmarked = [code for code, mark in blocks if not re.match(r"\*(Tried|Not tried|Measured)", mark)]
    assert unmarked == []


def test_nothing_is_called_tried_that_was_only_measured() -> None:
    steps = dict(re.findall(r"^## (\d+)\.(.*?)(?=^## )", KERNEL, re.DOTALL | re.MULTILINE))
    assert "Not tried: this program on the patched kernel." in steps["8"]
    assert "Not tried on the patched kernel." in steps["10"]
    for number in ("9", "11"):
        assert "*Measured" in steps[number]
        assert "ried" not in steps[number]


def test_the_guests_program_compiles(tmp_path: Path, need: Callable[[object, str], None]) -> None:
    need(which("gcc"), "gcc is not installed.")
    source = layout.PAGES / "static" / "one.c"
    command = ["gcc", "-fsyntax-only", "-O1", "-Wall", "-Wno-unused-result", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
