# SPDX-License-Identifier: GPL-2.0-only
"""The player in a real Chromium: on a static page, and without JavaScript."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

import kvmplanes as kp
from tests.browser.players import IDS, PLANES, TEARDOWN, alive, step
from tests.browser.web import LOOKS, NARROW, expect, html_page, served

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a folder with light.html and dark.html: two players on one page."""
    folder = tmp_path_factory.mktemp("site")
    for look in LOOKS:
        body = f"<p>Above</p>{TEARDOWN.html}<p>Between</p>{PLANES.html}"
        (folder / f"{look}.html").write_text(html_page("Two players", body, look), encoding="utf-8")
    with served(folder) as address:
        yield address


@pytest.fixture
def first(page: Any, site: str, silent: None) -> Any:  # noqa: ARG001
    """The first of two players on a light page."""
    page.goto(f"{site}/light.html")
    return alive(page, 0)


def stack(place: str, *frames: str) -> str:
    """What stands above the C: where its line is, and the call stack."""
    between = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
    return f"{place} {between.join(frames)}"


def test_it_is_alive_and_complete(first: Any) -> None:
    step(first, 0)
    expect(first.locator("svg[role=img]")).to_be_visible()
    place = first.locator(".source .head .text")
    expect(place).to_have_text(stack("virt/kvm/kvm_main.c:231", "kvm_dev_ioctl:262", "kvm_dev_ioctl_create_vm:231"))
    first.get_by_role("button", name="next defect (17)").click()
    step(first, 44)
    frames = ("kvm_vm_release:189", "kvm_put_kvm:182", "kvm_destroy_vm:173 +54", "kvm_destroy_planes:45 +39")
    expect(place).to_have_text(stack("virt/kvm/kvm_main.c:45", *frames))
    expect(first.locator(".code [aria-current]")).to_have_text("45+39        if (kvm->planes[i] == NULL)")
    expect(first.locator(".facts")).to_have_text("use ✗ use-after-free")
    code, line = (first.locator(part).bounding_box() for part in (".code", ".code [aria-current]"))
    assert code["y"] <= line["y"] <= code["y"] + code["height"] - line["height"]


def test_the_call_stack_leads_to_each_function(first: Any, page: Any) -> None:
    first.get_by_role("button", name="next defect (17)").click()
    first.get_by_role("button", name="kvm_destroy_vm:173 +54").click()
    expect(first.locator(".code [aria-current]")).to_have_text("173+54    kvm_destroy_planes(kvm);")
    expect(first.locator(".head b")).to_have_text("virt/kvm/kvm_main.c:173")
    page.keyboard.press("ArrowLeft")  # the keys are still the player's
    step(first, 43)
    expect(first.locator(".code [aria-current]")).to_have_text("172    kvm_arch_free_vm(kvm);")
    page.keyboard.press("Tab")
    expect(first.get_by_role("button", name="kvm_arch_free_vm neighbours.c:12")).to_be_focused()
    page.keyboard.press("Enter")
    expect(first.locator(".code [aria-current]")).to_have_text("12    kfree(kvm);")
    expect(first.locator(".head b")).to_have_text("virt/kvm/neighbours.c:12")
    step(first, 43)


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
    expect(alive(page, 1).locator(".count")).to_have_text("step 84")  # the other player stays


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
    assert ticks.count() == 3  # fifteen reads are one stop
    slider.fill("44")
    step(first, 44)


def test_the_sentence_is_announced(first: Any) -> None:
    live = first.locator("[aria-live=polite]")
    before = live.inner_text()
    first.get_by_role("button", name="Next step").click()
    expect(live).to_contain_text(kp.run("09").steps[1].text)
    assert live.inner_text() != before


@pytest.mark.usefixtures("first")
def test_defects_come_round(page: Any) -> None:
    other = alive(page, 1)
    step(other, 84, None)
    for number in (93, 84):
        other.get_by_role("button", name="next defect (2)").click()
        step(other, number, None)


def test_the_list_leads_to_each_step(first: Any) -> None:
    first.get_by_text("All 66 steps in words").click()
    first.locator("ol").get_by_role("button", name="plane#0 is freed.").click()
    step(first, 45)


def test_a_link_leads_to_a_step_and_back(first: Any, page: Any) -> None:
    first.get_by_role("button", name="Last step").click()
    first.get_by_role("link", name="link to this step").click()
    assert page.url.endswith(f"#{IDS[0]}-step-65")
    page.goto(page.url.replace("step-65", "step-50"))  # inside a fold, which opens
    step(first, 50)
    page.reload()
    step(first, 50)
    page.goto(f"{page.url.partition('#')[0]}#{IDS[1]}-step-86")  # one that is not shown: the next one is
    step(alive(page, 1), 89, None)
    assert first.locator(".count").inner_text() == "step 50 of 65"


