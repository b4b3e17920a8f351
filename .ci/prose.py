# SPDX-License-Identifier: GPL-2.0-only
"""The prose that a reader gets, checked by proselint with the rules of prose.toml.

proselint (PyPI) has the engine and the kinds of checks; here are the rules, and the way from a file to its prose:

- notebooks: the Markdown cells, each by its id;
- TOML: the strings that are shown (`SHOWN`), each by its key;
- Markdown pages.

What is no prose (code, addresses, HTML) is overwritten by as many letters x or spaces, so line numbers stay right.
A rule must find its own example, or the run fails.

    python .ci/prose.py [--counts] FILE...       exit status 1 if there is a finding
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from proselint.registry import CheckRegistry
from proselint.registry.checks import Check, Padding
from proselint.registry.checks.engine import Fancy, RegexOptions
from proselint.registry.checks.types import Existence, PreferredForms
from proselint.tools import LintFile

RULES: Final = Path(__file__).with_name("prose.toml")

# Keys of TOML whose strings a reader sees. Code, patterns, ids and paths have other keys.
SHOWN: Final = frozenset({
    "prompt", "reason", "reply", "label", "otherwise", "entry", "task", "form", "hints", "why", "idea", "title",
    "claim", "judged", "explanation", "left_out", "consequence", "posted", "control",
})  # fmt: skip

_CODE: Final = re.compile(r"^(```|~~~).*?^\1[^\n]*$|`+[^`\n]+(?:\n[^`\n]+)?`+", re.MULTILINE | re.DOTALL)
_SPACE: Final = re.compile(
    r"\]\([^)\s]*\)"  # the address of a link
    r"|</?[a-zA-Z][^>]*>|<!--.*?-->|\$\w+"  # HTML; what the site's builder fills in
    r"|^\|[-| :]+\|$|[*\[\]]|(?<!\w)_|_(?!\w)",  # rules of tables; emphasis
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Text:
    """Prose at one place of a file: a cell's id or a key, the line it begins on, the text itself."""

    file: str
    where: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One match of a rule, and what to say instead."""

    file: str
    where: str
    line: int
    rule: str
    words: str
    say: str


def prose(text: str) -> str:
    """The text with everything that is no prose overwritten, character by character."""

    def fill(match: re.Match[str]) -> str:
        return re.sub(r"\S", "x", match[0])

    return _SPACE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), _CODE.sub(fill, text))


def _strings(value: Any, key: str = "", *, shown: bool = False) -> Iterator[tuple[str, str]]:
    """Each string below a TOML value that is shown, with its key: `nb05-reads.options[1].reply`."""
    if isinstance(value, str):
        if shown:
            yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(inner, f"{key}.{name}" if key else name, shown=name in SHOWN)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _strings(inner, f"{key}[{place}]", shown=shown)


def texts(path: Path) -> Iterator[Text]:
    """The prose of a file, place by place."""
    raw = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        for cell in json.loads(raw)["cells"]:
            if cell["cell_type"] == "markdown":
                yield Text(str(path), cell["id"], 1, "".join(cell["source"]))
    elif path.suffix == ".toml":
        for key, text in _strings(tomllib.loads(raw)):
            place = raw.find(text)
            if place < 0:  # a string with escapes: its first words lead to it
                place = max(raw.find(" ".join(text.split()[:4])), 0)
            yield Text(str(path), key, raw.count("\n", 0, place) + 1, text)
    else:
        yield Text(str(path), "", 1, raw)


def checks(rules: dict[str, Any]) -> list[Check]:
    """The rules, as checks of proselint: `heading.NAME` looks at headings alone, `prose.NAME` at all prose."""
    made = []
    for name, rule in rules.items():
        path = f"{rule.get('in', 'prose')}.{name}"
        engine = Fancy(RegexOptions(case_insensitive=not rule.get("case", False), multi_line=True))
        for old, new in rule.get("swap", {}).items():
            form = PreferredForms({_spaced(old): new}, Padding.STRICT_WORDS_IN_TEXT)
            made.append(Check(form, engine, path, f"{rule['say']} -> {new}"))
        if patterns := rule.get("patterns"):
            existence = Existence(tuple(map(_spaced, patterns)), Padding.RAW)
            made.append(Check(existence, engine, path, rule["say"]))
    return made


def _spaced(pattern: str) -> str:
    """The pattern with each space widened to white space, outside of character classes and lookbehinds."""
    parts = re.split(r"(\[[^\]]*\]|\(\?<[=!][^)]*\)|\{[^}]*\})", pattern)
    return "(?:" + "".join(part if place % 2 else part.replace(" ", r"\s+") for place, part in enumerate(parts)) + ")"


def lint(text: Text) -> Iterator[Finding]:
    """What the rules find in one text."""
    masked = prose(text.text)
    lines = masked.split("\n")
    heading = "\n".join(re.sub(r"^#+ +", "", line) if line.startswith("#") else "" for line in lines)
    flat = "\n".join(re.sub(r"^#+ +", "", line) for line in lines)
    for kind, content in (("heading", heading), ("prose", flat)):
        if not content.strip():
            continue
        page = LintFile(text.where or text.file, content)
        for result in page.lint({"max_errors": 10_000, "checks": {kind: True}}):
            rule = result.check_result.check_path.removeprefix(f"{kind}.")
            start, end = (place - 1 for place in result.check_result.span)  # proselint puts a line before the text
            words = " ".join(content[max(start, 0) : end].split())
            line = text.line + content.count("\n", 0, max(start, 0))
            yield Finding(text.file, text.where, line, rule, words, result.check_result.message)


def load() -> dict[str, Any]:
    """The rules, now known to proselint in place of its own."""
    rules: dict[str, Any] = tomllib.loads(RULES.read_text(encoding="utf-8"))
    registry = CheckRegistry()
    registry.checks.clear()
    registry.register_many(tuple(checks(rules)))
    return rules


def blind(rules: dict[str, Any]) -> Iterator[str]:
    """The rules that do not find their own example."""
    for name, rule in rules.items():
        example = Text(RULES.name, name, 1, rule["example"])
        if name not in {finding.rule for finding in lint(example)}:
            yield name


def main() -> int:
    """Print the findings."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--counts", action="store_true", help="how often each rule matches, in place of the findings")
    options = parser.parse_args()
    rules = load()
    if useless := list(blind(rules)):
        print(f"{RULES.name}: these rules do not find their own example: {', '.join(useless)}")
        return 1
    findings = [finding for path in options.files for text in texts(path) for finding in lint(text)]
    if options.counts:
        for rule, number in Counter(finding.rule for finding in findings).most_common():
            print(f"{number:5} {rule}")
    else:
        for finding in findings:
            print(f"{finding.file}:{finding.line}: [{finding.where}] {finding.rule}: {finding.words!r}. {finding.say}")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
