# SPDX-License-Identifier: GPL-2.0-only
"""The law of the notebooks, as they are stored: run in order, built alike, everything shown found again."""

import copy
import html
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

import kvmplanes as kp
from kvmplanes.learn import QUESTIONS, questions_for
from tests.helpers.minutes import ROOT, headings_of

FOLDER = ROOT / "notebooks"
NAMES = sorted(path.name for path in FOLDER.glob("*.ipynb"))
NUMBERED = [name for name in NAMES if name[:2].isdigit()]
ASKING = [*NUMBERED, "appendix.ipynb"]  # the pages that ask; the appendix does so without a warm-up
RECALL = "Two questions to warm up"
SELFTEST = "Eight questions before you start"  # where 00 has it, the others warm up
WARM = {"recall", "warm-up"}
COLUMNS = 95  # of a code cell in JupyterLab at 1280 px with the list of files; a long import may wrap
MARKERS = re.compile(r"NBVAL_|\binteract\(|\bOutput\(|clear_output|\binput\(|\bsleep\(|^\s*[%!]|;[ \t]*$", re.MULTILINE)
README = (ROOT / "README.md").read_text(encoding="utf-8")
PATHS = re.compile(r"(?<![\w.])/(?:home|root|Users|work|tmp|var|usr)/|\b[A-Za-z]:\\|file://")
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
# What belongs to one machine, one day or one person: addresses, dates, times, mail addresses.
TRACES = re.compile(
    rf"0x[0-9a-f]{{6,}}|\b[0-9a-f]{{16}}\b|\b\d{{1,2}} (?:{MONTHS})\w* 20\d\d|\b(?:{MONTHS})\w* \d{{1,2}}, 20\d\d"
    r"|\b20\d\d-\d\d-\d\d\b|\b\d\d:\d\d:\d\d\b|(?<![\w.+-])[\w.+-]+@\w[\w.-]*\.\w+"
)
# Such things may stand in a notebook only where the patch or the measured kernel's reports have them.
QUOTED = "\n".join(
    path.read_text(encoding="utf-8")
    for pattern in ("patch/*.patch", "oracle/measured/*.txt", "oracle/measured/*.json")
    for path in sorted((ROOT / "kvmplanes").glob(pattern))
)
# An errno as a pointer (-ENOMEM is 0xfffffffffffffff4; the last 4095 numbers are such), and freed memory's bytes.
COMPUTED = re.compile("0xf{13}[0-9a-f]{3}|(?:0x)?(?:6b)+")

every = pytest.mark.parametrize("name", NAMES)


def read(name: str) -> NotebookNode:
    """As it lies there: without the repairs that nbformat.read() makes."""
    notebook: NotebookNode = nbformat.reader.reads((FOLDER / name).read_text(encoding="utf-8"))
    return notebook


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def python(source: str) -> str:
    """A code cell's Python: nothing of a cell that holds C, and no texts of several lines."""
    return "" if re.match(r"%%c [a-z_]+\n", source) else re.sub(r'"""[\s\S]*?"""', '""', source)


def shown(notebook: NotebookNode) -> list[str]:
    """What the outputs say: streams, and each form of each result."""
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    return [str(text) for out in outputs for text in out.get("data", {"text": out.get("text", "")}).values()]


def asked(notebook: NotebookNode) -> list[tuple[str, str]]:
    """Each question's id, and the heading of level 2 above it."""
    found, above = [], ""
    for cell in notebook.cells:
        above = next((text for level, text in reversed(headings_of([cell])) if level == 2), above)
        found += [(name, above) for name in re.findall(r"\bask\(\"([^\"]+)\"\)", cell.source)]
    return found


