# SPDX-License-Identifier: GPL-2.0-only
"""pycparser, with an error that says what is wrong on which line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from pycparser import c_ast, c_parser

from kvmplanes.model.machine.tree import PIECE, CError

# What is C somewhere, and not here: as it begins in a line, and what is said of it.
_NOT_HERE: Final = {
    r"\b(?:__attribute__|__(?:must_check|always_unused|maybe_unused|always_inline|init|exit|user|percpu|rcu|cold|force)"
    r"|noinline|asmlinkage|notrace)\b": "attributes ({}) are not supported",
    r"\b(?:typeof|__typeof__|__typeof|__auto_type)\b": "{} is not supported; write the type",
    r"\b(?:asm|__asm__|__asm)\b": "inline assembly ({}) is not supported",
    r"\(\s*\{": "a statement inside an expression, ({{ ... }}), is not supported",
    r"\b_Generic\b": "{} is not supported",
    r"\b(?:_Static_assert|static_assert)\b": "{} is not supported; BUILD_BUG_ON() is",
    r"\.\.\.(?=.*:)": "a range of cases, a ... b, is not supported",
    r"\?\s*:": "?: without a middle is not supported",
    r"\b(?:\w*for_each\w*|container_of|list_\w*entry)(?=\s*\()": "{}() is a macro of the kernel's, not known here",
}
_PYTHON: Final = re.compile(
    r"^\s*(?:def|elif|pass|raise|import|from)\b|\bis (?:not )?(?:NULL|None)\b|\b(?:not|and|or|in) \w"
    r"|^\s*(?:if|for|while|else|try)\b[^(]*:\s*$"
)
_OUTSIDE: Final = re.compile(r"(?:static|extern|typedef|struct|enum|const|void|int|unsigned|long|bool|char)\b")
_NESTING: Final = re.compile(r"[][(){}]|\belse\b")
DEEPEST: Final = 50  # brackets in brackets, or one else after the other
_KEYWORDS: Final = frozenset(
    ("if", "else", "while", "for", "do", "switch", "case", "default", "break", "continue", "return", "goto", "sizeof",
     "struct", "enum", "const", "static", "extern", "inline", "volatile", "void", "char", "short", "int", "long",
     "signed", "unsigned", "bool")
)  # fmt: skip
# What people write for what is here.
_MEANT: Final = {
    "None": "NULL", "nullptr": "NULL", "True": "true", "False": "false", "printf": "printk", "pr_info": "printk",
    "pr_warn": "printk", "pr_err": "printk", "malloc": "kzalloc", "kmalloc": "kzalloc", "free": "kfree",
}  # fmt: skip


def near(name: str, known: Iterable[str]) -> str:
    """What to add to an error about a name: "; did you mean 'level'?" when one that is known is close."""
    names = [*known]
    close = [_MEANT[name]] if _MEANT.get(name) in names else difflib.get_close_matches(name, names, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def error(node: c_ast.Node, what: str) -> CError:
    """An error at a node's line, counted in the text that was parsed."""
    placed = next((part for part in _nodes(node) if part.coord), None)
    return CError(PIECE, placed.coord.line if placed else 0, what)


def words(node: c_ast.Node) -> str:
    """What a node of the tree is, in words: `CompoundLiteral` -> "compound literal"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower()


def _nodes(node: c_ast.Node) -> Iterable[c_ast.Node]:
    yield node
    for _, child in node.children():
        yield from _nodes(child)


def _refuse_deep(rows: Sequence[str]) -> None:
    """Refuse C that would overflow the stack of a Python in a browser, which ends that Python."""
    depth = elses = 0
    for number, row in enumerate(rows, 1):
        for sign in _NESTING.findall(row):
            depth += sign in "([{"
            depth -= sign in ")]}"
            elses = elses + (sign == "else") if depth > 0 else 0
        if max(depth, elses) > DEEPEST:
            raise CError(PIECE, number, f"this is nested too deep for the machine, which reads {DEEPEST} levels")


def parse(text: str, types: Iterable[str] = ()) -> list[c_ast.Node]:
    """The external declarations of a piece of C.

    Args:
        text: the piece; its first line is line 1.
        types: names of types that are defined before it.

    Raises:
        CError: what is wrong with the syntax, and where.
    """
    before = f"typedef int {', '.join(types)};" if types else ""
    rows = text.splitlines()
    _refuse_deep(rows)
    for n, row in enumerate(rows, 1):
        # The parser takes a statement inside an expression, ({ ... }), and the machine does not.
        if "{" in row and (sentence := not_here(row)) and "{" in sentence:
            raise CError(PIECE, n, sentence)
    parser = c_parser.CParser()
    try:
        return list(parser.parse(f'{before}\n# 1 "{PIECE}"\n{text}').ext)
    except AssertionError:  # what pycparser 3.0 says of a brace that closes nothing
        raise CError(PIECE, *(_brace(rows) or (len(rows), "the braces do not match"))) from None
    except c_parser.ParseError as failed:
        match = re.match(r"(?:.*?:(\d+):\d+)?.*?: (before: |Illegal character .(?=.))?(.*)", str(failed))
        line, what, word = match.groups() if match else (None, None, "")
        if word.startswith("Unmatched "):
            raise CError(PIECE, int(line or len(rows)), _strange(word[-1])) from None
        if what is None and (token := _where(parser)):  # it says no more than that; the token is where it gave up
            line, word = token
        at = min(int(line or len(rows)), len(rows))
        if what and what.startswith("Illegal"):
            raise CError(PIECE, at, _strange(word[0])) from None
        word = "" if str(failed).endswith("At end of input") else word
        raise CError(PIECE, *_explained(rows, at, word, frozenset(types))) from None


def _where(parser: c_parser.CParser) -> tuple[int, str] | None:
    """The line and the token at which a parser gave up; None where there is none, or it is no token of C."""
    try:
        token = parser._peek()
    except c_parser.ParseError:
        return None
    return (token.lineno, token.value) if token else None


def _strange(char: str) -> str:
    return f"a {char} is not closed on this line" if char in "\"'" else f"{char} is no character of C"


def not_here(row: str) -> str:
    """A sentence about what a line has that is C somewhere, and not here; "" if nothing."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"', '""', row)
    matches = ((re.search(pattern, bare), sentence) for pattern, sentence in _NOT_HERE.items())
    return next((sentence.format(match[0]) for match, sentence in matches if match), "")


