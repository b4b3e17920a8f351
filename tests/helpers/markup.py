# SPDX-License-Identifier: GPL-2.0-only
"""Reads the pictures and pages that the views give."""

import json
import re
from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from kvmplanes.view.page.svg import WIDTH

NS = "{http://www.w3.org/2000/svg}"


def parse(text: str) -> Element:
    """The root element; every element must be closed."""
    return fromstring(text)  # noqa: S314 - our own text


def svg_in(html: str) -> str:
    """The picture in a view, without the style sheet before it."""
    return html[html.index("<svg") : html.index("</svg>") + len("</svg>")]


def stored_in(html: str) -> dict[str, Any]:
    """The data that a view keeps for its script."""
    (stored,) = re.findall(r'<script type="application/json"><!--(.*?)--></script>', html)
    data: dict[str, Any] = json.loads(stored)
    return data


def pictures(data: dict[str, Any]) -> list[str]:
    """Every step's picture of a player, put together as its script does it."""
    made: list[str] = []
    picture: list[int] = []
    for step in data["steps"]:
        for place, removed, *inserted in step.get("changes", []):
            picture[place : place + removed] = inserted
        made.append("".join(data["parts"][part] for part in picture))
    return made


def classes(root: Element) -> Counter[str]:
    """How many groups there are of each class."""
    return Counter(group.get("class", "") for group in root.iter(f"{NS}g"))


def words(root: Element) -> list[str]:
    """Everything that an SVG writes."""
    return [text.text or "" for text in root.iter(f"{NS}text")]


def assert_told_and_on_its_paper(root: Element, lines: list[str]) -> None:
    """It is a picture with these lines as its description, and no rectangle is wider than the paper or beside it."""
    assert root.get("role") == "img"
    desc = root.find(f"{NS}desc")
    assert desc is not None
    assert str(desc.text).split() == " ".join(lines).split()
    for rect in root.iter(f"{NS}rect"):
        assert 0 <= float(rect.get("x", 0)) <= float(rect.get("x", 0)) + float(rect.get("width", 0)) <= WIDTH
