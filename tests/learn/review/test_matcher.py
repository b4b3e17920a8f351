# SPDX-License-Identifier: GPL-2.0-only
"""What the matcher makes of comments in other people's words, and that it calls no right comment false."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from kvmplanes.learn.review.document import document
from kvmplanes.learn.review.finding import findings_on, understood

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Said:
    """A comment, and what it says: ids of findings and of false alarms; `may` are those that it touches in passing."""

    patch: str
    lines: str
    says: frozenset[str]
    may: frozenset[str]
    text: str

    def __str__(self) -> str:
        return f"{self.patch} {self.lines} {self.text[:40]}"

    @property
    def alarms(self) -> frozenset[str]:
        return self.says & alarms(self.patch)

    def meant(self) -> frozenset[str]:
        ids = [line.id for line in document(self.patch).select(self.lines)]
        return frozenset(finding.id for finding in understood(self.patch, ids, self.text))

    def judged_right(self) -> bool:
        return self.says <= self.meant() <= self.says | self.may


def alarms(patch: str) -> frozenset[str]:
    return frozenset(finding.id for finding in findings_on(patch) if finding.weight == "false alarm")


def read(name: str) -> list[Said]:
    found = []
    for patch, lines, ids, text in tomllib.loads((HERE / name).read_text(encoding="utf-8"))["comments"]:
        passing = frozenset(id_.strip("()") for id_ in ids.split() if id_.startswith("("))
        says = frozenset(id_ for id_ in ids.split() if not id_.startswith("("))
        found.append(Said(patch, lines, says, passing, " ".join(text.split())))
    return found


UNSEEN = read("comments.toml")
PRACTICE = read("practice09.toml") + read("practice29.toml")
each = pytest.mark.parametrize("said", UNSEEN + PRACTICE, ids=str)


def test_nine_in_ten_comments_that_it_was_not_tuned_with_are_judged_right() -> None:
    wrong = [(said.text, sorted(said.meant())) for said in UNSEEN if not said.judged_right()]
    assert len(UNSEEN) >= 40
    assert not {said.text for said in UNSEEN} & {said.text for said in PRACTICE}
    assert len(wrong) <= len(UNSEEN) / 10, wrong


@each
def test_no_right_comment_is_called_false(said: Said) -> None:
    assert said.meant() & alarms(said.patch) <= said.alarms


@pytest.mark.parametrize("said", PRACTICE, ids=str)
def test_comments_for_practice_are_judged_right(said: Said) -> None:
    assert said.says <= said.meant() <= said.says | said.may


@pytest.mark.parametrize("patch", ["09", "29"])
def test_each_finding_has_comments_for_practice(patch: str) -> None:
    for finding in findings_on(patch):
        assert sum(finding.id in said.says for said in PRACTICE if said.patch == patch) >= 2, finding.id


@each
def test_what_a_comment_says_is_known(said: Said) -> None:
    assert said.says | said.may <= {finding.id for finding in findings_on(said.patch)}


@pytest.mark.parametrize(
    ("lines", "text", "ids"),
    [
        ("+54", "Looks good, no use-after-free here.", set()),
        ("+54", "Looks good. Oh wait, kvm is freed above.", {"teardown-order"}),
        ("+24", "Looks right apart from the missing bounds check", {"index"}),
        ("+47", "Does this leak?", {"error-path"}),
        ("+47", "This does not leak.", set()),
        ("+24", "This needs a lock.", {"race"}),
        ("+24", "This needs a lock from 29/60 on.", {"publication"}),
        ("+54", "This needs a lock.", {"race"}),
        ("+54", "This needs a lock. No, it doesn’t, but kvm has been freed.", {"teardown-order"}),  # noqa: RUF001
        ("+52", "This should be before kvm_arch_free_vm().", {"error-path", "teardown-order"}),
        ("+52", "+54 should be before kvm_arch_free_vm().", {"teardown-order"}),
        ("+31", "use after free", set()),
        ("+31", "+54 makes this a use after free", {"teardown-order"}),
    ],
)
def test_sentences_are_told_apart_and_named_lines_count(lines: str, text: str, ids: set[str]) -> None:
    assert {finding.id for finding in understood("09", [lines], text)} == ids


def test_an_alarm_gives_way_only_to_findings_that_there_are() -> None:
    for patch in ("09", "29"):
        known = {finding.id for finding in findings_on(patch)} - alarms(patch)
        for finding in findings_on(patch):
            assert {*finding.unless} <= known
            assert not finding.unless or finding.id in alarms(patch)
