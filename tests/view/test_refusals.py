# SPDX-License-Identifier: GPL-2.0-only
"""A notebook shows what this package refuses in a sentence, the reader's own line, and the rest on demand."""

from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.view import player
from kvmplanes.view.refusals import HOW_TO_SEE_ALL, add_refusals


@pytest.fixture(name="shell")
def refusing(shell: Any) -> Any:
    """An IPython in which errors of this package are short."""
    shell.user_ns |= {"kp": kp, "player": player}
    add_refusals(shell)
    return shell


def shown(shell: Any, source: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines that a cell with a mistake prints."""
    assert not shell.run_cell(source).success
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ('kp.run("09", fail=99)', "ValueError: "),
        ('kp.run("12")', "ValueError: unknown version '12'; versions are rfc, 08, 09"),
        ('player("09")', "TypeError: trace must be a run, as run() gives it, not '09'"),
        ('kp.VERSIONS["09"].replace("int f(void) { return 0 }")', "CError: "),
    ],
)
def test_a_refusal_is_three_lines(shell: Any, call: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(shell, f"a = 1\nb = {call}", capsys)
    assert lines[0].startswith(sentence)
    assert lines[-2:] == [f"Line 2: b = {call}", HOW_TO_SEE_ALL]
    whole = "\n".join(shown(shell, "%tb\nraise SystemExit", capsys))
    assert "kvmplanes" in whole.partition("SystemExit")[0]


@pytest.mark.parametrize("source", ["int('x')", "kp.run('09', fial=2)", "[].index(3)", "kp.VERSIONS['09'].name + 1"])
def test_what_others_raise_is_shown_as_always(shell: Any, source: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown_ = shown(shell, source, capsys)
    assert any(line.startswith("Traceback") or "Traceback (most recent call last)" in line for line in shown_)
    assert HOW_TO_SEE_ALL not in shown_


def test_a_handler_of_somebody_else_s_stays(shell: Any) -> None:
    shell.set_custom_exc((OSError,), lambda *_, **__: None)
    add_refusals(shell)
    assert shell.custom_exceptions == (OSError,)
