# SPDX-License-Identifier: GPL-2.0-only
"""The teachers' page: what the self-test's questions measure, and both forms with their keys, computed now."""

from kvmplanes.learn.selftest.idea import IDEAS, STAMP
from kvmplanes.learn.selftest.keys import FORMS


def values() -> dict[str, str]:
    """What the page has in its text, as Markdown."""
    letters = {form: "".join(f"{'abcde'[place % 5]}" for place in range(len(IDEAS))) for form in FORMS}
    return {
        "selftest_ideas": _rows(
            ["", "idea", "what somebody can do who answers right", "taught in"],
            [[str(number), idea.name, idea.measures, idea.taught] for number, idea in enumerate(IDEAS, 1)],
        ),
        "selftest_parallel": _rows(
            ["", "idea", "what is equal in both forms, and what is not"],
            [[str(number), idea.name, idea.parallel] for number, idea in enumerate(IDEAS, 1)],
        ),
        "selftest_line": f"kvmplanes-selftest {STAMP} before={letters['before']} after={letters['after']}",
        "selftest_forms": "\n\n".join(_form(form) for form in FORMS),
    }


def _rows(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _form(form: str) -> str:
    """One form: each question, its code, its answers with their replies, the right one marked."""
    parts = [f"**The form {form}**"]
    for number, idea in enumerate(IDEAS, 1):
        question = next(asked for name, asked in idea.forms.items() if name == form)
        right = question.right()
        answers = [
            f"- {question.named(place)} {option.label} {'**✓ right**' if option == right else '✗'} *{option.reply}*"
            for place, option in enumerate(question.options)
        ]
        parts += [f"{number}. {question.prompt}", f"```c\n{question.code}\n```", "\n".join(answers), question.reason]
    return "\n\n".join(parts)