@every
def test_every_cell_was_run_in_order_without_errors_or_widgets(name: str) -> None:
    notebook = read(name)
    cells = code(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert "widgets" not in notebook.metadata
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type in ("stream", "execute_result", "display_data"), cell.id
            assert output.get("name", "stdout") == "stdout", cell.id
            assert output.get("execution_count", cell.execution_count) == cell.execution_count, cell.id
            assert "widget" not in " ".join(output.get("data", {})), cell.id
            assert output.get("text") or output.data["text/plain"], f"{cell.id}: nothing for a terminal"


@every
def test_the_format_is_valid_ids_are_slugs_and_nothing_is_marked(name: str) -> None:
    notebook = read(name)
    nbformat.validate(copy.deepcopy(notebook))
    ids = [cell.id for cell in notebook.cells]  # nb00-run; in limits.ipynb nbli-how
    assert len(ids) == len(set(ids))
    assert [one for one in ids if not re.fullmatch(rf"nb{name[:2]}(-[a-z0-9]+)+", one)] == []
    found = {cell.id: MARKERS.findall(python(cell.source)) for cell in code(notebook)}
    assert {id_: marks for id_, marks in found.items() if marks} == {}
    assert (FOLDER / name).stat().st_size < 500_000


@every
def test_code_fits_its_cell_at_1280_px(name: str) -> None:
    lines = [line.expandtabs(8) for cell in code(read(name)) for line in cell.source.splitlines()]
    assert [line for line in lines if len(line) > COLUMNS and not re.match(r"from \S+ import ", line)] == []


@every
def test_nothing_tells_the_machine_the_day_or_the_user(name: str) -> None:
    notebook = read(name)
    for text in [cell.source for cell in notebook.cells] + shown(notebook):
        assert PATHS.findall(text) == []
        traces = [
            re.sub(rf"({MONTHS})[a-z]+", r"\1", trace) for trace in TRACES.findall(re.sub(r"https?://\S+", "", text))
        ]
        own = [trace for trace in traces if trace not in QUOTED and not COMPUTED.fullmatch(trace)]
        assert own == [], "neither the patch nor a measured report has this"


@every
def test_headings_are_anchors_and_a_walk_begins_and_ends_alike(name: str) -> None:
    found = headings_of(read(name).cells)
    assert [place for place, (level, _) in enumerate(found) if level == 1] == [0]
    assert len(found) == len({text for _, text in found}), "an anchor would be ambiguous"
    if name in NUMBERED:
        assert found[0][1].startswith(f"{name[:2]} · ")
        sections = [text for level, text in found if level == 2]
        assert (SELFTEST if name[:2] == "00" else RECALL) in sections[:3]
        assert sections[-2:] == ["Lessons", "Next"]


@every
def test_a_page_ends_with_the_ways_on_and_with_what_is_done(name: str) -> None:
    cells = read(name).cells
    asking = name in ASKING
    assert (cells[-1].source == f'progress("{name[:2]}")') == asking
    ways = cells[-2 if asking else -1].source
    start = "" if name == NUMBERED[0] else NUMBERED[0]
    assert f"[all pages]({start}#All-pages)" in ways
    if name in NUMBERED:
        place = NUMBERED.index(name)
        for other in NUMBERED[max(0, place - 1) : place + 2]:
            title = read(other).cells[0].source.partition("\n")[0].removeprefix("# ")
            assert other == name or f"[{title}]({other})" in ways


@pytest.mark.parametrize("name", ASKING)
def test_every_question_is_asked_once_and_at_home(name: str) -> None:
    notebook = read(name)
    bank = {question.id: question.kind for question in questions_for(name[:2])}
    assert {question.notebook for question in QUESTIONS} == {name[:2] for name in ASKING}
    warm = [one for one, kind in bank.items() if kind in WARM]
    assert len(warm) == (0 if name not in NUMBERED or name[:2] == "00" else 2)
    assert name not in NUMBERED or len(bank) >= len(warm) + 3
    assert sorted(one for one, _ in asked(notebook)) == sorted(bank)
    for one, above in asked(notebook):
        assert (one in warm) == (above == RECALL), one
    kinds = [bank[one] for one, _ in asked(notebook)]
    assert kinds.index("predict") == len(warm), "a guess comes first"


@every
def test_links_resolve_and_the_readme_names_it(name: str) -> None:
    source = "\n".join(cell.source for cell in read(name).cells if cell.cell_type == "markdown")
    for target in re.findall(r"(?:\]\(|href=\")(?!https?:)([^)\s\"]+)", source):
        file, _, anchor = target.partition("#")
        assert (FOLDER / file).exists(), target
        if anchor:  # JupyterLab: the heading's text, spaces as hyphens
            page = headings_of(read(file or name).cells)
            assert anchor in {text.replace(" ", "-") for _, text in page}, target
    assert re.findall(rf"^\|.*\(notebooks/{name}\)", README, re.MULTILINE), "no row in README.md's table"


def plain(text: str) -> str:
    """What a reader sees: tags, code marks and line breaks gone."""
    bare = re.sub(r"<[^>]+>", " ", re.sub(r"</?(?:code|b|i|em|strong|span)\b[^>]*>", "", text))
    return " ".join(html.unescape(bare).replace("`", "").split())


def test_every_added_line_is_explained_beside_its_id() -> None:
    seen = [plain(text) for name in NAMES for text in shown(read(name))]
    assert len(kp.PATCH.added) == 54
    for line in (line for line in kp.PATCH.added if line.explanation):  # the others have no word in them
        note = plain(html.escape(line.explanation))
        before = [re.findall(r"\+\d\d(?= \d+ )", page.partition(note)[0])[-1:] for page in seen if note in page]
        assert [line.id] in before


def nbval(folder: Path, *names: str) -> tuple[int, set[str]]:
    """Exit status, and the cells that failed, such as "plain.ipynb::Cell 2"."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    options = ["--nbval", "--nbval-current-env", "-q", "-rf", "-p", "no:cacheprovider", "-p", "no:xdist"]
    start = "import sys; sys.modules['rfc3987_syntax'] = None; import pytest; sys.exit(pytest.main())"  # as in conftest
    done = subprocess.run(
        [sys.executable, "-c", start, "-c", "pytest.ini", *options, *names],
        cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    return done.returncode, set(re.findall(r"^FAILED (\S+::Cell \d+)", done.stdout, re.MULTILINE))


def test_a_changed_output_makes_nbval_fail(tmp_path: Path) -> None:
    """The shortest notebook's first cells, as stored; and with an output of each form changed, each in its own cell."""
    notebook = min(map(read, NUMBERED), key=lambda one: len(code(one)))
    notebook.cells = code(notebook)
    places: dict[str, int] = {}  # form of output -> first cell that has it and is no other form's
    for place, cell in enumerate(notebook.cells):
        forms = [form for output in cell.outputs for form in output.get("data", {"text": ""}) if form not in places]
        if forms:
            places[forms[0]] = place
    assert {"text", "text/plain", "text/html"} <= set(places)
    notebook.cells = notebook.cells[: max(places.values()) + 1]
    nbformat.write(notebook, tmp_path / "stored.ipynb")
    for form, place in places.items():
        (box,) = (o if form == "text" else o.data for o in notebook.cells[place].outputs if form in o.get("data", o))
        middle = len(box[form]) // 2
        box[form] = box[form][:middle] + "#" + box[form][middle:]
    nbformat.write(notebook, tmp_path / "changed.ipynb")
    failed = {f"changed.ipynb::Cell {place}" for place in places.values()}
    assert nbval(tmp_path, "stored.ipynb", "changed.ipynb") == (1, failed)
