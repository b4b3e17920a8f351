# SPDX-License-Identifier: GPL-2.0-only
"""The player in a real Chromium: on a static page, without JavaScript, and in JupyterLab before anything is run."""

import functools
import http.server
import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import kvmplanes as kp
from kvmplanes.view.html import Html
from kvmplanes.view.player import player

pytestmark = pytest.mark.browser

LOOKS = {"light": "background:#fff;color:#222", "dark": "background:#111;color:#eee"}
TEARDOWN = player(kp.run("09"))
PLANES = player(
    kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 1)", retry=True), start="defect", only="planes"
)
IDS = [view.html.partition('id="')[2].partition('"')[0] for view in (TEARDOWN, PLANES)]
TOKEN = "browser-tests"  # noqa: S105 - the one of the `lab` fixture


def expect(locator: Any) -> Any:
    """Playwright's, which waits; imported here so that a machine without it can still collect the tests."""
    from playwright.sync_api import expect as waiting

    return waiting(locator)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a folder with light.html and dark.html: two players on one page."""
    folder = tmp_path_factory.mktemp("site")
    for name, look in LOOKS.items():
        head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Two players</title>'
        body = f"<p>Above</p>{TEARDOWN.html}<p>Between</p>{PLANES.html}"
        icon = '<link rel="icon" href="data:,">'
        page = f'<!doctype html><html lang="en"><head>{head}{icon}</head><body style="{look}">{body}</body></html>'
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def silent(page: Any) -> Iterator[None]:
    """The page's console stays silent, or the test fails."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    yield
    assert said == []


def alive(page: Any, number: int) -> Any:
    """A player's inside, once its script has run."""
    return page.locator(f"#{IDS[number]} .player")


@pytest.fixture
def first(page: Any, site: str, silent: None) -> Any:  # noqa: ARG001
    """The first of two players on a light page."""
    page.goto(f"{site}/light.html")
    return alive(page, 0)


def step(host: Any, number: int, last: int = 65) -> None:
    """Expect a player to show a step, everywhere that it says so."""
    expect(host.locator(".count")).to_have_text(f"step {number} of {last}")
    slider = host.get_by_role("slider", name="Step")
    assert (slider.get_attribute("aria-valuetext") or "").startswith(f"step {number} of {last}")
    expect(host.locator("ol [aria-current]")).to_have_text(host.locator(f"li[value='{number}']").text_content())


def test_it_is_alive_and_complete(first: Any) -> None:
    step(first, 0)
    expect(first.locator("svg[role=img]")).to_be_visible()
    expect(first.locator(".diff .head")).to_have_text("patch 09/60 no added line at work")
    first.get_by_role("button", name="next defect (17)").click()
    step(first, 44)
    expect(first.locator(".diff .head")).to_have_text("patch 09/60 added line +39, reached from +54")
    expect(first.locator(".diff [aria-current]")).to_contain_text("if (kvm->planes[i] == NULL)")
    expect(first.locator(".diff [data-at=caller]")).to_contain_text("kvm_destroy_planes(kvm);")
    expect(first.locator(".model [aria-current]")).to_contain_text("plane = kvm.planes[i]")
    expect(first.locator(".model .text")).to_contain_text("kvm_put_kvm:")
    expect(first.locator(".facts")).to_have_text("close(vm) use ✗ use-after-free")
    for pane in (".diff", ".model"):
        place, line = (first.locator(f"{pane} {part}").bounding_box() for part in (".code", "[aria-current]"))
        assert place["y"] <= line["y"] <= place["y"] + place["height"] - line["height"], pane


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("system", LOOKS)
def test_the_page_decides_light_or_dark(look: str, system: str, page: Any, site: str) -> None:
    page.emulate_media(color_scheme=system)
    page.goto(f"{site}/{look}.html")
    host, light = alive(page, 0), look == "light"
    expect(host).to_have_attribute("data-jp-theme-light", str(light).lower())
    paper = host.locator(".paper").first
    assert (paper.evaluate("node => getComputedStyle(node).fill") == "rgb(255, 255, 255)") is light
    page.evaluate(f"document.body.style.cssText = '{LOOKS['dark' if light else 'light']}'")
    expect(host).to_have_attribute("data-jp-theme-light", str(not light).lower())


def test_buttons(first: Any) -> None:
    for name, number in (
        ("Last step", 65), ("Next step", 65), ("Previous step", 64),
        ("First step", 0), ("Previous step", 0), ("Next step", 1),
    ):  # fmt: skip
        first.get_by_role("button", name=name, exact=True).click(force=True)  # also at the ends
        step(first, number)
    expect(first.get_by_role("button", name="First step")).to_have_attribute("aria-disabled", "false")


def test_keys(first: Any, page: Any) -> None:
    first.locator(".say").click()
    for key, number in (
        ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 65),
        ("ArrowRight", 65), ("Home", 0), ("ArrowLeft", 0),
    ):  # fmt: skip
        page.keyboard.press(key)
        step(first, number)
    first.get_by_role("slider").focus()
    for key, number in (("ArrowRight", 1), ("ArrowUp", 2), ("End", 65)):
        page.keyboard.press(key)
        step(first, number)
    expect(alive(page, 1).locator(".count")).to_have_text("step 84 of 115")  # the other player stays


