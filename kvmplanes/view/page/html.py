# SPDX-License-Identifier: GPL-2.0-only
"""HTML that reads well everywhere: what a view returns, and the pieces it is made of.

A notebook is seen trusted, untrusted, exported and on code hosts. JupyterLab's
sanitizer (untrusted) drops <style>, <svg>, role= and aria-*=; of style= it keeps
plain values only: no var(), no currentColor, no inherit. Some code hosts drop
style= altogether. So: real elements carry the meaning, `css` adds the looks, and
every view has a plain text twin.
"""

import re
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from kvmplanes.view.page.style import NEVER_USED, Role

__all__ = ["Html", "badge", "css", "escape", "marked", "packed", "ruled", "scrolled", "tabled"]

_DROPPED = ("var(", "calc(", "currentcolor", "inherit", "!important", ";", '"')


@dataclass(frozen=True, slots=True, repr=False)
class Html:
    """A view: `html` for notebooks and pages, `text` for terminals and wherever HTML is not shown."""

    html: str
    text: str

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}


def css(**declarations: str) -> str:
    """Write a style attribute, with a space before it; ValueError for a value that an untrusted notebook would drop.

    >>> css(color="#111111", margin_left="4px")
    ' style="color:#111111;margin-left:4px"'
    """
    for name, value in declarations.items():
        if any(part in value.lower() for part in _DROPPED):
            raise ValueError(f"css {name}={value!r}: plain values only, none of {_DROPPED}")
    body = ";".join(f"{name.replace('_', '-')}:{value}" for name, value in declarations.items())
    return f' style="{body}"' if body else ""


def badge(role: Role, word: str = "") -> str:
    """A label that brings its own ground, so reads on any page: the role's sign, and a word (by default its own)."""
    look = css(background_color=role.fill, color=role.ink, padding="0 6px", border_radius="4px")
    return f"<b{look}>{role.sign}\u00a0{escape(word or role.word)}</b>"


def scrolled(inside: str) -> str:
    """Content that scrolls, by mouse and by keys, where the page is narrower."""
    return f'<div{css(overflow_x="auto")} tabindex="0">{inside}</div>'


def tabled(inside: str, size: str = "12px") -> str:
    """A table around its parts, scrolling where the page is narrower."""
    return scrolled(f"<table{css(border_collapse='collapse', font_size=size)}>{inside}</table>")


def ruled(**more: str) -> str:
    """The style of a table's cell, with a rule below it; more declarations add to it or take its place."""
    usual = {"text_align": "left", "vertical_align": "top", "font_weight": "normal", "padding": "3px 8px 3px 0"}
    return css(**{**usual, "border_bottom": f"1px solid {NEVER_USED.line}", **more})


def marked(text: str) -> str:
    """A text of ours as HTML: `backquotes` mark code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def packed(package: str, name: str) -> str:
    """A package's HTML, CSS or JavaScript file, for outputs that repeat it: no comments, indents or empty lines.

    In JavaScript a comment must have a line of its own.
    """
    text = (files(package) / name).read_text(encoding="utf-8")
    bare = re.sub(r"^\s*//[^\n]*|/\*.*?\*/|<!--.*?-->", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join(filter(None, map(str.strip, bare.splitlines())))
