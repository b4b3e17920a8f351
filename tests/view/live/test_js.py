# SPDX-License-Identifier: GPL-2.0-only
"""The scripts: their own tests, bundles that are made of what lies beside them, and what both languages do alike."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kvmplanes.learn.questions import judged, plain
from kvmplanes.view.live.packing import packed
from kvmplanes.view.page.script import data_element, page_script, quoted, script_element, widget_script

Need = Callable[[object, str], None]
VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "js" / "vectors.json").read_text(encoding="utf-8"))
LIVE = "kvmplanes.view.live"
SCRIPTS = (
    (LIVE, "player"),
    (LIVE, "order"),
    (LIVE, "offline"),
    (LIVE, "jump"),
    ("kvmplanes.learn.questions", "question"),
    ("kvmplanes.learn.selftest", "selftest"),
    ("kvmplanes.learn.review", "field"),
)
each = pytest.mark.parametrize(("package", "name"), SCRIPTS)


def node_is_there() -> bool:
    """Whether there is a Node that takes a .js file with exports for a module: 20.19, or 22.7 and newer."""
    if not shutil.which("node"):
        return False
    written = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(map(int, re.findall(r"\d+", written)[:2]))
    return version >= (22, 7) or (20, 19) <= version < (21, 0)


def test_the_scripts_pass_their_own_tests(root: Path, need: Need) -> None:
    need(node_is_there(), "The scripts' tests need Node.js 20.19 or 22.7 and newer.")
    tests = sorted(map(str, (root / "tests" / "js").glob("*.test.mjs")))
    command = ["node", "--no-warnings", "--test", *tests]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    counts = dict(re.findall(r"^# (tests|pass) (\d+)$", result.stdout, flags=re.MULTILINE))
    assert int(counts["pass"]) == int(counts["tests"]) >= len(tests)


def test_the_bundles_are_made_of_the_sources(root: Path, need: Need, tmp_path: Path) -> None:
    npm = root / "build" / "npm"
    need((npm / "node_modules" / ".bin" / "esbuild").exists(), "Bundles are made again with esbuild: run `make lint`.")
    command = ["npm", "run", "--silent", "bundle", "--", f"--outdir={tmp_path}"]
    subprocess.run(command, cwd=npm, check=True)
    fresh = {path.relative_to(tmp_path): path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.min.*")}
    package = root / "kvmplanes"
    stored = {path.relative_to(package): path.read_text(encoding="utf-8") for path in package.rglob("*.min.*")}
    assert fresh == stored, "a script or a style has changed: run `make scripts`"


@each
def test_a_script_can_stand_in_a_page(package: str, name: str) -> None:
    script = page_script(package, name, ".x{color:red}")
    for ending in ("</script", "<script", "<!--", "-->", "--!>"):
        assert ending not in script.lower()
    assert script_element(package, name, ".x{color:red}") == f"<script><!--\n{script}\n//--></script>"
    assert "SPDX" not in script
    assert '"style":".x{color:red}' in script
    assert ('"shell":"' in script) == (name == "player")


@pytest.mark.parametrize("name", ["player", "order"])
def test_a_widget_runs_the_same_script(name: str) -> None:
    bundle, _, end = widget_script(LIVE, name).rpartition("export default ")
    assert bundle in page_script(LIVE, name)
    assert end.startswith("{ render: (context) => kvmplanes.render(context, {")


def test_what_is_stored_for_a_script_cannot_end_it() -> None:
    data = {"title": "</script><!-- <b> <Script> --> --!> a-->b p->q"}
    written = r'{"title":"<\/script>\u003c!-- <b> \u003cScript> --\u003e --!\u003e a--\u003eb p->q"}'
    assert quoted(data) == written
    assert data_element(data) == f'<script type="application/json"><!--{written}--></script>'
    assert json.loads(written) == data


# -- what both languages do ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("control", "typed", "wanted"), VECTORS["plain"])
def test_an_answer_is_read_as_the_script_reads_it(control: str, typed: str, wanted: str | None) -> None:
    if wanted is None:
        with pytest.raises(ValueError, match="the answer is a number, not"):
            plain(typed, control)
    else:
        assert plain(typed, control) == wanted


@pytest.mark.parametrize(("right", "words"), VECTORS["judged"])
def test_an_answer_is_judged_in_the_script_s_words(right: bool, words: str) -> None:
    role, word = judged(right)
    assert f"{role.sign} {word}" == words


def test_a_script_has_the_looks_of_one_that_it_imports() -> None:
    own = page_script(LIVE, "jump")
    assert '"shell":"' not in own
    both = page_script(LIVE, "jump", also=(LIVE, "player", ".x{color:red}"))
    assert both.count('{"style":"') == 2
    assert '"style":".x{color:red}' in both
    assert both.count('"shell":"') == 1


def test_pictures_are_packed_as_the_script_unpacks_them() -> None:
    vectors = VECTORS["pictures"]
    parts, changes = packed(vectors["pictures"])
    assert parts == vectors["parts"]
    assert changes == vectors["changes"]
