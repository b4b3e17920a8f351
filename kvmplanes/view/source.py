# SPDX-License-Identifier: GPL-2.0-only
"""The text of a version's functions, read: its labels, the statements under them, and calls written as in C."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kvmplanes.model.series import Function

Site = tuple[str, int]  # a function and a line of it, from 1 at `def`


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that may undo something: its lines and its text, written as in C."""

    site: Site
    last: int
    text: str


def statements(function: Function) -> tuple[Statement, ...]:
    """The calls of a function, and what it assigns to counts and slots, in order; none without a text."""
    return tuple(_walk(function, _body(function)))


def blocks(function: Function) -> tuple[tuple[str, tuple[Statement, ...]], ...]:
    """Each label of a function, in the order in which control falls through, and its statements."""
    tests = [node for root in _body(function) for node in ast.walk(root) if isinstance(node, ast.If)]
    found = [(_label(node.test), tuple(_walk(function, node.body))) for node in tests if _label(node.test)]
    return tuple(found)


def call_text(line: str) -> str:
    """The call in a line of the model, written as in C; the whole line if there is none.

    >>> call_text('r = k.init_srcu_struct(kvm, "srcu")')
    'init_srcu_struct(&kvm->srcu)'
    """
    start = re.search(r"\bk\.(?=\w+\()", line)
    text = line[start.end() :] if start else line
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if start and char == ")" and depth == 0:
            text = text[: at + 1]
            break
    text = re.sub(r'\((kvm), "(\w+)"\)', r"(&\1->\2)", text)
    text = re.sub(r'f?"([^"]*)"', lambda quoted: re.sub(r"[{}]", "", quoted[1]), text)
    text = re.sub(r"\b(kvm|plane|current)\.(?=\w)", r"\1->", text)
    return re.sub(r"^(\S+) = \1 ([-+]) 1$", r"\1\2\2", text)


def _body(function: Function) -> list[ast.stmt]:
    try:
        tree = ast.parse(function.source)
    except SyntaxError:  # a reader's function of which Python gives only a part, such as a lambda
        return []
    return next((node.body for node in tree.body if isinstance(node, ast.FunctionDef)), [])


def _label(test: ast.expr) -> str:
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "label":
        return str(test.args[0].value) if test.args and isinstance(test.args[0], ast.Constant) else ""
    return ""


def _walk(function: Function, body: Sequence[ast.stmt]) -> Iterator[Statement]:
    for node in body:
        inner = [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
        handlers = [handler.body for handler in getattr(node, "handlers", [])]
        if any(inner) or handlers:
            for part in (*inner, *handlers):
                yield from _walk(function, part)
        elif isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Return) and _undoes(node):
            last = node.end_lineno or node.lineno
            yield Statement((function.name, node.lineno), last, call_text(function.line(node.lineno)))


def _undoes(node: ast.stmt) -> bool:
    """Whether a statement calls the kernel, or assigns to a count or a slot."""
    calls = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
    owners = [call.value for call in calls if isinstance(call, ast.Attribute)]
    if any(isinstance(owner, ast.Name) and owner.id == "k" for owner in owners):
        return True
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    members = [target.value if isinstance(target, ast.Subscript) else target for target in targets]
    return any(isinstance(member, ast.Attribute) and member.attr in ("users_count", "planes") for member in members)