def test_space_plays_and_pauses(first: Any, page: Any) -> None:
    page.clock.install()
    first.locator(".say").click()
    page.keyboard.press("Space")
    expect(first.get_by_role("button", name="Pause")).to_be_visible()
    page.clock.run_for(5_000)
    step(first, 3)
    page.keyboard.press("Space")
    page.clock.run_for(5_000)
    step(first, 3)
    page.keyboard.press("End")
    first.get_by_role("button", name="Play").focus()
    page.keyboard.press("Space")  # presses the button; at the end it starts again
    page.clock.run_for(1_700)
    step(first, 1)
    page.clock.run_for(200_000)
    step(first, 65)
    expect(first.get_by_role("button", name="Play")).to_be_visible()


def test_keys_stay_inside(first: Any, page: Any) -> None:
    page.evaluate("window.heard = []; addEventListener('keydown', (event) => heard.push(event.key))")
    first.locator(".say").click()
    for key in ("ArrowDown", "Home", "d", "Enter", "Space"):
        page.keyboard.press(key)
    assert page.evaluate("heard") == []
    page.locator("p").first.click()
    page.keyboard.press("d")
    assert page.evaluate("heard") == ["d"]


def test_the_slider_is_dragged(first: Any, page: Any) -> None:
    slider = first.get_by_role("slider")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    step(first, 65)
    ticks = first.locator(".marks i")
    assert ticks.count() == 17
    slider.fill("44")
    step(first, 44)


def test_ticks_stand_where_the_thumb_stops(first: Any) -> None:
    track, tick = first.get_by_role("slider").bounding_box(), first.locator(".marks i").first.bounding_box()
    thumb = track["x"] + 8 + (track["width"] - 16) * 44 / 65
    assert abs(tick["x"] + tick["width"] / 2 - thumb) < 1


def test_the_sentence_is_announced(first: Any) -> None:
    live = first.locator("[aria-live=polite]")
    before = live.inner_text()
    first.get_by_role("button", name="Next step").click()
    expect(live).to_contain_text(kp.run("09").steps[1].text)
    assert live.inner_text() != before


@pytest.mark.usefixtures("first")
def test_defects_come_round(page: Any) -> None:
    other = alive(page, 1)
    step(other, 84, 115)
    for number in (93, 84):
        other.get_by_role("button", name="next defect (2)").click()
        step(other, number, 115)


def test_the_list_leads_to_each_step(first: Any) -> None:
    first.get_by_text("All 66 steps in words").click()
    first.locator("ol").get_by_role("button", name="plane#0 is freed.").click()
    step(first, 45)


def test_a_link_leads_to_a_step_and_back(first: Any, page: Any) -> None:
    first.get_by_role("button", name="Last step").click()
    first.get_by_role("link", name="link to this step").click()
    assert page.url.endswith(f"#{IDS[0]}-step-65")
    page.goto(page.url.replace("step-65", "step-46"))
    step(first, 46)
    page.reload()
    step(first, 46)
    page.goto(f"{page.url.partition('#')[0]}#{IDS[1]}-step-85")  # one that is not shown: the next one is
    step(alive(page, 1), 85, 115)
    assert first.locator(".count").inner_text() == "step 46 of 65"


def test_nothing_moves_from_step_to_step(first: Any, page: Any) -> None:
    places = set()
    for number in range(66):
        first.get_by_role("slider").fill(str(number))
        box = first.locator(".controls").bounding_box()
        places.add((box["y"] + page.evaluate("scrollY"), box["height"]))
    assert len(places) == 1


@pytest.mark.parametrize("width", [360, 720, 1280, 1600])
def test_no_page_scrolls_sideways(width: int, first: Any, page: Any) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    first.get_by_role("button", name="next defect (17)").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    diff, heap = (first.locator(pane).bounding_box() for pane in (".diff", ".heap"))
    assert (diff["y"] == heap["y"]) is (width >= 720)  # side by side, or stacked


def test_every_control_has_a_name(first: Any) -> None:
    first.locator("summary").click()
    for control in first.locator("button, input, a, [tabindex]").all():
        named = control.get_attribute("aria-label") or control.inner_text()
        assert named.strip(), control.evaluate("node => node.outerHTML")


