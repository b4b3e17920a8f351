# SPDX-License-Identifier: GPL-2.0-only
"""The line-order editor in a real Chromium: buttons, keys, dragging, links, a phone, and no script at all."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from kvmplanes.view.live.order import order_editor
from tests.browser.web import Open, expect, html_page, saved, served, store

pytestmark = pytest.mark.browser

FREE, PLANES = "kvm_arch_free_vm(kvm);", "kvm_destroy_planes(kvm);"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("order")
    body = order_editor("teardown").html + order_editor("ladder").html
    (folder / "page.html").write_text(html_page("Order", body), encoding="utf-8")
    with served(folder) as site:
        yield f"{site}/page.html"


def editor(page: Any) -> Any:
    return page.locator("[data-kvmplanes-order]").first


def lines(host: Any) -> list[str]:
    return [text.strip() for text in host.locator(".kp-line code").all_text_contents()]


@pytest.mark.usefixtures("silent")
def test_buttons_move_a_line_and_the_verdict_follows(page: Any, address: str) -> None:
    page.goto(address)
    host = editor(page)
    expect(host).to_contain_text("16 of 18 paths clean")
    up = host.get_by_role("button", name=f"Move up: {PLANES}")
    up.click()
    assert lines(host)[-2:] == [PLANES, FREE]
    expect(host).to_contain_text("18 of 18 paths clean")
    expect(host.get_by_role("status").last).to_have_text(f"{PLANES} is at place 4 of 5. ")
    expect(up).to_be_focused()
    host.get_by_role("button", name="Undo").click()
    expect(host).to_contain_text("16 of 18 paths clean")
    assert lines(host)[-2:] == [FREE, PLANES]


@pytest.mark.usefixtures("silent")
def test_keys_alone_do_it_and_the_ends_hold(page: Any, address: str) -> None:
    page.goto(address)
    host = editor(page)
    host.get_by_role("button", name=f"Move up: {PLANES}").focus()
    for _ in range(6):
        page.keyboard.press("Alt+ArrowUp")
    assert lines(host)[0] == PLANES
    expect(host).to_contain_text("18 of 18 paths clean")
    page.keyboard.press("Alt+ArrowDown")
    assert lines(host)[1] == PLANES
    host.get_by_role("button", name="Reset").press("Enter")
    assert lines(host)[-1] == PLANES


@pytest.mark.usefixtures("silent")
def test_a_line_is_dragged_by_its_handle(page: Any, address: str) -> None:
    page.goto(address)
    host = editor(page)
    rows = host.locator(".kp-line")
    grip, target = rows.nth(4).locator(".kp-grip").bounding_box(), rows.nth(3).bounding_box()
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(grip["x"] + 8, target["y"] + 6, steps=5)
    page.mouse.up()
    assert lines(host)[-2:] == [PLANES, FREE]
    expect(host).to_contain_text("18 of 18 paths clean")


@pytest.mark.parametrize(("place", "to"), [(4, 0), (0, 4), (3, 1)])
@pytest.mark.usefixtures("silent")
def test_a_line_is_dragged_past_several(page: Any, address: str, place: int, to: int) -> None:
    page.goto(address)
    host = editor(page)
    wanted = lines(host)
    wanted.insert(to, wanted.pop(place))
    rows = host.locator(".kp-line")
    grip, target = rows.nth(place).locator(".kp-grip").bounding_box(), rows.nth(to).bounding_box()
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(grip["x"] + 8, target["y"] + target["height"] / 2, steps=30)
    page.mouse.up()
    assert lines(host) == wanted
    host.get_by_role("button", name="Undo").click()
    assert lines(host)[to] != wanted[to]


@pytest.mark.usefixtures("silent")
def test_a_link_restores_an_order(page: Any, address: str) -> None:
    page.goto(f"{address}#order-ladder-02341")
    ladder = page.locator("[data-kvmplanes-order]").nth(1)
    assert lines(ladder)[:2] == ["out_err_no_srcu:", "out_no_planes:"]
    expect(ladder).to_contain_text("use-after-free")
    expect(ladder.get_by_role("link")).to_have_attribute("href", "#order-ladder-02341")


def test_a_phone_needs_no_scrolling_and_its_targets_are_large(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    sizes = page.locator(".kp-order-live button").evaluate_all("all => all.map((b) => [b.offsetWidth, b.offsetHeight])")
    assert min(min(size) for size in sizes) >= 24


def test_without_javascript_it_reads(scriptless: Any, address: str) -> None:
    scriptless.goto(address)
    expect(scriptless.get_by_text(re.compile("16 of 18 paths clean"))).to_be_visible()
    assert scriptless.locator("li code").count() == 10


def test_in_jupyterlab_it_is_alive_and_keeps_its_keys(lab: str, open_notebook: Open) -> None:
    store(lab, "order.ipynb", True, saved(order_editor("teardown")))
    page = open_notebook("order.ipynb", anew=True)
    host = page.locator(".kp-order-live")
    host.get_by_role("button", name=f"Move up: {PLANES}").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(host).to_contain_text("18 of 18 paths clean")
    expect(host.get_by_role("button", name=f"Move up: {PLANES}")).to_be_focused()
    assert host.get_by_role("link").count() == 0
