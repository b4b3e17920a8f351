# SPDX-License-Identifier: GPL-2.0-only
"""What JupyterLite saves of a reader's work: across editions of the notebooks, and where a browser stores nothing."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.web import expect, html_page, served, set_lite

pytestmark = pytest.mark.browser

NAME = "00-start-here.ipynb"
TITLE = "00 · Start here"
SECONDS = 120_000  # milliseconds
# Settings of Chromium: nothing may be stored, or nothing by a page in the frame of another site.
ALL = {"default_content_setting_values": {"cookies": 2}}
IN_FRAMES = {"block_third_party_cookies": True, "cookie_controls_mode": 1}
IS_OPEN = "() => window.jupyterapp?.shell.currentWidget?.context?.isReady"
SAVE = """async (words) => {
    const { context, content } = jupyterapp.shell.currentWidget;
    content.model.cells.get(0).sharedModel.setSource(words);
    await context.save();
}"""
Denying = Callable[[dict[str, Any]], AbstractContextManager[Any]]  # the fixture `denying`


@pytest.fixture
def reader(chromium: Any) -> Iterator[Any]:
    """A page of a browser that keeps nothing yet."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    yield page
    context.close()


def serve_edition(page: Any, lite: str, edition: str | None = None) -> None:
    """From now on JupyterLite's settings are those of another edition, or of the one that was built."""
    page.context.unroute_all()
    set_lite(page.context, lite, **({"contentsStorageName": edition} if edition else {}))
    page.context.route("**/pyodide.mjs", lambda route: route.abort())  # no Python runs in these tests


def open_notebook(page: Any, lite: str, name: str = NAME) -> None:
    page.goto(f"{lite}/notebooks/index.html?path={name}")
    page.wait_for_function(IS_OPEN, timeout=SECONDS)


def test_a_new_edition_shows_its_own_and_what_was_saved_is_at_hand(reader: Any, lite: str) -> None:
    page = reader
    serve_edition(page, lite, "kvmplanes notebooks 00000000")
    open_notebook(page, lite)
    page.evaluate(SAVE, "# What I wrote")
    open_notebook(page, lite)
    expect(page.get_by_role("heading", name="What I wrote")).to_be_visible()

    serve_edition(page, lite)
    open_notebook(page, lite)
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    with page.context.expect_page() as opened:
        page.get_by_role("status").get_by_role("link", name="Show it").click()
    start = opened.value
    saved = start.get_by_role("region", name="What you saved").get_by_role("row")
    expect(saved).to_have_count(1)
    expect(saved).to_contain_text(f"{NAME}an earlier edition")
    with start.expect_download() as download:
        saved.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == NAME
    assert json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["cells"][0]["source"] == "# What I wrote"

    saved.get_by_role("button", name="Copy into this edition").click()
    start.wait_for_url("**/notebooks/index.html?path=00-start-here-earlier.ipynb")
    expect(start.get_by_role("heading", name="What I wrote")).to_be_visible(timeout=SECONDS)


def test_what_is_saved_can_be_reset_one_by_one_and_all_at_once(reader: Any, lite: str) -> None:
    page = reader
    serve_edition(page, lite)
    page.goto(f"{lite}/")
    region = page.get_by_role("region", name="What you saved")
    expect(region).to_be_hidden()
    open_notebook(page, lite)
    page.evaluate(SAVE, "# What I wrote")
    page.goto(f"{lite}/")
    row = region.get_by_role("row", name=NAME)
    row.get_by_role("button", name="Back to the original").click()
    row.get_by_role("button", name="No").press("Enter")
    expect(row.get_by_role("button", name="Back to the original")).to_be_visible()
    row.get_by_role("button", name="Back to the original").click()
    row.get_by_role("button", name="Yes").click()
    expect(region).to_be_hidden()
    open_notebook(page, lite)
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(page.get_by_role("status").get_by_text("earlier edition")).to_have_count(0)

    page.evaluate(SAVE, "# What I wrote")
    serve_edition(page, lite, "kvmplanes notebooks 00000000")
    open_notebook(page, lite)
    page.evaluate(SAVE, "# What I wrote before")
    page.goto(f"{lite}/")
    expect(region.get_by_role("row")).to_have_count(2)
    region.get_by_role("button", name="Reset everything").click()
    region.get_by_role("button", name="Yes").click()
    expect(region).to_be_hidden()
    assert page.evaluate("async () => (await indexedDB.databases()).length") == 0


def test_where_nothing_may_be_stored_notebooks_run_and_say_so(denying: Denying, lite: str) -> None:
    with denying(ALL) as page:
        page.goto(f"{lite}/notebooks/index.html?path={NAME}")
        expect(page.get_by_role("heading", name=TITLE)).to_be_visible(timeout=SECONDS)
        page.get_by_text("import kvmplanes as kp").click()
        page.keyboard.press("Shift+Enter")
        expect(page.get_by_text("[1]:", exact=True)).to_be_visible(timeout=SECONDS)
        said = page.get_by_role("status").filter(has_text="This browser keeps nothing here")
        expect(said).to_be_visible()
        expect(said.get_by_role("link")).to_have_count(0)
        said.get_by_role("button", name="Close").click()
        expect(said).to_have_count(0)
        page.goto(f"{lite}/")
        expect(page.get_by_role("region", name="What you saved")).to_be_hidden()


@pytest.fixture
def framed(lite: str, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Return a function that gives the address of another site's page with JupyterLite in a frame."""
    folder = tmp_path / "other"
    folder.mkdir()
    with served(folder) as address:

        def written(attributes: str) -> str:
            source = f"{lite}/notebooks/index.html?path={NAME}"
            frame = f'<iframe title="kvmplanes" {attributes} src="{source}" width="1100" height="700"></iframe>'
            (folder / "frame.html").write_text(html_page("Another site", frame), encoding="utf-8")
            return f"{address.replace('127.0.0.1', 'localhost')}/frame.html"

        yield written


def test_in_the_frame_of_another_site_it_runs_and_leads_out(
    denying: Denying, framed: Callable[[str], str], lite: str
) -> None:
    with denying(IN_FRAMES) as page:
        page.goto(framed(""))
        inside = page.frame_locator("iframe")
        expect(inside.get_by_role("heading", name=TITLE)).to_be_visible(timeout=SECONDS)
        inside.get_by_role("link", name="Open it in a page of its own").click()
        page.wait_for_url(f"{lite}/notebooks/**")


def test_a_frame_that_is_shut_off_says_why_and_where_to_go(
    reader: Any, framed: Callable[[str], str], lite: str
) -> None:
    reader.goto(framed('sandbox="allow-scripts allow-top-navigation-by-user-activation"'))
    said = reader.frame_locator("iframe").get_by_role("status")
    expect(said).to_contain_text("Python cannot start here")
    said.get_by_role("link", name=f"{lite}/notebooks").click()
    reader.wait_for_url(f"{lite}/notebooks/**")
