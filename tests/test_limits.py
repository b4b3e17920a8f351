# SPDX-License-Identifier: GPL-2.0-only
"""What the model leaves out: the code's comments and the page are one list."""

import doctest
import io
import re
import tokenize
from pathlib import Path

import pytest

from kvmplanes import limits
from kvmplanes.limits import ABOUT, LIMITS
from kvmplanes.view.limits import limits_table

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "kvmplanes"

# `# limit: a, b`, `# +39, limit: a`, `(limit: a; and why)`: ids, until something else than a name or a comma comes.
COMMENT = re.compile(r"(?:[#(*/]|,) ?limit: ([a-z_ ,]+)")
_PROSE = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def prose(path: Path) -> str:
    """A file's comments, and a Python file's strings, which hold docstrings and the model's edits."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return "\n".join(re.findall(r"//.*|/\*.*?\*/", text, re.DOTALL if path.suffix == ".h" else 0))
    return "\n".join(t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type in _PROSE)


def ids(text: str) -> set[str]:
    return {name.strip() for names in COMMENT.findall(text) for name in names.split(",")}


def in_code() -> dict[str, list[str]]:
    """Id -> the files whose comments use it."""
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".c", ".h", ".js"):
            for name in ids(prose(path)):
                found.setdefault(name, []).append(str(path.relative_to(ROOT)))
    return found


def test_a_comment_is_found_in_each_of_its_forms() -> None:
    assert ids("# limit: a, b_c\n# +39, limit: one load\n(limit: d; because)\n(limit: e).") == {
        "a", "b_c", "one load", "d", "e"
    }  # fmt: skip
    assert ids("`limit: id` and limit: float and `# limit: ...` say nothing") == set()


def test_arguments_named_limit_are_no_comments(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('def f(limit: float, *, x: int) -> None:  # limit: srcu\n    """Doc (limit: arch)."""\n')
    assert ids(prose(path)) == {"srcu", "arch"}


def test_every_limit_in_the_code_is_explained() -> None:
    unknown = {name: files for name, files in in_code().items() if name not in LIMITS}
    assert unknown == {}, "add them to kvmplanes/limits.toml"


def test_every_limit_explained_is_in_the_code() -> None:
    assert set(LIMITS) - set(in_code()) == set(), "nothing in the code says that it makes this simplification"


def test_limits_say_something() -> None:
    assert doctest.testmod(limits).failed == 0
    assert {limit.about for limit in LIMITS.values()} == set(ABOUT)
    for limit in LIMITS.values():
        for sentence in (limit.left_out, limit.consequence):
            assert sentence.endswith("."), limit.id
            assert sentence.count("`") % 2 == 0, limit.id
    texts = [text for limit in LIMITS.values() for text in (limit.left_out, limit.consequence)]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('[a]\nabout = "memory"\nleft_out = "x"', "limit a: give about, left_out and consequence, not about, left_out"),
        ('[a]\nabout = "time"\nleft_out = "x"\nconsequence = "y"', "limit a: about must be one of memory, failures"),
        ('[a]\nabout = "memory"\nleft_out = ""\nconsequence = "y"', "limit a: say what is left out"),
    ],
)
def test_half_a_limit_is_refused(toml: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        limits.load(toml)


def test_the_page_shows_every_limit_once() -> None:
    whole = limits_table()
    for limit in LIMITS.values():
        assert whole.html.count(f"<code>{limit.id}</code></th>") == 1
        assert limit.left_out.replace("`", "").split(". ")[0] in " ".join(whole.text.split())
    parts = [limits_table(about).text for about in ABOUT]
    assert "\n".join(parts) == whole.text
    assert "<code>planes[16]</code>" in limits_table("memory").html
    with pytest.raises(ValueError, match="about must be one of memory, failures, the VM, user space, not 'time'"):
        limits_table("time")


def test_the_notebook_shows_every_subject() -> None:
    notebook = (ROOT / "notebooks" / "limits.ipynb").read_text(encoding="utf-8")
    for about in ABOUT:
        assert f'limits_table(\\"{about}\\")' in notebook
