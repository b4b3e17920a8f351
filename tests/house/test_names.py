# SPDX-License-Identifier: GPL-2.0-only
"""A word means one thing: no two modules define the same public name for different things."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "kvmplanes"

# Names that mean the same in each module that has them.
SAME = {
    "EVIDENCE": "finding -> what shows it, for one patch under review",
    "JUDGES": "exercise -> what runs an answer, for one file of exercises",
    "KEYS": "question -> what computes its key, for one notebook",
    "STORED": "the file beside the module that holds what it has computed",
    "load": "read what the module has in files",
    "main": "the module as a command",
}


def public(tree: ast.Module) -> Iterator[str]:
    """The names that a module defines at its top, without those that begin with an underscore."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case ast.Assign(targets=targets):
                names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
            case _:
                names = []
        yield from (name for name in names if not name.startswith("_"))


def defined_twice() -> dict[str, list[str]]:
    """Public name -> the modules that define it, where there is more than one."""
    modules = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in dict.fromkeys(public(ast.parse(path.read_text(encoding="utf-8")))):
            modules[name].append(str(path.relative_to(PACKAGE)))
    return {name: paths for name, paths in modules.items() if len(paths) > 1}


def test_what_a_module_defines_is_seen() -> None:
    tree = ast.parse("import a\nb = c = 1\nd: int = 2\n_e = 3\ndef f(): g = 4\nclass H: i = 5\n(j, k) = 6, 7\n")
    assert [*public(tree)] == ["b", "c", "d", "f", "H", "j", "k"]


def test_no_public_name_is_defined_twice() -> None:
    assert {name: paths for name, paths in defined_twice().items() if name not in SAME} == {}


def test_every_name_that_may_be_defined_twice_is() -> None:
    assert set(SAME) <= set(defined_twice())
