# SPDX-License-Identifier: GPL-2.0-only
"""Who may import whom: one direction through the rooms, lazy imports too, and nothing heavy before it is needed."""

import ast
import graphlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.helpers.minutes import ROOT, cells_of

PACKAGE = ROOT / "kvmplanes"

# A library -> the only modules, or rooms with all that is in them, that may import it.
HOLDERS = {
    "matplotlib": {"view.plots.painter_matplotlib"},
    "numpy": {"view.plots.painter_matplotlib"},
    "IPython": {"view.code"},
    "ipywidgets": {"view.live", "learn.review.composer", "oracle.instruments.picker"},
    "anywidget": {"view.live"},
    "unidiff": {"patch", "model.machine.tree"},
    "pycparser": {"model.machine", "runs.unwinding.statements"},
}
READERS = {"pycparser", "unidiff"}

# A room -> the rooms that it may import. "" is the face, `import kvmplanes as kp`.
MAY_IMPORT = {
    "given": set(),
    "patch": {"given"},
    "model": {"given"},
    "runs": {"given", "patch", "model"},
    "view": {"given", "patch", "model", "runs"},
    "learn": {"", "given", "patch", "model", "runs", "view"},
    "oracle": {"", "given", "patch", "model", "runs", "view"},
    "lab": set(),
    "": {"patch", "model", "runs", "view"},
    "__main__": {"", "patch", "model", "runs", "view", "learn", "oracle", "lab"},
}
# What runs a kernel. The live pickers alone ask for it: nothing else that draws decides or runs the model.
RUNS_THE_MODEL = {
    "kvmplanes.model.floor",
    "kvmplanes.runs.scenario",
    "kvmplanes.runs.certificate.certify",
    "kvmplanes.runs.mutation.kill",
    "kvmplanes.runs.mutation.kills",
}


def name_of(path: Path) -> str:
    """A module's dotted name below kvmplanes; "" for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(tree: ast.AST, package: str) -> set[str]:
    """Absolute names of everything a module imports, at its head or inside a function."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            names |= {f"{origin}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names |= {ast.literal_eval(argument) for argument in node.args if isinstance(argument, ast.Constant)}
    return names


def imports_of(module: str) -> set[str]:
    path = MODULES[module]
    dotted = ".".join(filter(None, ["kvmplanes", module]))
    package = dotted if path.name == "__init__.py" else dotted.rpartition(".")[0]
    return imported(ast.parse(path.read_text(encoding="utf-8")), package)


def libraries(names: set[str]) -> set[str]:
    """Top-level names that are neither ours nor Python's."""
    tops = {name.partition(".")[0] for name in names}
    return tops - set(sys.stdlib_module_names) - {"kvmplanes"}


def neighbours(module: str) -> set[str]:
    """The modules of this package that a module imports; "" is the face."""
    ours = {name.partition(".")[2] for name in imports_of(module) if name.partition(".")[0] == "kvmplanes"}
    return {name if name in MODULES else name.rpartition(".")[0] for name in ours} - {module}


def room(module: str) -> str:
    return module.partition(".")[0]


def test_relative_imports_are_resolved() -> None:
    tree = ast.parse("from . import a\nfrom .b import c\nfrom ..d import e\nimport f.g")
    assert imported(tree, "p.q") == {"p.q.a", "p.q.b.c", "p.d.e", "f.g"}


def test_imports_inside_functions_count() -> None:
    tree = ast.parse("def f():\n    import a\n\nclass C:\n    def g(self):\n        importlib.import_module('b.c')\n")
    assert imported(tree, "p") == {"a", "b.c"}


@pytest.mark.parametrize("module", MODULES)
def test_libraries_stay_where_they_belong(module: str) -> None:
    used = libraries(imports_of(module))
    for library in used & set(HOLDERS):
        assert any(f"{module}.".startswith(f"{holder}.") for holder in HOLDERS[library]), (
            f"kvmplanes.{module} imports {library}"
        )
    if room(module) in {"patch", "model", "runs"}:
        assert used <= READERS, f"kvmplanes.{module} decides and must need a reader of C or of diffs at most"


