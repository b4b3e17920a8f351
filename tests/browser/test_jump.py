# SPDX-License-Identifier: GPL-2.0-only
"""From a row, a line, a rung or a cell to its step, by mouse and by keys: on pages, saved notebooks, converted ones."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import kvmplanes as kp
from kvmplanes.oracle import instrument_table
from kvmplanes.runs.shown import Shown, bundle, load
from kvmplanes.view import report
from kvmplanes.view.ladder import WHOLE as WHOLE_LADDER
from tests.browser.web import LOOKS, NARROW, Open, expect, html_page, saved, served, store

pytestmark = pytest.mark.browser

load()
WHOLE = kp.run("09")
VIEWS: dict[str, Shown] = {
    "run": WHOLE,
    "certificate": kp.certify("09"),
    "report": report(WHOLE),
    "ladder": kp.ladder(WHOLE),
    "failing": kp.ladder(kp.run("09", fail="init_srcu_struct")),
    "table": instrument_table(cases=("09", "09-level16")),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a folder with light.html and dark.html, which hold every view in a section of its own."""
    folder = tmp_path_factory.mktemp("site")
    for look in LOOKS:
        sections = [f'<section id="{name}">{bundle(view)["text/html"]}</section>' for name, view in VIEWS.items()]
        (folder / f"{look}.html").write_text(html_page("Views", "".join(sections), look), encoding="utf-8")
    with served(folder) as address:
        yield address


@pytest.fixture
def light(page: Any, site: str, silent: None) -> Any:  # noqa: ARG001
    page.goto(f"{site}/light.html")
    return page


def section(page: Any, name: str) -> Any:
    return page.locator(f"#{name}")


def shows(view: Any, count: str, title: str = "") -> None:
    """Expect the view's one player to be open, in sight, and at a step."""
    expect(view.locator(".player")).to_have_count(1)
    expect(view.locator(".count")).to_have_text(count)
    expect(view.locator(".player .title b")).to_contain_text(title)
    expect(view.locator(".controls")).to_be_in_viewport(ratio=1)


def test_a_row_opens_its_run_at_its_step(light: Any) -> None:
    view = section(light, "certificate")
    expect(view.locator(".player")).to_have_count(0)
    view.get_by_role("button", name="kvm_init_mmu_notifier").click()
    shows(view, "step 19 of 62", "kvm_init_mmu_notifier fails (call 14)")
    expect(view.locator(".say .text").last).to_have_text("kvm_init_mmu_notifier fails with ENOMEM.")
    view.get_by_role("button", name="anon_inode_getfile").click()
    trace = kp.run("09", fail="anon_inode_getfile")
    shows(view, f"step {trace.defects[0].step} of {len(trace.steps) - 1}", "anon_inode_getfile fails (call 17)")
    view.get_by_role("button", name="back to where you came from").click()
    expect(view.get_by_role("button", name="anon_inode_getfile")).to_be_focused()
    view.get_by_role("button", name="step 44").click()
    shows(view, "step 44 of 65")


def test_by_keys_alone(light: Any) -> None:
    view = section(light, "certificate")
    view.get_by_role("button", name="anon_inode_getfile").focus()
    for key in ("Tab", "Enter"):
        light.keyboard.press(key)
    shows(view, "step 44 of 65", "KVM_CREATE_VM, close(vm)")
    expect(view.get_by_role("slider")).to_be_focused()
    light.keyboard.press("ArrowRight")
    shows(view, "step 45 of 65")
    view.locator("summary").first.focus()
    light.keyboard.press("Enter")
    expect(view.locator(".player")).to_be_hidden()
    light.keyboard.press("Enter")
    shows(view, "step 45 of 65")  # it stays where it was


def test_the_fold_opened_by_hand_begins_at_the_beginning(light: Any) -> None:
    for name in ("run", "ladder", "report"):
        view = section(light, name)
        view.get_by_text("Step through it").click()
        expect(view.locator(".count")).to_have_text("step 0 of 65")
    view = section(light, "certificate")
    view.get_by_text("Step through it").click()  # of a certificate: of the run that its first row names
    expect(view.locator(".player .title b")).to_contain_text("anon_inode_getfile fails (call 17)")
    expect(view.locator(".count")).to_contain_text("step 0 of")


@pytest.mark.parametrize(("words", "number"), [("step 44", 44), ("step 1", 1), ("step 43", 43)])
def test_a_line_of_a_report_leads_to_its_step(words: str, number: int, light: Any) -> None:
    view = section(light, "report")
    view.get_by_role("button", name=words, exact=True).click()
    shows(view, f"step {number} of 65")


def test_a_run_leads_to_its_first_defect(light: Any) -> None:
    view = section(light, "run")
    view.get_by_role("button", name="16 reads and 1 write after free").click()
    shows(view, "step 44 of 65")


def test_a_rung_says_what_it_is_for_and_leads_to_its_call(light: Any) -> None:
    view = section(light, "ladder")
    rung = view.get_by_role("button", name="init_srcu_struct(&kvm->irq_srcu)")
    said = view.locator(".kp-says")
    expect(said).to_contain_text("what it is for")
    words = "init_srcu_struct(&kvm->irq_srcu): lets vCPUs read the interrupt routes. In this run: acquired irq_srcu"
    rung.focus()
    expect(said).to_contain_text(words)
    light.keyboard.press("Enter")
    shows(view, "step 9 of 65")
    view.get_by_role("button", name="kvm_arch_alloc_vm").hover()
    expect(said).to_contain_text("kvm_arch_alloc_vm: the VM itself. In this run: acquired kvm#1, undone (step 1).")
    view.get_by_role("button", name="kvm_destroy_planes(kvm)").click()
    shows(view, "step 44 of 65")


