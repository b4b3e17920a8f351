# SPDX-License-Identifier: GPL-2.0-only
"""Pages under their policy: what they bring runs, and what somebody puts into them does not."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from notebooks.site.builder import policy
from tests.browser.web import SITE

PAGES = sorted(path.name for path in SITE.glob("*.html"))
OURS = "<script><!--\n(() => {\nvar kvmplanes=1;\n})();\n//--></script>"
PAGE = f'<html>\n<head>\n<title>05</title></head><script data-x="1">theme()</script>{OURS}{OURS}'
DATA = '<script type="application/json">{"a":1}</script>'


def test_scripts_of_outputs_become_one_file_and_the_themes_are_named(tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    page = policy.strict(PAGE + DATA, tmp_path)
    (file,) = (tmp_path / "_static" / "outputs").iterdir()
    assert file.read_text().endswith("(() => {\nvar kvmplanes=1;\n})();\n//-->\n")
    assert page.count(f'<script defer src="_static/outputs/{file.name}"></script>') == 1
    assert "var kvmplanes" not in page
    assert DATA in page
    assert re.findall(r"'sha256-[\w+/=]+'", page) == ["'sha256-Rfr3GgHZFiXm+TmNr+li+0sZ4J9FGllo8jsXcJF5XZ8='"]
    assert re.search(r'<head>\s*<meta http-equiv="Content-Security-Policy"', page), "before all that it is about"


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_the_policy_first_and_no_handler_in_its_html(name: str) -> None:
    page = (SITE / name).read_text(encoding="utf-8")
    assert re.search(r'<head>\s*<meta http-equiv="Content-Security-Policy" content="default-src \'self\'', page)
    assert re.findall(r"<\w[^<>]*\son\w+=", page) == []


@pytest.mark.browser
def test_what_is_put_into_a_page_does_not_run(chromium: Any, site: str) -> None:
    page = chromium.new_page()
    page.goto(f"{site}05-teardown.html")
    refused = page.evaluate("""() => {
      const tries = [
        () => { document.createElement("script").textContent = "globalThis.ran = 1"; },
        () => document.body.insertAdjacentHTML("beforeend", '<img src="x" onerror="globalThis.ran = 1">'),
        () => { document.body.innerHTML = "<iframe src='javascript:parent.ran = 1'></iframe>"; },
        () => { const far = document.createElement("script"); far.src = "https://127.0.0.1:9/x.js"; },
      ];
      return tries.map((attempt) => { try { attempt(); } catch (error) { return error.name; } });
    }""")
    assert refused == ["TypeError"] * 4
    assert page.evaluate("globalThis.ran") is None
    page.close()


HANDLERS = (
    '<img src="x" onerror="ran()">', "<img/onerror=ran()>", '<img src="x"onerror=ran()>',
    "<p title='a > b'\nonclick = ran()>", "<svg><a href= javascript:ran()>", "<SCRIPT>ran()</SCRIPT>",
)  # fmt: skip
WORDS = (
    "<b>int</b> one = 1; int online_vcpus = 0;", "&lt;script&gt; onclick=ran()", "<p>JavaScript: on = 1</p>",
    '<p title="if (one = 1) > once = 2">if</p>',
)  # fmt: skip


@pytest.mark.browser
def test_what_could_run_is_told_from_words_about_it(chromium: Any, site: str) -> None:
    page = chromium.new_page()
    page.goto(f"{site}05-teardown.html")
    taken = """(texts) => texts.map((text) => {
      try { document.createElement("div").innerHTML = text; } catch { return false; }
      return true;
    })"""
    assert page.evaluate(taken, HANDLERS) == [False] * len(HANDLERS)
    assert page.evaluate(taken, WORDS) == [True] * len(WORDS)
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("fragment", ["#picker-1-%", "#picker-1-%E0%A4%A", "#step-%"])
def test_a_broken_fragment_does_no_harm(open_page: Callable[..., Any], fragment: str) -> None:
    page = open_page(f"03-when-kzalloc-says-no.html{fragment}")
    assert page.locator(".kp-choices .kp-shown").count()
