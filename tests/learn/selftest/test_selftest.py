# SPDX-License-Identifier: GPL-2.0-only
"""The self-test: two forms of the same eight ideas, keys that follow the C, a first form that teaches nothing."""

import html
import re
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.learn import selftest, selftest_scores
from kvmplanes.learn.selftest import keys
from kvmplanes.learn.selftest.drawn import after_html, before_html
from kvmplanes.learn.selftest.idea import IDEAS, STAMP, UNKNOWN, Idea
from kvmplanes.learn.selftest.keys import FORMS, Form
from tests.learn.questions.test_keys import told_otherwise

each = pytest.mark.parametrize("idea", IDEAS, ids=lambda idea: idea.id)
form_each = pytest.mark.parametrize("form", FORMS)

# Changes of the C that make another answer right.
OTHER: tuple[tuple[str, str, str, str, str, str], ...] = (
    # idea, key, what is changed in the first form and to what, the same in the second form
    ("order", "failed too", "close:\n\tdma_close();\nrelease:", "release:\n\tdma_close();\nclose:",
        "stop:\n\tworker_stop();\ndrop:", "drop:\n\tworker_stop();\nstop:"),
    ("owner", "first put", "refcount_inc(&book->users);", "", "refcount_inc(&alarm->users);", ""),
    ("owner", "never", "book_put(shelf->book);", "", "alarm_put(clock->alarm);", ""),
    ("kind", "leak", "kfree(lamp);", "", "kfree(job);", ""),
    ("kind", "double-free", "kfree(lamp->bulb);", "kfree(lamp);", "job = job->next;", "kfree(job);\nbreak;"),
    ("plain", "log", "return", 'printk("read");\nreturn', "return", 'printk("read");\nreturn'),
    ("unrun", "none", "/* C */", "", "/* A */", ""),
    ("dangling", "nothing", "kfree(guest);", "", "kfree(route);", ""),
    ("dangling", "leak", "kfree(guest);", "table->seat[place] = NULL;", "kfree(route);", "router->route[port] = NULL;"),
    ("index", "none", "n > 8", "n >= 8", "lane > 6", "lane >= 6"),
    ("index", "beyond", "n > 8", "n > 80", "lane > 6", "lane > 60"),
    ("series", "nothing", "return -ENOMEM;", "goto free_box;", "return -ENOMEM;", "goto free_pump;"),
    ("series", "end", "goto free_box;", "return -ENOMEM;", "goto free_pump;", "return -ENOMEM;"),
)  # fmt: skip


def words(text: str) -> str:
    """A text as a page shows it."""
    return text.replace("`", "")