@pytest.mark.parametrize("module", MODULES)
def test_rooms_import_in_one_direction(module: str) -> None:
    wrong = {room(name) for name in neighbours(module)} - MAY_IMPORT[room(module)] - {room(module)}
    assert not wrong, f"kvmplanes.{module} imports from {', '.join(sorted(wrong)) or 'the face'}"


@pytest.mark.parametrize("module", [name for name in MODULES if room(name) == "view"])
def test_what_draws_does_not_run_the_model(module: str) -> None:
    runs = {name for name in imports_of(module) for runner in RUNS_THE_MODEL if f"{name}.".startswith(f"{runner}.")}
    assert not runs or module.startswith("view.live."), f"kvmplanes.{module} can run the model by {', '.join(runs)}"


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {module: neighbours(module) - {""} for module in MODULES if module}
    graphlib.TopologicalSorter(graph).prepare()


def test_a_notebook_imports_from_no_deeper_than_a_room() -> None:
    allowed = {"kvmplanes", "kvmplanes.view", "kvmplanes.learn", "kvmplanes.oracle"}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = [cell for cell in cells_of(path) if cell["cell_type"] == "code"]
        lines = [line for cell in cells for line in "".join(cell["source"]).splitlines()]
        ours = [line for line in lines if line.startswith(("import kvmplanes", "from kvmplanes"))]
        assert {line.split()[1] for line in ours} <= allowed, path.name
        assert len(ours) <= 4, f"{path.name}: at most four import lines"


def test_every_library_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]

    def declared(*texts: str) -> set[str]:
        names = {canonicalize_name(Requirement(text).name) for text in texts}
        return {
            {"ipython": "IPython", "pyyaml": "yaml", "pyzmq": "zmq"}.get(name, name).replace("-", "_") for name in names
        }

    run_time = declared(*project["project"]["dependencies"])
    lab = declared(*project["project"]["optional-dependencies"]["lab"])
    for module in MODULES:
        allowed = run_time | lab if room(module) == "lab" else run_time
        missing = libraries(imports_of(module)) - allowed
        assert not missing, f"kvmplanes.{module} imports {missing}, absent from pyproject.toml"

    for path in (ROOT / "tests").rglob("*.py"):
        driven = {"browser", "site"} & set(path.relative_to(ROOT).parts)
        chosen = ["test", "site", "browser"] if driven else ["test"]
        allowed = run_time | lab | declared(*(text for group in chosen for text in groups[group]))
        missing = libraries(imported(ast.parse(path.read_text(encoding="utf-8")), "tests")) - allowed
        assert not missing - {"tests", "notebooks"}, f"{path.name} imports {missing}, absent from pyproject.toml"


def test_with_the_set_test_alone_the_tests_can_be_read() -> None:
    """`make test` installs no other; what drives the site or a browser imports theirs inside of functions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups, extras = project["dependency-groups"], project["project"]["optional-dependencies"]
    here = {Requirement(text).name for text in (*project["project"]["dependencies"], *groups["test"])}
    others = {Requirement(text).name for text in (*groups["site"], *groups["browser"], *extras["lab"])} - here
    assert {"nbconvert", "playwright", "sphinx"} <= others
    script = f"""
import importlib, pathlib, sys
sys.modules |= dict.fromkeys({sorted(name.replace("-", "_") for name in others)})
for path in sorted(pathlib.Path("tests/site").glob("*.py")):
    importlib.import_module(f"tests.site.{{path.stem}}")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("script", "heavy"),
    [
        ("import kvmplanes", {"matplotlib", "numpy", "ipywidgets", "anywidget", "IPython", *READERS}),
        ("import kvmplanes.view", {"matplotlib", "numpy", "ipywidgets", "anywidget", "IPython"}),
        ("import kvmplanes.learn", {"matplotlib", "numpy", "ipywidgets", "anywidget", "IPython"}),
        ("import kvmplanes.oracle", {"matplotlib", "numpy", "ipywidgets", "anywidget", "IPython"}),
    ],
)
def test_importing_a_room_is_light(script: str, heavy: set[str]) -> None:
    code = f"import sys; {script}; print(*sorted({heavy!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []
