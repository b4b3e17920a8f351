# SPDX-License-Identifier: GPL-2.0-only
"""Notebook 05 as nbconvert sanitises it: its words, and no data among them."""

from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from notebooks.site.builder import layout
from tests.browser.web import expect

pytestmark = pytest.mark.browser

FIRST_FRAME = (
    "Step 44 of 65, close(vm), use",
    "kvm_destroy_planes: if (kvm->planes[i] == NULL)",
    "planes[0] is read, but",
)
# What scripts, data and styles of ours begin with or have in them.
OURS = ('{"id":', '{"style":', "kvmplanes.start", "var kvmplanes", "--paper:", "color-scheme:", "font:12px")
# `sanitize_html` shows the elements that it does not know as text, <p> and <img> among them. The preprocessor can drop
# them, and can be given a list of its own; the address of a picture of ours it drops in any case.
STRIPPED = {"strip": True}
LISTED = {
    **STRIPPED,
    "tags": ["b", "br", "code", "div", "figcaption", "figure", "img", "p"],
    "attributes": {"img": ["alt"]},
}


def converted(folder: Path, **options: Any) -> str:
    """The address of the page; the options are those of the exporter."""
    from nbconvert import HTMLExporter  # of the set that the site is built with

    path = folder / "05.html"
    page = HTMLExporter(**options).from_notebook_node(layout.read("05-teardown"))[0]
    path.write_text(page, encoding="utf-8")
    return path.as_uri()


def preprocessed(options: dict[str, Any]) -> dict[str, Any]:
    """Options that sanitise by the preprocessor, which takes these."""
    return {"preprocessors": ["nbconvert.preprocessors.sanitize.SanitizeHTML"], "config": Config(SanitizeHTML=options)}


@pytest.mark.parametrize(
    "options",
    [{"sanitize_html": True}, preprocessed(STRIPPED), preprocessed(LISTED)],
    ids=["sanitize_html", "stripped", "listed"],
)
def test_sanitised_it_keeps_its_words_and_shows_no_data(
    options: dict[str, Any], tmp_path: Path, browser_page: Any
) -> None:
    page = browser_page
    page.goto(converted(tmp_path, **options), wait_until="domcontentloaded")
    shown = page.locator("main").inner_text()
    assert [words for words in OURS if words in shown] == []
    assert [words for words in FIRST_FRAME if words not in shown] == []
    if "img" in options.get("config", {}).get("SanitizeHTML", {}).get("tags", ()):
        expect(page.get_by_role("img", name="The heap after step 44: kvm#1->planes[0] is read")).to_be_visible()
