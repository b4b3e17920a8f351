# SPDX-License-Identifier: GPL-2.0-only
"""The glossary: every term is used, and linked once in each notebook, where it first occurs."""

import re
from pathlib import Path
from typing import Any, Final, get_args

import nbformat
import pytest

from kvmplanes.runs.step import SlotState

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
PAGES = [*sorted(path.name for path in FOLDER.glob("0*.ipynb")), "appendix.ipynb", "limits.ipynb"]
LINK = re.compile(r"\[([^\]]*)\]\(glossary\.ipynb#([^)]+)\)")
# How a term occurs, where it is not its heading with or without an s.
FORMS: Final = {
    "as posted": "[Aa]s posted",
    "bisectability": "bisectability|bisection",
    "bus": "[Bb]us(?:es)?",
    "dangling": "dangl(?:es|ing|ed|e)",
    "double free": "[Dd]ouble[- ]frees?",
    "IRQ routing": "(?:IRQ|[Ii]nterrupt) rout(?:ing|es?)",
    "leak": "[Ll]eak(?:s|ed|ing)?",
    "Oops": "Oops(?:es)?",
    "out of bounds": "[Oo]ut[- ]of[- ]bounds",
    "poison": "poison(?:s|ed|ing)?",
    "publish": "[Pp]ublish(?:es|ed|ing)?",
    "series": "series",
    "unwinding label": "(?:[Uu]nwinding )?[Ll]abels?",
    "V1k": "V[0-3]k?|W(?:09|29)[a-z0-9]*",
}


def read(name: str) -> Any:
    return nbformat.reads((FOLDER / name).read_text(encoding="utf-8"), as_version=4)


def entries() -> list[str]:
    """The glossary's headings, in order."""
    cells = [cell.source for cell in read("glossary.ipynb").cells if cell.cell_type == "markdown"]
    return re.findall(r"^## (.+)$", "\n".join(cells), re.MULTILINE)


def pattern(term: str) -> re.Pattern[str]:
    """Where a term occurs: a word of its own, at the start of a sentence with a capital too."""
    usual = f"(?:{re.escape(term)}|{re.escape(term[:1].upper() + term[1:])})s?"
    return re.compile(rf"(?<![\w-])(?:{FORMS.get(term, usual)})(?![\w-])")


def blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def bare(source: str) -> str:
    """The prose of a cell in its place; headings, quotations, code, folds' titles, tags, other links are blanked."""
    for part in (r"(?m)^[#>].*$", r"(?s)```.*?```", r"`[^`\n]*`", r"<summary>.*?</summary>", r"<[^>\n]*>"):
        source = re.sub(part, blank, source)
    return re.sub(r"\[[^\]]*\]\((?!glossary\.ipynb#)[^)]*\)", blank, source)


def unlinked(source: str) -> str:
    """Prose without the links to the glossary, and with what they say in its place."""
    return LINK.sub(lambda match: " " + match[1] + " " * (len(match[0]) - len(match[1]) - 1), source)


@pytest.mark.parametrize("name", PAGES)
def test_each_term_is_linked_once_where_it_first_occurs(name: str) -> None:
    prose = "\n\n".join(bare(cell.source) for cell in read(name).cells if cell.cell_type == "markdown")
    links = [(match[2], match.start()) for match in LINK.finditer(prose)]
    assert len(links) == len({anchor for anchor, _ in links}), "a term is linked twice"
    linked = dict(links)
    plain = unlinked(prose)
    for term in entries():
        first = pattern(term).search(plain)
        anchor = term.replace(" ", "-")
        assert (first is None) == (anchor not in linked), f"{term}: not linked, or linked where it does not occur"
        if first:
            assert linked[anchor] == first.start() - 1, (
                f"{term} occurs before its link: {plain[first.start() - 30 :][:60]!r}"
            )


def test_every_entry_is_used_and_in_alphabetical_order() -> None:
    terms = entries()
    assert terms == sorted(terms, key=str.lower)
    glossary = [cell.source for cell in read("glossary.ipynb").cells]
    shown = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in PAGES)  # outputs and questions too
    for term in terms:
        others = "\n".join(source for source in glossary if not source.startswith(f"## {term}\n"))
        assert pattern(term).search(shown + others), f"{term} is used nowhere"


def test_the_states_of_a_slot_are_those_of_the_model() -> None:
    told = {cell.source.partition("\n")[0][3:]: cell.source for cell in read("glossary.ipynb").cells}
    assert [state for state in get_args(SlotState) if state not in told["slot"]] == []


def test_privilege_is_counted_in_opposite_directions() -> None:
    told = {cell.source.partition("\n")[0][3:]: cell.source for cell in read("glossary.ipynb").cells}
    assert "0 is the **most** privileged" in told["VMPL"]
    assert "0 is the **least** privileged" in told["VTL"]
