# SPDX-License-Identifier: GPL-2.0-only
"""The questions: every answer has a reply, the page is sound, and reads without scripts. Keys: test_keys.py."""

import dataclasses
import html
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest

import kvmplanes as kp
from kvmplanes.learn.nine import NINE
from kvmplanes.learn.questions import (
    QUESTION_SHAPE,
    QUESTIONS,
    Option,
    Question,
    ask,
    judge,
    question_html,
    questions_for,
    reply,
)
from kvmplanes.learn.questions.drawn import judged_html
from kvmplanes.learn.texts import load, read
from kvmplanes.view.page.html import marked

# The appendix, "ap", has questions as well; it has no warm-up.
NOTEBOOKS = ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09")
OPENING = {"recall", "warm-up"}
each = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)


TEXT = """
[nb05-x]
kind = "why"
prompt = "Why?"
reason = "So."
options = [{ value = 1, label = "One.", reply = "Yes." }]
"""


@pytest.fixture(scope="module", autouse=True)
def _keys_are_computed_once() -> Iterator[None]:
    """The right option of each question is worked out at its first use here; test_keys.py is about keys."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Question, "right", cache(Question.right))
        yield


def test_text_and_keys_are_joined() -> None:
    (question,) = read(TEXT, QUESTION_SHAPE, "key", {"nb05-x": lambda: 1})
    assert question.right() == Option(1, "Yes.", "One.")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("nb05-x", "nb05-y", "nb05-y has a text and no key; nb05-x has a key and no text"),
        ("why", "quiz", "nb05-x: kind: one of recall, warm-up, predict, why, commit is wanted, not 'quiz'"),
        (
            "reason =",
            "key = 1\nreason =",
            "nb05-x: there is no member key; the members are kind, prompt, code, entry, ",
        ),
        ('prompt = "Why?"', "", "nb05-x: prompt is missing; the members are kind, prompt, "),
        ('"Why?"', "3", "nb05-x: prompt: a text is wanted, not 3"),
        (', reply = "Yes."', "", "nb05-x: options: number 1: reply is missing; the members are value, label, reply"),
        ("value = 1", "value = 1.5", "nb05-x: options: number 1: value: a text or a whole number is wanted, not 1.5"),
        ("[{", "[1, {", "nb05-x: options: number 1: a table is wanted, not 1"),
        ("options", "options.a", "nb05-x: options: a list is wanted, not {'a': "),
        ('"Why?"', '"Why?', "(at line 4, column 15)"),
    ],
)
def test_a_wrong_text_is_told_where_and_why(old: str, new: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        read(TEXT.replace(old, new), QUESTION_SHAPE, "key", {"nb05-x": lambda: 1})


def test_an_error_names_the_file(tmp_path: Path) -> None:
    keys = ModuleType("nb05")
    keys.__file__ = str(tmp_path / "nb05.py")
    (tmp_path / "nb05.toml").write_text(TEXT.replace("why", "quiz"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^nb05\.toml: nb05-x: kind: one of recall, "):
        load(keys, QUESTION_SHAPE, "key", {"nb05-x": lambda: 1})


# -- content --------------------------------------------------------------------------------------------------


def test_every_notebook_has_its_questions() -> None:
    assert len(QUESTIONS) >= 32
    assert tuple(dict.fromkeys(question.notebook for question in QUESTIONS)) == (*NOTEBOOKS, "ap")
    for notebook in NOTEBOOKS:
        kinds = [question.kind for question in questions_for(notebook)]
        opening = 0 if notebook == "00" else 2  # 00 opens with the self-test
        assert set(kinds[:opening]) <= OPENING, f"{notebook} opens with two questions about what came before"
        assert not OPENING & set(kinds[opening:])
        assert kinds.count("predict") >= 3


def test_ids_are_unique_and_well_formed() -> None:
    assert max(Counter(question.id for question in QUESTIONS).values()) == 1
    assert [question.id for question in QUESTIONS if not re.fullmatch(r"nb(?:\d\d|ap)(-[a-z0-9]+)+", question.id)] == []


def test_the_place_of_the_right_answer_gives_nothing_away() -> None:
    places = Counter(q.options.index(q.right()) for q in QUESTIONS if not q.entry)
    assert min(places) == 0
    assert max(places.values()) <= sum(places.values()) / 2


@each
def test_every_answer_has_a_reply_of_its_own(question: Question) -> None:
    replies = [option.reply for option in question.options]
    if question.entry:
        replies.append(question.otherwise)
    assert len(replies) >= 3
    assert len(set(replies)) == len(replies)
    assert len({option.value for option in question.options}) == len(question.options)
    assert len({option.label or option.value for option in question.options}) == len(question.options)
    for text in (*replies, question.reason):
        assert re.search(r"[.?!]$", text), text
        assert 20 <= len(text) <= 320, f"{len(text)} characters: {text}"
    assert bool(question.otherwise) == bool(question.entry), "only what is typed can be unforeseen"


@each
def test_code_marks_are_paired_and_stand_around_real_names(question: Question) -> None:
    versions = [*kp.VERSIONS.values(), *(real.defect for real in NINE.values())]
    kernel = " ".join(line.text for line in kp.PATCH.added) + " ".join(
        function.source for version in versions for function in version.functions.values()
    )
    options = [text for option in question.options for text in (option.label, option.reply)]
    for text in (question.prompt, question.reason, question.otherwise, *options):
        assert text.count("`") % 2 == 0, text
        marked = " ".join(re.findall(r"`([^`]+)`", text))
        for name in re.findall(r"\b(?:kvm|out|get|put|anon|cleanup)_\w+", marked):
            assert name in kernel, f"{question.id}: {name} is no name of the patch or of the path around it"
        bare = re.sub(r"`[^`]+`", "", text)
        assert not re.findall(r"\b[a-z]+_[a-z_]+\b", bare), f"{question.id}: code without marks in {bare!r}"


# -- the page ------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Collects tags and texts; fails on a tag that is closed out of turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] not in ("style", "script"):
            self.texts.append(data)


@each
def test_the_page_is_sound_and_small(question: Question) -> None:
    bundle = ask(question.id)._repr_mimebundle_()
    assert sorted(bundle) == ["text/html", "text/plain"]
    assert len(bundle["text/html"].encode()) < 9_000 + 300 * len(question.options[0].also)
    page = Page(bundle["text/html"])
    tags = Counter(tag for tag, _ in page.seen)
    assert tags["fieldset"] == tags["legend"] == tags["details"] == tags["summary"] == 1
    assert tags["input"] == tags["button"] == 0, "controls without a script would be dead"
    assert tags["label"] == (1 if question.entry else len(question.options))
    assert "`" not in "".join(page.texts)


@each
def test_without_a_script_everything_can_be_read(question: Question) -> None:
    shown = re.sub(r"\s+", " ", "".join(Page(ask(question.id).html).texts)).replace("\xa0", " ")
    options = [text for option in question.options for text in (option.label, option.reply)]
    for text in (question.prompt, question.reason, question.otherwise, *options):
        assert html.unescape(re.sub(r"<[^>]+>", "", marked(text))) in shown
    verdicts = {sign: shown.count(sign) for sign in ("✓ right", "✗ not so", "● kept")}
    count, typed = len(question.options), bool(question.entry)
    if question.is_kept:
        assert verdicts == {"✓ right": 0, "✗ not so": 0, "● kept": count}
    else:
        assert verdicts == {"✓ right": 1 + len(question.right().also), "✗ not so": count - 1 + typed, "● kept": 0}


@each
def test_the_right_answer_stays_folded(question: Question) -> None:
    html = ask(question.id).html
    above, _, folded = html.partition("<details>")  # without `open`
    assert folded
    for sign in ("✓", "✗", "kp-kept", "kp-right", question.reason[:20]):
        assert sign not in above
        assert sign not in ask(question.id).text


def test_pages_are_the_same_in_every_process() -> None:
    script = "from kvmplanes.learn.questions import *; print(*(ask(q.id).html + ask(q.id).text for q in QUESTIONS))"
    here = " ".join(ask(q.id).html + ask(q.id).text for q in QUESTIONS) + "\n"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"}
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    assert result.stdout.decode() == here


# -- checking from Python ------------------------------------------------------------------------------------


@each
def test_reply_judges_every_answer(question: Question) -> None:
    for place, option in enumerate(question.options):
        answer = option.value if question.entry else "abcdefgh"[place]
        verdict, _, text = reply(question.id, answer).partition(": ")
        assert text == option.reply
        judged = "✓ right" if option == question.right() else "✗ not so"
        assert verdict == ("● kept" if question.is_kept else judged)


def test_typed_answers_are_read_kindly() -> None:
    assert reply("nb02-back-pointer", " kvm -> planes[0]->kvm; ").startswith("✓ right")
    assert reply("nb05-reads", "19.0").startswith("✓ right")
    assert reply("nb05-reads", 12).endswith("Which slots are written?")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ask("nb05-zreoed"), "no question 'nb05-zreoed'; there are nb05-unwound, "),
        (lambda: ask("nb77-order"), "no question 'nb77-order'; there are nb00-"),
        (lambda: questions_for("5"), "no questions for notebook '5'; there are 00, 01, "),
        (lambda: reply("nb05-zeroed", "x"), "nb05-zeroed: answer with one of a, b, c, not 'x'"),
        (lambda: reply("nb05-reads", "many"), "the answer is a number, not 'many'"),
    ],
    ids=["id", "notebook in an id", "notebook", "letter", "number"],
)
def test_bad_input_is_told_what_is_allowed(call: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        call()


def test_what_is_stressed_is_shown_so_everywhere() -> None:
    options = (Option(1, "It is *once*.", "**Never** `*p`."), Option(2, "It is `a` *b*."))
    question = dataclasses.replace(QUESTIONS[0], key=lambda: 1, prompt="Read *one* `*p`.", options=options)
    page = question_html(question).html.partition("<script>")[0]
    for drawn in ("Read <em>one</em> <code>*p</code>.", "<strong>Never</strong> <code>*p</code>.", "<em>once</em>"):
        assert drawn in page
    assert "*b*" not in page


def test_an_answer_is_kept_under_a_name_that_changes_with_the_question() -> None:
    names = {question.kept_as for question in QUESTIONS}
    assert len(names) == len(QUESTIONS)
    question = QUESTIONS[0]
    assert re.fullmatch(rf"{question.id}-[0-9a-f]{{8}}", question.kept_as)
    assert f'data-kvmplanes-keeps="{question.kept_as}"' in ask(question.id).html
    first, *others = question.options
    other_reply = dataclasses.replace(question, options=(dataclasses.replace(first, reply="Other."), *others))
    other_label = dataclasses.replace(question, options=(dataclasses.replace(first, label="Other."), *others))
    assert other_reply.kept_as == question.kept_as
    assert question.kept_as not in (other_label.kept_as, dataclasses.replace(question, prompt="Other?").kept_as)


def test_a_later_page_judges_what_was_kept() -> None:
    (line,) = (question for question in QUESTIONS if question.is_kept)
    page = judge(line.id).html.partition("<script>")[0]
    assert f'data-kvmplanes-verdict="{line.kept_as}"' in page
    assert page.count("class=kp-right") == 1
    assert page.count("not so") == len(line.options) - 1
    assert "<details>" in page
    assert judge(line.id).text.count("✓ right") == 1
    for option in line.options:
        assert option.judged
        assert option.reply != option.judged
        assert f": {option.judged}\n" in f"{judge(line.id).text}\n"
        assert marked(option.judged) in page
        assert marked(option.judged) not in ask(line.id).html


def test_without_words_for_a_verdict_the_reply_is_said() -> None:
    options = (Option(1, "Why one?", "One.", "One it is."), Option(2, "Why two?", "Two."))
    question = dataclasses.replace(QUESTIONS[0], kind="commit", key=lambda: 1, options=options)
    said = judged_html(question).text.splitlines()[1:]
    assert said == ["  a) One. ✓ right: One it is.", "  b) Two. ✗ not so: Why two?"]


def test_an_option_is_plain_data() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Option(1, "no").value = 2  # type: ignore[misc]


def test_a_kept_answer_is_not_judged_and_looks_like_every_other() -> None:
    (line,) = (question for question in QUESTIONS if question.is_kept)
    page, right = ask(line.id).html, line.right()
    assert "kp-right" not in page.partition("<script>")[0]
    assert page.count(" class=kp-kept") == len(line.options)
    kept = [reply(line.id, letter) for letter in "abcde"]
    assert [text.removeprefix("● kept: ") for text in kept] == [option.reply for option in line.options]
    assert not [word for option in line.options for word in ("right", "wrong", "correct") if word in option.reply]
    assert right.value == "+54", "the line that our repair moves"
