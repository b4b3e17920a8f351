# SPDX-License-Identifier: GPL-2.0-only
"""The views of cases and instruments: states by colour, sign and word, readable without style, and a picker at work."""

import re
from html import unescape

import pytest

import kvmplanes as kp
from kvmplanes.oracle.instruments.cases import recorded
from kvmplanes.oracle.instruments.picker import InstrumentPicker, instrument_choices, instrument_picker
from kvmplanes.oracle.instruments.table import (
    COUNTS,
    NOTE,
    OF_FIGURES,
    OF_RUNS,
    ROLE,
    Cell,
    cell_html,
    instrument_table,
    table_view,
)
from kvmplanes.view.page.html import Html
from kvmplanes.view.page.style import contrast
from kvmplanes.view.report import PARTS, anatomy

TABLE = instrument_table()
SHOWN = table_view(TABLE)


def words(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", html)).split())


def sound(view: Html) -> None:
    """Balanced, and nothing in it that an untrusted notebook drops."""
    stack: list[str] = []
    for closing, tag in re.findall(r"<(/?)([a-z]+)", view.html):
        if closing:
            assert stack.pop() == tag
        elif tag != "br":
            stack.append(tag)
    assert not stack
    assert not re.search(r"<style|<script|var\(|role=|aria-", view.html)
    assert all("0x" not in name for name in re.findall(r'id="([^"]+)"', view.html))


def test_every_verdict_has_a_sign_and_a_readable_word() -> None:
    assert {cell.verdict for cell in TABLE.cells} <= set(ROLE)
    signs = {verdict: role.sign for verdict, role in ROLE.items()}
    assert signs["finds"] != signs["misses"] != signs["not run"] != signs["finds"]
    assert all(contrast(role.ink, role.fill) >= 4.5 for role in ROLE.values())


def test_the_table_says_in_words_what_its_colours_say() -> None:
    sound(SHOWN)
    verdicts, figures = (re.findall(r"<tr>(.*?)</tr>", part) for part in SHOWN.html.split("<details>"))
    assert len(verdicts) == len(figures) == 1 + len(TABLE.cases)
    for case, row, more in zip(TABLE.cases, verdicts[1:], figures[1:], strict=True):
        first, *cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
        _, *counts = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", more)
        assert words(first) == f"{case.name} {case.title}"
        for name, cell, counted in zip(TABLE.instruments, cells, counts, strict=True):
            want = TABLE.cell(case.name, name)
            assert words(cell) == f"{ROLE[want.verdict].sign} {want.verdict}"
            numbers = [int(number) for number in re.findall(r"\b(?:text|C|kernel) (\d+)", words(counted))]
            assert numbers == [witness.count for witness in want.witnesses]
            assert want.witnesses or words(counted) == "not run"
    assert verdicts[0].count('scope="col"') == 1 + len(TABLE.instruments)
    assert SHOWN.html.count('scope="row"') == 2 * len(TABLE.cases)
    assert set(COUNTS) == set(TABLE.instruments)
    assert len(SHOWN.html) < 40_000


def test_each_cell_leads_to_the_model_s_run_of_its_case() -> None:
    marks = re.findall(r'<span data-kvmplanes-step="(\d+)"(?: data-kvmplanes-run="(\d+)")?', SHOWN.html)
    assert len(marks) == len(TABLE.cells)
    for cell, (step, place) in zip(TABLE.cells, marks, strict=True):
        trace = SHOWN.runs[int(place or 0)]
        assert trace == cell.trace
        defect = trace.steps[int(step)].defect
        kinds = {found.kind for found in trace.defects}
        wanted = {"UBSan": "out-of-bounds", "LSan / kmemleak": "leak"}.get(cell.instrument)
        assert defect == wanted if wanted in kinds else defect in kinds if kinds else defect is None
    assert len(SHOWN.runs) == len({(cell.case, cell.freed) for cell in TABLE.cells})


def test_the_figures_are_folded_away() -> None:
    above, _, folded = SHOWN.html.partition("<details>")
    assert f"{NOTE} {OF_RUNS}" in unescape(above)
    assert OF_FIGURES in unescape(folded)
    assert not re.search(r"\bkernel \d", words(above))


def test_its_text_twin_has_every_cell() -> None:
    head, *lines = str(TABLE).splitlines()
    assert head.split("  ")[0] == "case"
    for line, case in zip(lines, TABLE.cases, strict=False):
        assert re.split(r" {2,}", line)[0] == case.name
        assert re.split(r" {2,}", line)[1:] == [TABLE.cell(case.name, name).verdict for name in TABLE.instruments]


def test_what_is_shown_and_what_is_printed_are_the_same_text() -> None:
    assert str(TABLE) == repr(TABLE) == SHOWN.text


@pytest.mark.parametrize("cell", TABLE.cells, ids=lambda cell: f"{cell.case.name}, {cell.instrument}")
def test_a_cell_shows_everything_behind_it(cell: Cell) -> None:
    view = cell_html(cell)
    sound(view)
    for text in (words(view.html), " ".join(view.text.split())):
        assert cell.verdict in text
        for witness in cell.witnesses:
            assert f"{witness.source}: {witness.says}" in text
            assert " ".join(witness.report.split()) in text
        assert "The model of the same case" in text
        if not cell.witnesses:
            assert "No run of this case" in text


def test_the_models_report_is_the_one_the_instrument_is_made_for() -> None:
    assert "UBSAN-like" in cell_html(TABLE.cell("09-level16", "UBSan")).html
    assert "kmemleak-like" in cell_html(TABLE.cell("09-level16", "LSan / kmemleak")).html
    assert "The model's report" not in cell_html(TABLE.cell("09-fixed", "UBSan")).html


# -- a report taken apart ---------------------------------------------------------------------------------------------


def test_every_line_of_the_anatomy_is_the_kernels() -> None:
    kernel = recorded("kasan-V1k.txt")
    view = anatomy(kernel, kp.run("09"))
    sound(view)
    assert view.text.count("[kernel]") == len(PARTS)
    assert view.text.count("[model]") == sum(bool(theirs) for _, _, theirs, _ in PARTS)
    for quoted in re.findall(r"\[kernel\]\n(.*?)(?=\n\[model\]|\n\n\d\. |\Z)", view.text, re.DOTALL):
        assert quoted in kernel
    for title, *_, note in PARTS:
        assert f"{title}. {note}" in words(view.html)


def test_what_its_notes_say_of_the_report_is_so() -> None:
    kernel = recorded("kasan-V1k.txt")
    used = re.search(r"use-after-free in kvm_put_kvm\+0x([0-9a-f]+)", kernel)
    freed = re.search(r"Freed by[\s\S]*? kvm_put_kvm\+0x([0-9a-f]+)", kernel)
    assert used
    assert freed
    assert int(freed[1], 16) < int(used[1], 16), "the free stands a little earlier in the same function"
    assert "Read of size 8" in kernel
    assert set(re.findall(r"\b(f[a-f])\b", kernel.partition("Memory state")[2])) == {"fb"}


def test_a_report_without_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="no part 'What, and in which function'"):
        anatomy("nothing", kp.run("09"))
    with pytest.raises(ValueError, match="no defect"):
        anatomy(recorded("kasan-V1k.txt"), kp.run("11"))


