# SPDX-License-Identifier: GPL-2.0-only
"""What is taken out of a page is forgotten: no observer and no listener of the page holds on to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.learn.questions import ask
from kvmplanes.view.live.controls import Keys
from kvmplanes.view.live.offline import Choices, failure_choices, write_script
from kvmplanes.view.live.order import order_editor
from kvmplanes.view.live.player import player
from kvmplanes.view.live.widgets import order_widget, player_widget
from tests.browser.web import expect, html_page, served

pytestmark = pytest.mark.browser

VIEWS = {"player": player(kp.run("09")), "order": order_editor("teardown"), "question": ask("nb05-zeroed")}
PICKER = '<div data-kvmplanes-choices="failures" data-key="09-n2"><p><em>Run this cell.</em></p><p>Still</p></div>'
# A widget's model as anywidget gives it, without a kernel: what the script sets can be read, and so can its listeners.
MODEL = """(state) => {
    const listeners = new Map();
    return {
        get: (name) => state[name],
        set: (name, value) => { state[name] = value; },
        save_changes: () => {},
        on: (name, call) => { listeners.set(name, [...(listeners.get(name) ?? []), call]); },
        off: (name, call) => { listeners.set(name, listeners.get(name).filter((other) => other !== call)); },
        change: (name, value) => { state[name] = value; for (const call of listeners.get(`change:${name}`)) call(); },
        count: () => [...listeners.values()].flat().length,
    };
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a page with a player, an order editor, a question and a picker."""
    folder = tmp_path_factory.mktemp("page")
    choices = failure_choices(["09"])
    Choices(choices.name, choices.lists, choices.choices[:4], choices.note).write(folder)
    write_script(folder / "choices.js")
    body = "".join(view.html for view in VIEWS.values()) + PICKER + '<script src="choices.js"></script>'
    (folder / "page.html").write_text(html_page("All", body), encoding="utf-8")
    with served(folder) as site:
        yield f"{site}/page.html"


@pytest.fixture
def shown(page: Any, address: str, silent: None) -> Any:  # noqa: ARG001
    """The page, with everything in it alive."""
    page.goto(address)
    expect(page.locator("[data-kvmplanes-player] .count")).to_have_text("step 0 of 65")
    expect(page.locator(".kp-choices .kp-shown svg").first).to_be_visible()
    return page


def let_observers_see(page: Any) -> None:
    """Wait for two frames: the page's observers of size and place are told between them."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def is_forgotten(page: Any) -> bool:
    """Whether the garbage collector takes what `taken` refers to."""
    session = page.context.new_cdp_session(page)
    for _ in range(10):
        let_observers_see(page)
        session.send("HeapProfiler.collectGarbage")
        if page.evaluate("taken.deref() === undefined"):
            return True
    return False


@pytest.mark.parametrize("name", [*VIEWS, "choices"])
@pytest.mark.parametrize("hidden", [False, True], ids=["seen", "hidden"])
def test_a_host_that_is_taken_out_is_forgotten(shown: Any, name: str, hidden: bool) -> None:
    host = f"document.querySelector('[data-kvmplanes-{name}]')"
    shown.evaluate(f"window.taken = new WeakRef({host})")
    if hidden:
        shown.evaluate(f"{host}.style.display = 'none'")
        let_observers_see(shown)
    shown.evaluate(f"{host}.remove()")
    let_observers_see(shown)
    # What the page tells of its theme and its address, a host learns no more.
    shown.evaluate("document.body.style.color = 'gray'; location.hash = '#nowhere'")
    assert is_forgotten(shown)


def test_a_player_that_comes_back_follows_the_page_again(shown: Any) -> None:
    inside = shown.locator("[data-kvmplanes-player] .player")
    shown.evaluate("window.host = document.querySelector('[data-kvmplanes-player]'); host.remove()")
    let_observers_see(shown)
    shown.evaluate("document.body.style.cssText = 'background:#111;color:#eee'")
    shown.evaluate("document.body.append(host)")
    expect(inside).to_have_attribute("data-jp-theme-light", "false")
    shown.evaluate("document.body.style.cssText = 'background:#fff;color:#222'")
    expect(inside).to_have_attribute("data-jp-theme-light", "true")
    shown.evaluate("location.hash = `#${host.id}-step-44`")
    expect(inside.locator(".count")).to_have_text("step 44 of 65")


def test_space_scrolls_the_code_and_plays_elsewhere(shown: Any) -> None:
    inside = shown.locator("[data-kvmplanes-player] .player")
    shown.set_viewport_size({"width": 600, "height": 900})  # the pane is lower than kvm_create_vm is long
    inside.get_by_role("slider").fill("5")
    code = inside.locator(".code")
    code.evaluate("code => { code.scrollTop = 0; code.focus(); }")
    shown.keyboard.press("Space")
    shown.wait_for_function("code => code.scrollTop > 0", arg=code.element_handle())
    expect(inside.get_by_role("button", name="Play")).to_be_visible()
    inside.locator(".say").click()
    shown.keyboard.press("Space")
    expect(inside.get_by_role("button", name="Pause")).to_be_visible()


def test_a_picker_s_list_is_followed_and_an_address_too(shown: Any) -> None:
    picker = shown.locator(".kp-choices")
    expect(picker).not_to_contain_text("Run this cell.")
    expect(picker.locator("select").last).to_have_value("2. kvm_arch_alloc_vm")
    picker.get_by_label("What fails").select_option("nothing")
    expect(picker.get_by_role("status")).to_contain_text("use-after-free")
    shown.evaluate("location.hash = '#picker-1-09-n2'")
    expect(picker.get_by_role("status")).to_contain_text("ENOMEM")


# -- widgets -------------------------------------------------------------------------------------------------


@pytest.fixture
def widget(page: Any, silent: None) -> Callable[[str, dict[str, Any]], Any]:  # noqa: ARG001
    """Return a function that shows a widget's script on a page, as anywidget does, with a model of its own."""

    def show(script: str, state: dict[str, Any]) -> Any:
        page.set_content(html_page("Widget", '<div class="widget-vbox"><div id="el"></div><select></select></div>'))
        page.evaluate(
            f"""async ([script, state]) => {{
                const address = URL.createObjectURL(new Blob([script], {{ type: "text/javascript" }}));
                const widget = (await import(address)).default;
                window.model = ({MODEL})(state);
                window.end = await widget.render({{ model, el: document.getElementById("el") }});
            }}""",
            [script, state],
        )
        return page.locator("#el")

    return show


def test_a_player_widget_ends(widget: Callable[..., Any], page: Any) -> None:
    live = player_widget(kp.run("09"), start=3)
    el = widget(str(live._esm), {"data": live.data, "value": live.value})
    expect(el.locator(".count")).to_have_text("step 3 of 65")
    expect(el.locator(".player")).to_have_attribute("data-jp-theme-light", "true")
    el.get_by_role("button", name="Next step").click()
    assert page.evaluate("model.get('value')") == 4
    page.evaluate("model.change('value', 10)")
    expect(el.locator(".count")).to_have_text("step 10 of 65")
    page.evaluate("end(); delete window.end; window.taken = new WeakRef(document.getElementById('el').firstChild)")
    assert page.evaluate("model.count()") == 0
    page.evaluate("document.getElementById('el').replaceChildren()")
    assert is_forgotten(page)


def test_an_order_widget_takes_the_verdict_on_what_it_shows_and_ends(widget: Callable[..., Any], page: Any) -> None:
    live = order_widget("09", "kvm_destroy_vm", ["kvm_arch_free_vm(kvm);", "kvm_destroy_planes(kvm);"])
    el = widget(str(live.editor._esm), {"data": live.editor.data, "verdict": live.editor.verdict})
    expect(el).to_contain_text("16 of 18 paths clean")
    up = el.get_by_role("button", name="Move up: kvm_destroy_planes(kvm);")
    up.click()
    assert page.evaluate("model.get('order')") == [1, 0]
    el.get_by_role("button", name="Undo").click()
    assert page.evaluate("model.get('order')") == [0, 1]
    page.evaluate("model.change('verdict', { order: [1, 0], html: 'too late' })")
    expect(el).to_contain_text("16 of 18 paths clean")
    up.click()
    expect(el).to_contain_text("too late")
    assert page.evaluate("model.count()") == 1
    page.evaluate("end()")
    assert page.evaluate("model.count()") == 0


def test_keys_mark_the_lists_beside_them_until_they_end(widget: Callable[..., Any], page: Any) -> None:
    widget(str(Keys._esm), {})
    mark = "document.querySelector('select').dataset.lmSuppressShortcuts"
    page.locator("select").focus()
    assert page.evaluate(mark) == "true"
    page.evaluate(f"end(); delete {mark}; document.activeElement.blur()")
    page.locator("select").focus()
    assert page.evaluate(mark) is None
