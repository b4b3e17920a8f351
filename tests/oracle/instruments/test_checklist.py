# SPDX-License-Identifier: GPL-2.0-only
"""The checklist of five questions: what each finds is computed, and the page that a reviewer pins up says the same."""

import re
from html import unescape
from pathlib import Path

import pytest

import kvmplanes as kp
from kvmplanes.oracle import ABOUT_09, five_questions
from kvmplanes.oracle.instruments.cases import CASES, case
from kvmplanes.oracle.instruments.checklist import NOTHING_FOUND, PENCIL, READ, WITHOUT_42, text_under
from kvmplanes.oracle.instruments.reading import ASKED, objections

PAGE = Path(__file__).resolve().parents[3] / "notebooks" / "site" / "five-questions.md"
EVERY = [row.name for row in CASES]


def rows(html: str) -> list[list[str]]:
    """The cells of each row below the head, without tags."""
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html)[1:]]
    return [[" ".join(unescape(re.sub("<[^>]+>", " ", cell)).split()) for cell in row] for row in found]


def test_each_question_says_how_it_is_asked_and_what_it_finds() -> None:
    shown = rows(five_questions(EVERY).html)
    assert [row[:3] for row in shown] == [
        [f"☐ {number}", question, pencil]
        for number, (question, pencil) in enumerate(zip(ASKED, PENCIL, strict=True), 1)
    ]
    for (question, _), row in zip(ASKED.items(), shown, strict=True):
        for name in EVERY:
            for asked, function, line in objections(case(name).version):
                assert (f"{name} , {function}: {line}" in row[3]) == (asked == question)


def test_before_08_nothing_is_said_of_29() -> None:
    checklist = five_questions()
    assert "29" not in checklist.text
    assert set(ABOUT_09) == {*EVERY} - {"29"} == {*READ} - {WITHOUT_42}


def test_before_08_each_question_finds_something() -> None:
    assert all("✓" in row[3] for row in rows(five_questions().html))
    assert [NOTHING_FOUND in row[3] for row in rows(five_questions(ABOUT_09).html)] == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_the_text_that_is_read_and_not_run_does_no_harm() -> None:
    assert kp.certify(text_under(WITHOUT_42)).clean
    assert [line for _, _, line in objections(text_under(WITHOUT_42))] == ["kvm_destroy_one_plane(kvm->planes[i]);"]


def test_what_is_shown_and_what_is_printed_say_the_same() -> None:
    checklist = five_questions(EVERY)
    printed = checklist.text.splitlines()
    for box, question, _, hits in rows(checklist.html):
        place = printed.index(f"{box} {question}")
        found = [line.strip() for line in printed[place + 1 : place + 1 + max(1, hits.count("✓"))]]
        assert hits == " ".join(f"✓ {line}".replace(",", " ,", 1) for line in found)


def test_the_page_to_pin_up_asks_in_the_same_words() -> None:
    asked = re.findall(r"^\| ☐ \d \| \*\*(.+?)\*\*.*? \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert asked == [*zip(ASKED, PENCIL, strict=True)]


def test_another_case_is_refused() -> None:
    with pytest.raises(ValueError, match="no case 'V1k'; there are rfc, 09, "):
        five_questions(["V1k"])