# -- the picker -------------------------------------------------------------------------------------------------------


def test_the_picker_follows_its_menus() -> None:
    picker = instrument_picker(TABLE)
    assert "17 reports" in picker.view.value
    picker.case.value = "09-level16"
    assert "nothing in 1 close" in words(picker.view.value)
    picker.instrument.value = "UBSan"
    assert "index 16 out of bounds" in unescape(picker.view.value)
    assert picker.still().text == cell_html(TABLE.cell("09-level16", "UBSan")).text
    assert [name for _, name in picker.case.options] == [case.name for case in TABLE.cases]


def test_a_case_is_named_once_and_every_choice_is_equally_high() -> None:
    picker = instrument_picker(TABLE)
    texts = [text for text, _ in picker.case.options]
    assert "09: the patch as posted: create a VM, close it" in texts
    assert not any(re.match(r"(\S+): \1\b", text) for text in texts)
    for cell in TABLE.cells:
        picker.choose(cell.case.name, cell.instrument)
        assert '<div style="min-height:15em">' in picker.view.value
        assert "<details open" not in picker.view.value, "a report is as high as it is long"


def test_the_picker_can_be_set_from_python_and_keeps_still_on_an_error() -> None:
    picker = instrument_picker(TABLE, "29", "slub_debug=FPZU")
    assert "Object already free" in picker.view.value
    picker.choose("rfc", "reading")
    before = picker.view.value
    for case, instrument in (("V1k", "reading"), ("09", "lint")):
        with pytest.raises(ValueError, match="there are"):
            picker.choose(case, instrument)
    assert (picker.case.value, picker.instrument.value, picker.view.value) == ("rfc", "reading", before)


def test_a_saved_notebook_shows_the_first_choice() -> None:
    picker = instrument_picker(TABLE, "09", "init_on_free + kmemleak")
    bundle = picker._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].splitlines()[0] == InstrumentPicker.HOW
    assert "20 new leaks in 20 closes" in bundle["text/html"]
    sound(Html(bundle["text/html"], ""))


def test_every_cell_can_be_chosen_on_a_page_without_a_kernel() -> None:
    choices = {choice.key: choice for choice in instrument_choices(TABLE).choices}
    assert len(choices) == len(TABLE.cases) * len(TABLE.instruments)
    case, instrument = TABLE.cases[1], TABLE.instruments[2]
    picker = instrument_picker(TABLE, case.name, instrument)
    assert choices[picker.key].labels == (f"{case.name}: {case.title}", instrument)
    verdict, view = choices[picker.key].html()
    assert verdict == ""
    assert view in picker.view.value
    assert picker.still().html in view