def _explained(rows: list[str], line: int, word: str, types: frozenset[str]) -> tuple[int, str]:
    """The line of a syntax error before a word, "" at the end, and the sentence for it."""
    row = rows[line - 1]
    above = next((n for n in range(line - 1, 0, -1) if rows[n - 1].strip()), line)
    for at in (line, above):
        if what := not_here(rows[at - 1]):
            return at, what
        if _PYTHON.search(rows[at - 1]):
            return at, "this line is Python; the machine reads C"
    if word in ("", "{", "}") and (brace := _brace(rows)):
        return brace
    before = rows[above - 1].rstrip()
    if word == "#":
        return line, "a comment in C is /* ... */ or begins with //"
    for at, text in ((above, before), (line, row)):
        if text.count("(") != text.count(")") and (at == line or row.lstrip().startswith(word)):
            missing = text.count("(") > text.count(")")
            return at, "a closing parenthesis is missing on this line" if missing else "a closing parenthesis too many"
    begins = row.lstrip().startswith(word) or (_OUTSIDE.match(row) and before[-1:] in ")}")
    if begins and above < line and re.search(r"[\w)\]\"'}]$", before):
        if re.match(r"\s*(?:\}\s*)?(?:if|for|while|switch|else)\b", before):
            return above, "the statement that belongs to this line is missing"
        if word != "else" or before != "}":
            return above, "a semicolon is missing at the end of this line"
    if word == "Invalid function definition" and row.rstrip().endswith(")"):  # it went on to read a body
        return line, "a semicolon is missing at the end of this line"
    return line, _about(row, word, types)


def _about(row: str, word: str, types: frozenset[str]) -> str:
    """The sentence for a syntax error within a line."""
    if head := re.search(r"\b(if|while|for|switch)\s+[^(\s]", row):
        return f"what follows {head[1]} stands in parentheses"
    if word == "else":
        return "this else belongs to no if"
    if word == "{" and re.search(r"\w\s*\([^()]*\)\s*\{", row):
        return "a function inside a function is not supported"
    declared = re.match(r"\s*(?:static\s+|const\s+)*(\w+)\s+\**\s*\w+\s*[=;,\[(]", row)
    if declared and declared[1] not in _KEYWORDS | types:
        return f"{declared[1]!r} is not a type that is known here{near(declared[1], types | _KEYWORDS)}"
    return f"syntax error before {word!r}"


def _brace(rows: list[str]) -> tuple[int, str] | None:
    """The brace that has no partner, by the indentation of the lines."""
    still_open: list[tuple[int, int]] = []  # line, indentation
    for n, row in enumerate(rows, 1):
        bare = re.sub(r"\"(?:\\.|[^\"\\])*\"|'[{}]'", "", row).expandtabs(8)
        indent = len(bare) - len(bare.lstrip())
        for i, brace in enumerate(re.findall(r"[{}]", bare)):
            deeper = bool(still_open) and still_open[-1][1] > indent
            if deeper or (brace == "{" and indent == 0 and still_open):
                return still_open[-1][0], "the brace that opens here is not closed"
            if brace == "{":
                still_open.append((n, indent))
            elif not still_open or (i == 0 and bare.lstrip().startswith("}") and still_open[-1][1] < indent):
                return n, "the brace that closes here was not opened"
            else:
                still_open.pop()
    return (still_open[-1][0], "the brace that opens here is not closed") if still_open else None
