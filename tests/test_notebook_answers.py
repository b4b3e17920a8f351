# SPDX-License-Identifier: GPL-2.0-only
"""What the notebooks promise: each task is stored unsolved, its worked answer works, and words lead to the glossary."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = {path.name[:2]: path for path in sorted(FOLDER.glob("0[0-5]*.ipynb"))}
GLOSSARY = "(00-start-here.ipynb#Ten-words)"

# Notebook -> what the reader has to change in the cell fix-source, and what is printed as long as it stands there.
TASKS = {
    "02": ("pass\n", "11     no defect\n11+0   leak\n11+16  out-of-bounds leak\n"),
    "03": ("out_no_planes", "19 paths, 1 leak, 18 clean;"),
    "04": ('"kvm_create_vm", "k.mmdrop(current.mm)"', "survives: False\n"),
    "05": ("    k.kvm_arch_free_vm(kvm)\n    k.kvm_destroy_planes(kvm)\n", "2 use-after-free, 16 clean;"),
}
GUARD = "if {}:\n    return NULL\n"
FREE, PLANES = "    k.kvm_arch_free_vm(kvm)\n", "    k.kvm_destroy_planes(kvm)\n"
# Every idea that the folded answers name: what stands there then, and what is printed.
IDEAS = {
    "02 answer": (
        GUARD.format("plane_level >= KVM_MAX_PLANES or kvm.planes[plane_level] is not NULL"),
        "11     no defect\n11+0   no defect\n11+16  no defect\n",
    ),
    "02 with >": (
        GUARD.format("plane_level > KVM_MAX_PLANES or kvm.planes[plane_level] is not NULL"),
        "11+16  out-of-bounds",
    ),
    "02 slot first": (
        GUARD.format("kvm.planes[plane_level] is not NULL or plane_level >= KVM_MAX_PLANES"),
        "11+16  out-of-bounds\n",
    ),
    "03 answer": ("out_err_no_srcu", "19 paths, 19 clean;"),
    "03 one label higher": ("out_err_no_irq_srcu", "19 paths, 19 clean;"),
    "04 answer": ('"kvm_destroy_planes", "kvm.planes[i] = NULL"', "survives: True\n"),
    "04 level": ('"kvm_create_plane", "plane.level = plane_level"', "survives: True\n"),
    "04 back-pointer": ('"kvm_create_plane", "plane.kvm = kvm"', "1 wrong state, 17 clean;"),
    "05 answer": (PLANES + FREE, "18 paths, 18 clean;"),
    "05 a copy of the pointer": (
        f"    plane = kvm.planes[0]\n{FREE}    k.kvm_destroy_one_plane(plane)\n",
        "18 paths, 18 clean;",
    ),
    "05 call left away": (FREE, "2 leak, 16 clean;"),
    "05 call made twice": (PLANES + FREE + PLANES, "2 use-after-free, 16 clean;"),
}
LINKED = ("01", *TASKS)  # 00 has the glossary itself
TERMS = {
    "VM": r"\bVMs?\b",
    "plane": r"\bplanes?\b",
    "slot": r"\bslots?\b",
    "back-pointer": r"\bback-pointers?\b",
    "unwinding label": r"\blabels?\b",
    "use-after-free": "use-after-free",
    "as posted": r"\b[Aa]s posted\b",
    "defect": r"\bdefects?\b",
    "KASAN": r"\bKASAN\b",
    "SRCU": r"\bSRCU\b",
    "RFC": r"\bRFC\b",
    "VTL": r"\bVTLs?\b",
}


def read(number: str) -> Any:
    return nbformat.reads(NOTEBOOKS[number].read_text(encoding="utf-8"), as_version=4)


def printed(number: str, idea: str | None = None) -> str:
    """Run a notebook's code with an idea in the place of the task; what its last cell prints."""
    old = TASKS[number][0]
    names: dict[str, Any] = {}
    for cell in read(number).cells:
        if cell.cell_type != "code" or "picker(" in cell.source or "p.choose" in cell.source:
            continue
        source = f"{cell.source}\n"
        if cell.id == f"nb{number}-fix-source":
            assert source.count(old) == 1
            source = source.replace(old, old if idea is None else idea)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(source, cell.id, "exec"), names)  # noqa: S102 - our own notebook
    return out.getvalue()


@pytest.mark.parametrize("number", TASKS)
def test_a_task_is_stored_unsolved(number: str) -> None:
    assert TASKS[number][1] in printed(number)


@pytest.mark.parametrize("name", IDEAS)
def test_an_idea_that_the_answer_names_does_what_is_said_of_it(name: str) -> None:
    idea, wanted = IDEAS[name]
    assert wanted in printed(name[:2], idea)


@pytest.mark.parametrize("number", TASKS)
def test_the_folded_answer_is_the_tested_one(number: str) -> None:
    folded = next(c.source for c in read(number).cells if c.source.startswith("<details><summary>One answer</summary>"))
    assert [line for line in IDEAS[f"{number} answer"][0].strip().splitlines() if line.strip() not in folded] == []


def prose(number: str) -> str:
    """The words of a notebook, in order; headings, code and links to elsewhere are blanked out."""
    text = "\n\n".join(cell.source for cell in read(number).cells if cell.cell_type == "markdown")
    for pattern in (r"(?m)^#.*$", r"(?s)```.*?```", r"`[^`\n]*`", r"\]\((?!00-start-here\.ipynb#Ten-words)[^)]*\)"):
        text = re.sub(pattern, lambda found: " " * len(found.group()), text)
    return text


@pytest.mark.parametrize("number", LINKED)
def test_a_word_is_linked_to_the_glossary_where_it_first_occurs(number: str) -> None:
    text = prose(number)
    links = [found.span(1) for found in re.finditer(rf"\[([^\]]*)\]{re.escape(GLOSSARY)}", text)]
    assert len(links) == len({text[a:b].lower().rstrip("s") for a, b in links}), "a word is linked twice"
    bare = text.replace(GLOSSARY, " " * len(GLOSSARY))
    for term, pattern in TERMS.items():
        if first := re.search(pattern, bare):
            near = text[max(0, first.start() - 30) : first.end() + 10]
            assert any(a <= first.start() < b for a, b in links), f"{term} is not linked: {near!r}"


def test_every_linked_word_is_in_the_glossary() -> None:
    table = next(cell.source for cell in read("00").cells if "## Ten words" in cell.source)
    assert set(TERMS) <= set(re.findall(r"\*{1,2}([^*|]+)\*{1,2}", table))


@pytest.mark.parametrize("number", LINKED)
def test_it_takes_twenty_to_thirty_minutes(number: str) -> None:
    head = re.search(r"^About (\d+) minutes\. You need notebooks? \d\d", read(number).cells[0].source, re.MULTILINE)
    assert head is not None
    assert 20 <= int(head[1]) <= 30
    assert 800 <= len(re.findall(r"[\w'-]+", prose(number))) <= 1400