def test_what_knows_a_step_sends_the_player_there(first: Any, page: Any) -> None:
    event = "new CustomEvent('kvmplanes:step', { detail: { step } })"
    send = f"([id, step]) => document.getElementById(id).dispatchEvent({event})"

    def sent(number: int, to: int) -> None:
        page.evaluate(send, [IDS[number], to])

    expect(first.locator(".count")).to_have_text("step 0 of 65")
    for inside in (50, 47):  # a fold lies around both, and one begins at 47
        sent(0, inside)
        step(first, inside)
        first.locator("[data-do=fold]").click()
        step(first, 47, to=61)
    page.evaluate("document.activeElement.blur()")
    sent(0, 44)
    step(first, 44)
    expect(first.get_by_role("slider")).to_be_focused()
    page.keyboard.press("ArrowRight")
    step(first, 45)
    sent(1, 8)  # one that is left out: the next one is shown
    step(alive(page, 1), 26, None)
    expect(alive(page, 1).locator(".controls")).to_be_in_viewport(ratio=1)
    step(first, 45)


def test_a_fold_is_one_stop_and_opens(first: Any, page: Any) -> None:
    first.get_by_role("slider").fill("46")
    step(first, 46)
    turn = first.locator("[data-do=fold]")
    expect(turn).to_be_hidden()
    first.locator(".say").click()
    page.keyboard.press("ArrowRight")
    step(first, 47, to=61)
    expect(first.locator(".facts")).to_have_text("use ✗ use-after-free, 15 times")
    expect(first.locator(".say .text")).to_contain_text("(15 steps). This is the loop in kvm_destroy_planes")
    expect(first.locator(".heap desc")).to_contain_text("planes[15] read after free")
    page.keyboard.press("ArrowRight")
    step(first, 62)
    page.keyboard.press("ArrowLeft")
    expect(turn).to_have_text("unfold 15 steps")
    turn.click()
    step(first, 47)
    expect(turn).to_have_text("fold 15 steps")
    for number in range(48, 63):
        page.keyboard.press("ArrowRight")
        step(first, number)
    expect(turn).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    turn.click()
    step(first, 47, to=61)


def test_left_out_steps_are_named(first: Any, page: Any) -> None:  # noqa: ARG001 - both players are there
    other = alive(page, 1)
    expect(other.locator("summary")).to_have_text(re.compile(r"\d+ of 116 steps in words"))
    before, gaps = 0, []
    for position in range(12):
        other.get_by_role("slider").fill(str(position))
        number = int(re.findall(r"\d+", other.locator(".count").inner_text())[0])
        told = other.locator(".facts .gap")
        if position and number > before + 1:
            gaps.append(number)
            last = "" if number == before + 2 else f" to {number - 1}"
            expect(told).to_have_text(f"{before + 1}{last} left out: no plane")
        elif position:
            expect(told).to_have_count(0)
        before = number
    assert gaps


def test_the_steps_that_are_left_out_can_be_had(first: Any, page: Any) -> None:
    other = alive(page, 1)
    expect(other.locator(".which")).to_have_text("65 of the 116 steps, those that matter to planes")
    other.get_by_role("button", name="All steps").click()
    step(other, 84, 115)
    expect(other.locator(".which")).to_be_empty()
    other.get_by_role("button", name="Next step").click()
    other.get_by_role("button", name="Next step").click()
    step(other, 86, 115)
    expect(other.locator(".facts .gap")).to_have_count(0)
    expect(other.locator("summary")).to_have_text("All 116 steps in words")
    other.get_by_role("button", name="Only what matters to planes").click()
    step(other, 89, None)  # 86 is left out again
    expect(first.locator("[data-do=whole]")).to_be_hidden()


def test_every_control_has_a_name(first: Any) -> None:
    first.locator("summary").click()
    for control in first.locator("button, input, a, [tabindex]").all():
        named = control.get_attribute("aria-label") or control.text_content() or ""
        assert named.strip(), control.evaluate("node => node.outerHTML")


def test_without_javascript_it_reads(scriptless: Any, site: str) -> None:
    scriptless.set_viewport_size(NARROW)
    scriptless.goto(f"{site}/light.html")
    picture = scriptless.locator("img").first
    expect(picture).to_be_visible()
    assert scriptless.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    for look in LOOKS:  # what a site with a toggle, or JupyterLab, says of its page
        scriptless.locator("html").evaluate("(page, look) => (page.dataset.theme = look)", look)
        assert picture.evaluate("node => getComputedStyle(node).colorScheme") == look
    expect(scriptless.locator("figcaption").nth(1)).to_contain_text("plane#1->kvm is read")
    scriptless.get_by_text("All 66 steps in words").click()
    expect(scriptless.locator("details").first).to_contain_text(kp.run("09").steps[65].text)