def test_a_rung_that_was_not_reached_leads_nowhere_and_is_explained(light: Any) -> None:
    view = section(light, "failing")
    expect(view.get_by_role("img", name="kvm_create_vm_debugfs")).to_have_count(0)  # it is one of several in a row
    view.get_by_text(WHOLE_LADDER).click()
    assert view.get_by_role("button", name="kvm_create_vm_debugfs").count() == 0
    view.get_by_role("img", name="kvm_create_vm_debugfs").focus()
    expect(view.locator(".kp-says").last).to_contain_text(
        "statistics as files, for debugging. In this run: was not reached."
    )
    light.keyboard.press("Enter")
    expect(view.locator(".player")).to_have_count(0)


def test_a_cell_leads_to_the_models_run(light: Any) -> None:
    view = section(light, "table")
    row = view.get_by_role("row", name="09-level16").first
    row.get_by_role("button").nth(list(VIEWS["table"].instruments).index("UBSan")).click()  # type: ignore[attr-defined]
    expect(view.locator(".facts")).to_contain_text("out-of-bounds")
    expect(view.locator(".player .title b")).to_contain_text("version 09-level16")


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("look", LOOKS)
def test_on_a_phone(look: str, page: Any, site: str) -> None:
    page.set_viewport_size(NARROW)
    page.goto(f"{site}/{look}.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    view = section(page, "certificate")
    row = view.get_by_role("button", name="kvm_coalesced_mmio_init")
    assert row.bounding_box()["height"] >= 24
    row.click()
    expect(view.locator(".say .text").last).to_have_text("kvm_coalesced_mmio_init fails with ENOMEM.")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_without_scripts_everything_reads_as_it_is(scriptless: Any, site: str) -> None:
    scriptless.goto(f"{site}/light.html")
    expect(scriptless.locator("button")).to_have_count(0)
    expect(scriptless.get_by_text("Step through it")).to_have_count(0)
    rows = section(scriptless, "certificate").locator("tbody tr")
    expect(rows.first).to_contain_text("anon_inode_getfile")
    expect(section(scriptless, "report")).to_contain_text("Freed by close(vm), step 43:")
    expect(section(scriptless, "ladder").locator("img")).to_be_visible()


@pytest.mark.usefixtures("silent")
def test_a_saved_notebook_leads_there_without_a_kernel_and_once_more_when_it_is_run(
    lab: str, open_notebook: Open
) -> None:
    ladder = nbformat.v4.new_code_cell('import kvmplanes as kp\nkp.ladder(kp.run("09", fail="kvm_create_plane"))')
    store(lab, "jump.ipynb", True, saved(VIEWS["certificate"]), ladder)
    page = open_notebook("jump.ipynb")
    cells = page.locator(".jp-CodeCell")
    row = cells.nth(0).get_by_role("button", name="kvm_arch_init_vm")
    row.focus()
    active = page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex")
    page.keyboard.press("Enter")
    expect(cells.nth(0).locator(".say .text").last).to_have_text("kvm_arch_init_vm fails with ENOMEM.")
    expect(cells.nth(0).locator(".controls")).to_be_in_viewport(ratio=1)
    assert page.evaluate("jupyterapp.shell.currentWidget.content.mode") == "command"
    assert page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex") == active
    page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 2")
    page.evaluate("void jupyterapp.commands.execute('notebook:run-cell')")
    cells.nth(1).get_by_role("button", name="kvm_create_plane(kvm, 0)").click(timeout=30_000)
    expect(cells.nth(1).locator(".facts")).to_contain_text("ENOMEM")
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.evaluate("jupyterapp.shell.currentWidget.close()")
    page = open_notebook("jump.ipynb", anew=True)
    for cell, name in ((0, "kvm_arch_init_vm"), (1, "kvm_create_plane(kvm, 0)")):
        view = page.locator(".jp-CodeCell").nth(cell)
        expect(view.locator(".player")).to_have_count(0)
        view.get_by_role("button", name=name).click()
        expect(view.locator(".facts")).to_contain_text("ENOMEM")


@pytest.mark.usefixtures("silent")
def test_an_untrusted_notebook_has_the_table_alone(lab: str, open_notebook: Open) -> None:
    store(lab, "jump-untrusted.ipynb", False, saved(kp.certify("11")))  # trust goes by content: another one
    page = open_notebook("jump-untrusted.ipynb")
    output = page.locator(".jp-OutputArea-output")
    expect(output.get_by_role("row").nth(18)).to_be_visible()
    expect(output.locator("script, button, details")).to_have_count(0)


def test_a_converted_page_leads_there(page: Any, tmp_path: Path) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[saved(VIEWS["certificate"])]), tmp_path / "page.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--log-level=ERROR", "page.ipynb"]
    subprocess.run(command, cwd=tmp_path, check=True)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    page.route("**/page.html", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    page.goto("http://127.0.0.1:1/page.html")
    page.get_by_role("button", name="kvm_create_vm_debugfs").click()
    expect(page.locator(".say .text").last).to_have_text("kvm_create_vm_debugfs fails with ENOMEM.")
