# SPDX-License-Identifier: GPL-2.0-only
"""Who may import whom: one direction through the rooms, and nothing heavy before it is needed."""

import ast
import graphlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "kvmplanes"

# The only modules, or packages with all that is in them, that may import a library of this name.
HOLDERS = {
    "matplotlib": {"view.plots.figure"},
    "numpy": {"view.plots.figure"},
    "ipywidgets": {"view.live", "learn.review.composer", "oracle.instruments.picker"},
    "anywidget": {"view.live"},
    "unidiff": {"patch", "model.machine.tree"},
    "pycparser": {"model.machine", "runs.unwinding.statements"},
}

READERS = {"pycparser", "unidiff"}

# What decides knows nothing of what draws, teaches or compares.
DECIDES = {"model", "runs"}
MUST_NOT_IMPORT = {
    "patch": DECIDES | {"view", "learn", "oracle"},
    **{room: {"view", "learn", "oracle"} for room in DECIDES},
    "view": {"learn", "oracle"},
    "learn": {"oracle"},
}


def name_of(path: Path) -> str:
    """A module's dotted name below kvmplanes; "" for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def statements(tree: ast.AST, display: bool) -> Iterator[ast.AST]:
    """Every node of a module; without display, not the bodies of the hooks by which Jupyter shows an object."""
    yield tree
    for node in ast.iter_child_nodes(tree):
        if display or not (isinstance(node, ast.FunctionDef) and re.fullmatch(r"_repr_\w+_", node.name)):
            yield from statements(node, display)


def imported(tree: ast.AST, package: str, display: bool = True) -> set[str]:
    """Absolute names of everything a module imports, at its head or inside a function."""
    found = set()
    for node in statements(tree, display):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{origin}.{alias.name}" for alias in node.names}
    return found


def imports_of(module: str, display: bool = True) -> set[str]:
    path = MODULES[module]
    dotted = ".".join(filter(None, ["kvmplanes", module]))
    package = dotted if path.name == "__init__.py" else dotted.rpartition(".")[0]
    return imported(ast.parse(path.read_text(encoding="utf-8")), package, display)


def libraries(names: set[str]) -> set[str]:
    """Top-level names that are neither ours nor Python's."""
    tops = {name.partition(".")[0] for name in names}
    return tops - set(sys.stdlib_module_names) - {"kvmplanes"}


def neighbours(module: str) -> set[str]:
    """The modules of this package that a module needs to work; showing itself it may ask the view."""
    found = set()
    for name in imports_of(module, display=False):
        top, _, rest = name.partition(".")
        if top == "kvmplanes":
            found.add(rest if rest in MODULES else rest.rpartition(".")[0])
    return found - {module}


def room(module: str) -> str:
    return module.partition(".")[0]


def test_relative_imports_are_resolved() -> None:
    tree = ast.parse("from . import a\nfrom .b import c\nfrom ..d import e\nimport f.g")
    assert imported(tree, "p.q") == {"p.q.a", "p.q.b.c", "p.d.e", "f.g"}


def test_imports_inside_functions_count_and_display_hooks_stand_apart() -> None:
    tree = ast.parse("def f():\n    import a\n\nclass C:\n    def _repr_html_(self):\n        import b\n")
    assert imported(tree, "p") == {"a", "b"}
    assert imported(tree, "p", display=False) == {"a"}


@pytest.mark.parametrize("module", MODULES)
def test_libraries_stay_where_they_belong(module: str) -> None:
    used = libraries(imports_of(module))
    for library in used & set(HOLDERS):
        assert any(f"{module}.".startswith(f"{holder}.") for holder in HOLDERS[library]), (
            f"kvmplanes.{module} imports {library}"
        )
    if room(module) in DECIDES:
        assert used <= READERS, f"kvmplanes.{module} decides and must need a reader of C or of diffs at most"


@pytest.mark.parametrize("module", MODULES)
def test_rooms_import_in_one_direction(module: str) -> None:
    wrong = MUST_NOT_IMPORT.get(room(module), set()) & {room(name) for name in neighbours(module)}
    assert not wrong, f"kvmplanes.{module} imports from {', '.join(sorted(wrong))}"


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {module: neighbours(module) - {""} for module in MODULES if module}
    graphlib.TopologicalSorter(graph).prepare()


def test_every_library_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]

    def declared(*texts: str) -> set[str]:
        names = {canonicalize_name(Requirement(text).name) for text in texts}
        return {{"pyyaml": "yaml"}.get(name, name).replace("-", "_") for name in names}

    run_time = declared(*project["dependencies"])
    for module in MODULES:
        missing = libraries(imports_of(module)) - run_time
        assert not missing, f"kvmplanes.{module} imports {missing}, absent from pyproject.toml"

    ours = {path.stem for path in (ROOT / "tests").rglob("*.py")} | {"tests"}
    for path in (ROOT / "tests").rglob("*.py"):
        driven = {"browser", "site"} & set(path.relative_to(ROOT).parts)
        groups = ["test", "lab", "site", "browser"] if driven else ["test"]
        allowed = run_time | declared(*(text for group in groups for text in extras[group]))
        found = imported(ast.parse(path.read_text(encoding="utf-8")), "tests")
        missing = libraries(found) - allowed - ours
        assert not missing, f"{path.name} imports {missing}, absent from pyproject.toml"


def test_importing_the_package_is_light() -> None:
    heavy = {"matplotlib", "numpy", "ipywidgets", "anywidget", "IPython", *READERS}
    script = f"import sys, kvmplanes; print(*sorted({heavy!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []
