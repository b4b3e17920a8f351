# SPDX-License-Identifier: GPL-2.0-only
"""The teachers' page: what the self-test's questions measure, and both forms with their keys, computed now."""

from kvmplanes.learn.selftest.idea import IDEAS, STAMP
from kvmplanes.learn.selftest.keys import FORMS, Form
from notebooks.site.builder import layout


def values() -> dict[str, str]:
    """What the page has in its text, as Markdown."""
    letters = "".join("abcde"[place % 5] for place in range(len(IDEAS)))
    return {
        "selftest_ideas": layout.rows(
            ["", "idea", "what somebody can do who answers right", "taught in"],
            [[str(number), idea.name, idea.measures, idea.taught] for number, idea in enumerate(IDEAS, 1)],
        ),
        "selftest_parallel": layout.rows(
            ["", "idea", "what is equal in both forms, and what is not"],
            [[str(number), idea.name, idea.parallel] for number, idea in enumerate(IDEAS, 1)],
        ),
        "selftest_line": f"kvmplanes-selftest {STAMP} before={letters} after={letters}",
        "selftest_forms": "\n\n".join(_form(form) for form in FORMS),
    }


def _form(form: Form) -> str:
    """One form: each question, its code, its answers with their replies, the right one marked."""
    parts = [f"**The form {form}**"]
    for number, idea in enumerate(IDEAS, 1):
        question = idea.forms[form]
        right = question.right()
        answers = [
            f"- {question.named(place)} {option.label} {'**✓ right**' if option == right else '✗'} *{option.reply}*"
            for place, option in enumerate(question.options)
        ]
        parts += [f"{number}. {question.prompt}", f"```c\n{question.code}\n```", "\n".join(answers), question.reason]
    return "\n\n".join(parts)
