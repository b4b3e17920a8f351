# SPDX-License-Identifier: GPL-2.0-only
"""A sanitiser that drops the tags of scripts and styles alone leaves the words of a view and nothing else."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

import kvmplanes as kp
from kvmplanes.learn import ask, findings_field, judge, selftest
from kvmplanes.view import heap_picture, moment_picture, order_editor, picker, player, scene_picture
from kvmplanes.view.page.html import Html

VIEWS: dict[str, Callable[[], Html]] = {
    "player": lambda: player(kp.run("09"), start="defect", only="planes"),
    "question": lambda: ask("nb05-reads"),
    "verdict": lambda: judge("nb01-which-line"),
    "self-test": lambda: selftest("after"),
    "findings": findings_field,
    "order": lambda: order_editor("teardown"),
    "picker": lambda: picker("09").saved(),
    "image": lambda: heap_picture(kp.run("09")),
    "picture in the page": lambda: moment_picture(kp.run("09")),
    "picture that scrolls": lambda: scene_picture(kp.run("09")),
}


class Dropping(HTMLParser):
    """The text of a page for a reader that knows no <script> and no <style>: what stands in them is HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(html)
        self.close()

    def set_cdata_mode(self, *_: object, **__: object) -> None:
        pass

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", VIEWS)
def test_without_the_tags_the_words_stay_and_nothing_is_added(name: str) -> None:
    html = VIEWS[name]().html
    bare = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    assert bare != html
    assert Dropping(html).text == Dropping(bare).text
