# SPDX-License-Identifier: GPL-2.0-only
"""What a translation is: plain data, all that a run needs of the C. The parser is not needed any more."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Final, NamedTuple

# Expressions and statements: those of a loop that counts once a round, and how many more count for one more.
_SHORT: Final = 60
_A_ROUND: Final = 10


class Member(NamedTuple):
    """A member of a struct in memory.

    Attributes:
        name: of a struct inside another, joined with "_"; such a struct with one member is that member.
        kind: "ptr", "bool" or "int".
        at: how many bytes into the struct it lies.
        width: its bytes; of an array, those of one slot.
        length: slots of an array; None if it is none.
    """

    name: str
    kind: str
    at: int
    width: int
    length: int | None


class Outline(NamedTuple):
    """What a unit declares, translated.

    Attributes:
        structs: name -> its members.
        data: Python text that sets the unit's variables.
    """

    structs: Mapping[str, tuple[Member, ...]]
    data: str


class Translated(NamedTuple):
    """One function, translated.

    Attributes:
        name: of the function.
        python: its Python text.
        lines: the C line of each line of the Python.
        needs: functions, and variables of elsewhere, that it names -> the C line where it first does.
    """

    name: str
    python: str
    lines: tuple[int, ...]
    needs: Mapping[str, int]


@lru_cache(512)
def compiled(python: str, lines: tuple[int, ...]) -> CodeType:
    """A translated function's code; where its C stands in a file is not known here.

    Args:
        python: as `Translated` has it.
        lines: as `Translated` has them.
    """
    tree = ast.parse(python)
    nodes = [*ast.walk(tree)]
    for node in nodes:
        if isinstance(node, ast.stmt | ast.expr | ast.ExceptHandler | ast.arg | ast.keyword):
            node.lineno = node.end_lineno = lines[node.lineno - 1]
            node.col_offset = node.end_col_offset = 0
    _weigh(nodes)
    for loop in nodes:
        if isinstance(loop, ast.While):
            _weigh([*ast.walk(loop)])
    code = compile(tree, "<function>", "exec")
    return next(const for const in code.co_consts if isinstance(const, CodeType))


def _weigh(nodes: Sequence[ast.AST]) -> None:
    """Let a round of a loop, or a call, count for as many as it takes the time of: `_tick()` becomes `_tick(7)`."""
    parts = sum(isinstance(node, ast.stmt | ast.expr) for node in nodes)
    calls = (node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
    tick = next(call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "_tick")
    tick.args = [ast.copy_location(ast.Constant(1 + max(0, parts - _SHORT) // _A_ROUND), tick)]