def seen(page: str) -> str:
    """What a page says, without tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", page.partition("<script>")[0])).replace("\xa0", " ")


def test_there_are_eight_ideas() -> None:
    assert len(IDEAS) == len({idea.id for idea in IDEAS}) == 8


@each
def test_both_forms_have_the_same_thoughts_in_another_order(idea: Idea) -> None:
    before, after = (idea.forms[form] for form in FORMS)
    values = [[option.value for option in question.options] for question in (before, after)]
    assert {*values[0]} == {*values[1]}
    assert values[0] != values[1]
    assert before.right().value == after.right().value
    assert values[0].index(before.right().value) != values[1].index(after.right().value), "no letter carries over"
    for question in (before, after):
        assert len(question.options) == 5
        assert question.options[-1] == UNKNOWN


@each
def test_both_forms_have_the_same_code_under_other_names(idea: Idea) -> None:
    before, after = (idea.forms[form] for form in FORMS)
    lines = [[line for line in question.code.splitlines() if line.strip()] for question in (before, after)]
    assert abs(len(lines[0]) - len(lines[1])) <= 2
    assert abs(len(before.prompt.split()) - len(after.prompt.split())) <= 6
    # Statements, whatever the names are.
    kinds = [
        sorted(re.findall(r"\b(?:if|goto|return|kfree|kzalloc|for|while|refcount_inc)\b", q.code))
        for q in (before, after)
    ]
    assert len(set(kinds[0]) ^ set(kinds[1])) <= 1


@form_each
@each
def test_texts_are_whole_and_each_answer_has_a_reply_of_its_own(idea: Idea, form: Form) -> None:
    question = idea.forms[form]
    replies = [option.reply for option in question.options]
    assert len(set(replies)) == len({option.label for option in question.options}) == 5
    for text in (*replies, question.reason):
        assert re.search(r"[.?!]$", text), text
        assert 20 <= len(text) <= 320
        assert text.count("`") % 2 == 0


@form_each
@each
def test_the_key_follows_the_model(idea: Idea, form: Form) -> None:
    assert told_otherwise(idea.forms[form].key), "nothing that happens to the model changes the key"


@form_each
@pytest.mark.parametrize("change", OTHER, ids=lambda change: f"{change[0]}-{change[1]}")
def test_the_key_follows_the_c(
    change: tuple[str, str, str, str, str, str], form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    idea, key, *pairs = change
    old, new = pairs[2 * FORMS.index(form) :][:2]
    honest = keys._code(form, idea)
    assert old in honest
    monkeypatch.setattr(keys, "_code", lambda *_: honest.replace(old, new, 1))
    assert keys.form_keys(form)[idea]() == key


@each
def test_the_c_that_is_shown_is_what_runs(idea: Idea, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[kp.Version] = []
    run, certify = kp.run, kp.certify

    def running(version: kp.Version, **options: Any) -> kp.Trace:
        ran.append(version)
        return run(version, **options)

    def certifying(version: kp.Version) -> kp.Certificate:
        ran.append(version)
        return certify(version)

    monkeypatch.setattr(kp, "run", running)
    monkeypatch.setattr(kp, "certify", certifying)
    for form in FORMS:
        ran.clear()
        question = idea.forms[form]
        question.key()
        text = "".join(line.text for version in ran for lines in version.tree.values() for line in lines)
        for line in map(str.strip, question.code.splitlines()):
            hidden = "which label?" in line or line.startswith("/* after")
            assert hidden or line in text, line


# -- the pages -------------------------------------------------------------------------------------------------------


def test_the_first_form_has_neither_keys_nor_replies() -> None:
    view = selftest("before")
    page = view.html.partition("<script>")[0]
    for sign in ("kp-right", "✓", "✗", "<details"):
        assert sign not in page
        assert sign not in view.text
    for idea in IDEAS:
        question = idea.forms["before"]
        for text in (question.reason, *(option.reply for option in question.options)):
            assert words(text)[:40] not in seen(view.html)
            assert words(text)[:40] not in view.text


def test_the_first_form_runs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the key was asked for")

    monkeypatch.setattr(kp, "run", never)
    monkeypatch.setattr(kp, "certify", never)
    before_html()
    with pytest.raises(AssertionError, match="the key was asked for"):
        after_html()


def test_the_first_form_says_nothing_of_the_patch() -> None:
    text = " ".join(idea.forms["before"].prompt + idea.forms["before"].code for idea in IDEAS)
    assert re.findall(r"kvm|plane|anon_inode|vm\b|\b(?:09|29)\b", text, re.IGNORECASE) == []


@form_each
def test_everything_can_be_read_without_a_script(form: Form) -> None:
    view = selftest(form)
    shown = " ".join(seen(view.html).split())
    assert [*view._repr_mimebundle_()] == ["text/html", "text/plain"]
    for idea in IDEAS:
        question = idea.forms[form]
        for text in (question.prompt, *(option.label for option in question.options)):
            assert words(text) in shown
            assert words(text) in view.text
    page = view.html.partition("<script>")[0]
    assert page.count("<fieldset") == page.count("<legend") == 8
    assert page.count("<label>") == 40
    assert "<input" not in page, "a control without a script would be dead"


def test_the_second_form_folds_both_with_replies_and_says_what_it_does_not_prove() -> None:
    view = selftest("after")
    above, _, folded = view.html.partition("<script>")[0].partition("<details><summary>Both forms side by side")
    assert "✓" not in above
    assert folded.count("class=kp-right") == 16
    shown = seen(folded)
    for idea in IDEAS:
        for question in idea.forms.values():
            for option in question.options:
                assert words(option.reply) in shown
    assert "What this does not prove" in shown
    assert "✓" not in view.text


def test_nothing_on_the_page_asks_another_machine() -> None:
    for form in FORMS:
        assert re.findall(r"https?://|fetch\(|XMLHttpRequest|sendBeacon|WebSocket", selftest(form).html) == []


# -- scores ----------------------------------------------------------------------------------------------------------


def letters(form: Form, wrong: int = 0) -> str:
    """Right letters, but for the first few, where the reader did not know."""
    right = ["abcde"[idea.forms[form].options.index(idea.forms[form].right())] for idea in IDEAS]
    return "e" * wrong + "".join(right[wrong:])


def test_scores_count_readers_idea_by_idea() -> None:
    one = f"kvmplanes-selftest {STAMP} before={letters('before', 5)} after={letters('after', 1)}"
    two = f"kvmplanes-selftest {STAMP} before={letters('before', 7)} after={'-' * 8}"
    rows = [line.rsplit(maxsplit=6) for line in selftest_scores(one, two).text.splitlines()[1:]]
    assert [" ".join(row[1:]) for row in rows] == [
        "0 of 2 0 of 1", *["0 of 2 1 of 1"] * 4, *["1 of 2 1 of 1"] * 2, "2 of 2 1 of 1", "4 of 16 7 of 8",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("abc", "a line is 'kvmplanes-selftest "),
        (f"kvmplanes-selftest {STAMP} before=abcdefgh after=--------", "a line is 'kvmplanes-selftest "),
        ("kvmplanes-selftest 000000 before=abcdeabc after=--------", "another edition of the questions: 000000, and"),
    ],
)
def test_a_line_that_is_none_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        selftest_scores(line)


def test_there_are_two_forms() -> None:
    with pytest.raises(ValueError, match="form must be one of before, after, not 'between'"):
        selftest("between")
