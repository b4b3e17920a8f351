# SPDX-License-Identifier: GPL-2.0-only
"""The failure picker in JupyterLab: by mouse, by keyboard, on narrow and dark pages, and saved without a kernel."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kvmplanes.view.heap import NARROW
from kvmplanes.view.ladder import ACROSS
from kvmplanes.view.live.failures import picker
from tests.browser.web import Open, change_theme, expect, saved, store

pytestmark = pytest.mark.browser

TROUBLE = ("Error displaying widget", "Loading widget", "model not found")
# The words of a text in the font of an element, in pixels, and the room that the element has for them.
FITS = """select => {
    const look = getComputedStyle(select), pen = document.createElement('canvas').getContext('2d');
    pen.font = `${look.fontSize} ${look.fontFamily}`;
    const room = select.clientWidth - parseFloat(look.paddingLeft) - parseFloat(look.paddingRight);  // arrow's included
    return [...select.options].filter(option => pen.measureText(option.text).width > room).map(option => option.text);
}"""

# The height of the words in every picture, in pixels as shown.
SIZES = """output => [...output.querySelectorAll('svg text')].map((text) => {
    const { a, b } = text.getScreenCTM();
    return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b);
})"""


@pytest.fixture
def live(lab: str, open_notebook: Open) -> Callable[..., Any]:
    """Return a function that runs a cell with a picker and returns its output, alive."""

    def run(*arguments: str) -> Any:
        source = f"from kvmplanes.view.live.failures import picker\npicker({', '.join(arguments)})"
        store(lab, "picker.ipynb", True, nbformat.v4.new_code_cell(source))
        page = open_notebook("picker.ipynb")
        page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
        output = page.locator(".jp-OutputArea-output:has(select)")
        expect(output.get_by_label("Version")).to_be_visible(timeout=60_000)
        expect(output.locator("svg")).to_have_count(2)
        return output

    return run


def labels(output: Any) -> list[str]:
    """What the visible controls are called."""
    return [label.inner_text() for label in output.locator("label.widget-label").all() if label.is_visible()]


def told(output: Any, *sentences: str) -> None:
    """The verdict says so."""
    for sentence in sentences:
        expect(output.locator(".kp-verdict")).to_contain_text(sentence)


@pytest.mark.usefixtures("silent")
def test_by_mouse(live: Callable[..., Any]) -> None:
    output = live('"09"', 'fail="kvm_create_plane"')
    told(output, "clean", "KVM_CREATE_VM returns ENOMEM")
    output.get_by_label("Failing call").select_option("anon_inode_getfile: ENFILE")
    told(output, "use-after-free", "KVM_CREATE_VM returns ENFILE", "16 reads and 1 write after free")
    expect(output.locator("svg").first.locator("desc")).to_contain_text("anon_inode_getfile fails with ENFILE")

    output.get_by_label("Version").select_option("11: Introduce struct kvm_vcpu_common")
    told(output, "clean", "Version 11")
    output.get_by_label("What fails").select_option("nothing")
    told(output, "KVM_CREATE_VM returns fd 4")
    assert labels(output) == ["Version", "What fails"]

    output.get_by_label("Version").select_option("29-fixed: our repair of 29, not posted")
    output.get_by_label("Planes").fill("1, 3")
    told(output, "KVM_CREATE_PLANE 3 returns fd 6")
    expect(output.locator("svg").nth(1).locator("desc")).to_contain_text("planes[3] points to plane#3")


@pytest.mark.usefixtures("silent")
def test_by_keyboard(live: Callable[..., Any], page: Any) -> None:
    output = live('"29"', "planes=(1,)")
    active = page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex")
    output.get_by_label("Version").focus()
    order = []
    for _ in range(3):
        order.append(page.evaluate("document.activeElement.labels[0].innerText"))
        page.keyboard.press("Tab")
    assert order == ["Version", "What fails", "Planes"]

    output.get_by_label("What fails").focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    expect(output.get_by_label("N, from 1 to 20")).to_be_visible()
    told(output, "KVM_CREATE_VM returns EMFILE")
    page.keyboard.press("Tab")
    for key in ("ArrowUp", "ArrowUp", "Tab"):  # 1, 2, 3, and on
        page.keyboard.press(key)
    told(output, "KVM_CREATE_VM returns ENOMEM")
    expect(output.locator("svg").first.locator("title").first).to_contain_text("kvm_create_plane(kvm, 0) fails")

    output.get_by_label("Version").focus()
    page.keyboard.press("ArrowUp")
    told(output, "Version 11: KVM_CREATE_VM returns ENOMEM")
    assert labels(output) == ["Version", "What fails", "N, from 1 to 17"]
    assert page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex") == active


@pytest.mark.usefixtures("silent")
def test_what_cannot_be_made_is_told_and_the_views_stay(live: Callable[..., Any]) -> None:
    output = live('"29"', "planes=(1,)", 'fail="anon_inode_getfile(plane 1)"')
    told(output, "double-free")
    ladder = output.locator("svg").first.inner_html()
    output.get_by_label("Planes").fill("1, 16")
    told(output, "not possible", "allowed are ids 1..15")
    assert output.locator("svg").first.inner_html() == ladder
    expect(output.locator(".kp-old").first).to_have_css("opacity", "0.4")
    output.get_by_label("Planes").fill("1, 15")
    told(output, "double-free")
    expect(output.locator(".kp-old")).to_have_count(0)


@pytest.mark.usefixtures("silent")
def test_two_changes_at_once_are_both_seen(live: Callable[..., Any]) -> None:
    output = live('"29"', 'fail="kvm_create_plane"')
    output.get_by_label("Planes").fill("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15")
    output.get_by_label("What fails").select_option("the N-th call that can fail")  # while the first change is drawn
    expect(output.get_by_label("N, from 1 to 62")).to_be_visible()
    expect(output.get_by_label("Failing call")).to_be_hidden()
    told(output, "KVM_CREATE_VM returns EMFILE")


@pytest.mark.parametrize("width", [700, 1100])
@pytest.mark.usefixtures("silent")
def test_nothing_is_cut_off(live: Callable[..., Any], page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1200})
    output = live('"29"', "planes=(1, 15)", 'fail="anon_inode_getfile(plane 15): ENFILE"')
    page.evaluate("jupyterapp.shell.collapseLeft()")
    for by in ("a call, by its name", "calls by chance (failslab)"):
        output.get_by_label("What fails").select_option(by)
        expect(output.get_by_label("Failing call" if "name" in by else "Seed")).to_be_visible()
        for select in output.locator("select:visible").all():
            assert select.evaluate(FITS) == []
        for label in output.locator("label:visible").all():
            assert label.evaluate("label => label.scrollWidth <= label.clientWidth"), label.inner_text()
    assert output.evaluate("output => output.scrollWidth <= output.clientWidth")
    expect(output.locator("svg").nth(1)).to_be_visible()
    # In one go: the picker may be drawing its next run.
    ladder, heap = output.evaluate(
        "output => [...output.querySelectorAll('svg')].slice(0, 2).map((one) => one.getBoundingClientRect().toJSON())"
    )
    beside = heap["y"] < ladder["y"] + ladder["height"]
    assert beside == (width > 900)
    assert ladder["width"] >= ACROSS
    assert heap["width"] >= NARROW


@pytest.mark.parametrize("version", ["09", "29-fixed"])
@pytest.mark.usefixtures("silent")
def test_what_changes_is_in_sight_at_1280_beside_the_list_of_files_and_large(
    live: Callable[..., Any], page: Any, version: str
) -> None:
    """Every picture of the picker fits, two of them side by side, and no text in them is below 11 pixels."""
    page.set_viewport_size({"width": 1280, "height": 900})
    output = live(f'"{version}"', f"planes={(1, 3) if version != '09' else ()}", 'fail="kvm_create_plane(kvm, 0)"')
    page.evaluate("void jupyterapp.commands.execute('filebrowser:activate')")
    expect(page.locator("#filebrowser")).to_be_visible()
    for by in ("nothing", "a call, by its name", "the N-th call that can fail", "calls by chance (failslab)"):
        output.get_by_label("What fails").select_option(by)
        expect(output.get_by_label("Seed")).to_be_visible(visible="failslab" in by)
        told(output, f"Version {version}")
        # In one go: the picker may be drawing its next run.
        whole, ladder, heap = output.evaluate(
            "output => [output, ...output.querySelectorAll('svg')].map((one) => one.getBoundingClientRect().toJSON())"
        )
        assert whole["width"] < 900
        assert whole["height"] <= 760
        assert heap["x"] > ladder["x"] + ladder["width"] - 1
        sizes = output.evaluate(SIZES)
        assert len(sizes) > 30
        assert min(sizes) >= 11
        cut = "output => [...output.querySelectorAll('.kp-why')].some((why) => why.scrollWidth > why.clientWidth)"
        assert not output.evaluate(cut)
    output.get_by_label("whole ladder").check()
    output.get_by_label("slots by step").check()
    expect(output.locator("img, p:has-text('No slot of planes[]')").first).to_be_visible()
    assert min(output.evaluate(SIZES)) >= 11


@pytest.mark.usefixtures("silent")
def test_the_whole_ladder_slots_and_a_report_are_shown_on_demand(live: Callable[..., Any], page: Any) -> None:
    output = live('"09"', 'fail="kvm_create_plane"')
    ladder = output.locator("svg").first
    expect(ladder.get_by_text("14 more calls, not reached")).to_be_visible()
    output.get_by_label("whole ladder").focus()
    page.keyboard.press("Space")
    expect(ladder.get_by_text("anon_inode_getfile", exact=True)).to_be_visible()
    expect(output.locator("pre")).to_be_hidden()
    output.get_by_label("What fails").select_option("nothing")
    output.get_by_label("first report").check()
    expect(output.locator("pre")).to_be_visible()
    output.get_by_label("slots by step").check()
    expect(output.locator("img")).to_be_visible()
    output.get_by_label("Version").select_option("11: Introduce struct kvm_vcpu_common")
    expect(output).to_contain_text("No defect, so there is no report.")


def test_after_a_restart_of_the_kernel_it_says_so(live: Callable[..., Any], page: Any) -> None:
    output = live('"09"')
    gone = output.get_by_text("The kernel was restarted: run this cell again.")
    expect(gone).to_be_hidden()
    page.evaluate("void jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(gone).to_be_visible(timeout=60_000)
    dimmed = "view => getComputedStyle(view.closest('.kp-picker > *')).opacity"
    assert float(output.locator(".kp-verdict").evaluate(dimmed)) < 0.5
    expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle", timeout=60_000)


@pytest.mark.usefixtures("silent")
def test_the_pictures_follow_the_theme(live: Callable[..., Any], page: Any) -> None:
    paper = live('"09"').locator("svg .paper").first
    grounds = []
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        change_theme(page, theme)
        grounds.append(paper.evaluate("rect => getComputedStyle(rect).fill"))
    assert grounds == ["rgb(30, 30, 30)", "rgb(255, 255, 255)"]


# -- saved ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
@pytest.mark.usefixtures("silent")
def test_a_saved_notebook_shows_the_first_frame(lab: str, open_notebook: Open, trusted: bool) -> None:
    shown = picker("09", fail=4 if trusted else 5).saved()  # trust goes by content
    name = f"picker-{'trusted' if trusted else 'untrusted'}.ipynb"
    store(lab, name, trusted, saved(shown))
    output = open_notebook(name).locator(".jp-OutputArea-output")
    expect(output).to_contain_text("Failure picker. Run this cell to choose what fails")
    expect(output).to_contain_text("Version 09: KVM_CREATE_VM returns ENOMEM.")
    expect(output.locator("img:visible")).to_have_count(2)
    output.get_by_text("The whole ladder").click()
    expect(output.locator("img:visible")).to_have_count(3)
    for image in output.locator("img").all():
        assert image.evaluate("image => image.naturalWidth") > 100
    shown = output.inner_text()
    assert [words for words in TROUBLE if words in shown] == []


@pytest.mark.usefixtures("silent")
def test_a_converted_notebook_shows_the_first_frame(page: Any, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[saved(picker("09", fail=3).saved())])
    nbformat.write(notebook, tmp_path / "picker.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "picker.ipynb"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    text = (tmp_path / "picker.html").read_text(encoding="utf-8")
    body = text[text.index("<body") :]
    assert [words for words in TROUBLE if words in body] == []
    page.set_content(f"<!doctype html><html>{body[: body.index('</body>')]}</body></html>")
    expect(page.get_by_text("Failure picker. Run this cell")).to_be_visible()
    expect(page.locator("img:visible")).to_have_count(2)
