# SPDX-License-Identifier: GPL-2.0-only
"""One translation for all units that declare alike what a function names; another one wherever they do not."""

from __future__ import annotations

import pytest

from kvmplanes.model.machine import functions
from kvmplanes.model.machine.declared import declared_types
from kvmplanes.model.machine.named import named
from kvmplanes.model.machine.tree import CError
from kvmplanes.model.machine.unit import joined, pieces_of
from kvmplanes.model.mutants import MUTANTS
from kvmplanes.model.series import ALL
from kvmplanes.model.version import UNITS

HEAD = """\
typedef unsigned int u32;
enum { FEW = 3, MANY = 9 };
struct inner { int a; long b; };
struct outer { struct inner in; struct outer *next; int count; };
int other(struct outer *o);
int f(struct outer *o, u32 n);
"""
F = """\
int f(struct outer *o, u32 n)
{
	int local = n > FEW;

	return other(o->next) + o->in.a + local + sizeof(struct inner);
}
"""


def same(before: str, after: str, text: str = F) -> bool:
    """Whether a function's words mean the same in two units; its translation is then the same."""
    one, two = (named(text, declared_types(head)) for head in (before, after))
    if one == two:
        assert functions.translate(text, before) == functions.translate(text, after)
    return one == two


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FEW = 3", "FEW = 4"),
        ("unsigned int u32", "unsigned long u32"),
        ("int a; long b", "long a; long b"),  # the function names the struct
        ("long b", "short b"),  # no word of the function, and part of what sizeof gives
        ("int count;", "int count; int more;"),
        ("int other(struct outer *o)", "long other(struct outer *o)"),
        ("int f(struct outer *o, u32 n)", "long f(struct outer *o, u32 n)"),
        ("int f(", "int local;\nint f("),  # a variable of the unit has the name of a local one
        ("int f(", "int local_;\nint f("),  # and this is the name that the local one would get
    ],
)
def test_what_a_function_names_tells_units_apart(old: str, new: str) -> None:
    assert old in HEAD
    assert not same(HEAD, HEAD.replace(old, new, 1))


@pytest.mark.parametrize(
    "more", ["int stranger(int a);\n", "struct stranger { int a; };\n", "enum { NEW = 7 };\n", "extern int b;\n"]
)
def test_what_it_does_not_name_does_not(more: str) -> None:
    assert same(HEAD, HEAD + more)
    assert same(HEAD, HEAD.replace("MANY = 9", "MANY = 10"))


def translated(text: str, head: str) -> object:
    """A function's translation, or that there is none."""
    try:
        return functions.translate(text, head)
    except (CError, KeyError):
        return "an error"


def test_of_every_version_and_mutant_what_is_taken_for_the_same_is_the_same() -> None:
    versions = (*ALL.values(), *(mutant.version for mutant in MUTANTS[::9]))
    units = {joined(declared): texts for declared, texts in (pieces_of(version.tree, UNITS) for version in versions)}
    texts = {joined(rows) for each in units.values() for rows in each}
    alike = 0
    for text in texts:
        made = dict[object, object]()
        for head in units:
            meant = named(text, declared_types(head))
            alike += meant in made
            assert made.setdefault(meant, translated(text, head)) == translated(text, head)
    assert alike > len(texts)