def test_without_javascript_it_reads(chromium: Any, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(f"{site}/light.html")
    picture = page.locator("img").first
    expect(picture).to_be_visible()
    assert picture.bounding_box()["width"] <= 360
    expect(page.locator("figcaption").nth(1)).to_contain_text("plane#1->vcpu_array is read")
    page.get_by_text("All 66 steps in words").click()
    expect(page.locator("details").first).to_contain_text(kp.run("09").steps[65].text)
    context.close()


# -- JupyterLab, before anything is run --------------------------------------------------------------


def saved(view: Html) -> Any:
    """A cell that has been run."""
    output = nbformat.v4.new_output("execute_result", view._repr_mimebundle_(), execution_count=1)
    return nbformat.v4.new_code_cell("player(trace)", outputs=[output], execution_count=1)


def store(lab: str, name: str, trusted: bool, *code: Any) -> None:
    """Put a notebook into JupyterLab's folder; its server signs it when every cell is trusted."""
    cells = [nbformat.v4.new_markdown_cell(f"# {name}"), *code]
    for cell in code:
        cell.metadata.trusted = trusted
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    content = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    request = urllib.request.Request(  # noqa: S310 - our own http address
        f"{lab}/api/contents/notebooks/{name}",
        json.dumps({"type": "notebook", "content": content}).encode(),
        {"Authorization": f"token {TOKEN}"},
        method="PUT",
    )
    urllib.request.urlopen(request).close()  # noqa: S310


Open = Callable[[str], Any]


@pytest.mark.usefixtures("silent")
def test_a_trusted_notebook_has_it_alive_at_once(lab: str, open_notebook: Open) -> None:
    store(lab, "player-trusted.ipynb", True, saved(TEARDOWN), saved(PLANES))
    page = open_notebook("player-trusted.ipynb")
    host = alive(page, 0)
    step(host, 0)
    expect(host.locator("a")).to_be_hidden()
    host.get_by_role("button", name="Next step").click()
    host.locator(".say").click()
    active = page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex")
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "j", "k", "a", "b", "d", "d", "m", "y", "Enter", "ArrowRight"):
        page.keyboard.press(key)
    step(host, 3)
    notebook = "jupyterapp.shell.currentWidget.content"
    assert page.evaluate(f"{notebook}.activeCellIndex") == active
    assert page.evaluate(f"{notebook}.widgets.map((cell) => cell.model.type)") == ["markdown", "code", "code"]
    assert page.evaluate(f"{notebook}.mode") == "command"
    page.keyboard.press("End")
    step(host, 65)
    step(alive(page, 1), 84, 115)
    for theme, light in (("JupyterLab Dark", "false"), ("JupyterLab Light", "true")):
        page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})")
        expect(host).to_have_attribute("data-jp-theme-light", light)


@pytest.mark.usefixtures("silent")
def test_an_untrusted_notebook_shows_picture_and_sentences(lab: str, open_notebook: Open) -> None:
    # Not the players of the trusted notebook: trust goes by content.
    view = player(kp.run("09", fail="kvm_create_plane"), start=6, title="Not trusted")
    store(lab, "player-untrusted.ipynb", False, saved(view))
    page = open_notebook("player-untrusted.ipynb")
    output = page.locator(".jp-OutputArea-output")
    expect(output.locator("img")).to_be_visible()
    assert output.locator("img").evaluate("image => image.naturalWidth") > 100
    expect(output.locator("figcaption")).to_contain_text("Not trusted")
    expect(output.locator("script, input, button")).to_have_count(0)
    output.get_by_text("steps in words").click()
    expect(output.locator("li").nth(2)).to_be_visible()


@pytest.mark.usefixtures("silent")
def test_the_widget_and_python_move_each_other(lab: str, open_notebook: Open) -> None:
    sources = (
        "import kvmplanes as kp\nfrom kvmplanes.view.player import player_widget",
        'w = player_widget(kp.run("09"), start="defect")\nw',
        "w.value = 50",
        "print(w.value)",
        'w.show(kp.run("09", fail="kvm_create_plane"), start=5)',
    )
    store(lab, "player-widget.ipynb", True, *map(nbformat.v4.new_code_cell, sources))
    page = open_notebook("player-widget.ipynb")
    page.wait_for_function("jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'")
    host = page.locator(".jp-OutputArea .player")

    def run(cell: int) -> Any:
        page.evaluate(f"jupyterapp.shell.currentWidget.content.activeCellIndex = {cell}")
        page.evaluate("void jupyterapp.commands.execute('notebook:run-cell')")
        ran = page.locator(".jp-Cell").nth(cell)
        expect(ran.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=30_000)
        return ran

    run(1)
    run(2)
    step(host, 44)
    run(3)
    step(host, 50)
    host.locator(".say").click()
    page.keyboard.press("ArrowRight")
    step(host, 51)
    expect(run(4).locator(".jp-OutputArea-output")).to_have_text("51")
    run(5)
    step(host, 5, len(kp.run("09", fail="kvm_create_plane").steps) - 1)


def test_nbconvert_keeps_it_alive(page: Any, tmp_path: Path) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[saved(TEARDOWN)]), tmp_path / "page.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--log-level=ERROR", "page.ipynb"]
    subprocess.run(command, cwd=tmp_path, check=True)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    page.route("**/page.html", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    page.goto("http://127.0.0.1:1/page.html")
    host = alive(page, 0)
    step(host, 0)
    host.get_by_role("button", name="Next step").click()
    step(host, 1)
