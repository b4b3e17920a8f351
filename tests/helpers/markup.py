# SPDX-License-Identifier: GPL-2.0-only
"""Reads the pictures and pages that the views give."""

from collections import Counter
from xml.etree.ElementTree import Element, fromstring

NS = "{http://www.w3.org/2000/svg}"


def parse(text: str) -> Element:
    """The root element; every element must be closed."""
    return fromstring(text)  # noqa: S314 - our own text


def classes(root: Element) -> Counter[str]:
    """How many groups there are of each class."""
    return Counter(group.get("class", "") for group in root.iter(f"{NS}g"))


def words(root: Element) -> list[str]:
    """Everything that an SVG writes."""
    return [text.text or "" for text in root.iter(f"{NS}text")]
