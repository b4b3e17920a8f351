# SPDX-License-Identifier: GPL-2.0-only
"""Reads the pictures and pages that the views give."""

from collections import Counter
from xml.etree.ElementTree import Element, fromstring

from kvmplanes.view.page.svg import WIDTH

NS = "{http://www.w3.org/2000/svg}"


def parse(text: str) -> Element:
    """The root element; every element must be closed."""
    return fromstring(text)  # noqa: S314 - our own text


def svg_in(html: str) -> str:
    """The picture in a view, without the style sheet before it."""
    return html[html.index("<svg") : html.index("</svg>") + len("</svg>")]


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
