# SPDX-License-Identifier: GPL-2.0-only
"""Answers that are meant to pass, to hang or to get out: each is refused, or runs as C does and fails.

After all of them every version does what it did before. The attacks are in `tests.learn.attacks`, which prints them as
a table; how long the slowest one takes is a line of `make bench`.
"""

from __future__ import annotations

from html import escape

import pytest

import kvmplanes as kp
from kvmplanes.learn import EXERCISES, Review, check, coverage_html, findings_field, report_html
from kvmplanes.learn.exercises import Result
from kvmplanes.learn.review.composer import Composer
from tests.learn.attacks import Attack, C, attacks, hangs, outcome, piece, whole

FAILING, SLOW = tuple(attacks()), tuple(hangs())


@pytest.fixture(scope="module", autouse=True)
def before() -> dict[str, kp.Certificate]:
    """Every version before the first attack."""
    return {name: kp.certify(name) for name in kp.VERSIONS}


def judged(attack: Attack) -> Result:
    """What becomes of an attack, which must end and say what to do."""
    result = check(attack.exercise, attack.answer)
    assert len(result.verdict) <= 400
    assert outcome(result) != "refused" or result.reply.endswith(f"The answer is {EXERCISES[attack.exercise].form}.")
    return result


@pytest.mark.parametrize("id_", C)
def test_what_attacks_are_put_into_is_right_and_wrong_by_itself(id_: str) -> None:
    assert check(id_, whole(id_, piece(id_, right=True))).passed
    assert not check(id_, whole(id_, piece(id_, right=False))).passed


@pytest.mark.parametrize("attack", FAILING, ids=lambda attack: attack.id)
def test_it_is_refused_or_contained(attack: Attack) -> None:
    result = judged(attack)
    assert not result.passed, result.verdict
    # What runs and fails shows a run; what is still the given C gets a line that says so.
    assert outcome(result) == "refused" or result.counterexample or result.verdict.startswith("As given: ")


@pytest.mark.parametrize("attack", SLOW, ids=lambda attack: attack.id)
def test_it_ends(attack: Attack) -> None:
    judged(attack)


def test_there_are_more_than_the_51_and_the_76() -> None:
    assert len({attack.id for attack in (*FAILING, *SLOW)}) == len(FAILING) + len(SLOW) >= 51 + 76
    assert {attack.exercise for attack in FAILING} == {*EXERCISES}


def test_nothing_is_left_of_them(before: dict[str, kp.Certificate]) -> None:
    for attack in FAILING[::7]:
        check(attack.exercise, attack.answer)
    for name, certificate in before.items():
        assert kp.certify(name).paths == certificate.paths
    for id_, task in EXERCISES.items():
        first = check(id_, task.solution)
        assert first.passed
        assert check(id_, task.solution) == first


TEXTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "</pre></p></div><style>*{display:none}</style>",
    "&lt;b&gt; &#60;",
    "{{7*7}} ${7*7} %s %n",
    "`" * 400,
    "*" * 400,
    "a" * 20_000,
    "is all good " * 1600,
    "no use after free" * 1000,
    "+54 " * 4000,
    "leak " * 4000,
    "(" * 9000 + ")" * 9000,
    "\n\n" * 9000 + "x",
    "kvm " + "\t" * 9000 + "x",
    "\u202eeert\u202d \u0000 \u2028",
)


@pytest.mark.parametrize("text", TEXTS, ids=[text[:12].encode("unicode_escape").decode() for text in TEXTS])
def test_a_comment_is_text_and_nothing_else(text: str) -> None:
    """What a reader writes into a review is looked through for words, quoted in the mail, and shown as text."""
    review = Review("09")
    review.comment("+54", text)
    shown = [report_html(review, reveal=True).html, coverage_html(review).html, findings_field("09").html]
    composed = Composer("09")
    composed.text.value = text
    composed.add.click()
    shown += [composed.findings.value, composed.meter.value, composed.message.value, composed.still().html]
    for html in shown:
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "<style>*" not in html
    if text.startswith("<script"):
        assert escape(text) in composed.still().html
    assert composed.mail.value == composed.review.mail()  # its widget shows a text, and makes no HTML of it
    assert composed.mail.value.startswith("Subject: Re: ")
    composed.close()
