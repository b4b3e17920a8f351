# SPDX-License-Identifier: GPL-2.0-only
"""What notebook 08 asks is told by no page before it: that 29 as posted has a defect, and which.

Two laws. Of prose: no sentence, and no line that is shown, names 29 or its new function beside words that tell. Of
outputs: no run, certificate, table or player of version 29 that has a defect is stored in a page before 08.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from kvmplanes.model.series import SERIES
from kvmplanes.view.page.script import data_element
from tests.helpers.minutes import ROOT, cells_of, toml_of
from tests.helpers.untold import output_that_tells, telling, telling_together

EARLY: Final = ("00", "01", "02", "03", "04", "05", "06", "07")
LEARN: Final = ROOT / "kvmplanes" / "learn"
NOTEBOOKS: Final = [path for number in EARLY for path in sorted((ROOT / "notebooks").glob(f"{number}-*.ipynb"))]
PAGES: Final = [*NOTEBOOKS, ROOT / "notebooks" / "appendix.ipynb"]  # the appendix is read before 08 as well

# Replies in its exercises.
OF_08: Final = ("freed once", "too long", "another plane", "refused again", "other versions")


def texts_in(value: Any) -> Iterator[str]:
    """Every text of a TOML value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)


def prose_of(page: Path) -> dict[str, str]:
    """What a page says before anything is run, by the cell's id."""
    return {cell["id"]: "".join(cell["source"]) for cell in cells_of(page)}


def outputs_of(page: Path) -> Iterator[tuple[str, str, str]]:
    """Each stored output of a page: the cell's id, its form, its text."""
    for cell in cells_of(page):
        for output in cell.get("outputs", []):
            forms = output.get("data") or {"text/plain": output.get("text", "")}
            for form, text in forms.items():
                yield cell["id"], form, "".join(text)


def early_texts() -> dict[str, list[str]]:
    """Everything that is prose and read before 08, by where it is."""
    texts = {f"{page.stem}, {id_}": [source] for page in PAGES for id_, source in prose_of(page).items()}
    for number in (*EARLY, "ap"):
        file = LEARN / "questions" / f"nb{number}.toml"
        if file.exists():
            for id_, question in toml_of(file).items():
                texts[f"question {id_}"] = [*texts_in(question)]
    for name in ("creation", "teardown", "hunts", "ioctl"):
        for id_, task in toml_of(LEARN / "exercises" / f"{name}.toml").items():
            if task["notebook"] in (*EARLY, "ap"):
                texts[f"exercise {id_}"] = [*texts_in(task)]
    texts["exercises, general replies"] = [
        text["reply"] for kind, text in toml_of(LEARN / "exercises" / "general.toml").items() if kind not in OF_08
    ]
    texts["self-test, before"] = [*texts_in(toml_of(LEARN / "selftest" / "before.toml"))]
    lines = toml_of(ROOT / "kvmplanes" / "patch" / "lines.toml")
    texts |= {f"note on {id_}": [line.get("explanation", "")] for id_, line in lines.items()}
    texts |= {f"version {name}": [f"{name}: {entry.title}"] for name, entry in SERIES.items()}
    for page in (ROOT / "README.md", ROOT / "notebooks" / "site" / "index.md"):
        texts[page.name] = [page.read_text(encoding="utf-8")]
    return texts


TEXTS: Final = early_texts()


@pytest.mark.parametrize("place", TEXTS)
def test_no_text_before_08_tells(place: str) -> None:
    assert [sentence for text in TEXTS[place] for sentence in telling(text)] == []
    assert telling_together(TEXTS[place]) == []


# -- outputs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_stored_output_before_08_shows_a_defect_of_29(page: Path) -> None:
    told = [f"{id_}: {what}" for id_, form, text in outputs_of(page) for what in output_that_tells(form, text)]
    assert list(dict.fromkeys(told)) == []


# -- the laws find what they are for ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "29/60 leaves a *dangling* slot when `anon_inode_getfile` fails.",
        "Take version 29 and look for the one failing call with a defect of another kind.",
        "29 is repaired: its failing path calls this function and forgets the slot.",
        "29/60 checks both, but when its anon_inode_getfile() fails the slot keeps its pointer to the freed plane.",
        "Its caller must clear `kvm->planes[]`: on the failing path of KVM_CREATE_PLANE the pointer stays.",
        "In 29 the plane is freed twice.",
        "After the failing KVM_CREATE_PLANE a program asks for it again and gets EEXIST.",
        "As posted, 29 has a defect.",
        "`kvm_vm_ioctl_create_plane` frees the plane again.",
        "`kvmplanes certify 29`: every path.",
        "F finds 29.",
        "It could see 29's second free of a plane.",
        "| 29-fixed | (not posted) | our repair of a defect in 29 |",
        "Its caller must clear `kvm->planes[]` too, which the failing path of KVM_CREATE_PLANE, in 29/60, does not do.",
    ],
)
def test_a_sentence_that_tells_is_found(text: str) -> None:
    assert telling(f"First one. {text} Last one.")


@pytest.mark.parametrize(
    "text",
    [
        "`29-fixed` is 29 with one repair; 08 says which.",
        "29/60 adds KVM_CREATE_PLANE, with which a program can ask for planes 1 to 15.",
        "A plane is freed twice when two slots hold it.",
        "On 29 June a list of double frees was posted.",
        "A caller can return EINVAL or EEXIST, as 29/60 has it.",
        "It begins at step 29 steps later, at a dangling pointer of 09.",
        "The last of the RFC, 03/29, has a defect.",
    ],
)
def test_a_sentence_that_tells_nothing_passes(text: str) -> None:
    assert telling(text) == []


def test_what_a_question_tells_in_parts_is_found() -> None:
    question = ["KVM_CREATE_PLANE 3 is made to fail, and returns ENOMEM, as it should.", "What does a kernel show?"]
    assert telling_together(question) == []
    assert telling_together([*question, "Nothing, although the plane is freed twice."]) == ["freed twice"]
    assert telling_together(["The plane is freed twice."]) == []


def test_an_output_that_tells_is_found_in_each_form() -> None:
    table = "<table><tr><th>case</th><th>29</th></tr><tr><th>close</th><td>✗ double-free</td></tr></table>"
    row = "<table><tr><th>29</th><td>32 paths</td><td>double-free</td></tr></table>"
    data = {"title": "version 29: KVM_CREATE_VM", "steps": [{"n": 1, "bad": "double-free"}]}
    for form, text in (
        ("text/plain", "29: 32 paths, 4 double-free, 28 clean; 200 states (one CPU)"),
        ("text/plain", "29        double-free"),
        ("text/plain", "clean. Version 29: KVM_CREATE_VM returns fd 4.\n29 fails; 1 use-after-free"),
        ("text/html", table),
        ("text/html", row),
        ("text/html", data_element(data)),
        ("text/html", '<img alt="Paths: 29: 4 double-free, 28 clean">'),
    ):
        assert [*output_that_tells(form, text)], text


def test_an_output_that_tells_nothing_passes() -> None:
    head, row = "<tr><th>case</th><th>09</th><th>29</th></tr>", "<tr><td>close</td><td>leak</td><td>clean</td></tr>"
    data = {"title": "version 29-fixed, old order: x", "steps": [{"n": 29, "bad": "leak"}]}
    for form, text in (
        ("text/plain", "29: 32 paths, 32 clean; 200 states (one CPU)"),
        ("text/plain", "29-fixed  double-free"),
        ("text/html", f"<table>{head}{row}</table>"),
        ("text/html", data_element(data)),
    ):
        assert [*output_that_tells(form, text)] == [], text
